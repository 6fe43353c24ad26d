/**
 * An event log to a trace: when each invocation arrived and what its tasks took, wrote and chose,
 * so that the same work can be simulated again under another plan, scheme or cluster.
 */

import { arrivalTime, type Event } from "../core/events.ts";
import type { Micros } from "../core/units.ts";
import { type Graph, OTHERWISE, OUTSIDE } from "../core/workflow/graph.ts";
import { type Item, parentItem, partOf, ROOT_ITEM } from "../core/workflow/item.ts";
import { datumScope, itemIn } from "../core/workflow/parts.ts";
import type { ByItem } from "../core/workflow/recorded.ts";
import type { TraceEntry } from "./record.ts";

/** An entry, and which invocation of the log it is. */
export interface RecordedEntry extends TraceEntry {
  readonly invocation: number;
}

type Values = Map<number, Map<Item, number>>;

/** One invocation, in flight or waiting for an earlier arrival to end. */
interface Recording {
  readonly graph: Graph;
  readonly at: Micros;
  readonly compute: Values;
  readonly sleep: Values;
  readonly bytes: Values;
  readonly counts: Values;
  readonly branches: Values;
  ended: boolean;
}

/**
 * Takes events, gives the entries of invocations that have ended, in the order of their arrival.
 * What is kept follows what is in flight, and what arrived after the oldest of those.
 */
export class TraceRecorder {
  readonly #graphs: ReadonlyMap<number, Graph>;
  /** In order of arrival. */
  readonly #recordings: Map<number, Recording>;

  /** `graphs`: plan id to its graph. */
  constructor(graphs: ReadonlyMap<number, Graph>) {
    this.#graphs = graphs;
    this.#recordings = new Map();
  }

  /** The entries that are complete now; mostly none. */
  add(event: Event): readonly RecordedEntry[] {
    if (event.kind === "arrival") {
      const graph = this.#graphs.get(event.plan);
      if (graph !== undefined)
        this.#recordings.set(event.invocation, recording(graph, arrivalTime(event)));
      return NOTHING;
    }
    const recordingOf = this.#recordings.get(event.invocation);
    if (recordingOf === undefined || recordingOf.ended) return NOTHING;
    if (event.kind === "finish" || event.kind === "abort") {
      recordingOf.ended = true;
      return this.#take();
    }
    record(recordingOf, event);
    return NOTHING;
  }

  /** The log is over: the entries of what was still in flight, with what is known of them. */
  finish(): readonly RecordedEntry[] {
    const entries = [...this.#recordings].map(entryOf);
    this.#recordings.clear();
    return entries;
  }

  #take(): readonly RecordedEntry[] {
    const entries: RecordedEntry[] = [];
    for (const [invocation, oldest] of this.#recordings) {
      if (!oldest.ended) break;
      entries.push(entryOf([invocation, oldest]));
      this.#recordings.delete(invocation);
    }
    return entries;
  }
}

const NOTHING: readonly RecordedEntry[] = [];

function recording(graph: Graph, at: Micros): Recording {
  return {
    graph,
    at,
    compute: new Map(),
    sleep: new Map(),
    bytes: new Map(),
    counts: new Map(),
    branches: new Map(),
    ended: false,
  };
}

function record(into: Recording, event: Event): void {
  const { graph } = into;
  switch (event.kind) {
    case "execute":
      set(into.compute, event.task, event.item, event.cpu_us);
      set(into.sleep, event.task, event.item, event.value);
      return;
    case "put":
      set(into.bytes, event.datum, event.part, event.bytes);
      return;
    case "get":
      if (graph.data[event.datum]?.producer !== OUTSIDE || event.why === "absent") return;
      set(into.bytes, event.datum, event.part, event.bytes);
      return;
    case "fail":
      forgetWrites(into, event);
      return;
    case "expand": {
      const { over, scope } = graph.vertices[event.task]!;
      const producer = itemIn(graph, event.item, { from: scope, to: datumScope(graph, over) });
      set(into.counts, over, producer, event.value);
      return;
    }
    case "branch": {
      const otherwise = event.value === graph.vertices[event.task]!.cases.length;
      set(into.branches, event.task, event.item, otherwise ? OTHERWISE : event.value);
      return;
    }
    default:
  }
}

function set(values: Values, id: number, item: Item, value: number): void {
  let byItem = values.get(id);
  if (byItem === undefined) {
    byItem = new Map();
    values.set(id, byItem);
  }
  byItem.set(item, value);
}

/** What a failed attempt wrote is not what its invocation wrote in the end. */
function forgetWrites({ graph, bytes }: Recording, event: Event): void {
  for (const datum of graph.vertices[event.task]?.writes ?? []) {
    const parts = bytes.get(datum);
    if (parts === undefined) continue;
    const list = graph.data[datum]!.spec.items !== undefined;
    for (const part of [...parts.keys()]) {
      if ((list ? parentItem(part) : part) === event.item) parts.delete(part);
    }
  }
}

function entryOf([invocation, of]: readonly [number, Recording]): RecordedEntry {
  countWrites(of);
  const recorded = {
    compute: settled(of.compute, { negative: false }),
    sleep: settled(of.sleep, { negative: false }),
    bytes: settled(of.bytes, { negative: false }),
    counts: settled(of.counts, { negative: false }),
    branches: settled(of.branches, { negative: true }),
  };
  return { at: of.at, workflow: of.graph.name, recorded, invocation };
}

/** Lists that no foreach walked: as many items as were written. */
function countWrites({ graph, bytes, counts }: Recording): void {
  for (const [datum, parts] of bytes) {
    if (graph.data[datum]!.spec.items === undefined || counts.has(datum)) continue;
    for (const part of parts.keys()) {
      const producer = parentItem(part);
      const count = Math.max(counts.get(datum)?.get(producer) ?? 0, partOf(part) + 1);
      set(counts, datum, producer, count);
    }
  }
}

/**
 * A value for the whole invocation alone becomes a plain number. Negative numbers are values that
 * were not known (`NONE`), but for branches, where they mean `OTHERWISE`.
 */
function settled(
  values: Values,
  { negative }: { readonly negative: boolean },
): ReadonlyMap<number, ByItem> {
  const found = new Map<number, ByItem>();
  for (const [id, byItem] of values) {
    for (const [item, value] of byItem) if (!negative && value < 0) byItem.delete(item);
    if (byItem.size === 0) continue;
    const whole = byItem.get(ROOT_ITEM);
    found.set(id, byItem.size === 1 && whole !== undefined ? whole : byItem);
  }
  return found;
}
