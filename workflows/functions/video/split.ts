/** video: cuts the clip into pieces of `segment_time` seconds, at key frames, without a new encoding. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { FunctionContext } from "../../../live/function-context.ts";
import { ffmpeg } from "../ffmpeg.ts";

/** By the alphabet they are in order. */
const PATTERN = "piece-%04d.mp4";

export async function run(ctx: FunctionContext): Promise<void> {
  const length_s = `${await ctx.get("upload.segment_time")}`;
  const segments = ["-f", "segment", "-segment_time", length_s, "-reset_timestamps", "1"];
  await ffmpeg(ctx.scratch, ["-i", ctx.path("upload.clip"), "-c", "copy", ...segments, PATTERN]);
  const pieces = readdirSync(ctx.scratch)
    .filter((name) => name.startsWith("piece-"))
    .sort(); // texts
  await ctx.put("split_keys", pieces);
  await ctx.putItems(
    "pieces",
    pieces.map((name) => readFileSync(join(ctx.scratch, name))),
  );
}
