/** Recorded runs held against their twins: the cells, what they say about each other, and what is wrong. */

import { counted } from "./count-text.ts";
import {
  type CellComparison,
  type ComparedRun,
  type CompareOptions,
  compareCells,
  isOff,
  type MetricComparison,
  type Quantity,
  type Tolerances,
  type TwinCell,
} from "./twin-cells.ts";
import { type Contrast, contrastsOf } from "./twin-contrasts.ts";
import type { ExactFact } from "./twin-facts.ts";

export interface TwinComparison {
  readonly cells: readonly CellComparison[];
  readonly contrasts: readonly Contrast[];
  /** What is beyond the tolerances, a line each; empty: all is well. */
  readonly violations: readonly string[];
}

export function compareTwins(
  runs: readonly ComparedRun[],
  options: CompareOptions,
): TwinComparison {
  const cells = compareCells(runs, options);
  const contrasts = contrastsOf(cells, options.tolerances.noise);
  const violations = [
    ...cells.flatMap((cell) => violationsOf(cell, options.tolerances)),
    ...contrasts.filter(({ ok }) => !ok).map(contrastViolation),
  ];
  return { cells, contrasts, violations };
}

function violationsOf(compared: CellComparison, { exact }: Tolerances): readonly string[] {
  const { cell, metrics, facts, invocations } = compared;
  const name = cellText(cell);
  if (invocations === 0) return [`${name}: no invocation finished both live and in the twin`];
  const ofTime = metrics.filter(isOff).map((metric) => `${name}: ${metricViolation(metric)}`);
  const ofFacts = facts
    .filter(({ fact, compared: count, differing }) => differing > (exact[fact] ?? 1) * count)
    .map(({ fact, compared: count, differing, examples }) => {
      const some = examples.join("; ");
      return `${name}: ${FACT_TITLES[fact]}: ${differing} of ${count} differ (${some})`;
    });
  return [...ofTime, ...ofFacts];
}

export const QUANTITY_TITLES: Readonly<Record<Quantity, string>> = {
  e2e: "end-to-end",
  wait: "wait",
  cold_start: "cold start",
  get: "get",
  execution: "execution",
  put: "put",
  trigger: "trigger",
};

export const FACT_TITLES: Readonly<Record<ExactFact, string>> = {
  owners: "workers of activations",
  tiers: "tiers of gets and puts",
  bytes: "bytes of gets and puts",
  cold_starts: "cold starts",
};

function metricViolation(metric: MetricComparison): string {
  const { quantity, statistic: name, live, twin, error, noise, limit } = metric;
  const of = quantity === "e2e" ? "" : " of the mean latency";
  return (
    `${name} of ${QUANTITY_TITLES[quantity]}: twin ${milliseconds(twin)}, live ${milliseconds(live)}, ` +
    `off by ${signed(error)}${of}, more than ${signed(limit ?? 0).slice(1)} ` +
    `(live's own noise: ${signed(noise).slice(1)})`
  );
}

function contrastViolation({ one, other, live, twin }: Contrast): string {
  return (
    `${cellText(one)} against ${cellText(other)}: live ${signed(live)} in the median latency, ` +
    `twin ${signed(twin)}: the other way round`
  );
}

/** `+4.1%`. */
export function signed(share: number): string {
  const percent = share * 100;
  return `${percent < 0 ? "-" : "+"}${Math.abs(percent).toFixed(1)}%`;
}

/** `12.3 ms`. */
export function milliseconds(micros: number): string {
  return `${(micros / 1_000).toFixed(micros < 100_000 ? 1 : 0)} ms`;
}

/** `genome, worker-sp, faastore, 50 MB/s, 3 workers, volatile, one by one`. */
export function cellText(cell: TwinCell): string {
  return joined(wordsOf(cell));
}

/** Names for the cells of a table: what all of them have in common is said once. */
export function cellNames(cells: readonly TwinCell[]): {
  readonly common: string;
  readonly of: (cell: TwinCell) => string;
} {
  const all = cells.map(wordsOf);
  const [first = []] = all;
  const isCommon = first.map(
    (word, index) => index > 0 && all.every((words) => words[index] === word),
  );
  return {
    common: joined(first.filter((_, index) => isCommon[index])),
    of: (cell) => joined(wordsOf(cell).filter((_, index) => !isCommon[index])),
  };
}

function wordsOf(cell: TwinCell): readonly string[] {
  const { workflow, scheme, storage, bandwidth, workers, bus, load } = cell;
  const link = bandwidth === undefined ? "" : `${Math.round(bandwidth / 1e4) / 100} MB/s`;
  return [workflow, scheme, storage, link, counted(workers, "worker"), bus, load];
}

function joined(words: readonly string[]): string {
  return words.filter((word) => word !== "").join(", ");
}
