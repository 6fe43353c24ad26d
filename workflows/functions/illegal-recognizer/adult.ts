/**
 * illegal_recognizer: a stand-in for the neural model that looks for nudity. A picture with much of
 * the colour of skin is illegal (the rule of thumb for RGB by Kovac and others, EUROCON 2003).
 */

import type { FunctionContext } from "../../../live/function-context.ts";
import { fromJpeg, shareOf } from "../picture.ts";

const LIMIT = 0.15;

export async function run(ctx: FunctionContext): Promise<void> {
  const { picture } = fromJpeg(await ctx.get("upload.content"));
  const share = shareOf(picture, isSkin);
  await ctx.value("adult_value", Number(share.toFixed(3)));
  await ctx.value("illegal_flag", share > LIMIT);
  await ctx.value("illegal_reason", share > LIMIT ? "adult" : "");
}

function isSkin(red: number, green: number, blue: number): boolean {
  const spread = Math.max(red, green, blue) - Math.min(red, green, blue);
  const isBright = red > 95 && green > 40 && blue > 20;
  return isBright && spread > 15 && red - green > 15 && red > blue;
}
