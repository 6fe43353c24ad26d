/** `faasflow advise` as a user meets it: the cheapest configuration, the evidence, refusals. */

import { test } from "uvu";
import * as assert from "uvu/assert";
import { faasflow, jsonRows } from "../fixtures/command.ts";

const LOAD = ["--rate", "6/min", "--arrivals", "poisson", "--invocations", "50"];
const OVER = ["--over", "workers=1..3,bandwidth=20..100MB/s", "--step", "bandwidth=40MB/s"];

interface Found {
  readonly meets: boolean;
  readonly worst: readonly number[];
  readonly candidate: { readonly workers: number; readonly bandwidth_MBps: number };
}

function p99(workers: number, bandwidth: string, seed: string): number {
  const flags = ["--workers", `${workers}`, "--bandwidth", bandwidth, "--seed", seed, ...LOAD];
  const rows = jsonRows(faasflow("simulate", "cycles", ...flags, "--json"));
  return Number(rows.find(({ metric }) => metric === "e2e_p99")?.value);
}

/** What one worker behind 60 MB/s reaches, at worst of two seeds: a goal that it just meets. */
function reachable(): { readonly reached: number; readonly goal: string } {
  const reached = Math.max(p99(1, "60MB/s", "1"), p99(1, "60MB/s", "2"));
  return { reached, goal: `p99 <= ${(reached * 1.001).toFixed(6)} s` };
}

test("the first in the order of cost is the answer, and simulate says the same of it", () => {
  const { reached, goal } = reachable();
  const run = faasflow(
    "advise",
    "cycles",
    "--goal",
    goal,
    ...OVER,
    ...LOAD,
    "--seeds",
    "2",
    "--json",
  );
  assert.is(run.code, 0, run.stderr);
  const { cheapest, tried }: { cheapest: Found; tried: readonly Found[] } = JSON.parse(run.stdout);
  assert.equal(cheapest.candidate, { workers: 1, bandwidth_MBps: 60 });
  assert.is(cheapest.worst[0], reached);
  assert.equal([tried[0]!.candidate.bandwidth_MBps, tried[0]!.meets], [20, false]);
});

test("the table has what failed and by how much", () => {
  const { goal } = reachable();
  const run = faasflow("advise", "cycles", "--goal", goal, ...OVER, ...LOAD, "--seeds", "2");
  assert.is(run.code, 0, run.stderr);
  assert.match(run.stdout, /^Cheapest: 1 worker, 60 MB\/s\.$/m);
  assert.match(run.stdout, /^│ +1 +20 │ +[\d.]+ +\+\d+% │/m);
  assert.match(run.stdout, /^│ +1 +60 │ +[\d.]+ +│ +50 +meets/m);
});

test("the example of the help finds a cluster", () => {
  const { stdout } = faasflow("advise", "--help");
  const [, goal, over] = /advise genome --goal "([^"]+)" --over (\S+) --json/.exec(stdout)!;
  const flags = ["--over", over!, "--json", "--invocations", "3"];
  const run = faasflow("advise", "genome", "--goal", goal!, ...flags);
  assert.is(run.code, 0, run.stderr);
});

test("a goal that nothing meets ends in code 1, with the nearest", () => {
  const run = faasflow(
    "advise",
    "cycles",
    "--goal",
    "p99 < 1 ms",
    ...OVER,
    ...LOAD,
    "--seeds",
    "1",
  );
  assert.is(run.code, 1);
  assert.match(run.stdout, /None of 9 configurations meets e2e_p99 < 0.001 s/);
  assert.match(run.stderr, /The nearest is \d workers?, 100 MB\/s: \d+ times the limit\./);
});

test("all that is wrong is told at once", () => {
  const run = faasflow(
    ...["advise", "gnome", "--goal", "p98 < 1 s", "--goal", "p99 > 3 s", "--goal", "p50 < 3 MB"],
    ...[
      "--over",
      "workers=4..2,bandwidth=0..50MB/s,memory=3",
      "--step",
      "bandwidth=1MB/s",
      "--workers",
      "3",
    ],
    ...["--scheme", "x", "--seeds", "0"],
  );
  assert.is(run.code, 2);
  assert.is(run.stdout, "");
  for (const reason of [
    /"gnome".*Did you mean "genome"/,
    /"p98" is not a metric/,
    /"p99 > 3 s": this is not a goal/,
    /"MB" is not a unit of time/,
    /"memory" cannot be searched/,
    /"4\.\.2" is not a range: it goes down/,
    /"0\.\.50MB\/s" is not a range: "0" cannot be an end\. Give a rate above 0/,
    /--step: bandwidth is not searched/,
    /--workers: it is in --over too/,
    /--scheme: "x"/,
    /--seeds: 0/,
  ]) {
    assert.match(run.stderr, reason);
  }
});

test.run();
