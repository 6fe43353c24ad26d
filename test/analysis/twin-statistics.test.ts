/** Distances between runs, and live's own noise, against values worked out by hand. */

import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  ksDistance,
  ksNoise,
  meanAbsoluteError,
  noiseOf,
  statistic,
} from "../../analysis/twin-statistics.ts";
import { Streams } from "../../sim/streams.ts";

const TEN = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

test("mean and quantiles do not depend on the order of the values", () => {
  const mixed = [7, 1, 10, 4, 2, 9, 3, 8, 6, 5];
  assert.is(statistic("mean", mixed), 5.5);
  assert.is(statistic("p50", mixed), 5.5);
  assert.ok(Math.abs(statistic("p95", mixed) - 9.55) < 1e-12);
  assert.is(mixed[0], 7);
});

test("the mean absolute error counts too long and too short alike, each against its own live value", () => {
  const pairs = [
    { live: 100, twin: 110 },
    { live: 200, twin: 160 },
    { live: 50, twin: 50 },
  ];
  assert.ok(Math.abs(meanAbsoluteError(pairs) - 0.1) < 1e-12);
});

test("pairs whose live value is 0 have no share to be off by", () => {
  assert.is(
    meanAbsoluteError([
      { live: 0, twin: 5 },
      { live: 10, twin: 12 },
    ]),
    0.2,
  );
});

test("the KS distance is 0 for the same values, 1 for values that do not overlap", () => {
  assert.is(ksDistance(TEN, TEN.toReversed()), 0);
  assert.is(ksDistance([1, 2], [3, 4, 5]), 1);
});

test("the KS distance is the largest gap between the two distribution functions", () => {
  assert.is(ksDistance([1, 2, 3, 4], [3, 4, 5, 6]), 0.5);
  assert.is(ksDistance([1, 1, 1, 2], [1, 2, 2, 2]), 0.5);
});

test("the noise of several runs is the largest difference between two of them", () => {
  const draw = (): number => assert.unreachable("repeats need no chance") as never;
  const runs = [
    [10, 12],
    [20, 22],
    [13, 15],
  ];
  assert.is(noiseOf("mean", runs, draw), 10);
});

test("the noise of one run is that of its bootstrap: of a mean about two standard errors", () => {
  const stream = new Streams("noise").stream("bootstrap");
  const values = Array.from({ length: 400 }, () => stream.uniform());
  const noise = noiseOf("mean", [values], () => stream.uniform());
  const standardError = Math.sqrt(1 / 12 / values.length);
  assert.ok(Math.abs(noise / (1.96 * standardError) - 1) < 0.15, `${noise / standardError}`);
});

test("one run without variation has no noise", () => {
  assert.is(
    noiseOf("p95", [[5, 5, 5]], () => 0.5),
    0,
  );
});

test("the KS noise of repeats is their largest distance; of one run it falls with its length", () => {
  assert.is(
    ksNoise([
      [1, 2, 3, 4],
      [1, 2, 3, 4],
      [3, 4, 5, 6],
    ]),
    0.5,
  );
  assert.ok(Math.abs(ksNoise([Array(200).fill(1)]) - 0.1358) < 1e-9);
  assert.is(ksNoise([[1]]), 1);
});

test.run();
