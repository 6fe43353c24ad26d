/** `faasflow sweep` as a user meets it: files, what is kept, what fails, what is refused. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { builtCli, type Finished, faasflow } from "../fixtures/command.ts";

const sweep = suite<{ folder: string }>("sweep");
sweep.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), "faasflow-sweep-"));
});
sweep.after.each(({ folder }) => rmSync(folder, { recursive: true, force: true }));

const SMALL = `study: Small
product:
  workflow: video
  scheme: [worker-sp, master-sp]
  bandwidth: [25MB/s, 50MB/s]
  rate: 6/min
  arrivals: poisson
  seed: [1, 2, 3]
`;

function study(folder: string, text: string): readonly string[] {
  const file = join(folder, "study.yaml");
  writeFileSync(file, text);
  return ["sweep", file, "--out", join(folder, "out")];
}

function cellsOf(run: Finished): Readonly<Record<string, number>> {
  return JSON.parse(run.stdout).cells;
}

function output(folder: string, name: string): string {
  return readFileSync(join(folder, "out", name), "utf8");
}

sweep("writes rows, means over seeds and a page, and prints a table", ({ folder }) => {
  const run = faasflow(...study(folder, SMALL));
  assert.is(run.code, 0, run.stderr);
  assert.is(run.stderr, "");
  assert.match(run.stdout, /^│ worker-sp +25 │ +[\d.]+ ± [\d.]+/m);
  assert.match(run.stdout, /12 cells: 12 simulated, 0 from before, 0 failed/);
  const means = output(folder, "results.csv").match(/^video,.*,e2e_mean,s,/gm);
  assert.is(means?.length, 12);
  const overSeeds = output(folder, "summary.csv").match(/^video,.*,e2e_mean,s,.*,3$/gm);
  assert.is(overSeeds?.length, 4);
  assert.match(output(folder, "index.html"), /<svg[\s\S]+master-sp[\s\S]+All configurations/);
});

sweep("a cell's values are those of the same simulate", ({ folder }) => {
  const args = study(folder, SMALL);
  assert.is(faasflow(...args).code, 0);
  const flags = ["--scheme", "master-sp", "--bandwidth", "50MB/s", "--rate", "6/min"];
  const alone = faasflow(
    "simulate",
    "video",
    ...flags,
    "--arrivals",
    "poisson",
    "--seed",
    "2",
    "--json",
  );
  const rows: readonly { metric: string; value: number | string }[] = JSON.parse(alone.stdout).rows;
  const hash = rows.find(({ metric }) => metric === "event_log_hash")?.value;
  const line = new RegExp(`^video,master-sp,.*,50,.*,2,video,event_log_hash,1,${hash},10$`, "m");
  assert.match(output(folder, "results.csv"), line);
});

sweep("one thread and two write the same files", ({ folder }) => {
  const args = study(folder, SMALL);
  assert.is(faasflow(...args, "--threads", "1").code, 0);
  const first = ["results.csv", "summary.csv"].map((name) => output(folder, name));
  rmSync(join(folder, "out"), { recursive: true });
  assert.is(faasflow(...args, "--threads", "2").code, 0);
  assert.equal(
    ["results.csv", "summary.csv"].map((name) => output(folder, name)),
    first,
  );
});

sweep("what is done is not done again, what is new is", ({ folder }) => {
  const args = study(folder, SMALL);
  assert.equal(cellsOf(faasflow(...args, "--json")), {
    all: 12,
    computed: 12,
    cached: 0,
    failed: 0,
  });
  const first = output(folder, "results.csv");
  assert.equal(cellsOf(faasflow(...args, "--json")), {
    all: 12,
    computed: 0,
    cached: 12,
    failed: 0,
  });
  assert.is(output(folder, "results.csv"), first);
  const more = study(folder, SMALL.replace("[1, 2, 3]", "[2, 3, 4]"));
  assert.equal(cellsOf(faasflow(...more, "--json")), {
    all: 12,
    computed: 4,
    cached: 8,
    failed: 0,
  });
});

sweep("a cell whose file is cut short is done again", ({ folder }) => {
  const args = study(folder, SMALL);
  assert.is(faasflow(...args).code, 0);
  const first = output(folder, "results.csv");
  const cells = join(folder, "out", "cells");
  const [one, other, third] = readdirSync(cells).map((name) => join(cells, name));
  writeFileSync(one!, "");
  writeFileSync(other!, readFileSync(other!, "utf8").slice(0, 100));
  writeFileSync(third!, "{}");
  const again = faasflow(...args, "--json");
  assert.is(again.code, 0, again.stderr);
  assert.equal(cellsOf(again), { all: 12, computed: 3, cached: 9, failed: 0 });
  assert.is(output(folder, "results.csv"), first);
});

sweep("killed half way, it goes on from the cells that were done", async ({ folder }) => {
  const seeds = Array.from({ length: 20 }, (_, index) => index + 1).join(", ");
  const long = SMALL.replace("[1, 2, 3]", `[${seeds}]`).replace(
    "rate:",
    "invocations: 300\n  rate:",
  );
  const args = study(folder, long);
  const cells = join(folder, "out", "cells");
  const done = () =>
    existsSync(cells) ? readdirSync(cells).filter((name) => name.endsWith(".json")).length : 0;
  const process = spawn(globalThis.process.execPath, [builtCli(), ...args], { stdio: "ignore" });
  const ended = once(process, "exit");
  while (done() < 5 && process.exitCode === null) await sleep(5);
  process.kill("SIGKILL");
  await ended;
  const kept = done();
  assert.ok(kept >= 5 && kept < 80, `${kept} of 80 cells were done when it was killed`);
  const run = faasflow(...args, "--json");
  assert.is(run.code, 0, run.stderr);
  assert.equal(cellsOf(run), { all: 80, computed: 80 - kept, cached: kept, failed: 0 });
});

sweep("a cell that fails is told, and the others have their rows", ({ folder }) => {
  const lossy = SMALL.replace("seed: [1, 2, 3]", "fault: [none, loss=20% no-redelivery]");
  const run = faasflow(...study(folder, lossy));
  assert.is(run.code, 1);
  assert.match(run.stdout, /8 cells: 4 simulated, 0 from before, 4 failed/);
  assert.match(run.stderr, /failed: workflows=video.*fault=loss=20% no-redelivery.*lost for good/);
  assert.is(output(folder, "results.csv").match(/,e2e_mean,/g)?.length, 4);
  assert.match(output(folder, "index.html"), /Cells that failed/);
});

sweep("a study that is wrong is refused with lines, before anything is written", ({ folder }) => {
  const wrong = SMALL.replace("6/min", "often").replace("video", "vidio");
  const run = faasflow(...study(folder, wrong), "--threads", "0");
  assert.is(run.code, 2);
  assert.is(run.stdout, "");
  assert.match(run.stderr, /--threads: 0/);
  assert.match(run.stderr, /study\.yaml:3:13 .*"vidio"/);
  assert.match(run.stderr, /study\.yaml:6:9 .*"often"/);
  assert.not(existsSync(join(folder, "out")));
});

sweep("wrong fields of a study and wrong values of the others are told at once", ({ folder }) => {
  const wrong = SMALL.replace("study: Small\n", "")
    .replace("rate: 6/min", "rates: 6/min")
    .replace("scheme: [worker-sp, master-sp]", "scheme: often")
    .replace("[25MB/s, 50MB/s]", "{ low: 25MB/s }")
    .replace("[1, 2, 3]", "[1, 1]\nshow: [latency]");
  const { code, stderr } = faasflow(...study(folder, wrong));
  assert.is(code, 2);
  const told = stderr.trim().split("\n");
  const expected = [
    /:1:1 .*study: this field is missing/,
    /:3:\d+ .*product\.scheme: "often"\. Choose one of/,
    /:4:\d+ .*product\.bandwidth: a group of fields is here\. Write a text or a number or a list/,
    /:5:\d+ .*product\.rates: there is no field "rates" here\. Did you mean "rate"/,
    /:7:\d+ .*product\.seed\[1\]: "1" is given twice/,
    /:8:\d+ .*show\[0\]: "latency" is here/,
  ];
  assert.is(told.length, expected.length, stderr);
  for (const [index, line] of expected.entries()) assert.match(told[index]!, line);
});

sweep("an empty list hides nothing of what is wrong with the other fields", ({ folder }) => {
  const wrong = SMALL.replace("[1, 2, 3]", "[]").replace("rate: 6/min", "rate: -1");
  const { code, stderr } = faasflow(...study(folder, wrong));
  assert.is(code, 2);
  assert.match(stderr, /product\.rate: "-1"\. Give a rate above 0/);
  assert.match(stderr, /product\.seed: the list is empty\. Give it a value/);
});

sweep("a cell that is there twice is refused: it would count as two seeds", ({ folder }) => {
  const twice = SMALL.replace("[worker-sp, master-sp]", "worker-sp").concat("list: [{}, {}]\n");
  const run = faasflow(...study(folder, twice));
  assert.is(run.code, 2);
  assert.match(run.stderr, /this cell is there twice: workflows=video/);
});

sweep.run();
