/**
 * video, first function: a stand-in for somebody's upload. ffmpeg makes a clip of a test picture,
 * 12 s long and of about the published size, with a key frame a second, and a small preview of it.
 */

import type { FunctionContext } from "../../../live/function-context.ts";
import { ffmpeg } from "../ffmpeg.ts";

const CLIP = "clip.mp4";
const PREVIEW = "preview.gif";
const LENGTH_S = 12;
/** So that there are three pieces. */
const SEGMENT_S = LENGTH_S / 3;
const FRAMES_A_SECOND = 25;
const SOURCE = `testsrc2=size=640x360:rate=${FRAMES_A_SECOND}:duration=${LENGTH_S}`;
const BIT_RATE = "2800k";

export async function run(ctx: FunctionContext): Promise<void> {
  const encoding = ["-c:v", "mpeg4", "-b:v", BIT_RATE, "-g", `${FRAMES_A_SECOND}`];
  await ffmpeg(ctx.scratch, ["-f", "lavfi", "-i", SOURCE, ...encoding, CLIP]);
  await ffmpeg(ctx.scratch, ["-i", CLIP, "-vf", "fps=20", PREVIEW]);
  await ctx.put("video_name", CLIP);
  await ctx.put("user_name", "viewer");
  await ctx.value("segment_time", SEGMENT_S);
  await ctx.put("target_type", "avi");
  await ctx.put("output_prefix", "merged");
  await ctx.put("preview_name", PREVIEW);
  await ctx.putFile("clip", CLIP);
  await ctx.putFile("gif", PREVIEW);
}
