/**
 * Metrics of a run, taken event by event. What is kept follows what is in flight, plus one number
 * for each invocation that was measured (its latency, for the quantiles).
 */

import { arrivalTime, type Event, inputStoring, NONE, type Why } from "../core/events.ts";
import { attribute, type Chains, chainsOf, PARTS } from "./attribution.ts";
import { ColdStartTimes } from "./cold-start-times.ts";
import type { PlanHeader } from "./event-header.ts";
import { MeasuredPath } from "./measured-path.ts";
import { Samples } from "./quantile.ts";
import { Spans } from "./span.ts";
import { type WorkerUse, WorkerUses } from "./worker-use.ts";

export interface MetricsOptions {
  readonly plans: readonly PlanHeader[];
  /** Warm-up: so many first invocations of each workflow, by arrival, are left out. Default 0. */
  readonly skip?: number;
}

/** Sums over the measured invocations of one workflow; times in microseconds. */
export class WorkflowMetrics {
  readonly workflow: string;
  /** Finish - arrival, of each invocation that finished. */
  readonly latencies: Samples;
  /** Arrivals that are measured. */
  started: number;
  finished: number;
  /** Invocations that did not finish, by the reason of their `abort`. */
  readonly aborted: Map<Why, number>;
  /** Activations that completed, in invocations that finished or not. */
  activations: number;
  retries: number;
  /** Data tagged local that went remote because the quota was used up. */
  spills: number;
  /** Containers that began to start since the first measured arrival. */
  coldStarts: number;
  /**
   * Σ over finished invocations of (latency - storing of inputs - Σ over the activations of the critical
   * path), an activation's time being first queue to completion; skipped ones count 0. The critical
   * path is the measured one, see `MeasuredPath`.
   */
  scheduleOverhead: number;
  /** Σ of the storing of their inputs and, over all their activations, the longest get of each attempt + all puts. */
  dataOverhead: number;
  /** Bytes of gets and puts in finished invocations. */
  readonly bytes: ByteCounts;
  /** Latency by part, see `PARTS`; adds up to the sum of `latencies`. */
  readonly parts: Float64Array;

  constructor(workflow: string) {
    this.workflow = workflow;
    this.latencies = new Samples();
    this.started = 0;
    this.finished = 0;
    this.aborted = new Map();
    this.activations = 0;
    this.retries = 0;
    this.spills = 0;
    this.coldStarts = 0;
    this.scheduleOverhead = 0;
    this.dataOverhead = 0;
    this.bytes = new ByteCounts();
    this.parts = new Float64Array(PARTS.length);
  }
}

/** Bytes by direction and tier. */
export class ByteCounts {
  getLocal: number;
  getRemote: number;
  putLocal: number;
  putRemote: number;

  constructor() {
    this.getLocal = 0;
    this.getRemote = 0;
    this.putLocal = 0;
    this.putRemote = 0;
  }

  /** A `get` or `put`; an absent datum moves nothing. */
  add({ kind, why, bytes }: Event): void {
    if (kind === "get" && why === "local") this.getLocal += bytes;
    if (kind === "get" && why === "remote") this.getRemote += bytes;
    if (kind === "put" && why === "local") this.putLocal += bytes;
    if (kind === "put" && why === "remote") this.putRemote += bytes;
  }

  addAll(other: ByteCounts): void {
    this.getLocal += other.getLocal;
    this.getRemote += other.getRemote;
    this.putLocal += other.putLocal;
    this.putRemote += other.putRemote;
  }
}

interface PlanState {
  readonly header: PlanHeader;
  readonly ways: Ways;
  readonly metrics: WorkflowMetrics;
}

/** The ways through a plan's graph: the same for all runs of the plan. */
interface Ways {
  readonly path: MeasuredPath;
  readonly chains: Chains;
}

/** An invocation in flight. */
interface Flight {
  readonly plan: PlanState;
  readonly arrival: number;
  readonly storing: number;
  readonly measured: boolean;
  readonly spans: Spans;
  readonly bytes: ByteCounts;
}

export class Metrics {
  readonly #skip: number;
  readonly #plans: (PlanState | undefined)[];
  readonly #workflows: Map<string, WorkflowMetrics>;
  readonly #arrivals: Map<string, number>;
  readonly #flights: Map<number, Flight>;
  readonly #coldStarts: ColdStartTimes;
  readonly #workers: WorkerUses;
  #firstArrival: number;
  #lastFinish: number;

  constructor(options: MetricsOptions) {
    this.#skip = options.skip ?? 0;
    this.#plans = [];
    this.#workflows = new Map();
    this.#arrivals = new Map();
    this.#flights = new Map();
    this.#coldStarts = new ColdStartTimes();
    this.#workers = new WorkerUses();
    this.#firstArrival = NONE;
    this.#lastFinish = NONE;
    for (const plan of options.plans) this.deploy(plan);
  }

