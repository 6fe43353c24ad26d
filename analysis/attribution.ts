/**
 * Where the end-to-end latency of one invocation went: the chain of answers that decided it is
 * walked back from the sink that answered last to the arrival, and each hop is split into parts.
 * The parts add up to finish - arrival exactly, because each begins where the one before ends.
 */

import { NONE } from "../core/events.ts";
import { type Item, parentItem } from "../core/workflow/item.ts";
import type { PlanHeader } from "./event-header.ts";
import type { Span, Spans } from "./span.ts";

/**
 * | part | from | to |
 * |---|---|---|
 * | `trigger` | end of the vertex before (or the arrival) | its trigger: network, and engines that were busy |
 * | `assign` | trigger | first queue on its worker: MasterSP's polling and message, nothing under WorkerSP |
 * | `retry` | first queue | queue of the attempt that completed |
 * | `queueing` | that queue | dispatch, less the cold start |
 * | `cold_start` | | what of queue to dispatch its own container's cold start took |
 * | `get` | dispatch | start of the function |
 * | `execution` | start | end of the function |
 * | `put` | end of the function | completion; and the storing of the invocation's inputs |
 * | `tail` | end of the last sink | finish at the gateway |
 */
export const PARTS = [
  "trigger",
  "assign",
  "retry",
  "queueing",
  "cold_start",
  "get",
  "execution",
  "put",
  "tail",
] as const;
export type Part = (typeof PARTS)[number];

/** A workflow's edges, prepared for walking back. */
export interface Chains {
  readonly taskCount: number;
  readonly depths: readonly number[];
  /** Vertex to the vertices it waits for. */
  readonly sources: readonly (readonly number[])[];
  readonly sinks: readonly number[];
}

export function chainsOf(plan: PlanHeader): Chains {
  const sources: number[][] = plan.tasks.map(() => []);
  const ends = new Set(plan.tasks.keys());
  for (const [from, to] of plan.edges) {
    sources[to]!.push(from);
    ends.delete(from);
  }
  const sinks = [...ends].filter((vertex) => plan.depths[vertex] === 0);
  return { taskCount: plan.task_count, depths: plan.depths, sources, sinks };
}

/** One vertex for one item. */
interface At {
  readonly vertex: number;
  readonly item: Item;
}

/** And when it answered. */
interface Place extends At {
  readonly end: number;
  /** Undefined: of a join or a close, which leave no events. */
  readonly run: Span | undefined;
}

/** Adds the parts of one finished invocation, in microseconds, to `totals` (by index of `PARTS`). */
export function attribute(
  invocation: {
    readonly spans: Spans;
    readonly arrival: number;
    /** How long its inputs were stored before it was taken up. */
    readonly storing: number;
    readonly finish: number;
  },
  chains: Chains,
  totals: Float64Array,
): void {
  const walk = new Walk(chains, invocation.spans);
  const stored = invocation.arrival + invocation.storing;
  let place = walk.lastSink(invocation.finish);
  totals[PUT]! += invocation.storing;
  totals[TAIL]! += invocation.finish - (place?.end ?? stored);
  while (place !== undefined) {
    const { run }: Place = place;
    const ran = run !== undefined && run.trigger !== NONE;
    const begin: number = ran ? run.trigger : place.end;
    if (ran) addActivation(run, totals);
    const before: Place | undefined = walk.before(place, begin);
    totals[TRIGGER]! += begin - (before?.end ?? stored);
    place = before;
  }
}

/** The activation whose completion led to `span` being triggered; undefined: the arrival did. */
export function causeOf(span: Span, spans: Spans, chains: Chains): Span | undefined {
  const walk = new Walk(chains, spans);
  const { vertex, item, end, trigger } = span;
  let place = walk.before({ vertex, item, end, run: span }, trigger);
  while (place !== undefined) {
    const { run }: Place = place;
    if (run !== undefined && run.trigger !== NONE) return run;
    place = walk.before(place, place.end);
  }
  return undefined;
}

const TRIGGER = PARTS.indexOf("trigger");
const ASSIGN = PARTS.indexOf("assign");
const RETRY = PARTS.indexOf("retry");
const QUEUEING = PARTS.indexOf("queueing");
const COLD_START = PARTS.indexOf("cold_start");
const GET = PARTS.indexOf("get");
const EXECUTION = PARTS.indexOf("execution");
const PUT = PARTS.indexOf("put");
const TAIL = PARTS.indexOf("tail");

