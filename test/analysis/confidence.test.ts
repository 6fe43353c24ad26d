/** Student's t intervals against tables and a worked example. */

import { test } from "uvu";
import * as assert from "uvu/assert";
import { estimate, studentT } from "../../analysis/confidence.ts";

const near = (value: number | undefined, right: number, by: number): void =>
  assert.ok(value !== undefined && Math.abs(value - right) < by, `${value} is not ${right}`);

test("quantiles are those of the printed tables, in the list and beyond it", () => {
  const printed = [
    [1, 12.706],
    [2, 4.303],
    [4, 2.776],
    [10, 2.228],
    [11, 2.201],
    [15, 2.131],
    [30, 2.042],
    [120, 1.98],
  ] as const;
  for (const [freedom, quantile] of printed) near(studentT(freedom), quantile, 6e-4);
});

test("the interval of 1, 2, 3 is 2 ± 4.303 / sqrt(3)", () => {
  const { mean, low, high, n } = estimate([1, 2, 3]);
  assert.equal([mean, n], [2, 3]);
  near(low, 2 - 4.3027 / Math.sqrt(3), 1e-9);
  near(high, 2 + 4.3027 / Math.sqrt(3), 1e-9);
});

test("one sample has a mean and no interval", () => {
  assert.equal(estimate([7]), { mean: 7, low: undefined, high: undefined, n: 1 });
});

test("samples that do not differ have an interval of no width", () => {
  assert.equal(estimate([5, 5, 5]), { mean: 5, low: 5, high: 5, n: 3 });
});

test.run();
