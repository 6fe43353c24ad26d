/** Reads what `faasflow advise` is to reach and to search: goals, ranges, steps. */

import type { Candidate, Goal } from "../analysis/advice.ts";
import type { Unit } from "../analysis/metric-rows.ts";
import { STUDY_METRICS, type StudyMetric } from "../analysis/study-rows.ts";
import { Names, quoted } from "../core/workflow/problem.ts";
import { readQuantity } from "../workflows/quantity.ts";
import { readRate } from "./profile-config.ts";
import { MAX_WORKERS } from "./simulate-flags.ts";

const MICROS = 1_000_000;
const BYTES_PER_MB = 1_000_000;
/** Of the bandwidth, if nothing is said. */
const STEP_MBPS = 5;
const MAX_CANDIDATES = 10_000;

const SHORT: Readonly<Record<string, StudyMetric>> = {
  mean: "e2e_mean",
  p50: "e2e_p50",
  p95: "e2e_p95",
  p99: "e2e_p99",
  schedule_overhead: "schedule_overhead_mean",
  data_overhead: "data_overhead_mean",
};

/** `p99 < 5 s`, `data_overhead <= 200 ms`, `bytes_remote < 10 MB`. */
export function readGoal(text: string, problems: string[]): Goal | undefined {
  const wrong = (found: string, remedy: string): undefined => {
    problems.push(`--goal ${quoted(text)}: ${found}. ${remedy}`);
  };
  const [, name = "", relation, amount = ""] = /^\s*(\w+)\s*(<=?)\s*(.+?)\s*$/.exec(text) ?? [];
  if (relation !== "<" && relation !== "<=") {
    return wrong("this is not a goal", 'Write METRIC < VALUE, such as "p99 < 5 s".');
  }
  const metric = SHORT[name] ?? STUDY_METRICS.find((each) => each === name);
  if (metric === undefined) {
    const names = new Names("metric", [...Object.keys(SHORT), ...STUDY_METRICS]);
    return wrong(`${quoted(name)} is not a metric`, names.remedy(name));
  }
  const unit = unitOf(metric);
  const dimension = ({ s: "time", B: "size", "1": "count" } as const)[unit];
  const reading = readQuantity(amount, dimension);
  if (!reading.ok) return wrong(reading.found, reading.remedy);
  const limit = unit === "s" ? reading.value / MICROS : reading.value;
  if (limit === 0 && relation === "<") return wrong("nothing is below 0", "Write a limit above 0.");
  return { metric, unit, relation, limit };
}

function unitOf(metric: StudyMetric): Unit {
  if (metric.startsWith("bytes_")) return "B";
  return /^e2e_|_mean$|^makespan$/.test(metric) ? "s" : "1";
}

interface Range {
  readonly low: number;
  readonly high: number;
}
type Axis = keyof Candidate;

/** `workers=1..14,bandwidth=25..100MB/s`: cheapest first: fewest workers, then lowest bandwidth. */
export function readCandidates(
  over: string,
  step: string | undefined,
  problems: string[],
): readonly Candidate[] {
  const ranges = new Map<Axis, Range>();
  for (const [axis, value] of readPairs("over", over, problems)) {
    const range = readRange(axis, value);
    if (typeof range === "string") problems.push(`--over: ${range}`);
    else ranges.set(axis, range);
  }
  const steps = new Map<Axis, number>();
  for (const [axis, value] of step === undefined ? [] : readPairs("step", step, problems)) {
    const size = readOne(axis, value);
    if (size === undefined) {
      problems.push(`--step: ${quoted(value)} is not a step. Write workers=2 or bandwidth=10MB/s.`);
    } else if (!ranges.has(axis)) {
      problems.push(`--step: ${nameOf(axis)} is not searched. Add it to --over.`);
    } else steps.set(axis, size);
  }
  if (problems.length > 0) return [];
  const count = (axis: Axis, usual: number) => countOf(ranges.get(axis), steps.get(axis) ?? usual);
  const all = count("workers", 1) * count("bandwidth_MBps", STEP_MBPS);
  if (all > MAX_CANDIDATES) {
    problems.push(
      `--over: these are ${all} configurations, ${MAX_CANDIDATES} at most. Give a larger --step.`,
    );
    return [];
  }
  const values = (axis: Axis, usual: number) =>
    valuesOf(ranges.get(axis), steps.get(axis) ?? usual);
  return values("workers", 1).flatMap((workers) =>
    values("bandwidth_MBps", STEP_MBPS).map((bandwidth_MBps) => ({ workers, bandwidth_MBps })),
  );
}

