/**
 * A profile on trial: some of the runs are held back from its fit, then simulated with it, and their
 * latencies, bytes and cold starts held against the live ones.
 */

import { quantileOf } from "../analysis/estimate-robust.ts";
import { planHeader } from "../analysis/event-header.ts";
import { type InvocationFacts, type RunFacts, runFacts } from "../analysis/twin-invocations.ts";
import type { Profile } from "./profile.ts";
import type { RecordedRun } from "./run-log-config.ts";
import { Streams } from "./streams.ts";
import { type RunConfig, twinEvents } from "./twin-config.ts";

export interface Split {
  /** What the profile may be made from; logs without the invocations that are held back. */
  readonly fitted: readonly RecordedRun[];
  readonly held: readonly Held[];
  /** In words, for the report. */
  readonly how: string;
}

export interface Held {
  readonly run: RecordedRun;
  /** Undefined: the whole run. */
  readonly invocations: ReadonlySet<number> | undefined;
}

/** One of so many is held back. */
const SHARE = 3;

/**
 * Of the runs of each workflow a third, drawn by the seed, at least one if there are three. If no
 * workflow has three, every third invocation of each run.
 */
export function split(runs: readonly RecordedRun[], seed: string): Split {
  const stream = new Streams(seed).stream("held-back");
  const byWorkflow = new Map<string, RecordedRun[]>();
  for (const run of runs) {
    const name = workflowsOf(run.config);
    byWorkflow.set(name, [...(byWorkflow.get(name) ?? []), run]);
  }
  const drawn = [...byWorkflow.values()].flatMap((group) => {
    const left = [...group];
    return Array.from({ length: Math.floor(group.length / SHARE) }, () =>
      left.splice(Math.floor(stream.uniform() * left.length), 1),
    ).flat();
  });
  if (drawn.length === 0) return splitInvocations(runs);
  const isHeld = new Set(drawn);
  const held = runs.filter((run) => isHeld.has(run));
  return {
    fitted: runs.filter((run) => !isHeld.has(run)),
    held: held.map((run) => ({ run, invocations: undefined })),
    how: `${held.length} of ${runs.length} runs (seed ${seed}): ${held.map(({ log }) => log.name).join(", ")}`,
  };
}

/** The first of each run warms the containers up, so it is never held back. */
function splitInvocations(runs: readonly RecordedRun[]): Split {
  const parts = runs.map((run) => {
    const arrivals = run.log.events.filter(({ kind }) => kind === "arrival");
    const held = arrivals.filter((_, index) => index % SHARE === SHARE - 1);
    const invocations = new Set(held.map(({ invocation }) => invocation));
    const events = run.log.events.filter(({ invocation }) => !invocations.has(invocation));
    return { run, invocations, fitted: { ...run, log: { ...run.log, events } } };
  });
  return {
    fitted: parts.map(({ fitted }) => fitted),
    held: parts.filter(({ invocations }) => invocations.size > 0),
    how: "every third invocation of each run; three runs of a workflow would hold back a run",
  };
}

/** Runs that were set up alike. */
export interface TrialCell {
  readonly workflow: string;
  readonly scheme: string;
  readonly storage: string;
  /** Of the storage node's link, bytes a second; undefined: loopback, or not shaped. */
  readonly bandwidth: number | undefined;
  readonly load: "one client" | "at their times";
  readonly invocations: number;
  /** Seconds, live and simulated. */
  readonly mean: Pair;
  readonly p50: Pair;
  readonly p95: Pair;
  /** How far apart the means of live's own runs are, as a share; undefined: there is one only. */
  readonly noise: number | undefined;
  /** Bytes of gets and puts, and cold starts; of the first twin. */
  readonly local: Pair;
  readonly remote: Pair;
  readonly coldStarts: Pair;
}

export interface Pair {
  readonly live: number;
  readonly sim: number;
}

/** Twins of each run, each with a seed of its own: chance of one alone should not decide. */
const TWINS = 5;

