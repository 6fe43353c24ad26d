/**
 * Pictures as pixels, and as JPEG files that may carry a text in a comment. The only file that knows
 * jpeg-js.
 */

import { decode, encode } from "jpeg-js";

/** Four bytes a pixel, row by row: red, green, blue, 255. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

const QUALITY = 92;

/** The text, if there is one, goes as UTF-8 bytes into a comment segment. */
export function toJpeg(picture: Picture, text?: string): Buffer {
  const comments = text === undefined ? [] : [Buffer.from(text, "utf8").toString("latin1")];
  return encode({ ...picture, comments }, QUALITY).data;
}

/** Throws if it is no JPEG file. Cost: some 0.2 s a megapixel or two, 100 MB at that. */
export function fromJpeg(bytes: Uint8Array): { readonly picture: Picture; readonly text: string } {
  const { width, height, data, comments = [] } = decode(bytes, { useTArray: true });
  const text = Buffer.from(comments.join("\n"), "latin1").toString("utf8");
  return { picture: { width, height, data }, text };
}

/** How much of the picture is such pixels, from 0 to 1. */
export function shareOf(
  { data }: Picture,
  isSuch: (red: number, green: number, blue: number) => boolean,
): number {
  let count = 0;
  for (let at = 0; at < data.length; at += 4) {
    if (isSuch(data[at]!, data[at + 1]!, data[at + 2]!)) count++;
  }
  return count / (data.length / 4);
}
