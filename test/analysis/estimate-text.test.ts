/** What a calibration from live runs says of itself. */

import { test } from "uvu";
import * as assert from "uvu/assert";
import { estimate } from "../../analysis/estimate.ts";
import { liveCalibrationText, type TrialRow } from "../../analysis/estimate-text.ts";
import { daemonCores } from "../../sim/shared-cpu.ts";

function textOf(trial: readonly TrialRow[]): string {
  const estimates = estimate([], daemonCores);
  return liveCalibrationText({ logs: 1, estimates, heldBack: "1 of 3 runs", trial });
}

function rowOf(workflow: string, live: number, sim: number): TrialRow {
  const pair = { live, sim };
  return {
    ...{ workflow, scheme: "worker-sp", storage: "faastore", bandwidth: undefined },
    ...{ load: "one client", invocations: 4, noise: undefined },
    ...{ mean: pair, p50: pair, p95: pair, local: pair, remote: pair, coldStarts: pair },
  };
}

test("errors are told on average and at most", () => {
  const text = textOf([rowOf("a", 1, 1.1), rowOf("b", 2, 1.4)]);
  assert.match(text, "Error of the mean: 20% on average, at most 30%");
  assert.match(text, "+10.0%");
});

test("runs of which nothing finished have no error, and leave those of the others be", () => {
  const nothing = rowOf("b", Number.NaN, Number.NaN);
  const text = textOf([rowOf("a", 1, 1.1), nothing, rowOf("c", 2, 1.4)]);
  assert.match(text, "Of 2 of 3 rows: Error of the mean: 20% on average, at most 30%");
  assert.not.match(text, "NaN");
  assert.match(textOf([nothing]), "Nothing that was held back finished.");
  assert.match(textOf([]), "Nothing was held back.");
});

test.run();
