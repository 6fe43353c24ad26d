/**
 * What a cluster's parts cost, from the event logs of its runs. Of jobs that compete for the cores of
 * one machine only beginnings and ends are known, so core times are worked out with the load that
 * the log itself shows (estimate-load.ts), some rounds over: sleeps and cores follow from the load,
 * the load from sleeps and cores. What takes no core of the model is measured where hardly anybody
 * wanted one. All else are medians, and slopes of Theil and Sen.
 */

import {
  type Execution,
  type Job,
  type Jobs,
  jobsOf,
  type RunLog,
  type Transfer,
} from "./estimate-jobs.ts";
import { type Interval, Load } from "./estimate-load.ts";
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

/** Microseconds and bytes a second; undefined: the logs do not show it. */
export interface Estimates {
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
  /** To store one part of an input. */
  readonly intake: Estimated | undefined;
  /** By `WORKFLOW.TASK`. */
  readonly functions: ReadonlyMap<string, FunctionEstimate>;
}

export interface TransferCost {
  readonly fixed: Estimated;
  /** Infinity: size did not matter. */
  readonly rate: number;
  /** Transfers that were looked at. */
  readonly count: number;
}

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

/** Of one log. */
interface Run {
  readonly jobs: Jobs;
  /** Of the storage node's link, bytes a second; Infinity: it was not shaped. */
  readonly bandwidth: number;
  /** Cores that the machine has; Infinity: the log does not say. */
  readonly machine: number;
  readonly load: Load;
}

/** What the rounds change. */
interface State {
  readonly cores: Estimated;
  readonly request: Estimated | undefined;
  readonly functions: ReadonlyMap<string, FunctionEstimate>;
}

const ROUNDS = 5;

