/**
 * The twin of a recorded run: the same workflows under the same plans, scheme and storage, meeting
 * the same invocations, on a simulated cluster. Of an invocation the twin takes over what its input
 * decides (when it came, bytes, counts, branches); how long things take is the profile's to say.
 */

import * as Result from "effect/Result";
import * as Schema from "effect/Schema";
import { type EventHeader, planHeader } from "../analysis/event-header.ts";
import {
  PROCESSOR_FIELDS,
  type ProcessorLog,
  processorIn,
  type SpeedChange,
  speedsOf,
} from "../analysis/processor-speed.ts";
import { arrivalTime, type Event, NONE } from "../core/events.ts";
import { PAPER_CLUSTER } from "../core/plan/contract.ts";
import type { Plan, StorageMethod } from "../core/plan/plan.ts";
import { makePlan } from "../core/plan/planner.ts";
import type { InvocationId } from "../core/protocol.ts";
import { type Bytes, type Micros, NO_TIME } from "../core/units.ts";
import { compile } from "../core/workflow/compile.ts";
import type { Recorded } from "../core/workflow/recorded.ts";
import type { WorkflowSpec } from "../core/workflow/spec.ts";
import { validate } from "../core/workflow/validate.ts";
import { TraceRecorder } from "../traces/from-events.ts";
import type { Arrival, Load } from "./clients.ts";
import { withFunctionTimes } from "./function-times.ts";
import type { Profile } from "./profile.ts";
import { run, type Speed } from "./run.ts";
import { settingsOf } from "./scenario-config.ts";

/** An event log, read as a whole. */
export interface RunLog {
  /** What problems call it: a path or an address. */
  readonly name: string;
  readonly header: EventHeader;
  readonly events: readonly Event[];
}

/** What a twin needs to know of a run; the header of its log has it in `config`. */
export interface RunConfig {
  readonly scheme: "worker-sp" | "master-sp";
  readonly storage: StorageMethod;
  readonly partition: "faasflow-plus" | "faasflow" | "raw";
  readonly workers: number;
  /** Of the storage node's link, bytes a second; undefined: whatever the profile says. */
  readonly bandwidth: number | undefined;
  /** That containers of a worker may take; undefined: whatever the profile says. */
  readonly workerMemory: Bytes | undefined;
  /** Of idle containers; undefined: whatever the profile says. */
  readonly keepAlive: Micros | undefined;
  /** How fast the processors were, by the log's time. */
  readonly processor: ProcessorLog;
  /** No two invocations at once, as with one client that waits for its answer. */
  readonly isClosed: boolean;
  /** By plan id: the plans as they were, workflows included. */
  readonly plans: readonly Plan[];
}

const ConfigSchema = Schema.Struct({
  scheme: Schema.Literals(["worker-sp", "master-sp"]),
  storage: Schema.Literals(["faastore", "remote"]),
  partition: Schema.Literals(["faasflow-plus", "faasflow", "raw"]),
  workers: Schema.Int.check(Schema.isGreaterThan(0)),
  bandwidth: Schema.optionalKey(Schema.Union([Schema.Finite, Schema.Literal("unlimited")])),
  worker_memory: Schema.optionalKey(Schema.Int.check(Schema.isGreaterThan(0))),
  keep_alive_us: Schema.optionalKey(Schema.Natural),
  ...PROCESSOR_FIELDS,
  specs: Schema.optionalKey(
    Schema.Array(
      Schema.declare((value): value is WorkflowSpec => typeof value === "object" && value !== null),
    ),
  ),
});
const decodeConfig = Schema.decodeUnknownResult(ConfigSchema, { errors: "all" });

/** Whether the log itself says what its workflows are; if not, `readRunConfig` wants to be told. */
export function saysWorkflows({ header }: Pick<RunLog, "header">): boolean {
  return Array.isArray(header.config["specs"]);
}

/** `workflows`: by name, for a log whose header does not have them. */
export function readRunConfig(
  { name, header, events }: RunLog,
  workflows: ReadonlyMap<string, WorkflowSpec> = new Map(),
): Result.Result<RunConfig, readonly string[]> {
  const decoded = decodeConfig(header.config);
  if (Result.isFailure(decoded)) {
    const found = decoded.failure.message.split("\n").join(" ");
    return Result.fail([
      `${name}: its header does not say how the run was set up: ${found}. Record it anew.`,
    ]);
  }
  const { scheme, storage, partition, workers, bandwidth, specs } = decoded.success;
  const { worker_memory, keep_alive_us } = decoded.success;
  const problems: string[] = [];
  const plans = header.workflows.flatMap((written, id) => {
    const spec = specs?.[id] ?? workflows.get(written.workflow);
    const plan = spec && planAsWritten(spec, { id, partition, storage, workers });
    if (plan !== undefined && sameNames(plan, written, id)) return [plan];
    const found = spec === undefined ? "is not known" : "is not the one that ran";
    problems.push(`${name}: its workflow ${written.workflow} ${found}. Record the run anew.`);
    return [];
  });
  if (problems.length > 0) return Result.fail(problems);
  return Result.succeed({
    scheme,
    storage,
    partition,
    workers,
    plans,
    processor: processorIn(header),
    isClosed: isOneByOne(events),
    bandwidth: typeof bandwidth === "number" ? bandwidth : undefined,
    workerMemory: worker_memory as Bytes | undefined,
    keepAlive: keep_alive_us as Micros | undefined,
  });
}

