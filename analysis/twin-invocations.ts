/**
 * What a run did, invocation by invocation: how long each part took, which worker each activation
 * ran on, where each part of the data went. Two runs that met the same invocations are held against
 * each other by these.
 */

import { arrivalTime, type Event, inputStoring, NONE } from "../core/events.ts";
import type { NodeId } from "../core/node.ts";
import { type Item, itemPath, ROOT_ITEM } from "../core/workflow/item.ts";
import { attribute, type Chains, chainsOf, PARTS, type Part } from "./attribution.ts";
import { ColdStartTimes } from "./cold-start-times.ts";
import type { PlanHeader } from "./event-header.ts";
import { ByteCounts } from "./metrics.ts";
import { type Span, Spans } from "./span.ts";

/** Parts of the latency as a twin tells them; they add up to it. */
export const TWIN_PARTS = ["wait", "cold_start", "get", "execution", "put", "trigger"] as const;
export type TwinPart = (typeof TWIN_PARTS)[number];

/** Which of them each part of the attribution belongs to. */
const TWIN_PART_OF: Readonly<Record<Part, TwinPart>> = {
  trigger: "trigger",
  assign: "trigger",
  tail: "trigger",
  retry: "wait",
  queueing: "wait",
  cold_start: "cold_start",
  get: "get",
  execution: "execution",
  put: "put",
};

/** One run of a task; times are microseconds since the invocation's arrival. */
export interface Activation {
  readonly task: number;
  readonly item: Item;
  readonly node: NodeId;
  readonly queue: number;
  readonly dispatch: number;
  readonly start: number;
  readonly execute: number;
  readonly end: number;
}

/** One get or put that ended. */
export interface Transfer {
  /** `get count[3] start.texts[3]`: the same in every run of the invocation. */
  readonly key: string;
  /** `local`, `remote` or `absent`. */
  readonly tier: string;
  readonly bytes: number;
}

/** An invocation that finished; times in microseconds. */
export interface InvocationFacts {
  readonly invocation: number;
  readonly plan: number;
  readonly latency: number;
  /** By index of `TWIN_PARTS`. */
  readonly parts: readonly number[];
  readonly bytes: ByteCounts;
  readonly activations: readonly Activation[];
  readonly transfers: readonly Transfer[];
}

export interface RunFacts {
  /** Those that finished, in the order of their arrival. */
  readonly invocations: readonly InvocationFacts[];
  /** Arrivals in order, with the plan of each: what a warm-up counts by. */
  readonly arrivals: readonly { readonly invocation: number; readonly plan: number }[];
  /** Plan to the containers that began to start. */
  readonly coldStarts: ReadonlyMap<number, number>;
  /** What a twin does not have: attempts that failed, workers that were lost or left. */
  readonly mishaps: number;
}

export function runFacts(plans: readonly PlanHeader[], events: Iterable<Event>): RunFacts {
  const facts = new FactsOfRun(plans);
  for (const event of events) facts.add(event);
  return facts.finish();
}

interface Flight {
  readonly plan: PlanHeader;
  readonly chains: Chains;
  readonly arrival: number;
  readonly storing: number;
  readonly spans: Spans;
  readonly nodes: Map<Span, NodeId>;
  readonly bytes: ByteCounts;
  /** By key: a retry transfers anew, and what it says counts. */
  readonly transfers: Map<string, Transfer>;
}

class FactsOfRun {
  readonly #plans: ReadonlyMap<number, { readonly header: PlanHeader; readonly chains: Chains }>;
  readonly #flights: Map<number, Flight>;
  readonly #ended: Map<number, InvocationFacts>;
  readonly #arrivals: { readonly invocation: number; readonly plan: number }[];
  readonly #coldStartTimes: ColdStartTimes;
  readonly #coldStarts: Map<number, number>;
  #mishaps: number;

