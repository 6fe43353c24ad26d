/**
 * One log on the way to estimates: its jobs, and the load that follows from what is known of them
 * so far.
 */

import { type Execution, type Job, jobsOf, type RunLog, type Transfer } from "./estimate-jobs.ts";
import { type DaemonCores, type Interval, Load } from "./estimate-load.ts";
import type { Overheads } from "./estimate-overhead.ts";
import type { Estimated } from "./estimate-robust.ts";
import { type WorkedJobs, workedJobs } from "./estimate-work.ts";
import { type ProcessorLog, relativePaces, type SpeedChange, speedsOf } from "./processor-speed.ts";

export interface FunctionEstimate {
  /** Core time of activations in a container that has run before: its quantiles, evenly apart. */
  readonly compute: readonly number[];
  readonly sleep: Estimated;
  readonly cores: number;
  /** What the first one in a container takes on top. */
  readonly warmUp: number;
  /** Core time around it, from the engine's wish to its first line, and back. */
  readonly setUp: number;
}

/** What a log says by itself. */
export interface SilentRun {
  readonly jobs: WorkedJobs;
  /** Of the storage node's link, bytes a second; Infinity: it was not shaped. */
  readonly bandwidth: number;
  /** Cores that the machine has; Infinity: the log does not say. */
  readonly machine: number;
  /** How fast they were, and when. */
  readonly speeds: readonly SpeedChange[];
}

export interface Run extends SilentRun {
  readonly load: Load;
}

/** What the rounds change. */
export interface State {
  readonly cores: Estimated;
  readonly request: Estimated | undefined;
  readonly overheads: Overheads | undefined;
  readonly functions: ReadonlyMap<string, FunctionEstimate>;
}

/** Jobs of which so much was ready are taken to compute all the while. */
const MOSTLY = 0.8;
/** With so many ready on average there are too few cores, on any machine that is busy at times. */
export const BUSY = 2.5;
export const ALONE = 1.2;

/** `pace`: the usual one (processor-speed.ts). */
export function silentRun(
  log: RunLog,
  processor: ProcessorLog,
  pace: number | undefined,
): SilentRun {
  return {
    jobs: workedJobs(jobsOf(log), relativePaces(processor, pace)),
    bandwidth: numberIn(log, "bandwidth"),
    machine: numberIn(log, "cores"),
    speeds: speedsOf(processor, pace),
  };
}

export function loadedRun(run: SilentRun, state: State, model: DaemonCores): Run {
  const seen = intervalsOf(run, state);
  const { speeds } = run;
  const unseen = unseenIn(run.jobs, new Load(seen, { model, speeds }), state);
  return { ...run, load: new Load([...seen, ...unseen], { model, speeds }) };
}

/** Of the header's settings; Infinity if it is not there. */
function numberIn({ header }: RunLog, name: string): number {
  const value = header.config[name];
  return typeof value === "number" ? value : Infinity;
}

/** Who was ready, as far as the functions are known. */
function intervalsOf({ jobs, bandwidth }: SilentRun, { functions }: State): readonly Interval[] {
  return [
    ...jobs.executions.map((execution): Interval => {
      const known = functions.get(execution.name);
      return { ...awake(execution, known), weight: known?.cores ?? 1, by: "function" };
    }),
    ...jobs.coldStarts.map(({ from, to }) => ({ from, to, weight: 1, by: "function" as const })),
    ...jobs.local.map(({ from, to }) => ({ from, to, weight: 1, by: "daemon" as const })),
    ...jobs.transfers.map((transfer) => {
      const { from, to } = transfer;
      return { from, to, weight: waitsForLink(transfer, bandwidth) ? 0 : 1, by: "daemon" as const };
    }),
  ];
}

/** What activations and messages leave for the daemons: as long as it takes beside what is seen. */
function unseenIn(jobs: WorkedJobs, seen: Load, { cores, overheads }: State): readonly Interval[] {
  const left = (work: number, times: readonly number[]): readonly Interval[] =>
    (work === 0 ? [] : times).map((from) => {
      const done = seen.stepTime({ from, to: from + work }, cores.value);
      return { from, to: from + work * (work / done), weight: 1, by: "daemon" };
    });
  const ends = jobs.executions.map(({ to }) => to);
  return [
    ...left(overheads?.activation.value ?? 0, ends),
    ...left(overheads?.handling.value ?? 0, jobs.messages),
  ];
}

/**
 * When it wanted a core: it computes before it sleeps, as in sim/execution.ts. Before anything is known
 * nobody sleeps: what too few cores explain is no sleep.
 */
export function awake({ from, to }: Job, known: FunctionEstimate | undefined): Job {
  return { from, to: Math.max(from, to - (known?.sleep.value ?? 0)) };
}

/** All the while, in a container that has run before, with one thread. */
export function computes(
  { fresh, from, to, cpu }: Execution,
  known: FunctionEstimate | undefined,
): boolean {
  const sleeps = known === undefined || known.sleep.value > (1 - MOSTLY) * (to - from);
  return cpu > 0 && !fresh && known?.cores === 1 && !sleeps;
}

/** Whether the link alone takes a notable part of the time: then it hides what the cores take. */
export function waitsForLink({ from, to, bytes }: Transfer, bandwidth: number): boolean {
  return (1e6 * bytes) / bandwidth > (1 - MOSTLY) * (to - from);
}
