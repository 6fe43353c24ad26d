/**
 * fileprocessing, last function: a stand-in for an upload to somebody else's storage. It waits, as
 * the original does, and sends nothing.
 */

import { setTimeout } from "node:timers/promises";
import type { FunctionContext } from "../../../live/function-context.ts";

const UPLOAD_MS = 1_000;

export async function run(ctx: FunctionContext): Promise<void> {
  const bytes = ctx.parts("conversion.html").reduce((sum, part) => sum + part.bytes, 0);
  const score = await ctx.get("sentiment.score");
  await setTimeout(UPLOAD_MS);
  ctx.log(`${bytes} bytes of HTML, mean score of a word ${score}`);
}
