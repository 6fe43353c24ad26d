/** illegal_recognizer: pixelates the picture: each block gets its mean colour. The text goes. */

import type { FunctionContext } from "../../../live/function-context.ts";
import { fromJpeg, type Picture, toJpeg } from "../picture.ts";

/** Pixels. */
const BLOCK = 40;

export async function run(ctx: FunctionContext): Promise<void> {
  const { picture } = fromJpeg(await ctx.get("upload.content"));
  await ctx.put("mosaic_name", `mosaic-${ctx.input["image_name"]}`);
  await ctx.put("content", toJpeg(pixelated(picture)));
}

function pixelated({ width, height, data }: Picture): Picture {
  const blocks = new Uint8Array(data.length);
  for (let top = 0; top < height; top += BLOCK) {
    for (let left = 0; left < width; left += BLOCK) {
      const pixels: number[] = [];
      for (let y = top; y < Math.min(top + BLOCK, height); y++) {
        for (let x = left; x < Math.min(left + BLOCK, width); x++) pixels.push(4 * (y * width + x));
      }
      for (let part = 0; part < 4; part++) {
        const sum = pixels.reduce((total, at) => total + data[at + part]!, 0);
        for (const at of pixels) blocks[at + part] = sum / pixels.length;
      }
    }
  }
  return { width, height, data: blocks };
}
