/**
 * One lane of test-files.mjs: is sent a test file, loads it, runs the suites that it queued with
 * uvu, answers with the counts and, for what failed, uvu's own words.
 */

import { pathToFileURL } from "node:url";

// uvu starts a suite by itself unless it finds this when it is loaded.
globalThis.UVU_DEFER = 1;
globalThis.UVU_INDEX = 0;
/** The one `test` that all files share: what a file forgets to run would run with the next. */
const { test: shared } = await import("uvu");

const write = process.stdout.write.bind(process.stdout);
let running;

// A promise that a test left behind must not fail the next file without a word.
process.on("unhandledRejection", (error) => fail(error));
process.on("uncaughtException", (error) => fail(error));

process.on("message", async (file) => {
  running = { stray: [] };
  const result = await runFile(file).catch((error) => failure(describe(error)));
  process.stdout.write = write;
  // One more turn, in which a rejection of the file's last test comes up.
  await new Promise((resolve) => setImmediate(resolve));
  for (const text of running.stray) {
    result.failed += 1;
    result.output += text;
  }
  process.send(result);
});

async function runFile(file) {
  const queue = await queued(() => import(pathToFileURL(file).href));
  const forgotten = await queued(() => shared.run());
  const result = { passed: 0, failed: 0, skipped: 0, output: "" };
  for (const run of queue) {
    const { passed, skipped, total, output } = await runSuite(run);
    result.passed += passed;
    result.skipped += skipped;
    // uvu hides what a `before` or `after` hook throws: its tests just do not run.
    result.failed += total - passed;
    if (total > passed) result.output += output;
  }
  const { total } = await runSuite(forgotten[0]);
  if (total > 0 || queue.length === 0) {
    result.failed += Math.max(total, 1);
    result.output += `${total} tests are never run: the last line should be \`test.run();\`\n`;
  }
  return result;
}

/** The suites that `act` gives to uvu. */
async function queued(act) {
  const queue = [];
  globalThis.UVU_QUEUE = [queue];
  await act();
  return queue;
}

async function runSuite(run) {
  let shown = "";
  process.stdout.write = (text) => {
    shown += text;
    return true;
  };
  const [errors, passed, skipped, total] = await run();
  process.stdout.write = write;
  const why = typeof errors === "string" ? errors : "a hook of the suite threw\n";
  return { passed, skipped, total, output: shown + why };
}

function failure(output) {
  return { passed: 0, failed: 1, skipped: 0, output };
}

function fail(error) {
  running?.stray.push(`outside any test: ${describe(error)}`);
}

function describe(error) {
  return `${error?.stack ?? error}\n`;
}
