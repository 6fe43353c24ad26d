/**
 * Recorded runs held against their twins, cell by cell. A cell is a workflow in one configuration;
 * logs of the same cell are repeats, and what differs between them is live's own noise. An error counts
 * only beyond the larger of its tolerance and that noise.
 */

import { compareFacts, type ExactFact, type FactComparison, type RunPair } from "./twin-facts.ts";
import {
  type InvocationFacts,
  type RunFacts,
  TWIN_PARTS,
  type TwinPart,
} from "./twin-invocations.ts";
import {
  ksDistance,
  ksNoise,
  meanAbsoluteError,
  type NoiseSource,
  noiseOf,
  STATISTICS,
  type Statistic,
  statistic,
} from "./twin-statistics.ts";

/** What tells cells apart. */
export interface TwinCell {
  readonly workflow: string;
  readonly scheme: string;
  readonly storage: string;
  readonly partition: string;
  readonly workers: number;
  /** Of the storage node's link, bytes a second; undefined: no limit was set. */
  readonly bandwidth: number | undefined;
  /** `durable`, `volatile`; empty: the log does not say. */
  readonly bus: string;
  /** `one by one`: no two invocations at once; else the rate of arrivals. */
  readonly load: string;
}

/** A run of one or more workflows, and its twin. */
export interface ComparedRun extends RunPair {
  readonly name: string;
  readonly configuration: Omit<TwinCell, "workflow">;
}

/** Shares; what is not stated is not checked. */
export interface Tolerances {
  /** Of the live value. */
  readonly latency: { readonly [S in Statistic]?: number };
  /** Of live's mean latency. */
  readonly parts: { readonly [S in Statistic]?: number };
  /** Of what is compared. */
  readonly exact: { readonly [F in ExactFact]?: number };
  /** An error of so many times live's own noise is no error. */
  readonly noise: number;
}

export type Quantity = "e2e" | TwinPart;
export const QUANTITIES: readonly Quantity[] = ["e2e", ...TWIN_PARTS];

export interface MetricComparison {
  readonly quantity: Quantity;
  readonly statistic: Statistic;
  /** Microseconds. */
  readonly live: number;
  readonly twin: number;
  /** (twin - live) over `scale`: the live value of the latency; of parts the mean latency. */
  readonly error: number;
  /** Live's own, over the same. */
  readonly noise: number;
  /** The largest error that counts as none; undefined: any. */
  readonly limit: number | undefined;
}

export interface CellComparison {
  readonly cell: TwinCell;
  readonly runs: readonly string[];
  /** Invocations that finished on both sides, warm-up left out. */
  readonly invocations: number;
  /** Arrivals that did not. */
  readonly unfinished: number;
  readonly noiseFrom: NoiseSource;
  readonly metrics: readonly MetricComparison[];
  /** Mean absolute error of the latency, invocation by invocation. */
  readonly mape: number;
  readonly ks: number;
  readonly ksNoise: number;
  readonly facts: readonly FactComparison[];
  /** Of a mean invocation. */
  readonly bytes: Readonly<Record<"live" | "twin", { local: number; remote: number }>>;
  readonly coldStarts: { readonly live: number; readonly twin: number };
  /** Attempts that failed, workers that left: the twin has none of these. */
  readonly mishaps: number;
}

export interface CompareOptions {
  readonly tolerances: Tolerances;
  /** First invocations of each workflow in each run that figures of time leave out. */
  readonly warmUp: number;
  /** Draws from [0, 1), for the bootstrap. */
  readonly uniform: () => number;
}

export function compareCells(
  runs: readonly ComparedRun[],
  options: CompareOptions,
): readonly CellComparison[] {
  return groupedByCell(runs).map(({ cell, runs: its }) => compareCell(cell, its, options));
}

function groupedByCell(runs: readonly ComparedRun[]) {
  const cells = new Map<string, { readonly cell: TwinCell; readonly runs: ComparedRun[] }>();
  for (const run of runs) {
    for (const workflow of new Set(run.plans.map((plan) => plan.workflow))) {
      const cell: TwinCell = { workflow, ...run.configuration };
      const key = JSON.stringify(cell);
      const known = cells.get(key);
      if (known === undefined) cells.set(key, { cell, runs: [run] });
      else known.runs.push(run);
    }
  }
  return [...cells.values()];
}

/** An invocation on both sides. */
export interface InvocationPair {
  readonly live: InvocationFacts;
  readonly twin: InvocationFacts;
}

/** Of `workflow`, the first `warmUp` left out. */
function arrivalsOf({ plans, live }: RunPair, workflow: string, warmUp: number) {
  const its = new Set(plans.filter((each) => each.workflow === workflow).map(({ plan }) => plan));
  return live.arrivals.filter(({ plan }) => its.has(plan)).slice(warmUp);
}

