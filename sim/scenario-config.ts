/**
 * A scenario: workflows on a cluster under a load; and its simulation, with what analysis makes of
 * the events. The one place where sim/, core plans and analysis/ are put together.
 */

import { createHash } from "node:crypto";
import { counted } from "../analysis/count-text.ts";
import type { CsvRow } from "../analysis/csv.ts";
import { EventHash } from "../analysis/event-hash.ts";
import { type EventHeader, eventHeader } from "../analysis/event-header.ts";
import { InvariantChecker } from "../analysis/invariants.ts";
import { type Configuration, metricRows, WHOLE_RUN } from "../analysis/metric-rows.ts";
import { Metrics } from "../analysis/metrics.ts";
import type { RunFacts } from "../analysis/run-text.ts";
import type { Violation } from "../analysis/violation.ts";
import { type Scheme, type Settings, STORE_RETRIES } from "../core/engine/settings.ts";
import type { Event } from "../core/events.ts";
import { PAPER_CLUSTER, type PlanCluster } from "../core/plan/contract.ts";
import { roomsLeft } from "../core/plan/place.ts";
import type { PartitionMethod, Plan, StorageMethod } from "../core/plan/plan.ts";
import { makePlan } from "../core/plan/planner.ts";
import type { Micros } from "../core/units.ts";
import { compile } from "../core/workflow/compile.ts";
import type { Graph } from "../core/workflow/graph.ts";
import { NOTHING_RECORDED } from "../core/workflow/recorded.ts";
import type { WorkflowSpec } from "../core/workflow/spec.ts";
import { type Extent, fixedArrivals, mergeArrivals, poissonArrivals } from "../traces/arrivals.ts";
import type { TraceEntry } from "../traces/record.ts";
import type { Arrival, Load, Patience } from "./clients.ts";
import type { Watching } from "./cluster.ts";
import type { Faults } from "./faults.ts";
import { withFunctionTimes } from "./function-times.ts";
import { type Profile, sharesCores } from "./profile.ts";
import { ENGINE_PROTOCOLS } from "./protocols.ts";
import { type RunResult, run } from "./run.ts";
import { Streams } from "./streams.ts";

export interface Scenario {
  /** How the workflows were named: `genome`, `genome:500`, a path. */
  readonly references: readonly string[];
  readonly specs: readonly WorkflowSpec[];
  readonly scheme: Scheme;
  readonly storage: StorageMethod;
  readonly partition: PartitionMethod;
  readonly workers: number;
  readonly profile: Profile;
  readonly load: ScenarioLoad;
  readonly seed: string;
  readonly faults: Faults;
  /** First invocations of each workflow that metrics leave out. */
  readonly warmUp: number;
}

export type ScenarioLoad =
  | {
      readonly tag: "closed";
      readonly clients: number;
      readonly duration: Micros | undefined;
      /** For each workflow, whichever client sends it. */
      readonly invocations: number | undefined;
      /** Between the starts of two workflows' loops; none: all start at once. */
      readonly stagger?: Micros;
      readonly patience?: Patience;
    }
  | {
      readonly tag: "open";
      readonly arrivals: "fixed" | "poisson";
      /** Of each workflow, a second. */
      readonly rate: number;
      readonly extent: Extent;
      /** The scenario's warm-up is a loop of its own, over before the one that is measured begins. */
      readonly warmFirst?: boolean;
      readonly patience?: Patience;
    }
  /** As the trace says that the scenario is prepared with; `sha256` of its bytes. */
  | { readonly tag: "trace"; readonly sha256: string };

/** Reads the trace, once the workflows that may arrive are known. */
export type OpenTrace = (workflows: ReadonlyMap<string, Graph>) => Iterable<TraceEntry>;

/** What else wants to see the events, beside the metrics. */
export interface Observers {
  readonly check: boolean;
  readonly event: ((event: Event) => void) | undefined;
  readonly watch?: Watching | undefined;
}

export interface Outcome {
  readonly rows: readonly CsvRow[];
  readonly result: RunResult;
  readonly hash: string;
  readonly violations: readonly Violation[];
  readonly metrics: Metrics;
}

