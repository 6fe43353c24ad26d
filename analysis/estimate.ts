/**
 * What a cluster's parts cost, from the event logs of its runs. Of jobs that compete for the cores of
 * one machine only beginnings and ends are known, so core times are worked out with the load that
 * the log itself shows (estimate-load.ts), some rounds over: sleeps and cores follow from the load,
 * the load from sleeps and cores. What takes no core of the model is measured where hardly anybody
 * wanted one. All else are medians, and slopes of Theil and Sen.
 */

import { coresOf, NOBODY_KNOWS, overheadsIn } from "./estimate-cores.ts";
import type { Job, RunLog } from "./estimate-jobs.ts";
import type { DaemonCores } from "./estimate-load.ts";
import {
  type Estimated,
  estimated,
  type Lognormal,
  lognormal,
  median,
  quantileOf,
  quantilesOf,
  theilSen,
} from "./estimate-robust.ts";
import {
  ALONE,
  awake,
  type FunctionEstimate,
  loadedRun,
  type Run,
  type State,
  silentRun,
} from "./estimate-run.ts";
import { type TransferCost, transferCost, workerLinkOf } from "./estimate-transfers.ts";
import type { Worked } from "./estimate-work.ts";
import { processorIn, usualPace } from "./processor-speed.ts";

export type { FunctionEstimate } from "./estimate-run.ts";
export type { TransferCost } from "./estimate-transfers.ts";

/** Microseconds and bytes a second; undefined: the logs do not show it. */
export interface Estimates {
  /** That core times are told at; undefined: not known, and all the same. */
  readonly pace: number | undefined;
  /** That the jobs of the cluster had in all. */
  readonly cores: Estimated;
  /** Core time. */
  readonly coldStart: Lognormal | undefined;
  /** From the engine's wish to the function's first line, and back. */
  readonly setUp: Estimated | undefined;
  /** One local get or put. */
  readonly operation: Estimated | undefined;
  /** Remote gets and puts: core time whatever the size, and bytes that a core moves in a second. */
  readonly get: TransferCost | undefined;
  readonly put: TransferCost | undefined;
  /** Bytes a second that one worker moves when nobody else wants a core. */
  readonly workerLink: Estimated | undefined;
  /** Of an engine's loop for one request, at each end. */
  readonly request: Estimated | undefined;
  /** One control message, without those. */
  readonly message: Estimated | undefined;
  /** Core time of a worker's loop, to make a container's process. */
  readonly spawn: Estimated | undefined;
  /** Core time that an activation costs besides what it waits for itself. */
  readonly activation: Estimated | undefined;
  /** Core time that a control message costs besides its way. */
  readonly handling: Estimated | undefined;
  /** To store one part of an input. */
  readonly intake: Estimated | undefined;
  /** By `WORKFLOW.TASK`. */
  readonly functions: ReadonlyMap<string, FunctionEstimate>;
}

const ROUNDS = 5;

/** Asserts nothing: without logs there are no functions, and little else. */
export function estimate(logs: readonly RunLog[], model: DaemonCores): Estimates {
  const processors = logs.map(({ header }) => processorIn(header));
  const pace = usualPace(processors);
  const all = logs.map((log, index) => silentRun(log, processors[index]!, pace));
  let state: State = {
    cores: NOBODY_KNOWS,
    request: undefined,
    overheads: undefined,
    functions: new Map(),
  };
  let runs: readonly Run[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    runs = all.map((run) => loadedRun(run, state, model));
    const overheads = overheadsIn(runs, state);
    const cores = coresOf(runs, { ...state, overheads });
    const request = requestOf(runs);
    const functions = functionsOf(runs, { ...state, cores, request });
    state = { cores, request, overheads, functions };
  }
  const { cores, functions, request } = state;
  const free = runs.filter(({ bandwidth }) => bandwidth === Infinity);
  return {
    pace,
    cores,
    functions,
    request,
    coldStart: lognormal(
      runs.flatMap(({ jobs, load }) =>
        jobs.coldStarts
          .map((job) => load.coreTime(job, { cores: cores.value, by: "function" }))
          .filter((time) => time > 0),
      ),
    ),
    setUp: estimated([...functions.values()].map(({ setUp }) => setUp)),
    operation: estimated(
      quiet(runs, ({ jobs }) => jobs.local).map(({ from, to, count }) => (to - from) / count),
    ),
    get: transferCost(free.length > 0 ? free : runs, "get", cores.value),
    put: transferCost(free.length > 0 ? free : runs, "put", cores.value),
    workerLink: workerLinkOf(free),
    message: messageOf(runs, request?.value ?? 0),
    spawn: estimated(
      runs.flatMap(({ jobs, load }) => jobs.spawns.map((job) => load.stepTime(job, cores.value))),
    ),
    activation: state.overheads?.activation,
    handling: state.overheads?.handling,
    intake: estimated(all.flatMap(({ jobs }) => jobs.intakes)),
  };
}

