/** video: puts the transcoded pieces together again, without a new encoding. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { FunctionContext } from "../../../live/function-context.ts";
import { ffmpeg } from "../ffmpeg.ts";

const LIST = "pieces.txt";

export async function run(ctx: FunctionContext): Promise<void> {
  const target = `${await ctx.get("upload.output_prefix")}.${await ctx.get("upload.target_type")}`;
  const files = ctx.parts("transcode.content").map(({ path }) => `file '${quoted(path)}'`);
  writeFileSync(join(ctx.scratch, LIST), `${files.join("\n")}\n`);
  await ffmpeg(ctx.scratch, ["-f", "concat", "-safe", "0", "-i", LIST, "-c", "copy", target]);
  await ctx.putFile("content", target);
}

/** For a list of the concat demuxer. */
function quoted(path: string): string {
  return path.replaceAll("'", "'\\''");
}