/** Trigger to completion. A mark that is missing counts as the one before it. */
function addActivation(span: Span, totals: Float64Array): void {
  const firstQueue = span.firstQueue === NONE ? span.trigger : span.firstQueue;
  const queue = span.queue === NONE ? firstQueue : span.queue;
  const dispatch = span.dispatch === NONE ? queue : span.dispatch;
  const start = span.start === NONE ? dispatch : span.start;
  const execute = span.execute === NONE ? start : span.execute;
  totals[ASSIGN]! += firstQueue - span.trigger;
  totals[RETRY]! += queue - firstQueue;
  totals[QUEUEING]! += dispatch - queue - span.coldStart;
  totals[COLD_START]! += span.coldStart;
  totals[GET]! += start - dispatch;
  totals[EXECUTION]! += execute - start;
  totals[PUT]! += span.end - execute;
}

/** Finds who answered last, through joins and closes, which leave no events of their own. */
class Walk {
  readonly #chains: Chains;
  readonly #spans: Spans;
  /** Of vertices without a span: their end by item, once it was worked out. */
  #derived: Map<number, Map<Item, number>> | undefined;

  constructor(chains: Chains, spans: Spans) {
    this.#chains = chains;
    this.#spans = spans;
    this.#derived = undefined;
  }

  lastSink(finish: number): Place | undefined {
    let latest: Place | undefined;
    for (const vertex of this.#chains.sinks)
      latest = this.#later(latest, { vertex, item: 0 }, finish);
    return latest;
  }

  /**
   * Whose answer `place` went by, which began then: the cause its trigger names, else the latest of
   * its sources.
   */
  before(place: Place, begin: number): Place | undefined {
    const cause = place.run?.cause ?? NONE;
    if (cause !== NONE) return this.#latestOf(undefined, cause, place, begin);
    return this.#latestSource(place, begin);
  }

  #latestSource(to: At, by: number): Place | undefined {
    let latest: Place | undefined;
    for (const source of this.#chains.sources[to.vertex]!) {
      latest = this.#latestOf(latest, source, to, by);
    }
    return latest;
  }

  /** Of `latest` and the items of `source` that `to` waits for: its own, the one around it, or all inside. */
  #latestOf(latest: Place | undefined, vertex: number, to: At, by: number): Place | undefined {
    const depths = this.#chains.depths;
    const deeper = depths[vertex]! - depths[to.vertex]!;
    if (deeper === 0) return this.#later(latest, { vertex, item: to.item }, by);
    if (deeper < 0) return this.#later(latest, { vertex, item: parentItem(to.item) }, by);
    let last = latest;
    for (const item of this.#spans.items()) {
      if (parentItem(item) === to.item) last = this.#later(last, { vertex, item }, by);
    }
    return last;
  }

  /** The later one of `latest` and that vertex, as it had answered by then; the former at ties. */
  #later(latest: Place | undefined, at: At, by: number): Place | undefined {
    const { vertex, item } = at;
    const last = this.#spans.get(vertex, item);
    const run = last?.endedBy(by);
    const derived = last === undefined && vertex >= this.#chains.taskCount;
    const end = derived ? this.#derivedEnd(at, by) : (run?.end ?? NONE);
    return end !== NONE && (latest === undefined || end > latest.end)
      ? { vertex, item, end, run }
      : latest;
  }

  /** `NONE`: it never answered. */
  #derivedEnd(at: At, by: number): number {
    // What ran again may have answered otherwise by then than it has by now.
    if (this.#spans.anyAgain) return this.#latestSource(at, by)?.end ?? NONE;
    const { vertex, item } = at;
    this.#derived ??= new Map();
    let ofVertex = this.#derived.get(vertex);
    if (ofVertex === undefined) {
      ofVertex = new Map();
      this.#derived.set(vertex, ofVertex);
    }
    const known = ofVertex.get(item);
    if (known !== undefined) return known;
    const end = this.#latestSource(at, by)?.end ?? NONE;
    ofVertex.set(item, end);
    return end;
  }
}