/** Graphs and plans of a scenario, worked out before anything runs. */
export class PreparedScenario {
  readonly scenario: Scenario;
  readonly plans: readonly Plan[];
  /** What each plan reckons with. */
  readonly planClusters: readonly PlanCluster[];
  readonly settings: Settings;
  readonly header: EventHeader;
  readonly #openTrace: OpenTrace;
  /** Of the run that is simulated. */
  #fanOut: EventFanOut | undefined;
  /** The same function for each run, see `Recorder`. */
  readonly #record: (event: Event) => void;

  constructor(scenario: Scenario, openTrace: OpenTrace = () => []) {
    this.scenario = scenario;
    this.#openTrace = openTrace;
    this.#fanOut = undefined;
    this.#record = (event) => this.#fanOut!.add(event);
    const placed = plansOf(scenario);
    this.plans = placed.map(({ plan }) => {
      return { ...plan, graph: withFunctionTimes(plan.graph, scenario.profile) };
    });
    this.planClusters = placed.map(({ cluster }) => cluster);
    this.settings = settingsOf(scenario);
    const config = configOf(scenario);
    const { references: _, ...rest } = config;
    const config_hash = sha(JSON.stringify([rest, scenario.specs]));
    this.header = eventHeader({ seed: scenario.seed, config, config_hash }, this.plans);
  }

  /** What a reader needs to run it again. */
  about(): Omit<RunFacts, "messages" | "violations"> {
    const { scheme, storage, partition, workers, profile, seed } = this.scenario;
    const configHash = this.header.config_hash;
    const again = { seed, configHash };
    return { scheme, storage, partition, workers, profile: profile.name, again };
  }