/** Asserts nothing: without logs there are no functions, and little else. */
export function estimate(logs: readonly RunLog[]): Estimates {
  const all = logs.map((log) => ({
    jobs: jobsOf(log),
    bandwidth: numberIn(log, "bandwidth"),
    machine: numberIn(log, "cores"),
  }));
  let state: State = {
    cores: NOBODY_KNOWS,
    request: undefined,
    functions: new Map(),
  };
  let runs: readonly Run[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    runs = all.map((run) => {
      return { ...run, load: new Load(intervalsOf(run.jobs, run.bandwidth, state)) };
    });
    const cores = coresOf(runs, state);
    const request = requestOf(runs);
    const functions = functionsOf(runs, cores.value, request?.value ?? 0);
    state = { cores, request, functions };
  }
  const { cores, functions, request } = state;
  const free = runs.filter(({ bandwidth }) => bandwidth === Infinity);
  return {
    cores,
    functions,
    request,
    coldStart: lognormal(
      runs.flatMap(({ jobs, load }) =>
        jobs.coldStarts.map((job) => load.coreTime(job, cores.value)).filter((time) => time > 0),
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

/** Of the header's settings; Infinity if it is not there. */
function numberIn({ header }: RunLog, name: string): number {
  const value = header.config[name];
  return typeof value === "number" ? value : Infinity;
}

/** Who was ready, as far as the functions are known. */
function intervalsOf(jobs: Jobs, bandwidth: number, { functions }: State): readonly Interval[] {
  return [
    ...jobs.executions.map((execution): Interval => {
      const { from, to, name } = execution;
      const known = functions.get(name);
      const wall = to - from;
      // Before anything is known: as if nobody slept. What too few cores explain is not sleep.
      const ready = wall - (known?.sleep.value ?? 0);
      const weight = (known?.cores ?? 1) * Math.min(1, Math.max(0, ready / wall));
      return { from, to, weight };
    }),
    ...jobs.coldStarts.map(({ from, to }) => ({ from, to, weight: 1 })),
    ...jobs.local.map(({ from, to }) => ({ from, to, weight: 1 })),
    ...jobs.transfers.map((transfer) => {
      const { from, to } = transfer;
      return { from, to, weight: waitsForLink(transfer, bandwidth) ? 0 : 1 };
    }),
  ];
}

/** Jobs of which so much was ready are taken to compute all the while. */
const MOSTLY = 0.8;
/** With so many ready on average there are too few cores, on any machine that is busy at times. */
const BUSY = 2.5;
const ALONE = 1.2;

const NOBODY_KNOWS: Estimated = { value: 1, spread: 0, count: 0 };

/**
 * What the logs say. If they do not: of each run, what functions computed while there were too few cores, for the time that this took;
 * the median run. Without such functions the cold starts say, else nobody was seen to wait.
 */
function coresOf(runs: readonly Run[], { functions }: State): Estimated {
  const told = runs.map(({ machine }) => machine).filter((cores) => cores < Infinity);
  if (told.length > 0) return estimated(told)!;
  const worked = ({ name, cpu }: Execution): number => cpu + (functions.get(name)?.setUp ?? 0);
  const computing = ({ name, fresh, from, to, cpu }: Execution): boolean => {
    const known = functions.get(name);
    const sleeps = known === undefined || known.sleep.value > (1 - MOSTLY) * (to - from);
    return cpu > 0 && !fresh && known?.cores === 1 && !sleeps;
  };
  const found = runs.flatMap(({ jobs, load }) =>
    throughput(
      load,
      jobs.executions.filter(computing).map((job) => ({ ...job, work: worked(job) })),
    ),
  );
  const { value, ...rest } = estimated(found) ?? coresByColdStarts(runs);
  // One job alone has a core, so all together have no less.
  return { value: Math.max(1, value), ...rest };
}

/** Work done, for the turns it took: of jobs among too many; none if there are no such jobs. */
function throughput(
  load: Load,
  jobs: readonly { readonly from: number; readonly to: number; readonly work: number }[],
): readonly number[] {
  const busy = jobs.filter((job) => load.mean(job) >= BUSY);
  const turns = busy.reduce((sum, job) => sum + load.turns(job), 0);
  return turns === 0 ? [] : [busy.reduce((sum, { work }) => sum + work, 0) / turns];
}

/** As much work each as the ones that had a core to themselves. */
function coresByColdStarts(runs: readonly Run[]): Estimated {
  const alone = runs.flatMap(({ jobs, load }) =>
    jobs.coldStarts.filter((job) => load.mean(job) <= ALONE).map(({ from, to }) => to - from),
  );
  const work = median(alone);
  const found = runs.flatMap(({ jobs, load }) =>
    throughput(
      load,
      jobs.coldStarts.map(({ from, to }) => ({ from, to, work })),
    ),
  );
  const most = Math.max(1, ...runs.map(({ load }) => Math.ceil(load.most)));
  const nobodyWaited = { value: most, spread: 0, count: 0 };
  return alone.length === 0 ? nobodyWaited : (estimated(found) ?? nobodyWaited);
}

interface Sample {
  readonly execution: Execution;
  /** Of a core, that it got. */
  readonly share: number;
}

function functionsOf(
  runs: readonly Run[],
  cores: number,
  request: number,
): ReadonlyMap<string, FunctionEstimate> {
  const samples = new Map<string, Sample[]>();
  for (const { jobs, load } of runs) {
    for (const execution of jobs.executions) {
      const { name, from, to } = execution;
      const share = to > from ? load.coreTime(execution, cores) / (to - from) : 1;
      const known = samples.get(name) ?? [];
      samples.set(name, known);
      known.push({ execution, share });
    }
  }
  return new Map([...samples].map(([name, of]) => [name, functionOf(of, request)]));
}

/** More would only repeat what few samples say. */
const QUANTILES = 10;

function functionOf(samples: readonly Sample[], request: number): FunctionEstimate {
  const warm = samples.filter(({ execution }) => !execution.fresh);
  const settled = warm.length > 0 ? warm : samples;
  const cpuOf = (of: typeof samples): number[] => of.map(({ execution }) => execution.cpu);
  const cores = Math.max(1, quantileOf(settled.map(parallelism), 0.75));
  const sleeps = settled.map((sample) => sleepOf(sample, cores));
  const fresh = cpuOf(samples.filter(({ execution }) => execution.fresh));
  const warmUp = warm.length > 0 && fresh.length > 0 ? median(fresh) - median(cpuOf(warm)) : 0;
  return {
    compute: quantilesOf(cpuOf(settled), QUANTILES),
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
  readonly execution: Execution;
}): number {
  return idle > 0 || to === from ? 1 : cpu / (to - from);
}

/** Of what it did not compute, that which the share of the cores does not explain. */
function sleepOf({ execution: { cpu, idle }, share }: Sample, cores: number): number {
  return idle === 0 ? 0 : Math.max(0, cpu + idle - cpu / (share * cores));
}

/** Core time that it had, awake, and did not compute in: the container's and the engine's share of it. */
function setUpOf(samples: readonly Sample[], request: number): number {
  // Of those that did not idle the inner wall time is not known.
  const known = samples.filter(({ execution: { idle } }) => idle > 0);
  const around = known.map((sample) => {
    const { from, to, cpu } = sample.execution;
    return Math.max(0, sample.share * (to - from - request - sleepOf(sample, 1)) - cpu);
  });
  return estimated(around)?.value ?? 0;
}

/**
 * What a request takes is told by the smallest transfers, what a byte takes by the largest: those with
 * half of all bytes; each less what the other explains, by turns. (A slope through all of them would
 * go by those that are most, and if these are alike in size, it is noise.)
 */
function transferCost(
  runs: readonly Run[],
  kind: "get" | "put",
  cores: number,
): TransferCost | undefined {
  const samples = runs.flatMap(({ jobs, load, bandwidth }) =>
    jobs.transfers
      .filter((transfer) => transfer.kind === kind && !waitsForLink(transfer, bandwidth))
      .map((transfer) => ({ bytes: transfer.bytes, time: load.coreTime(transfer, cores) })),
  );
  if (samples.length === 0) return undefined;
  const sizes = samples.map(({ bytes }) => bytes).sort((a, b) => a - b);
  const least = quantileOf(sizes, 0.1);
  const most = halfway(sizes);
  const smallest = samples.filter(({ bytes }) => bytes <= least);
  const largest = samples.filter(({ bytes }) => bytes >= most && bytes > least);
  // What is left of shaped runs tells nothing of bytes.
  const isShaped = runs.some(({ bandwidth }) => bandwidth < Infinity);
  let perByte = 0;
  let fixed = 0;
  for (let round = 0; round < ROUNDS * 2; round++) {
    fixed = median(smallest.map(({ bytes, time }) => Math.max(0, time - bytes * perByte)));
    if (isShaped || largest.length === 0) break;
    perByte = median(largest.map(({ bytes, time }) => Math.max(0, time - fixed) / bytes));
  }
  const requests = smallest.map(({ bytes, time }) => Math.max(0, time - bytes * perByte));
  const rate = perByte > 0 ? 1e6 / perByte : Infinity;
  return { fixed: estimated(requests)!, rate, count: samples.length };
}

/**
 * A worker has one thread for bodies, and waits for the store's: it does not move as much as the cores
 * could. The upper quarter of its largest hauls that were alone, since one transfer may be slower yet.
 */
function workerLinkOf(runs: readonly Run[]): Estimated | undefined {
  const alone = runs.flatMap(({ jobs, load }) =>
    jobs.hauls.filter((haul) => haul.to > haul.from && load.mean(haul) - haul.width <= ALONE - 1),
  );
  const most = halfway(alone.map(({ bytes }) => bytes).sort((a, b) => a - b));
  const rates = alone
    .filter(({ bytes }) => bytes >= most && bytes > 0)
    .map(({ from, to, bytes }) => (1e6 * bytes) / (to - from));
  const found = estimated(rates);
  return found && { ...found, value: quantileOf(rates, 0.75) };
}

/** Of ascending sizes: those from it on have half of all bytes. */
function halfway(sizes: readonly number[]): number {
  let left = sizes.reduce((sum, size) => sum + size, 0) / 2;
  for (const size of sizes) {
    left -= size;
    if (left <= 0) return size;
  }
  return 0;
}

/** Whether the link alone takes a notable part of the time: then it hides what the cores take. */
function waitsForLink({ from, to, bytes }: Transfer, bandwidth: number): boolean {
  return (1e6 * bytes) / bandwidth > (1 - MOSTLY) * (to - from);
}

/**
 * What each further message of one sender comes later: of each rank the first quartile, since what the
 * earlier ones set going only delays it.
 */
function requestOf(runs: readonly Run[]): Estimated | undefined {
  const ranks = new Map<number, number[]>();
  for (const { ends, rank, from, to } of runs.flatMap(({ jobs }) => jobs.hops)) {
    if (ends === 2) ranks.set(rank, [...(ranks.get(rank) ?? []), to - from]);
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
