/**
 * Spans: when each vertex of one invocation was triggered, queued, dispatched, started, executed
 * and completed, put together from its events. All times are microseconds of the log; `NONE` where
 * the event has not come.
 */

import { type Event, NONE } from "../core/events.ts";
import { type Item, ROOT_ITEM } from "../core/workflow/item.ts";

/** One vertex for one item; of a task with several attempts, the marks of the last one. */
export class Span {
  readonly vertex: number;
  readonly item: Item;
  trigger: number;
  /** The vertex whose answer triggered it; `NONE`: unknown, or the arrival itself. */
  cause: number;
  firstQueue: number;
  queue: number;
  dispatch: number;
  /** How much of queue to dispatch its container's cold start took. */
  coldStart: number;
  start: number;
  execute: number;
  /** Completion of a task, the moment of the choice, expansion or skip of any other vertex. */
  end: number;
  skipped: boolean;
  /** Longest get of the attempt under way: gets go out together. */
  longestGet: number;
  /** Time in gets and puts, attempts before the one under way included. */
  transfers: number;

  constructor(vertex: number, item: Item) {
    this.vertex = vertex;
    this.item = item;
    this.trigger = NONE;
    this.cause = NONE;
    this.firstQueue = NONE;
    this.queue = NONE;
    this.dispatch = NONE;
    this.coldStart = 0;
    this.start = NONE;
    this.execute = NONE;
    this.end = NONE;
    this.skipped = false;
    this.longestGet = 0;
    this.transfers = 0;
  }

  /** Takes over what the event says of this vertex and item. */
  add(event: Event): void {
    switch (event.kind) {
      case "trigger":
        this.trigger = event.time;
        this.cause = event.value;
        this.firstQueue = NONE;
        return;
      case "queue":
        if (this.firstQueue === NONE) this.firstQueue = event.time;
        this.#nextAttempt(event.time);
        return;
      case "dispatch":
        this.dispatch = event.time;
        return;
      case "get":
        this.longestGet = Math.max(this.longestGet, event.wait_us);
        return;
      case "start":
        this.start = event.time;
        return;
      case "execute":
        this.execute = event.time;
        return;
      case "put":
        this.transfers += event.wait_us;
        return;
      case "complete":
      case "branch":
      case "expand":
        this.end = event.time;
        return;
      case "skip":
        this.end = event.time;
        this.skipped = true;
        return;
      default:
    }
  }

  /** Time of all attempts in gets and puts. */
  transferTime(): number {
    return this.transfers + this.longestGet;
  }

  #nextAttempt(time: number): void {
    this.transfers += this.longestGet;
    this.longestGet = 0;
    this.queue = time;
    this.dispatch = NONE;
    this.coldStart = 0;
    this.start = NONE;
    this.execute = NONE;
  }
}

/** All spans of one invocation. */
export class Spans {
  /** Of the whole invocation, by vertex: most events are about these. */
  readonly #whole: (Span | undefined)[];
  /** Of items of a foreach, by vertex. */
  readonly #inner: (Map<Item, Span> | undefined)[];
  /** Those items, in order of appearance. */
  readonly #items: Set<Item>;

  constructor(vertexCount: number) {
    this.#whole = new Array(vertexCount).fill(undefined);
    this.#inner = [];
    this.#items = new Set();
  }

  get(vertex: number, item: Item): Span | undefined {
    return item === ROOT_ITEM ? this.#whole[vertex] : this.#inner[vertex]?.get(item);
  }

  /** The span, made when first asked for. */
  at(vertex: number, item: Item): Span {
    let span = this.get(vertex, item);
    if (span === undefined) {
      span = new Span(vertex, item);
      this.#add(span);
    }
    return span;
  }

  /** Those of a foreach, in order of appearance. */
  items(): Iterable<Item> {
    return this.#items;
  }

  /** In no order that means anything. */
  forEach(visit: (span: Span) => void): void {
    for (const span of this.#whole) if (span !== undefined) visit(span);
    for (const byItem of this.#inner) byItem?.forEach(visit);
  }

  #add(span: Span): void {
    const { vertex, item } = span;
    if (item === ROOT_ITEM) {
      this.#whole[vertex] = span;
      return;
    }
    const byItem = this.#inner[vertex];
    if (byItem === undefined) this.#inner[vertex] = new Map([[item, span]]);
    else byItem.set(item, span);
    this.#items.add(item);
  }
}
