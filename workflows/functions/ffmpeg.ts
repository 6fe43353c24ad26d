/**
 * ffmpeg as the functions of video call it: a program of its own, found in the PATH. Its memory is
 * not in the container's limit, which is for the Node process; it ends with the container.
 */

import { spawn } from "node:child_process";

const QUIET = ["-hide_banner", "-loglevel", "error", "-nostdin", "-y"];
/** What is kept of what ffmpeg says. */
const LAST_WORDS = 2_000;

/** Rejects with what ffmpeg said. Files are named from `folder`. */
export function ffmpeg(folder: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn("ffmpeg", [...QUIET, ...args], {
      cwd: folder,
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-LAST_WORDS);
    });
    child.on("error", (error: NodeJS.ErrnoException) => {
      const missing =
        "ffmpeg is not installed on this worker. Install it (Debian: \
`apt-get install ffmpeg`), and see that it is in the worker's PATH.";
      reject(new Error(error.code === "ENOENT" ? missing : `ffmpeg: ${error.message}`));
    });
    child.on("close", (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`ffmpeg ${args.join(" ")}: ${signal ?? `code ${code}`}\n${said}`));
    });
  });
}
