/**
 * Least squares with bounds: Levenberg-Marquardt with finite differences, for functions that take
 * long and are a little rough (a simulation with ticks is).
 *
 * Each round asks for the residuals at one point a parameter (the Jacobian, step `difference`), then
 * at one point a damping, and goes on from the best of them. A generator, so that whoever drives it
 * says how the points are worked out. Cost: (parameters + dampings) evaluations a round.
 *
 *   (JᵀJ + damping diag(JᵀJ)) step = -Jᵀ residuals,  then cut to the bounds
 */

import { invariant } from "../core/invariant.ts";

export type Point = readonly number[];
export type Residuals = readonly number[];

export interface Problem {
  readonly start: Point;
  readonly lower: Point;
  readonly upper: Point;
  /** Step of the finite differences, in the units of the parameters. */
  readonly difference: number;
  /** Rounds at most. */
  readonly rounds: number;
}

export interface Fit {
  readonly point: Point;
  readonly residuals: Residuals;
  /** Σ residual². */
  readonly cost: number;
  /** At the last round: residual by parameter. */
  readonly jacobian: readonly Residuals[];
  readonly rounds: number;
}

const DAMPINGS = [1e-3, 1e-2, 0.1, 1, 10];
/** It is over when a round gains less than this share of the cost. */
const LEAST_GAIN = 3e-3;
const MOST_FAILURES = 4;
const SHRINK = 0.8;

/** Yields points, wants the residuals of each. */
export function* fit(problem: Problem): Generator<readonly Point[], Fit, readonly Residuals[]> {
  const { lower, upper, difference } = problem;
  const cut = (point: Point): Point =>
    point.map((value, index) => Math.min(upper[index]!, Math.max(lower[index]!, value)));
  let point = cut(problem.start);
  let [residuals] = yield [point];
  let jacobian: readonly Residuals[] = [];
  let round = 0;
  let failures = 0;
  let reach = difference;
  while (round < problem.rounds && failures < MOST_FAILURES) {
    round++;
    // Away from the nearer bound, so that no point lies outside.
    const steps = point.map((value, index) => {
      const inside = value + reach <= upper[index]! && value + reach >= lower[index]!;
      return inside ? reach : -reach;
    });
    const aside = point.map((_, index) =>
      point.map((value, other) => (other === index ? value + steps[index]! : value)),
    );
    const beside = yield aside;
    jacobian = beside.map((its, index) =>
      its.map((value, row) => (value - residuals![row]!) / steps[index]!),
    );
    const tries = DAMPINGS.map((damping) => cut(stepped(point, residuals!, jacobian, damping)));
    const found = yield tries;
    const costs = found.map(costOf);
    const best = costs.indexOf(Math.min(...costs));
    const gain = costOf(residuals!) - costs[best]!;
    if (gain > LEAST_GAIN * costOf(residuals!)) failures = 0;
    else {
      // Rough ground: look at it with another step, to the other side.
      failures++;
      reach *= -SHRINK;
    }
    if (gain <= 0) continue;
    point = tries[best]!;
    residuals = found[best];
  }
  return { point, residuals: residuals!, cost: costOf(residuals!), jacobian, rounds: round };
}

export interface Polish {
  readonly start: Point;
  readonly lower: Point;
  readonly upper: Point;
  /** First standard deviation of the draws, in the units of the parameters. */
  readonly spread: number;
  /** Generations, and points drawn in each. */
  readonly generations: number;
  readonly size: number;
  /** Standard normal. */
  readonly draw: () => number;
}

/**
 * An evolution strategy, for what is left where the ground is too rough for slopes: each generation
 * is drawn around the best point so far, further off after a gain, nearer after none.
 */
export function* polish(
  problem: Polish,
): Generator<readonly Point[], Pick<Fit, "point" | "cost">, readonly Residuals[]> {
  const { lower, upper, draw } = problem;
  let point = problem.start;
  let spread = problem.spread;
  const [residuals] = yield [point];
  let cost = costOf(residuals!);
  for (let generation = 0; generation < problem.generations; generation++) {
    const drawn = Array.from({ length: problem.size }, () =>
      point.map((value, index) =>
        Math.min(upper[index]!, Math.max(lower[index]!, value + spread * draw())),
      ),
    );
    const costs = (yield drawn).map(costOf);
    const best = costs.indexOf(Math.min(...costs));
    const gained = costs[best]! < cost;
    spread *= gained ? 1.2 : 0.85;
    if (!gained) continue;
    point = drawn[best]!;
    cost = costs[best]!;
  }
  return { point, cost };
}

export function costOf(residuals: Residuals): number {
  return residuals.reduce((sum, value) => sum + value * value, 0);
}

function stepped(
  point: Point,
  residuals: Residuals,
  jacobian: readonly Residuals[],
  damping: number,
): Point {
  const matrix = jacobian.map((one) => jacobian.map((other) => dot(one, other)));
  const slope = jacobian.map((one) => -dot(one, residuals));
  // A parameter that nothing depends on stays where it is.
  for (const [index, row] of matrix.entries()) row[index]! += damping * row[index]! + 1e-12;
  const step = solved(matrix, slope);
  return point.map((value, index) => value + step[index]!);
}

function dot(one: readonly number[], other: readonly number[]): number {
  return one.reduce((sum, value, index) => sum + value * other[index]!, 0);
}

/** Gaussian elimination with pivoting; the matrix and the right side are used up. */
function solved(matrix: number[][], right: number[]): number[] {
  const size = right.length;
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let row = column + 1; row < size; row++) {
      if (Math.abs(matrix[row]![column]!) > Math.abs(matrix[pivot]![column]!)) pivot = row;
    }
    [matrix[column], matrix[pivot]] = [matrix[pivot]!, matrix[column]!];
    [right[column], right[pivot]] = [right[pivot]!, right[column]!];
    const head = matrix[column]![column]!;
    invariant(head !== 0, "the damped matrix has full rank");
    for (let row = column + 1; row < size; row++) {
      const factor = matrix[row]![column]! / head;
      if (factor === 0) continue;
      for (let at = column; at < size; at++) matrix[row]![at]! -= factor * matrix[column]![at]!;
      right[row]! -= factor * right[column]!;
    }
  }
  for (let row = size - 1; row >= 0; row--) {
    for (let at = row + 1; at < size; at++) right[row]! -= matrix[row]![at]! * right[at]!;
    right[row]! /= matrix[row]![row]!;
  }
  return right;
}
