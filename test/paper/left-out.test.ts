/**
 * A prediction: a profile that was fitted to the figures of WorkerSP with FaaStore alone says what
 * MasterSP with the remote store takes. test/fixtures/left-out.yaml is what
 * `faasflow calibrate --published --columns worker-sp` wrote.
 */

import { test } from "uvu";
import * as assert from "uvu/assert";
import { type FittedMetric, PublishedFigures } from "../../sim/calibrate-config.ts";
import { profileOf } from "../fixtures/scenario.ts";

const leftOut = new URL("../fixtures/left-out.yaml", import.meta.url).pathname;
const { cells } = new PublishedFigures().compare(profileOf(leftOut));

/** |ours / published - 1| of MasterSP with the remote store. */
function errorsOf(metric: FittedMetric): readonly number[] {
  return cells
    .filter((cell) => cell.system === "MasterSP+remote" && cell.metric === metric)
    .map(({ ours, published }) => Math.abs(ours / published - 1));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

test("end-to-end latencies of MasterSP are predicted 10% off on average", () => {
  const errors = errorsOf("e2e_mean");
  assert.is(errors.length, 8);
  assert.ok(mean(errors) <= 0.1, `${mean(errors)}`);
});

test("its scheduling and data overheads are predicted 25% off on average, 50% at most", () => {
  for (const metric of ["schedule_overhead_mean", "data_overhead_mean"] as const) {
    const errors = errorsOf(metric);
    assert.ok(mean(errors) <= 0.25, `${metric} ${mean(errors)}`);
    assert.ok(Math.max(...errors) <= 0.5, `${metric} ${Math.max(...errors)}`);
  }
});

test.run();