  simulate(observers: Observers): Outcome {
    const { warmUp, scheme, storage } = this.scenario;
    const metrics = new Metrics({ plans: this.header.workflows, skip: warmUp });
    const hash = new EventHash();
    const checker = observers.check ? new InvariantChecker({ plans: this.plans }) : undefined;
    this.#fanOut = new EventFanOut(hash, metrics, checker, observers.event);
    const result = this.play(this.#record, observers.watch);
    this.#fanOut = undefined;
    const digest = hash.digest();
    const configuration = { scheme, storage, run: this.#runName };
    const rows = [
      ...metricRows(metrics, configuration),
      hashRow(configuration, digest, result.started),
    ];
    return { rows, result, hash: digest, violations: checker?.finish() ?? [], metrics };
  }

  /** The run alone, for whoever needs nothing but its events. */
  play(record: (event: Event) => void, watch?: Watching | undefined): RunResult {
    const { profile, seed, faults } = this.scenario;
    const { settings, plans } = this;
    return run({ profile, settings, plans, loads: this.#loads(), seed, faults, record, watch });
  }

  /** What concerns the run as a whole bears the workflow's name, if there is just one. */
  get #runName(): string {
    const [only, other] = this.plans;
    return only === undefined || other !== undefined ? WHOLE_RUN : only.graph.name;
  }

  #loads(): readonly Load[] {
    const { load, seed, warmUp } = this.scenario;
    switch (load.tag) {
      case "closed":
        return this.plans.map(({ id }) => ({
          tag: "closed",
          plan: id,
          clients: load.clients,
          start: ((load.stagger ?? 0) * id) as Micros,
          duration: load.duration,
          invocations: load.invocations,
          patience: load.patience,
        }));
      case "open": {
        const streams = new Streams(seed);
        const loop = (extent: Extent): Iterator<Arrival> =>
          this.#toRun(mergeArrivals(this.#arrivals(load, extent, streams)));
        const { patience, extent, warmFirst } = load;
        const measured: Load = { tag: "open", arrivals: loop(extent), patience };
        if (warmFirst !== true || warmUp === 0) return [measured];
        const warming = loop({ tag: "count", count: warmUp });
        return [{ tag: "open", arrivals: warming, patience, next: measured }];
      }
      case "trace": {
        const workflows = new Map(this.plans.map(({ graph }) => [graph.name, graph]));
        return [{ tag: "open", arrivals: this.#toRun(this.#openTrace(workflows)) }];
      }
      default:
        return load satisfies never;
    }
  }

  /** By workflow. */
  #arrivals(
    { arrivals, rate }: Extract<ScenarioLoad, { tag: "open" }>,
    extent: Extent,
    streams: Streams,
  ): readonly Iterable<{ at: Micros; workflow: string }>[] {
    return this.plans.map(({ graph }) => {
      const loop = { workflow: graph.name, rate, extent };
      if (arrivals === "fixed") return fixedArrivals(loop);
      const stream = streams.stream(`arrivals/${graph.name}`);
      return poissonArrivals(loop, () => stream.uniform());
    });
  }

  *#toRun(
    arrivals: Iterable<{ at: Micros; workflow: string } & Partial<TraceEntry>>,
  ): Generator<Arrival> {
    const idOf = new Map(this.plans.map(({ id, graph }) => [graph.name, id]));
    for (const { at, workflow, recorded } of arrivals) {
      yield { at, plan: idOf.get(workflow)!, recorded: recorded ?? NOTHING_RECORDED };
    }
  }
}

/** Gives each event of a run to all who want it. */
class EventFanOut {
  readonly #hash: EventHash;
  readonly #metrics: Metrics;
  readonly #checker: InvariantChecker | undefined;
  readonly #event: Observers["event"];

  constructor(
    hash: EventHash,
    metrics: Metrics,
    checker: InvariantChecker | undefined,
    event: Observers["event"],
  ) {
    this.#hash = hash;
    this.#metrics = metrics;
    this.#checker = checker;
    this.#event = event;
  }

  add(event: Event): void {
    this.#hash.add(event);
    this.#metrics.add(event);
    this.#checker?.add(event);
    this.#event?.(event);
  }
}

/** What a person should know before trusting the rows: nothing, in most runs. */
export function wrongWith({
  result,
  violations,
}: Pick<Outcome, "result" | "violations">): readonly string[] {
  const lines: string[] = violations.map(({ text }) => text);
  if (result.unfinished.length > 0) {
    const some = result.unfinished.slice(0, 5).join(", ");
    const why =
      result.messages.lost > 0
        ? `${counted(result.messages.lost, "message")} lost for good; leave no-redelivery out`
        : "nothing was under way for them any more";
    lines.push(
      `${result.unfinished.length} of ${result.started} invocations never finished (${some}): ${why}. ` +
        "A timeout in the workflow file ends such an invocation; --events shows where they stopped.",
    );
  }
  return lines;
}

interface Placed {
  readonly plan: Plan;
  readonly cluster: PlanCluster;
}

/** Each workflow's plan, in the room that those before it leave. */
function plansOf(scenario: Scenario): readonly Placed[] {
  const { profile, partition: method, storage, workers } = scenario;
  const { worker_capacity: workerCapacity, worker_cores } = profile.cluster;
  // Workers that share a machine are no faster apart: there a plan is made as a live cluster makes it.
  const cores = sharesCores(profile) ? PAPER_CLUSTER.cores : worker_cores;
  const cluster = { ...PAPER_CLUSTER, workers, workerCapacity, cores };
  const all: Placed[] = [];
  for (const [id, spec] of scenario.specs.entries()) {
    const before = all.map(({ plan }) => plan);
    const placed = { ...cluster, rooms: roomsLeft(before, cluster) };
    const graph = compile(spec);
    const plan = makePlan({ id, version: 1, graph, method, storage, cluster: placed });
    all.push({ plan, cluster: placed });
  }
  return all;
}

/** What the profile's mechanisms make of the machines. */
export function settingsOf({
  scheme,
  workers,
  profile,
}: Pick<Scenario, "scheme" | "workers" | "profile">): Settings {
  const { engine_protocol, placement, triggers, at_limit } = profile.mechanisms;
  return {
    scheme,
    workers,
    workerMemory: profile.cluster.worker_memory,
    keepAlive: profile.container.keep_alive,
    atLimit: at_limit,
    dispatchTick: profile.engine.dispatch_tick,
    pollBeforeAssign: ENGINE_PROTOCOLS[engine_protocol].poll,
    followPlan: placement === "plan",
    batchTriggers: triggers === "batched",
    ...STORE_RETRIES,
  };
}

function configOf(scenario: Scenario): Readonly<Record<string, unknown>> {
  const { specs: _, ...rest } = scenario;
  const unlimited = (_key: string, value: unknown): unknown =>
    value === Number.POSITIVE_INFINITY ? "unlimited" : value;
  return JSON.parse(JSON.stringify(rest, unlimited));
}

function hashRow(
  { run, scheme, storage }: Required<Configuration>,
  value: string,
  count: number,
): CsvRow {
  return {
    workflow: run,
    scheme,
    storage,
    metric: "event_log_hash",
    unit: "1",
    value,
    count,
  };
}

function sha(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
