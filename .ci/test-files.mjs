/**
 * Runs test files in a few processes ("lanes"), each taking the next file when it is done with one.
 * A file that cannot be loaded, runs no test, ends its process or does not end within the limit is
 * one failed test; the other files run all the same. An open handle holds nothing up.
 */

import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";

const FILE_LIMIT_S = 300;
const LANE = fileURLToPath(new URL("test-lane.mjs", import.meta.url));

/** Gives `{ file, passed, failed, skipped, output }` for each file, in the order of `files`. */
export async function runTestFiles({ root, files, lanes, limit_s = FILE_LIMIT_S }) {
  const results = new Map();
  const waiting = [...files];
  const lane = async () => {
    let child;
    for (let file = waiting.shift(); file; file = waiting.shift()) {
      child ??= startLane(root);
      const { result, alive } = await runFile(child, { file, limit_s });
      results.set(file, { file, ...result });
      if (!alive) child = undefined;
    }
    child?.kill("SIGKILL");
  };
  await Promise.all(Array.from({ length: Math.min(lanes, files.length) }, lane));
  return files.map((file) => results.get(file));
}

function startLane(root) {
  const child = fork(LANE, { cwd: root, execArgv: ["--import", "tsx"], silent: true });
  child.stdin?.end();
  return child;
}

function runFile(child, { file, limit_s }) {
  return new Promise((resolve) => {
    let output = "";
    const note = (text) => {
      output += text;
    };
    const end = (result, alive) => {
      clearTimeout(limit);
      child.removeAllListeners();
      child.stdout.removeAllListeners();
      child.stderr.removeAllListeners();
      if (!alive) child.kill("SIGKILL");
      resolve({ result, alive });
    };
    const lost = (why) => end({ passed: 0, failed: 1, skipped: 0, output: output + why }, false);
    const limit = setTimeout(
      () => lost(`did not end within ${limit_s} s: look for a loop or a promise nobody settles\n`),
      limit_s * 1000,
    );
    child.stdout.setEncoding("utf8").on("data", note);
    child.stderr.setEncoding("utf8").on("data", note);
    child.on("message", (result) => end({ ...result, output: output + result.output }, true));
    child.on("error", (error) => lost(`${error.message}\n`));
    child.on("close", (code, signal) => lost(`its process ended (${signal ?? `exit ${code}`})\n`));
    child.send(file);
  });
}
