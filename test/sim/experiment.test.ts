/** Cells of experiments as the simulator measures them. */

import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Protocol, type RunCell, sidesOf } from "../../analysis/experiment.ts";
import type { ExperimentRow } from "../../analysis/experiment-rows.ts";
import { simulateCell } from "../../sim/experiment-config.ts";
import type { Profile } from "../../sim/profile.ts";
import { idealBut, profileOf, seconds } from "../fixtures/scenario.ts";

const [MASTER, WORKER] = sidesOf({ partition: "faasflow" });
const CLOSED: Protocol = {
  tag: "closed",
  duration_s: 120,
  requests: undefined,
  stagger_s: 0,
  patience: { wait_s: 60, inVain: 5 },
};
const OPEN = {
  tag: "open",
  rate_per_min: 6,
  duration_s: 120,
  patience: { wait_s: 60, inVain: 3 },
  longRun: 0,
} as const;

function measured(
  cell: Partial<RunCell>,
  profile: Profile = profileOf("paper-testbed"),
): readonly ExperimentRow[] {
  const solo: RunCell = {
    tag: "run",
    experiment: "e2e",
    mode: "solo",
    workflows: ["wordcount"],
    side: WORKER!,
    protocol: CLOSED,
    bandwidth_MBps: undefined,
    ...cell,
  };
  return simulateCell(solo, { profile, seed: "1" });
}

function row(
  rows: readonly ExperimentRow[],
  metric: string,
  workflow = "wordcount",
): ExperimentRow {
  const found = rows.find((each) => each.metric === metric && each.workflow === workflow);
  assert.ok(found, `${workflow} ${metric}`);
  return found;
}

test("the two requests that meet cold containers are not in the mean", () => {
  const slowStart = idealBut({ container: { cold_start: seconds(20) } });
  const warm = row(measured({ protocol: { ...CLOSED, requests: 5 } }, idealBut({})), "e2e_mean");
  const cold = row(measured({ protocol: { ...CLOSED, requests: 5 } }, slowStart), "e2e_mean");
  assert.is(cold.count, 3);
  assert.is(cold.value, warm.value);
});

test("120 s at 6 requests a minute are 12 requests beside the two of the warm-up", () => {
  const rows = measured({ experiment: "tail", protocol: OPEN });
  assert.is(row(rows, "tail_paper").count, 12);
  assert.is(row(rows, "invocations_started").value, 12);
});

test("over a link that is too slow the entry is a timeout, and the long run knows it", () => {
  const cell = {
    experiment: "tail",
    workflows: ["cycles"],
    side: MASTER!,
    bandwidth_MBps: 25,
  } as const;
  const rows = measured({ ...cell, protocol: { ...OPEN, longRun: 20 } });
  assert.is(row(rows, "tail_paper", "cycles").value, "timeout");
  assert.is(row(rows, "long_p99", "cycles").value, "timeout");
  assert.ok((row(rows, "timeouts", "cycles").value as number) > 0);
});

test("a long run has as many measured requests as asked for, and quantiles in order", () => {
  const rows = measured({ experiment: "tail", protocol: { ...OPEN, longRun: 300 } });
  assert.is(row(rows, "long_p50").count, 300);
  const [p50, p95, p99] = ["long_p50", "long_p95", "long_p99"].map((m) => row(rows, m).value);
  assert.ok(p50! <= p95! && p95! <= p99!, `${p50} ${p95} ${p99}`);
});

test("the link's bandwidth is the cell's", () => {
  const side = MASTER!;
  const fast = row(measured({ side, bandwidth_MBps: 100 }), "e2e_mean").value;
  const slow = row(measured({ side, bandwidth_MBps: 1 }), "e2e_mean").value;
  assert.ok(slow > fast, `${slow} ${fast}`);
});

test("workflows that run together slow each other down, and each has its rows", () => {
  const workflows = ["genome", "wordcount"];
  const protocol = { ...CLOSED, stagger_s: 5 };
  const both = measured({ mode: "corun", workflows, side: MASTER!, protocol });
  const alone = measured({ side: MASTER! });
  assert.ok(row(both, "e2e_mean").value > row(alone, "e2e_mean").value);
  row(both, "e2e_mean", "genome");
});

test("the engine of a component cell is busy for a part of the time", () => {
  const cores = row(measured({ experiment: "component" }), "engine_cores", "all").value as number;
  assert.ok(cores > 0 && cores < 1, `${cores}`);
});

test.run();
