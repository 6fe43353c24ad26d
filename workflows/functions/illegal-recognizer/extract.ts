/**
 * illegal_recognizer: a stand-in for text recognition. The text is not read off the pixels: it is
 * what `upload` hid in the file's comment. The file is decoded all the same.
 */

import type { FunctionContext } from "../../../live/function-context.ts";
import { fromJpeg } from "../picture.ts";

export async function run(ctx: FunctionContext): Promise<void> {
  const { text } = fromJpeg(await ctx.get("upload.content"));
  await ctx.put("extracted_text", text);
}