/** Those of `workflow` that finished on both sides, the first `warmUp` arrivals left out. */
export function pairsOf(
  pair: RunPair,
  workflow: string,
  warmUp: number,
): readonly InvocationPair[] {
  const byId = (facts: RunFacts): ReadonlyMap<number, InvocationFacts> =>
    new Map(facts.invocations.map((each) => [each.invocation, each]));
  const [ours, theirs] = [byId(pair.live), byId(pair.twin)];
  return arrivalsOf(pair, workflow, warmUp).flatMap(({ invocation }) => {
    const [one, other] = [ours.get(invocation), theirs.get(invocation)];
    return one === undefined || other === undefined ? [] : [{ live: one, twin: other }];
  });
}

function compareCell(
  cell: TwinCell,
  runs: readonly ComparedRun[],
  options: CompareOptions,
): CellComparison {
  const { workflow } = cell;
  const byRun = runs.map((run) => pairsOf(run, workflow, options.warmUp));
  const pairs = byRun.flat();
  const liveRuns = byRun.map((its) => its.map(({ live }) => live));
  const latencies = liveRuns.map((its) => its.map(({ latency }) => latency));
  const twins = pairs.map(({ twin }) => twin);
  const arrived = runs.flatMap((run) => arrivalsOf(run, workflow, options.warmUp)).length;
  return {
    cell,
    runs: runs.map(({ name }) => name),
    invocations: pairs.length,
    unfinished: arrived - pairs.length,
    noiseFrom: runs.length > 1 ? "repeats" : "bootstrap",
    metrics: QUANTITIES.flatMap((quantity) => metricsOf(quantity, { liveRuns, twins }, options)),
    mape: meanAbsoluteError(
      pairs.map(({ live, twin }) => ({ live: live.latency, twin: twin.latency })),
    ),
    ks: ksDistance(
      latencies.flat(),
      twins.map(({ latency }) => latency),
    ),
    ksNoise: ksNoise(latencies),
    facts: compareFacts(workflow, runs),
    bytes: { live: meanBytes(liveRuns.flat()), twin: meanBytes(twins) },
    coldStarts: coldStartsOf(runs, workflow),
    mishaps: runs.reduce((sum, { live }) => sum + live.mishaps, 0),
  };
}

interface Sides {
  readonly liveRuns: readonly (readonly InvocationFacts[])[];
  readonly twins: readonly InvocationFacts[];
}

function metricsOf(
  quantity: Quantity,
  { liveRuns, twins }: Sides,
  { tolerances, uniform }: CompareOptions,
): readonly MetricComparison[] {
  const timeOf = (facts: InvocationFacts): number =>
    quantity === "e2e" ? facts.latency : facts.parts[TWIN_PARTS.indexOf(quantity)]!;
  const runs = liveRuns.map((its) => its.map(timeOf));
  const [ours, theirs] = [runs.flat(), twins.map(timeOf)];
  const meanLatency = statistic(
    "mean",
    liveRuns.flat().map(({ latency }) => latency),
  );
  const limits = quantity === "e2e" ? tolerances.latency : tolerances.parts;
  return STATISTICS.map((name) => {
    const [live, twin] = [statistic(name, ours), statistic(name, theirs)];
    const scale = quantity === "e2e" ? live : meanLatency;
    const noise = noiseOf(name, runs, uniform) / scale;
    const allowed = limits[name];
    const limit = allowed === undefined ? undefined : Math.max(allowed, tolerances.noise * noise);
    const error = (twin - live) / scale;
    return { quantity, statistic: name, live, twin, error, noise, limit };
  });
}

function meanBytes(invocations: readonly InvocationFacts[]): { local: number; remote: number } {
  const mean = (of: (facts: InvocationFacts) => number): number =>
    statistic("mean", invocations.map(of));
  return {
    local: mean(({ bytes }) => bytes.getLocal + bytes.putLocal),
    remote: mean(({ bytes }) => bytes.getRemote + bytes.putRemote),
  };
}

function coldStartsOf(runs: readonly ComparedRun[], workflow: string) {
  const count = (side: "live" | "twin"): number =>
    runs
      .flatMap((run) =>
        run.plans.map((plan) =>
          plan.workflow === workflow ? (run[side].coldStarts.get(plan.plan) ?? 0) : 0,
        ),
      )
      .reduce((sum, each) => sum + each, 0);
  return { live: count("live"), twin: count("twin") };
}

/** Whether the error is beyond its limit. */
export function isOff({ error, limit }: MetricComparison): boolean {
  return limit !== undefined && !(Math.abs(error) <= limit);
}
