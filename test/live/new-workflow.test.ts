/** `faasflow new`, and what `faasflow live run` does with its workflow and with wrong usage. */

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { faasflow } from "../fixtures/command.ts";
import { recording } from "../fixtures/wfformat/recording.ts";

const CLI = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
const LIMIT_MS = 60_000;

const test = suite<{ folder: string }>("new workflow");

test.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), "faasflow-new-"));
});
test.after.each(({ folder }) => rmSync(folder, { recursive: true }));

test("a new workflow is checked, simulated and run live as it is", ({ folder }) => {
  const made = faasflow("new", "my-workflow", "--dir", folder);
  assert.is(made.code, 0, made.stderr);
  const file = join(folder, "my-workflow.yaml");
  for (const command of ["check", "simulate", "live run"]) {
    assert.match(made.stdout, `faasflow ${command} ${file}`);
  }
  assert.match(faasflow("check", file).stdout, "workflow my-workflow is fine: 3 tasks");
  const simulated = faasflow("simulate", file, "--check");
  assert.is(simulated.code, 0, simulated.stderr);
  const run = faasflow("live", "run", file, "--workers", "2", "--invocations", "1");
  assert.is(run.code, 0, run.stderr);
  assert.match(run.stdout, "11 words in 3 lines, most in: Another one, a bit longer.");
});

test("a recorded workflow is run live with synthetic functions", ({ folder }) => {
  const file = join(folder, "recorded.json");
  const tasks = [
    { name: "one", runtime_s: 0.02, inputs: ["in"], outputs: ["f"] },
    { name: "two", runtime_s: 0.02, parents: ["one"], inputs: ["f"], outputs: ["out"] },
  ];
  writeFileSync(file, recording("1.5", tasks, { in: 1000, f: 2000, out: 10 }));
  const run = faasflow("live", "run", file, "--workers", "2", "--invocations", "1");
  assert.is(run.code, 0, run.stderr);
  assert.match(run.stdout, /told +1 [\s\S]*none is broken/, run.stdout);
});

test("an input given on the command line takes the place of the workflow's own", ({ folder }) => {
  faasflow("new", "mine", "--dir", folder);
  const file = join(folder, "mine.yaml");
  const flags = ["--workers", "1", "--invocations", "1", "--volatile"];
  const run = faasflow("live", "run", file, ...flags, "--input", "text=a\nb c");
  assert.is(run.code, 0, run.stderr);
  assert.match(run.stdout, "3 words in 2 lines, most in: b c");
});

test("nothing is overwritten: every file that is there is named", ({ folder }) => {
  mkdirSync(join(folder, "mine"));
  writeFileSync(join(folder, "mine.yaml"), "mine");
  writeFileSync(join(folder, "mine", "count.mjs"), "mine");
  const { code, stderr } = faasflow("new", "mine", "--dir", folder);
  assert.is(code, 2);
  const paths = ["mine.yaml", "mine/count.mjs"].map((path) => join(folder, path));
  assert.equal(
    stderr.trim().split("\n"),
    paths.map((path) => `${path} is there already. Take another name, or another --dir.`),
  );
  assert.is(readFileSync(paths[0]!, "utf8"), "mine");
  assert.not.ok(existsSync(join(folder, "mine", "split.mjs")));
});

test("a name that no file should have, and a folder that cannot be, are told", ({ folder }) => {
  const named = faasflow("new", "../mine", "--dir", folder);
  assert.is(named.code, 2);
  assert.match(named.stderr, '"../mine" is no name for a workflow. Take letters');
  writeFileSync(join(folder, "file"), "");
  const placed = faasflow("new", "mine", "--dir", join(folder, "file"));
  assert.is(placed.code, 2);
  assert.match(placed.stderr, /--dir: ".*file" cannot be written to: .*\. Name another folder\./);
});

test("a live run tells wrong inputs and a missing program before it starts anything", ({
  folder,
}) => {
  const args = ["live", "run", "video", "--input", "spilt=true", "--invocations", "0"];
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], {
    encoding: "utf8",
    timeout: LIMIT_MS,
    env: { ...process.env, PATH: folder },
  });
  assert.is(status, 2);
  assert.is(stdout, "");
  const told = stderr.trim().split("\n").sort();
  assert.is(told.length, 3, stderr);
  assert.match(told[0]!, '--input: "spilt" is no input of video. Inputs: split.');
  assert.match(told[1]!, "--invocations: 0.");
  assert.match(told[2]!, /^ffmpeg is not installed, which tasks upload, .* of video cannot do/);
});

test.run();
