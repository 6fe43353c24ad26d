/** What a search for a cheap configuration found: each configuration tried, against its goals. */

import { counted } from "./count-text.ts";
import type { CsvRow } from "./csv.ts";
import type { Unit } from "./metric-rows.ts";
import type { Settings, StudyMetric } from "./study-rows.ts";
import { readable, unitText } from "./study-table.ts";
import { number, percent, table } from "./table.ts";

export interface Goal {
  readonly metric: StudyMetric;
  readonly unit: Unit;
  /** `<`: below the limit; `<=`: or at it. */
  readonly relation: "<" | "<=";
  /** In the metric's unit. */
  readonly limit: number;
}

/** A configuration; what is not searched over is undefined. */
export interface Candidate {
  readonly workers: number | undefined;
  readonly bandwidth_MBps: number | undefined;
}

/** What one seed's run came to: its rows, or why there are none. */
export interface Sample {
  readonly rows: readonly CsvRow[];
  readonly wrong: readonly string[];
}

export interface Tried {
  readonly candidate: Candidate;
  readonly meets: boolean;
  /** By goal: the worst of the seeds up to the first that failed; undefined: there is no such value. */
  readonly worst: readonly (number | undefined)[];
  /** Least over the seeds: how many invocations the values are taken over. */
  readonly count: number;
  /** Why it does not meet the goals whatever the values are. */
  readonly why: string | undefined;
}

/** Goals are to be met under every seed, and no invocation may be given up unnoticed. */
export function judged(
  candidate: Candidate,
  goals: readonly Goal[],
  samples: readonly Sample[],
): Tried {
  const worst = goals.map(({ metric }) => worstOf(samples, metric));
  const wrong = samples.flatMap((sample) => sample.wrong);
  const aborted = worstOf(samples, "invocations_aborted") ?? 0;
  const isGoal = goals.some(({ metric }) => metric === "invocations_aborted");
  const why =
    wrong[0] ?? (aborted > 0 && !isGoal ? `${counted(aborted, "invocation")} aborted` : undefined);
  const meets = why === undefined && goals.every((goal, index) => isMet(goal, worst[index]));
  const finished = samples.map(({ rows }) => rows[0]?.count ?? 0);
  return { candidate, meets, worst, count: Math.min(...finished), why };
}

function worstOf(samples: readonly Sample[], metric: StudyMetric): number | undefined {
  const values = samples.map(({ rows }) => rows.find((row) => row.metric === metric)?.value);
  if (!values.every((value) => typeof value === "number")) return undefined;
  return Math.max(...values);
}

function isMet({ relation, limit }: Goal, value: number | undefined): boolean {
  if (value === undefined) return false;
  return relation === "<" ? value < limit : value <= limit;
}

/** How far beyond its limits the worst goal is, as a share of the limit; below 0: it is met. */
export function missOf({ worst }: Tried, goals: readonly Goal[]): number {
  return Math.max(...goals.map(({ limit }, i) => shareBeyond(worst[i] ?? Infinity, limit)));
}

function shareBeyond(value: number, limit: number): number {
  return value === limit ? 0 : (value - limit) / limit;
}

/** Of what misses by a share of the limit: no 0% that is none, and no thousands of percent. */
export function missText(share: number): string {
  if (!Number.isFinite(share)) return "beyond the limit";
  if (share === 0) return "right at the limit";
  if (share < LEAST_SHARE) return "less than 1% beyond";
  return share < MOST_SHARE ? `${percent(share)} beyond` : `${number(share + 1)} times the limit`;
}

/** The same in a column. */
function missCell(share: number): string {
  if (!Number.isFinite(share)) return "";
  if (share === 0) return "+0";
  if (share < LEAST_SHARE) return "+<1%";
  return share < MOST_SHARE ? `+${percent(share)}` : `x${number(share + 1)}`;
}

/** What would be rounded to 0%. */
const LEAST_SHARE = 0.005;
const MOST_SHARE = 10;

