/** Numbers from measurements of which some are far off: medians, and lines through medians of slopes. */

import { quantile } from "./quantile.ts";

/** A quantity, how far its samples lie from it, and how many there were. */
export interface Estimated {
  readonly value: number;
  /** Of the samples, in the unit of the value: 1.4826 x the median distance from the median. */
  readonly spread: number;
  readonly count: number;
}

/** NaN without values. */
export function median(values: readonly number[]): number {
  return quantileOf(values, 0.5);
}

/** `share` from 0 to 1. */
export function quantileOf(values: readonly number[], share: number): number {
  // A typed array sorts its numbers by value.
  return quantile(Float64Array.from(values).sort(), share);
}

/**
 * `most` values, or as many as there are samples, that stand for equal parts of them each: as likely
 * one as the other. They keep what a distribution with a tail would add: the samples have bounds.
 */
export function quantilesOf(values: readonly number[], most: number): readonly number[] {
  const count = Math.min(most, values.length);
  return Array.from({ length: count }, (_, index) => quantileOf(values, (index + 0.5) / count));
}

/** Of normal samples it is about the standard deviation. */
const MAD_TO_SIGMA = 1.4826;

export function spreadOf(values: readonly number[]): number {
  const middle = median(values);
  return MAD_TO_SIGMA * median(values.map((value) => Math.abs(value - middle)));
}

/** Undefined without samples. */
export function estimated(samples: readonly number[]): Estimated | undefined {
  if (samples.length === 0) return undefined;
  return { value: median(samples), spread: spreadOf(samples), count: samples.length };
}

/** How the logarithm is distributed: geometric mean of the middle 80%, deviation from quantiles. */
export interface Lognormal {
  readonly median: number;
  readonly sigma: number;
  readonly count: number;
}

/** Values above 0; undefined without any. */
export function lognormal(values: readonly number[]): Lognormal | undefined {
  if (values.length === 0) return undefined;
  const logs = values.map((value) => Math.log(value)).sort((a, b) => a - b);
  const cut = Math.floor(logs.length / 10);
  const middle = logs.slice(cut, logs.length - cut);
  const mean = middle.reduce((sum, value) => sum + value, 0) / middle.length;
  // Of a normal distribution 16% and 84% lie one deviation from the middle.
  const sigma = (quantile(logs, 0.84) - quantile(logs, 0.16)) / 2;
  return { median: Math.exp(mean), sigma: values.length < 3 ? 0 : sigma, count: values.length };
}

export interface Row {
  readonly x: readonly number[];
  readonly y: number;
}

export interface Plane {
  /** None below 0. */
  readonly coefficients: readonly number[];
  /** By row: y less what they explain. */
  readonly rest: readonly number[];
}

const REWEIGHTS = 40;

/**
 * Coefficients of least absolute errors, none below 0: least squares over again, each row weighed by
 * the inverse of its last error. Undefined without rows.
 */
export function leastAbsolute(rows: readonly Row[]): Plane | undefined {
  if (rows.length === 0) return undefined;
  const size = rows[0]!.x.length;
  let used = Array.from({ length: size }, (_, index) => index);
  let coefficients = new Array<number>(size).fill(0);
  const restOf = (): number[] =>
    rows.map(({ x, y }) => y - coefficients.reduce((sum, each, i) => sum + each * x[i]!, 0));
  for (let round = 0; round < REWEIGHTS; round++) {
    const rest = restOf();
    const least = 1e-3 * (spreadOf(rest) || 1);
    const weights = rest.map((each) => 1 / Math.max(Math.abs(each), least));
    const found = leastSquares(rows, { weights, used });
    coefficients = coefficients.map((_, index) => found[used.indexOf(index)] ?? 0);
    const negative = used.filter((index) => coefficients[index]! < 0);
    used = used.filter((index) => !negative.includes(index));
    for (const index of negative) coefficients[index] = 0;
  }
  return { coefficients, rest: restOf() };
}

/** Of a column's own square: what is left of it where the others explain it but for rounding. */
const NOTHING_LEFT = 1e-9;

/**
 * By Gauss' elimination of the normal equations; what the rows cannot tell apart is 0. Columns may be
 * of any unit, so each is held against itself.
 */
function leastSquares(
  rows: readonly Row[],
  { weights, used }: { readonly weights: readonly number[]; readonly used: readonly number[] },
): readonly number[] {
  const matrix = used.map((i) => [
    ...used.map((j) => rows.reduce((sum, { x }, row) => sum + weights[row]! * x[i]! * x[j]!, 0)),
    rows.reduce((sum, { x, y }, row) => sum + weights[row]! * x[i]! * y, 0),
  ]);
  const least = matrix.map((line, at) => NOTHING_LEFT * line[at]!);
  for (const [at, pivot] of matrix.entries()) {
    const scale = pivot[at]!;
    if (!(scale > least[at]!)) continue;
    for (const [index, line] of matrix.entries()) {
      if (index === at) continue;
      const factor = line[at]! / scale;
      for (const column of line.keys()) line[column]! -= factor * pivot[column]!;
    }
  }
  return matrix.map((line, at) => (line[at]! > least[at]! ? line.at(-1)! / line[at]! : 0));
}

export interface Line {
  readonly slope: number;
  readonly intercept: number;
  /** Of the residuals. */
  readonly spread: number;
  readonly count: number;
}

export interface Sample {
  readonly x: number;
  readonly y: number;
}

/** More than so many points: every k-th, so that there are not too many pairs. */
const MOST_POINTS = 400;

/**
 * Theil and Sen: the median slope of all pairs, the median of what that leaves. Holds with up to 29%
 * of the points anywhere. Undefined if all x are the same, or there are none. O(n²), n cut to 400.
 */
export function theilSen(samples: readonly Sample[]): Line | undefined {
  const step = Math.ceil(samples.length / MOST_POINTS);
  const points = step <= 1 ? samples : samples.filter((_, index) => index % step === 0);
  const slopes: number[] = [];
  for (const [index, one] of points.entries()) {
    for (const other of points.slice(index + 1)) {
      if (one.x !== other.x) slopes.push((other.y - one.y) / (other.x - one.x));
    }
  }
  if (slopes.length === 0) return undefined;
  const slope = median(slopes);
  const rest = samples.map(({ x, y }) => y - slope * x);
  return { slope, intercept: median(rest), spread: spreadOf(rest), count: samples.length };
}