function isOneByOne(events: readonly Event[]): boolean {
  let end = Number.NEGATIVE_INFINITY;
  for (const event of events) {
    if (event.kind === "arrival" && arrivalTime(event) < end) return false;
    if (event.kind === "arrival") end = Number.POSITIVE_INFINITY;
    if (event.kind === "finish" || event.kind === "abort") end = event.time;
  }
  return true;
}

/** As live makes it: a plan depends on nothing but what is deployed. Undefined: no sound workflow. */
function planAsWritten(
  spec: WorkflowSpec,
  {
    id,
    partition,
    storage,
    workers,
  }: Pick<RunConfig, "partition" | "storage" | "workers"> & {
    readonly id: number;
  },
): Plan | undefined {
  const sound = Result.try(() => validate(spec).length === 0);
  if (!(Result.isSuccess(sound) && sound.success)) return undefined;
  const cluster = { ...PAPER_CLUSTER, workers };
  return makePlan({ id, version: 1, graph: compile(spec), method: partition, storage, cluster });
}

/** Whether the ids in the log's events mean in this plan what they meant in the run. */
function sameNames(plan: Plan, written: EventHeader["workflows"][number], id: number): boolean {
  const { workflow, tasks, data, workers } = planHeader(plan);
  const ours = JSON.stringify([workflow, tasks, data, workers, id]);
  const { plan: theirs, ...names } = written;
  return ours === JSON.stringify([names.workflow, names.tasks, names.data, names.workers, theirs]);
}

export interface TwinOptions {
  readonly profile: Profile;
  readonly seed: string | number;
}

/**
 * The events of the twin, with the invocations numbered as in the log; time 0 is the log's first
 * request. Tasks that `profile.functions` knows take what it says, others what the workflow says.
 */
export function twinEvents(
  log: RunLog,
  config: RunConfig,
  { profile: base, seed }: TwinOptions,
): readonly Event[] {
  const { scheme, workers, processor } = config;
  const profile = asConfigured(base, config);
  const speeds = speedsOf(processor, profile.cluster.pace);
  const requests = requestsOf(log, config);
  const plans = config.plans.map((plan) => ({
    ...plan,
    graph: withFunctionTimes(plan.graph, profile),
  }));
  const events: Event[] = [];
  run({
    profile,
    settings: settingsOf({ scheme, workers, profile }),
    plans,
    loads: config.isClosed ? oneByOne(requests) : atTheirTimes(requests),
    seed,
    speeds: onTwinsClock(speeds, requests[0]?.at ?? NO_TIME),
    record: (event) => {
      const invocation = requests[event.invocation]?.invocation ?? event.invocation;
      events.push(event.invocation === NONE ? event : { ...event, invocation });
    },
  });
  return events;
}

/** What the run's settings decide is not the profile's to say. */
function asConfigured(profile: Profile, config: RunConfig): Profile {
  const { network, cluster, container } = profile;
  const { bandwidth = network.storage_link, workerMemory = cluster.worker_memory } = config;
  const { keepAlive = container.keep_alive } = config;
  return {
    ...profile,
    network: { ...network, storage_link: bandwidth },
    cluster: { ...cluster, worker_memory: workerMemory },
    container: { ...container, keep_alive: keepAlive },
  };
}

/** Of several before it began the last one stays. */
function onTwinsClock(speeds: readonly SpeedChange[], begin: Micros): readonly Speed[] {
  return speeds.map(({ at, speed }) => ({ at: Math.max(0, at - begin) as Micros, speed }));
}

/** One invocation of the log. */
interface Request {
  readonly invocation: InvocationId;
  readonly plan: number;
  readonly at: Micros;
  readonly end: Micros;
  readonly recorded: Recorded;
}

/** By the time that each came in. */
function requestsOf({ events }: RunLog, { plans }: RunConfig): readonly Request[] {
  const recorder = new TraceRecorder(new Map(plans.map(({ id, graph }) => [id, graph])));
  const planOf = new Map<InvocationId, number>();
  const ends = new Map<InvocationId, Micros>();
  for (const { kind, invocation, plan, time } of events) {
    if (kind === "arrival") planOf.set(invocation, plan);
    if (kind === "finish" || kind === "abort") ends.set(invocation, time);
  }
  const entries = [...events.flatMap((event) => recorder.add(event)), ...recorder.finish()];
  // One each, though after the loss of a gateway an invocation arrives once more.
  const requests = entries.map(({ invocation, at, recorded: of }): Request => {
    const { bytes, counts, branches } = of;
    const recorded = { compute: new Map(), sleep: new Map(), bytes, counts, branches };
    return {
      invocation,
      plan: planOf.get(invocation)!,
      at,
      end: ends.get(invocation) ?? at,
      recorded,
    };
  });
  return requests.sort((a, b) => a.at - b.at || a.invocation - b.invocation);
}

function atTheirTimes(requests: readonly Request[]): readonly Load[] {
  const first = requests[0]?.at ?? 0;
  const arrivals = requests.map((request): Arrival => arrivalOf(request, request.at - first));
  return [{ tag: "open", arrivals: arrivals.values() }];
}

/** Each after the pause there was: a twin that is a little slower must not meet itself. */
function oneByOne(requests: readonly Request[]): readonly Load[] {
  let load: Load | undefined;
  for (const [index, request] of [...requests.entries()].reverse()) {
    const before = requests[index - 1];
    const pause = before === undefined ? 0 : Math.max(0, request.at - before.end);
    load = { tag: "open", arrivals: [arrivalOf(request, pause)].values(), next: load };
  }
  return load === undefined ? [] : [load];
}

function arrivalOf({ plan, recorded }: Request, at: number): Arrival {
  return { at: at as Micros, plan, recorded };
}