/** What is held back, simulated; `all`: for live's own noise. */
export function tried(
  held: readonly Held[],
  all: readonly RecordedRun[],
  by: { readonly profile: Profile; readonly seed: string },
): readonly TrialCell[] {
  const cells = new Map<string, Held[]>();
  for (const each of held) {
    const key = cellKey(each.run.config);
    cells.set(key, [...(cells.get(key) ?? []), each]);
  }
  return [...cells].map(([key, of]) => {
    const alike = all.filter(({ config }) => cellKey(config) === key);
    return cellOf(of, alike, by);
  });
}

function cellOf(
  held: readonly Held[],
  alike: readonly RecordedRun[],
  { profile, seed }: { readonly profile: Profile; readonly seed: string },
): TrialCell {
  const { config } = held[0]!.run;
  const live = held.map(({ run }) => factsOf(run, run.log.events));
  const twins = held.map(({ run }) =>
    Array.from({ length: TWINS }, (_, twin) =>
      factsOf(run, twinEvents(run.log, run.config, { profile, seed: `${seed}/${twin}` })),
    ),
  );
  const wanted = (facts: RunFacts, { invocations }: Held): readonly InvocationFacts[] =>
    facts.invocations.filter(({ invocation }) => invocations?.has(invocation) ?? true);
  const ours = live.flatMap((facts, index) => wanted(facts, held[index]!));
  // As many values as live has: all twins in one would have other quantiles of few values.
  const theirs = Array.from({ length: TWINS }, (_, twin) =>
    twins.flatMap((of, index) => wanted(of[twin]!, held[index]!)),
  );
  const first = theirs[0]!;
  const pair = (of: (latencies: readonly number[]) => number): Pair => {
    return { live: of(secondsOf(ours)), sim: mean(theirs.map((each) => of(secondsOf(each)))) };
  };
  const bytes = (of: (counts: InvocationFacts["bytes"]) => number): Pair => {
    const total = (facts: readonly InvocationFacts[]): number =>
      sum(facts.map((each) => of(each.bytes)));
    return { live: total(ours), sim: total(first) };
  };
  return {
    workflow: workflowsOf(config),
    scheme: config.scheme,
    storage: config.storage,
    bandwidth: config.bandwidth,
    load: config.isClosed ? "one client" : "at their times",
    invocations: ours.length,
    mean: pair(mean),
    p50: pair((latencies) => quantileOf(latencies, 0.5)),
    p95: pair((latencies) => quantileOf(latencies, 0.95)),
    noise: noiseOf(alike),
    local: bytes(({ getLocal, putLocal }) => getLocal + putLocal),
    remote: bytes(({ getRemote, putRemote }) => getRemote + putRemote),
    coldStarts: {
      live: sum(live.map(coldStartsIn)),
      sim: sum(twins.map((of) => coldStartsIn(of[0]!))),
    },
  };
}

function factsOf({ config }: RecordedRun, events: RecordedRun["log"]["events"]): RunFacts {
  return runFacts(config.plans.map(planHeader), events);
}

function noiseOf(runs: readonly RecordedRun[]): number | undefined {
  if (runs.length < 2) return undefined;
  const means = runs.map((run) => mean(secondsOf(factsOf(run, run.log.events).invocations)));
  return (Math.max(...means) - Math.min(...means)) / mean(means);
}

function cellKey({ plans, scheme, storage, bandwidth, isClosed }: RunConfig): string {
  const names = plans.map(({ graph }) => graph.name);
  return JSON.stringify([names, scheme, storage, bandwidth, isClosed]);
}

function workflowsOf({ plans }: RunConfig): string {
  return plans.map(({ graph }) => graph.name).join("+");
}

function secondsOf(invocations: readonly InvocationFacts[]): readonly number[] {
  return invocations.map(({ latency }) => latency / 1e6);
}

function coldStartsIn({ coldStarts }: RunFacts): number {
  return sum([...coldStarts.values()]);
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
