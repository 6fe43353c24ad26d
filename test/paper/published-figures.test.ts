/**
 * The published solo figures beside ours, under the profile `paper-testbed` and the paper's own
 * partition. The profile was fitted to these very figures, so this shows that the fit holds, not that
 * anything was predicted.
 */

import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Side, sidesOf } from "../../analysis/experiment.ts";
import { PAPER_WORKFLOWS, publishedValue } from "../../analysis/published.ts";
import type { Micros } from "../../core/units.ts";
import { NO_FAULTS } from "../../sim/faults.ts";
import { type Outcome, PreparedScenario, type Scenario } from "../../sim/scenario-config.ts";
import { profileOf, specOf } from "../fixtures/scenario.ts";

const SIDES = sidesOf({ partition: "faasflow" });

const profile = profileOf("paper-testbed");

/** |ours / published - 1| of each cell of the metric. */
function errorsOf(metric: string): readonly number[] {
  return PAPER_WORKFLOWS.flatMap((workflow) =>
    SIDES.map((side) => {
      const published = publishedValue({ workflow, system: side.system, metric })!;
      return Math.abs(measured(workflow, side, metric) / published - 1);
    }),
  );
}

/** Each run serves every figure that is taken from it. */
const cache = new Map<string, Outcome>();

function measured(name: string, side: Side, metric: string): number {
  const key = `${name} ${side.scheme}`;
  const outcome = cache.get(key) ?? simulated(name, side);
  cache.set(key, outcome);
  return outcome.rows.find((row) => row.metric === metric)!.value as number;
}

function simulated(name: string, { system: _, ...side }: Side): Outcome {
  const scenario: Scenario = {
    references: [name],
    specs: [specOf(name)],
    ...side,
    workers: profile.cluster.workers,
    profile,
    load: { tag: "closed", clients: 1, duration: 120_000_000 as Micros, invocations: undefined },
    seed: "1",
    faults: NO_FAULTS,
    warmUp: 2,
  };
  return new PreparedScenario(scenario).simulate({ check: false, event: undefined });
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

test("end-to-end latencies: 5% off on average, 15% at most", () => {
  const errors = errorsOf("e2e_mean");
  assert.ok(mean(errors) <= 0.05, `${mean(errors)}`);
  assert.ok(Math.max(...errors) <= 0.15, `${Math.max(...errors)}`);
});

test("scheduling overheads: 15% off on average, 50% at most", () => {
  const errors = errorsOf("schedule_overhead_mean");
  assert.ok(mean(errors) <= 0.15, `${mean(errors)}`);
  assert.ok(Math.max(...errors) <= 0.5, `${Math.max(...errors)}`);
});

test("data overheads: 20% off on average, 50% at most", () => {
  const errors = errorsOf("data_overhead_mean");
  assert.ok(mean(errors) <= 0.2, `${mean(errors)}`);
  assert.ok(Math.max(...errors) <= 0.5, `${Math.max(...errors)}`);
});

test("WorkerSP with FaaStore has the smaller figure everywhere", () => {
  for (const name of PAPER_WORKFLOWS) {
    for (const metric of ["e2e_mean", "schedule_overhead_mean", "data_overhead_mean"]) {
      const [before, after] = SIDES.map((side) => measured(name, side, metric));
      assert.ok(after! < before!, `${name} ${metric}: ${after} against ${before}`);
    }
  }
});

test.run();