export interface Advice {
  /** What is the same in all configurations. */
  readonly settings: Settings;
  readonly goals: readonly Goal[];
  /** In the order of cost, but for `dearer`. */
  readonly tried: readonly Tried[];
  /** The first that meets the goals. */
  readonly cheapest: Tried | undefined;
  /** One step dearer than the cheapest, in each direction there is. */
  readonly dearer: readonly Tried[];
  /** How many configurations there are. */
  readonly all: number;
  readonly seeds: number;
}

const MAX_ROWS = 40;

export function adviceText(advice: Advice): string {
  const { goals, tried, cheapest, dearer, seeds } = advice;
  const rows = [...tried, ...dearer.filter((each) => !tried.includes(each))];
  const shown = rows.slice(-MAX_ROWS);
  const left = rows.length - shown.length;
  const axes = AXES.filter(({ name }) =>
    rows.some(({ candidate }) => candidate[name] !== undefined),
  );
  const settings = Object.entries(advice.settings).map(([name, value]) => `${name} ${value}`);
  return [
    `${settings.join(", ")}.`,
    cheapest === undefined
      ? `None of ${advice.all} configurations meets ${goals.map(goalText).join(" and ")}.`
      : `Cheapest: ${candidateText(cheapest.candidate)}.`,
    `Values are the worst of ${seeds} seeds, or the first that failed. Tried in the order of cost: ` +
      "fewest workers, then lowest bandwidth; nothing cheaper than the answer was left out.",
    ...(left > 0 ? [`${left} cheaper ones before these failed too; --json has them.`] : []),
    table(
      [
        { heading: "", columns: axes.map(({ column }) => column) },
        ...goals.map((goal) => ({
          heading: goalText(goal),
          columns: [{ header: goal.metric, unit: unitText(goal.unit) }, { header: "beyond" }],
        })),
        {
          heading: "",
          columns: [{ header: "invocations" }, { header: "", align: "left" as const }],
        },
      ],
      shown.map((each) => rowOf(each, goals)),
    ),
    ...dearer
      .filter(({ meets }) => !meets)
      .map(
        ({ candidate }) =>
          `Beware: ${candidateText(candidate)} is dearer and does not meet it, so that chance or ` +
          "a plan that does not suit is at work. Try more seeds (--seeds).",
      ),
  ].join("\n");
}

/** What may be searched. */
const AXES = [
  { name: "workers", column: { header: "workers" } },
  { name: "bandwidth_MBps", column: { header: "bandwidth", unit: "MB/s" } },
] as const;

function rowOf({ candidate, worst, count, meets, why }: Tried, goals: readonly Goal[]): string[] {
  const places = AXES.flatMap(({ name }) => candidate[name] ?? []);
  const cells = goals.flatMap((goal, index) => {
    const value = worst[index];
    if (value === undefined) return ["-", "-"];
    if (isMet(goal, value)) return [number(readable(value, goal.unit)), ""];
    return [missedText(value, goal), missCell(shareBeyond(value, goal.limit))];
  });
  return [...places.map(String), ...cells, `${count}`, meets ? "meets" : (why ?? "")];
}

/** With as many digits as it takes to see that it is not the limit. */
function missedText(value: number, { limit, unit }: Goal): string {
  const [short, exact] = [number(readable(value, unit)), readable(value, unit)];
  return short === number(readable(limit, unit)) ? `${Number(exact.toPrecision(9))}` : short;
}

export function candidateText({ workers, bandwidth_MBps }: Candidate): string {
  return [
    ...(workers === undefined ? [] : [`${workers} worker${workers === 1 ? "" : "s"}`]),
    ...(bandwidth_MBps === undefined ? [] : [`${bandwidth_MBps} MB/s`]),
  ].join(", ");
}

function goalText({ metric, unit, relation, limit }: Goal): string {
  return `${metric} ${relation} ${readable(limit, unit)} ${unitText(unit)}`.trim();
}
