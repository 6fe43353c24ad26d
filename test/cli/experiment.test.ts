/** `faasflow experiment` and `faasflow report` as a user meets them: rows, files, exit codes. */

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { ExperimentRow } from "../../analysis/experiment-rows.ts";
import { type Finished, faasflow } from "../fixtures/command.ts";

function refused(run: Finished, ...reasons: readonly RegExp[]): void {
  assert.is(run.code, 2, run.stderr);
  assert.is(run.stdout, "");
  for (const reason of reasons) assert.match(run.stderr, reason);
}

function rowsOf(...args: readonly string[]): readonly ExperimentRow[] {
  const run = faasflow("experiment", ...args, "--json");
  assert.is(run.code, 0, run.stderr);
  return JSON.parse(run.stdout).rows;
}

function only(rows: readonly ExperimentRow[], metric: string): readonly ExperimentRow[] {
  return rows.filter((row) => row.metric === metric);
}

const experiment = suite("experiment");

experiment("a table has ours, the published figures, and what they differ by", () => {
  const { code, stdout } = faasflow("experiment", "schedule-overhead", "--workflows", "wordcount");
  assert.is(code, 0);
  assert.match(stdout, /ours +published +error/);
  assert.match(stdout, /│ wordcount/);
  assert.match(stdout, /scheduling overhead: 2 cells, off by \d+% on average, \d+% at most/);
});

experiment("rows of a solo experiment are two systems' metrics, without rate or bandwidth", () => {
  const rows = only(rowsOf("e2e", "--workflows", "wordcount"), "e2e_mean");
  assert.equal(
    rows.map(({ workflow, scheme, storage, partition, mode }) => {
      return [workflow, scheme, storage, partition, mode].join(" ");
    }),
    ["wordcount master-sp remote raw solo", "wordcount worker-sp faastore faasflow solo"],
  );
  for (const row of rows) assert.not("rate_per_min" in row || "bandwidth_MBps" in row);
});

experiment("rows of a tail have rate and bandwidth, and timeouts where it timed out", () => {
  const lists = ["--workflows", "cycles", "--bandwidth", "25MB/s,100", "--rate", "6/min"];
  const rows = only(rowsOf("tail", ...lists, "--long-run", "0"), "tail_paper");
  assert.equal(
    rows.map(({ scheme, rate_per_min, bandwidth_MBps }) => [scheme, rate_per_min, bandwidth_MBps]),
    [
      ["master-sp", 6, 25],
      ["worker-sp", 6, 25],
      ["master-sp", 6, 100],
      ["worker-sp", 6, 100],
    ],
  );
  assert.is(rows[0]?.value, "timeout");
  assert.type(rows[3]?.value, "number");
});

experiment("the same seed gives the same rows", () => {
  const args = ["tail", "--workflows", "wordcount", "--long-run", "50", "--seed", "7"];
  assert.equal(rowsOf(...args), rowsOf(...args));
});

experiment("co-run measures all workflows named, each with rows of its own", () => {
  const rows = only(rowsOf("e2e", "--mode", "corun", "--workflows", "video,wordcount"), "e2e_mean");
  assert.equal(
    rows.map(({ workflow, mode }) => `${workflow} ${mode}`),
    ["video corun", "wordcount corun", "video corun", "wordcount corun"],
  );
});

experiment("partitioning is measured in CPU time and memory, each size by itself", () => {
  const rows = rowsOf("scalability", "--tasks", "10,400");
  assert.equal(
    rows.map(({ workflow, metric, unit }) => `${workflow} ${metric} ${unit}`),
    [
      "genome:10 partition_cpu s",
      "genome:10 partition_memory B",
      "genome:400 partition_cpu s",
      "genome:400 partition_memory B",
    ],
  );
  const [small, large] = only(rows, "partition_cpu").map(({ value }) => value as number);
  assert.ok(large! > small! && small! > 0, `${small} ${large}`);
});

experiment("CSV, SVG and HTML are written where asked for", () => {
  const folder = mkdtempSync(join(tmpdir(), "faasflow-experiment-"));
  const [csv, svg, html] = ["a.csv", "plots", "a.html"].map((name) => join(folder, name));
  const files = ["--csv", csv!, "--svg", svg!, "--html", html!];
  const run = faasflow("experiment", "data-overhead", "--workflows", "wordcount", ...files);
  assert.is(run.code, 0, run.stderr);
  assert.match(readFileSync(csv!, "utf8"), /^experiment,driver,mode,workflow,/);
  assert.equal(readdirSync(svg!), ["data-overhead.svg"]);
  assert.match(readFileSync(html!, "utf8"), /^<!doctype html>[\s\S]*<svg /);
  rmSync(folder, { recursive: true });
});

