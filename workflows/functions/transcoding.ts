/** What `simple_process` does with a whole clip and `transcode` with a piece of one. */

import type { FunctionContext } from "../../live/function-context.ts";
import { ffmpeg } from "./ffmpeg.ts";

/** Puts the clip as `content`: larger pictures, in the format that `upload` asks for. */
export async function transcodeInto(ctx: FunctionContext, clip: string): Promise<void> {
  const target = `content.${await ctx.get("upload.target_type")}`;
  const encoding = ["-vf", "scale=1280:-2", "-c:v", "mpeg4", "-q:v", "2"];
  await ffmpeg(ctx.scratch, ["-i", clip, ...encoding, target]);
  await ctx.putFile("content", target);
}