  /** A further plan; plans of one workflow share their metrics. */
  deploy(header: PlanHeader): void {
    let metrics = this.#workflows.get(header.workflow);
    if (metrics === undefined) {
      metrics = new WorkflowMetrics(header.workflow);
      this.#workflows.set(header.workflow, metrics);
    }
    this.#plans[header.plan] = {
      header,
      ways: waysOf(header),
      metrics,
    };
  }

  /** In the order of first deployment. */
  get workflows(): readonly WorkflowMetrics[] {
    return [...this.#workflows.values()];
  }

  /** By worker index, over the whole run; idle workers of a plan are there too. */
  get workers(): readonly WorkerUse[] {
    const counts = this.#plans.map((plan) => plan?.header.workers ?? 0);
    const count = Math.max(this.#workers.count, ...counts);
    return Array.from({ length: count }, (_, index) => this.#workers.of(index));
  }

  /** First arrival to last finish, warm-up included, microseconds; 0 if nothing finished. */
  get makespan(): number {
    return this.#lastFinish === NONE ? 0 : this.#lastFinish - this.#firstArrival;
  }

  add(event: Event): void {
    this.#workers.add(event);
    switch (event.kind) {
      case "arrival":
        this.#arrive(event);
        return;
      case "finish":
      case "abort":
        this.#end(event);
        return;
      case "cold-start":
        this.#boot(event);
        return;
      case "stop":
        this.#coldStarts.add(event);
        return;
      default:
        if (event.task === NONE) return;
        this.#ofTask(event, this.#flights.get(event.invocation));
    }
  }

  #arrive(event: Event): void {
    const plan = this.#plans[event.plan];
    if (plan === undefined) return;
    if (this.#firstArrival === NONE) this.#firstArrival = arrivalTime(event);
    const measured = this.#flights.get(event.invocation)?.measured ?? this.#count(plan);
    this.#flights.set(event.invocation, {
      plan,
      arrival: arrivalTime(event),
      storing: inputStoring(event),
      measured,
      spans: new Spans(plan.header.tasks.length),
      bytes: new ByteCounts(),
    });
  }

  /** One more that arrived (not again, at the next gateway); gives whether it is measured. */
  #count({ header, metrics }: PlanState): boolean {
    const before = this.#arrivals.get(header.workflow) ?? 0;
    this.#arrivals.set(header.workflow, before + 1);
    const measured = before >= this.#skip;
    if (measured) metrics.started += 1;
    return measured;
  }

  #boot(event: Event): void {
    this.#coldStarts.add(event);
    const metrics = this.#plans[event.plan]?.metrics;
    if (metrics === undefined) return;
    const warmedUp = (this.#arrivals.get(metrics.workflow) ?? 0) > this.#skip || this.#skip === 0;
    if (warmedUp) metrics.coldStarts += 1;
  }

  #ofTask(event: Event, flight: Flight | undefined): void {
    if (flight === undefined) return;
    const { metrics } = flight.plan;
    const span = flight.spans.add(event);
    switch (event.kind) {
      case "dispatch":
        if (event.why === "cold") span.coldStart = this.#coldStarts.of(event, span);
        return;
      case "get":
      case "put":
        flight.bytes.add(event);
        return;
      case "complete":
        if (flight.measured) metrics.activations += 1;
        return;
      case "retry":
        if (flight.measured) metrics.retries += 1;
        return;
      case "spill":
        if (flight.measured) metrics.spills += 1;
        return;
      default:
    }
  }

  #end(event: Event): void {
    const flight = this.#flights.get(event.invocation);
    if (flight === undefined) return;
    this.#flights.delete(event.invocation);
    if (event.kind === "finish") this.#lastFinish = Math.max(this.#lastFinish, event.time);
    if (!flight.measured) return;
    const { metrics, ways } = flight.plan;
    if (event.kind === "abort") {
      metrics.aborted.set(event.why, (metrics.aborted.get(event.why) ?? 0) + 1);
      return;
    }
    const { spans, arrival, storing } = flight;
    const latency = event.time - arrival;
    metrics.finished += 1;
    metrics.latencies.add(latency);
    metrics.dataOverhead += storing;
    spans.forEach((span) => {
      metrics.dataOverhead += span.transferTime();
    });
    metrics.scheduleOverhead += latency - storing - ways.path.length(spans);
    metrics.bytes.addAll(flight.bytes);
    attribute({ spans, arrival, storing, finish: event.time }, ways.chains, metrics.parts);
  }
}

const known = new WeakMap<PlanHeader, Ways>();

/** Worked out once a plan. Cost: O(vertices + edges) the first time. */
function waysOf(header: PlanHeader): Ways {
  let ways = known.get(header);
  if (ways === undefined) {
    ways = { path: new MeasuredPath(header), chains: chainsOf(header) };
    known.set(header, ways);
  }
  return ways;
}