experiment("every wrong value is told at once", () => {
  refused(
    faasflow(
      ...["experiment", "e2", "--mode", "both", "--workflows", "genom", "--bandwidth", "fast"],
      ...["--rate", "0", "--tasks", "5", "--long-run", "x", "--partition", "raw"],
      ...["--profile", "nope"],
    ),
    /no experiment is named "e2".*Did you mean "e2e"/,
    /--mode: "both"/,
    /genom/,
    /--bandwidth: "fast"/,
    /--rate: "0"/,
    /--tasks: "5"/,
    /--long-run: "x"/,
    /--partition: "raw"/,
    /"nope" is not a profile/,
  );
});

experiment("of a list, every item that is wrong is told", () => {
  refused(
    faasflow("experiment", "tail", "--bandwidth", "25MB/s,,50 MB", "--rate", "6/min,0"),
    /--bandwidth: ""\. Give a rate such as 50MB\/s/,
    /--bandwidth: "50 MB"\. Give a rate such as 50MB\/s/,
    /--rate: "0"\. Give a rate above 0, such as 6\/min/,
  );
});

experiment("a flag that the experiment does not read is refused", () => {
  refused(faasflow("experiment", "e2e", "--rate", "6/min"), /--rate: has no effect on e2e/);
  refused(faasflow("experiment", "tail", "--mode", "solo"), /--mode: has no effect on tail/);
  refused(faasflow("experiment", "scalability", "--seed", "2"), /--seed: has no effect/);
});

experiment("a cluster that is not there, or cannot tell, is refused before anything runs", () => {
  const nowhere = ["--live", "http://127.0.0.1:9", "--workflows", "wordcount"];
  refused(
    faasflow("experiment", "e2e", ...nowhere),
    /no gateway answers at http:\/\/127\.0\.0\.1:9/,
  );
  const there = ["--live", "http://127.0.0.1:9"];
  refused(faasflow("experiment", "component", ...there), /--live: engines are processes/);
  refused(faasflow("experiment", "tail", ...there, "--bandwidth", "50"), /--live: the link/);
  refused(faasflow("experiment", "scalability", "--live", "local"), /--live: has no effect/);
  refused(faasflow("experiment", "e2e", "--live", "here"), /--live: "here"\. Give local/);
  refused(
    faasflow("experiment", "e2e", "--duration", "5s"),
    /--duration: has no effect. Add --live/,
  );
});

experiment("a list names each item once", () => {
  refused(faasflow("experiment", "tail", "--rate", "6/min,6"), /--rate: "6" is given twice/);
  const twice = ["--workflows", "genome,workflows/benchmarks/genome.yaml"];
  refused(faasflow("experiment", "e2e", ...twice), /--workflows: two are named "genome"/);
});

experiment("a file that cannot be written is the caller's mistake", () => {
  const run = faasflow(
    ...["experiment", "scalability", "--tasks", "10", "--csv", "no/such/folder/a.csv"],
  );
  assert.is(run.code, 2);
  assert.match(run.stderr, /no\/such\/folder/);
});

const report = suite("report");

report("saved rows become a page, without being run again", () => {
  const folder = mkdtempSync(join(tmpdir(), "faasflow-report-"));
  const saved = join(folder, "e2e.json");
  const page = join(folder, "page.html");
  const args = [
    "experiment",
    "e2e",
    "--workflows",
    "wordcount",
    "--seed",
    "of-the-saved",
    "--json",
  ];
  writeFileSync(saved, faasflow(...args).stdout);
  const run = faasflow("report", saved, "--html", page);
  assert.is(run.code, 0, run.stderr);
  assert.match(readFileSync(page, "utf8"), /seed of-the-saved/);
  rmSync(folder, { recursive: true });
});

report("a file that is not of an experiment, or not there, is told with its name", () => {
  const page = join(tmpdir(), "faasflow-never-written.html");
  const run = faasflow("report", "package.json", "nowhere.json", "--seed", "3", "--html", page);
  refused(run, /package\.json: not what/, /nowhere\.json/, /--seed: has no effect/);
  assert.not(existsSync(page));
});

experiment.run();
report.run();
