/** video: transcodes the clip as a whole. */

import type { FunctionContext } from "../../../live/function-context.ts";
import { transcodeInto } from "../transcoding.ts";

export async function run(ctx: FunctionContext): Promise<void> {
  await transcodeInto(ctx, ctx.path("upload.clip"));
}