/** Of such jobs those during which a core was free; the quarter with the least load if they are fewer. */
function quiet<J extends Job>(
  runs: readonly Run[],
  jobsIn: (run: Run) => readonly J[],
): readonly J[] {
  const loaded = runs.flatMap((run) =>
    jobsIn(run)
      .filter(({ from, to }) => to > from)
      .map((job) => ({ job, load: run.load.mean(job) })),
  );
  const least = quantileOf(
    loaded.map(({ load }) => load),
    0.25,
  );
  const limit = Math.max(ALONE, least);
  return loaded.filter(({ load }) => load <= limit).map(({ job }) => job);
}

interface Sample {
  readonly execution: Worked;
  /** Of a core, that it got. */
  readonly share: number;
}

function functionsOf(
  runs: readonly Run[],
  { cores, request, functions }: State,
): ReadonlyMap<string, FunctionEstimate> {
  const samples = new Map<string, Sample[]>();
  for (const { jobs, load } of runs) {
    for (const execution of jobs.executions) {
      const { name } = execution;
      const { from, to } = awake(execution, functions.get(name));
      const share =
        to > from
          ? load.coreTime({ from, to }, { cores: cores.value, by: "function" }) / (to - from)
          : 1;
      const known = samples.get(name) ?? [];
      samples.set(name, known);
      known.push({ execution, share });
    }
  }
  return new Map([...samples].map(([name, of]) => [name, functionOf(of, request?.value ?? 0)]));
}

/** More would only repeat what few samples say. */
const QUANTILES = 10;

function functionOf(samples: readonly Sample[], request: number): FunctionEstimate {
  const warm = samples.filter(({ execution }) => !execution.fresh);
  const settled = warm.length > 0 ? warm : samples;
  const worksOf = (of: typeof samples): number[] => of.map(({ execution }) => execution.work);
  const cores = Math.max(1, quantileOf(settled.map(parallelism), 0.75));
  const sleeps = settled.map((sample) => sleepOf(sample, cores));
  const fresh = worksOf(samples.filter(({ execution }) => execution.fresh));
  const warmUp = warm.length > 0 && fresh.length > 0 ? median(fresh) - median(worksOf(warm)) : 0;
  return {
    compute: quantilesOf(worksOf(settled), QUANTILES),
    sleep: estimated(sleeps)!,
    cores,
    warmUp: Math.max(0, warmUp),
    setUp: setUpOf(settled, request),
  };
}

/** How many cores it used: above 1 if it has threads, or programs. */
function parallelism({
  execution: { cpu, idle, from, to },
}: {
  readonly execution: Worked;
}): number {
  return idle > 0 || to === from ? 1 : cpu / (to - from);
}

/** Of what it did not compute, that which the share of the cores does not explain. */
function sleepOf({ execution: { cpu, idle, work }, share }: Sample, cores: number): number {
  return idle === 0 ? 0 : Math.max(0, cpu + idle - work / (share * cores));
}

/** Core time that it had, awake, and did not compute in: the container's and the engine's share of it. */
function setUpOf(samples: readonly Sample[], request: number): number {
  // Of those that did not idle the inner wall time is not known.
  const known = samples.filter(({ execution: { idle } }) => idle > 0);
  const around = known.map((sample) => {
    const { from, to, work } = sample.execution;
    return Math.max(0, sample.share * (to - from - request - sleepOf(sample, 1)) - work);
  });
  return estimated(around)?.value ?? 0;
}

/**
 * What each further message of one sender comes later: of each rank the first quartile, since what the
 * earlier ones set going only delays it.
 */
function requestOf(runs: readonly Run[]): Estimated | undefined {
  const ranks = new Map<number, number[]>();
  for (const { ends, rank, from, to } of runs.flatMap(({ jobs }) => jobs.hops)) {
    if (ends !== 2) continue;
    const known = ranks.get(rank) ?? [];
    ranks.set(rank, known);
    known.push(to - from);
  }
  const line = theilSen([...ranks].map(([x, times]) => ({ x, y: quantileOf(times, 0.25) })));
  if (line === undefined) return undefined;
  return { value: Math.max(0, line.slope), spread: line.spread, count: line.count };
}

function messageOf(runs: readonly Run[], request: number): Estimated | undefined {
  const samples = quiet(runs, ({ jobs }) => jobs.hops)
    .filter(({ rank }) => rank === 0)
    .map(({ from, to, ends }) => Math.max(0, to - from - ends * request));
  return estimated(samples);
}
