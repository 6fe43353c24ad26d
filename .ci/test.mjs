/**
 * `npm test`: every stage runs, also after one that failed; a line each, and the full output of
 * those that failed. The last line is `N passed, N failed, N skipped`: the tests of all files, where
 * a stage or a file that failed as a whole counts as one failed test more.
 *
 * `node .ci/test.mjs PATTERN` runs only the test files whose path matches, and no other stage.
 */

import { spawn } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runTestFiles } from "./test-files.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const STAGE_LIMIT_S = 300;
/** Stages of one group do not need each other and run at the same time. */
const GROUPS = [
  [
    {
      name: "lint",
      command: ["node_modules/@biomejs/biome/bin/biome", "check", "--error-on-warnings"],
    },
    { name: "types", command: ["node_modules/typescript/bin/tsc"] },
    { name: "rules", command: [".ci/rules.mjs"] },
    { name: "build", command: [".ci/build.mjs"] },
  ],
  [{ name: "package", command: [".ci/pack-check.mjs"] }],
];

const pattern = process.argv[2];
const counts = { passed: 0, failed: 0, skipped: 0 };
const failedStages = [];
if (pattern === undefined) for (const group of GROUPS) await runGroup(group);
await testStage();
if (failedStages.length > 0) print(`\nFailed: ${failedStages.join(", ")}.`);
print(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = counts.failed > 0 ? 1 : 0;

async function runGroup(stages) {
  const waiting = [...stages];
  const lane = async () => {
    for (let stage = waiting.shift(); stage; stage = waiting.shift()) await runStage(stage);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, lane));
}

async function runStage({ name, command }) {
  const begin = performance.now();
  const { code, output } = await run(command);
  report({ name, ok: code === 0, begin, output });
  if (code !== 0) counts.failed += 1;
}

async function testStage() {
  const begin = performance.now();
  const files = testFiles().filter((file) => new RegExp(pattern ?? "").test(file));
  const results = await runTestFiles({ root, files, lanes: availableParallelism() });
  const failures = results.filter((result) => result.failed > 0);
  for (const { passed, failed, skipped } of results) {
    counts.passed += passed;
    counts.failed += failed;
    counts.skipped += skipped;
  }
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  const what = `${sum("passed")} passed, ${sum("failed")} failed, ${sum("skipped")} skipped`;
  const ok = failures.length === 0 && files.length > 0;
  const output = failures.map(({ file, output: text }) => `${file}\n${text}`).join("\n");
  report({ name: `tests: ${what} in ${files.length} files`, ok, begin, output });
  if (files.length === 0) counts.failed += 1;
}

/** Biggest first, so that no lane is left with a long file at the end. */
function testFiles() {
  return readdirSync(join(root, "test"), { recursive: true })
    .filter((file) => file.endsWith(".test.ts"))
    .map((file) => `test/${file.replaceAll("\\", "/")}`)
    .map((file) => ({ file, size: statSync(join(root, file)).size }))
    .sort((a, b) => b.size - a.size)
    .map(({ file }) => file);
}

function report({ name, ok, begin, output }) {
  const seconds = ((performance.now() - begin) / 1000).toFixed(1);
  print(`${ok ? "✓" : "✗"} ${name} ${seconds} s`);
  if (ok) return;
  failedStages.push(name.split(":")[0]);
  print(output.trim().replaceAll(/^(?=.)/gm, "  "));
}

function run(command) {
  return new Promise((resolve) => {
    const stdio = ["ignore", "pipe", "pipe"];
    const child = spawn(process.execPath, command, { cwd: root, stdio });
    let output = "";
    const limit = setTimeout(() => {
      output += `\nended after ${STAGE_LIMIT_S} s, the limit of a stage\n`;
      child.kill("SIGKILL");
    }, STAGE_LIMIT_S * 1000);
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        output += text;
      });
    }
    child.on("error", (error) => {
      output += error.message;
    });
    child.on("close", (code) => {
      clearTimeout(limit);
      resolve({ code, output });
    });
  });
}

function print(text) {
  process.stdout.write(`${text}\n`);
}