const AXES: ReadonlyMap<string, Axis> = new Map([
  ["workers", "workers"],
  ["bandwidth", "bandwidth_MBps"],
]);

/** `NAME=VALUE,NAME=VALUE`, each name once. */
function readPairs(
  flag: "over" | "step",
  text: string,
  problems: string[],
): ReadonlyMap<Axis, string> {
  const pairs = new Map<Axis, string>();
  for (const part of text.split(",")) {
    const [name = "", value = ""] = part.split("=").map((word) => word.trim());
    const axis = AXES.get(name);
    if (axis === undefined) {
      const remedy = new Names("quantity", AXES.keys()).remedy(name);
      problems.push(`--${flag}: ${quoted(name)} cannot be searched over. ${remedy}`);
    } else if (pairs.has(axis)) problems.push(`--${flag}: ${name} is there twice. Write it once.`);
    else pairs.set(axis, value);
  }
  return pairs;
}

/** How a range is written, and what its ends are. */
const RANGES: Readonly<Record<Axis, { readonly right: string; readonly ends: string }>> = {
  workers: { right: "workers=1..14", ends: `a whole number from 1 to ${MAX_WORKERS}` },
  bandwidth_MBps: { right: "bandwidth=25..100MB/s", ends: "a rate above 0, such as 50MB/s" },
};

/** Or what is wrong with it. */
function readRange(axis: Axis, text: string): Range | string {
  const { right, ends } = RANGES[axis];
  const [first = "", last, ...rest] = text.split("..").map((end) => end.trim());
  if (last === undefined || rest.length > 0) {
    return `${quoted(text)} is not a range. Write its two ends: ${right}.`;
  }
  // `25..100MB/s`: the unit is said once.
  const isBare = axis !== "workers" && /^[\d.]+$/.test(first);
  const whole = isBare ? first + last.replace(/^[\d.]+/, "") : first;
  const [low, high] = [readOne(axis, whole), readOne(axis, last)];
  if (low === undefined || high === undefined) {
    // A first end that has its unit from the last one is wrong with it.
    const isFirst = low === undefined && (high !== undefined || whole === first);
    const wrong = [...(isFirst ? [first] : []), ...(high === undefined ? [last] : [])];
    const found = `${wrong.map(quoted).join(" and ")} cannot be an end`;
    return `${quoted(text)} is not a range: ${found}. Give ${ends}: ${right}.`;
  }
  if (low > high) {
    return `${quoted(text)} is not a range: it goes down. Write it from low to high: ${right}.`;
  }
  return { low, high };
}

function readOne(axis: Axis, text: string): number | undefined {
  if (axis === "workers") {
    const count = /^\d+$/.test(text) ? Number(text) : 0;
    return count >= 1 && count <= MAX_WORKERS ? count : undefined;
  }
  const rate = readRate(text).value;
  return rate !== undefined && Number.isFinite(rate) ? rate / BYTES_PER_MB : undefined;
}

function nameOf(axis: Axis): string {
  return axis === "workers" ? "workers" : "bandwidth";
}

function countOf(range: Range | undefined, step: number): number {
  return range === undefined ? 1 : Math.ceil((range.high - range.low) / step) + 1;
}

/** From low by steps; high is there too. */
function valuesOf(range: Range | undefined, step: number): readonly (number | undefined)[] {
  if (range === undefined) return [undefined];
  const count = countOf(range, step);
  return Array.from({ length: count }, (_, index) =>
    Math.min(range.high, Number((range.low + index * step).toPrecision(12))),
  );
}