  constructor(plans: readonly PlanHeader[]) {
    this.#plans = new Map(
      plans.map((header) => [header.plan, { header, chains: chainsOf(header) }]),
    );
    this.#flights = new Map();
    this.#ended = new Map();
    this.#arrivals = [];
    this.#coldStartTimes = new ColdStartTimes();
    this.#coldStarts = new Map();
    this.#mishaps = 0;
  }

  add(event: Event): void {
    switch (event.kind) {
      case "arrival":
        this.#arrive(event);
        return;
      case "finish":
        this.#finish(event);
        return;
      case "cold-start":
        this.#coldStarts.set(event.plan, (this.#coldStarts.get(event.plan) ?? 0) + 1);
        this.#coldStartTimes.add(event);
        return;
      case "stop":
        this.#coldStartTimes.add(event);
        return;
      case "fail":
      case "lost":
      case "leaving":
        // At the end of a run all daemons leave.
        if (this.#flights.size > 0) this.#mishaps++;
        return;
      default:
        this.#ofTask(event, this.#flights.get(event.invocation));
    }
  }

  finish(): RunFacts {
    const invocations = this.#arrivals.flatMap(({ invocation }) => {
      const facts = this.#ended.get(invocation);
      return facts === undefined ? [] : [facts];
    });
    return {
      invocations,
      arrivals: this.#arrivals,
      coldStarts: this.#coldStarts,
      mishaps: this.#mishaps,
    };
  }

  #arrive(event: Event): void {
    const plan = this.#plans.get(event.plan);
    if (plan === undefined) return;
    this.#arrivals.push({ invocation: event.invocation, plan: event.plan });
    this.#flights.set(event.invocation, {
      plan: plan.header,
      chains: plan.chains,
      arrival: arrivalTime(event),
      storing: inputStoring(event),
      spans: new Spans(plan.header.tasks.length),
      nodes: new Map(),
      bytes: new ByteCounts(),
      transfers: new Map(),
    });
  }

  #ofTask(event: Event, flight: Flight | undefined): void {
    if (flight === undefined || event.task === NONE) return;
    const span = flight.spans.add(event);
    if (event.kind === "dispatch") {
      if (span.earlier !== undefined) flight.nodes.delete(span.earlier);
      flight.nodes.set(span, event.node);
      if (event.why === "cold") span.coldStart = this.#coldStartTimes.of(event, span);
    }
    if (event.kind !== "get" && event.kind !== "put") return;
    flight.bytes.add(event);
    const key = transferKey(event, flight.plan);
    flight.transfers.set(key, { key, tier: event.why, bytes: Math.max(0, event.bytes) });
  }

  #finish({ invocation, time }: Event): void {
    const flight = this.#flights.get(invocation);
    if (flight === undefined) return;
    this.#flights.delete(invocation);
    const { plan, chains, spans, arrival, storing, nodes, bytes } = flight;
    const totals = new Float64Array(PARTS.length);
    attribute({ spans, arrival, storing, finish: time }, chains, totals);
    const parts = TWIN_PARTS.map((part) =>
      PARTS.reduce((sum, each, i) => (TWIN_PART_OF[each] === part ? sum + totals[i]! : sum), 0),
    );
    this.#ended.set(invocation, {
      invocation,
      plan: plan.plan,
      latency: time - arrival,
      parts,
      bytes,
      activations: [...nodes].map(([span, node]) => activation(span, node, arrival)),
      transfers: [...flight.transfers.values()],
    });
  }
}

function activation(span: Span, node: NodeId, arrival: number): Activation {
  const { vertex: task, item, queue, dispatch, start, execute, end } = span;
  const since = (time: number): number => time - arrival;
  return {
    task,
    item,
    node,
    queue: since(queue),
    dispatch: since(dispatch),
    start: since(start),
    execute: since(execute),
    end: since(end),
  };
}

function transferKey({ kind, task, item, datum, part }: Event, plan: PlanHeader): string {
  const by = placeText(plan.tasks[task] ?? `${task}`, item);
  return `${kind} ${by} ${placeText(plan.data[datum] ?? `${datum}`, part)}`;
}

/** `count[3]`; the item of the whole invocation goes without saying. */
export function placeText(name: string, item: Item): string {
  return item === ROOT_ITEM ? name : `${name}[${itemPath(item)}]`;
}
