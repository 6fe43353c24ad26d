/** video: transcodes one piece of the clip. */

import type { FunctionContext } from "../../../live/function-context.ts";
import { transcodeInto } from "../transcoding.ts";

export async function run(ctx: FunctionContext): Promise<void> {
  await transcodeInto(ctx, ctx.path("split.pieces"));
}
