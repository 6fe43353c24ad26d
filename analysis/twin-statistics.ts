/** How far two runs of the same work are apart, and how far live is from itself. */

import { quantile } from "./quantile.ts";

export const STATISTICS = ["mean", "p50", "p95", "p99"] as const;
export type Statistic = (typeof STATISTICS)[number];

const SHARES: Readonly<Record<Exclude<Statistic, "mean">, number>> = {
  p50: 0.5,
  p95: 0.95,
  p99: 0.99,
};

/** Quantiles as in `quantile`. NaN without values. */
export function statistic(name: Statistic, values: readonly number[]): number {
  if (name === "mean") return values.reduce((sum, value) => sum + value, 0) / values.length;
  return quantile(ascending(values), SHARES[name]);
}

/** A sorted copy. */
export function ascending(values: readonly number[]): Float64Array {
  // A typed array sorts its numbers by value.
  return Float64Array.from(values).sort();
}

export interface Pair {
  readonly live: number;
  readonly twin: number;
}

/** Mean of |twin - live| / live over pairs whose live value is above 0; NaN without such. */
export function meanAbsoluteError(pairs: readonly Pair[]): number {
  const errors = pairs
    .filter(({ live }) => live > 0)
    .map(({ live, twin }) => Math.abs(twin - live) / live);
  return statistic("mean", errors);
}

/** Largest difference between the two distribution functions, 0 to 1 (Kolmogorov and Smirnov). */
export function ksDistance(one: readonly number[], other: readonly number[]): number {
  const [a, b] = [ascending(one), ascending(other)];
  let [i, j, largest] = [0, 0, 0];
  while (i < a.length && j < b.length) {
    const value = Math.min(a[i]!, b[j]!);
    while (i < a.length && a[i]! <= value) i++;
    while (j < b.length && b[j]! <= value) j++;
    largest = Math.max(largest, Math.abs(i / a.length - j / b.length));
  }
  return largest;
}

/** Where live's own noise is from: several runs of one configuration, or one run alone. */
export type NoiseSource = "repeats" | "bootstrap";

const RESAMPLES = 400;
/** Of the resamples, those between these shares: half of what they span is the noise. */
const CENTRAL = { low: 0.025, high: 0.975 };

/**
 * How much a statistic of live varies by itself, in the unit of the values. Of several runs: the largest
 * difference between two of them. Of one: half the 95% interval of its bootstrap (Efron, 1979), which
 * knows the noise within the run only. `uniform` draws from [0, 1).
 */
export function noiseOf(
  name: Statistic,
  runs: readonly (readonly number[])[],
  uniform: () => number,
): number {
  if (runs.length > 1) {
    const each = runs.map((values) => statistic(name, values));
    return Math.max(...each) - Math.min(...each);
  }
  const [values = []] = runs;
  const drawn = Array.from({ length: RESAMPLES }, () =>
    statistic(
      name,
      values.map(() => values[Math.floor(uniform() * values.length)]!),
    ),
  ).sort((a, b) => a - b);
  return (quantile(drawn, CENTRAL.high) - quantile(drawn, CENTRAL.low)) / 2;
}

/** Of the two-sample test at 5%: what two samples of one distribution reach once in twenty times. */
const KS_FACTOR = 1.358;

/** The KS distance that says nothing: between repeats the largest, of one run what chance alone reaches. */
export function ksNoise(runs: readonly (readonly number[])[]): number {
  if (runs.length > 1) {
    return Math.max(
      ...runs.flatMap((one, i) => runs.slice(i + 1).map((other) => ksDistance(one, other))),
    );
  }
  const count = runs[0]?.length ?? 0;
  return Math.min(1, KS_FACTOR * Math.sqrt(2 / count));
}
