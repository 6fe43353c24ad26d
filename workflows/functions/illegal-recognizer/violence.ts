/**
 * illegal_recognizer: a stand-in for the neural model that looks for violence. A picture with much
 * of a strong red is illegal.
 */

import type { FunctionContext } from "../../../live/function-context.ts";
import { fromJpeg, shareOf } from "../picture.ts";

const LIMIT = 0.15;

export async function run(ctx: FunctionContext): Promise<void> {
  const { picture } = fromJpeg(await ctx.get("upload.content"));
  const share = shareOf(picture, isBlood);
  await ctx.value("violence_value", Number(share.toFixed(3)));
  await ctx.value("illegal_flag", share > LIMIT);
  await ctx.value("illegal_reason", share > LIMIT ? "violence" : "");
}

function isBlood(red: number, green: number, blue: number): boolean {
  return red > 120 && red > 2.5 * green && red > 2.5 * blue;
}
