/**
 * Spans: when each vertex of one invocation was triggered, queued, dispatched, started, executed
 * and completed, put together from its events. All times are microseconds of the log; `NONE` where
 * the event has not come.
 */

import { type Event, NONE } from "../core/events.ts";
import { type Item, ROOT_ITEM } from "../core/workflow/item.ts";

/**
 * One run of a vertex for one item; of a task with several attempts, the marks of the last one. A
 * second run begins where one that had ended is triggered again, after a loss.
 */
export class Span {
  readonly vertex: number;
  readonly item: Item;
  /** The run before, which has ended; others may have gone on from it. */
  readonly earlier: Span | undefined;
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
  /** Time in gets and puts, attempts before the one under way included, and earlier runs. */
  transfers: number;

  constructor(vertex: number, item: Item, earlier?: Span) {
    this.vertex = vertex;
    this.item = item;
    this.earlier = earlier;
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
    this.transfers = earlier === undefined ? 0 : earlier.transferTime();
  }

  /** Takes over what the event says of this vertex and item. */
  add(event: Event): void {
    switch (event.kind) {
      case "trigger":
        this.#nextAttempt(NONE);
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

  /** Of its runs that have ended, the last that had by then; if none had, the first. */
  endedBy(time: number): Span | undefined {
    let found: Span | undefined;
    for (let run: Span | undefined = this; run !== undefined; run = run.earlier) {
      if (run.end === NONE) continue;
      found = run;
      if (run.end <= time) break;
    }
    return found;
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
  #anyAgain: boolean;

  constructor(vertexCount: number) {
    this.#whole = new Array(vertexCount).fill(undefined);
    this.#inner = [];
    this.#items = new Set();
    this.#anyAgain = false;
  }

  /** Whether anything ran a second time. */
  get anyAgain(): boolean {
    return this.#anyAgain;
  }

  /** Takes over what the event says of its vertex and item; gives the run it is about. */
  add(event: Event): Span {
    const known = this.get(event.task, event.item);
    let span = known;
    if (span === undefined || (event.kind === "trigger" && span.end !== NONE)) {
      span = new Span(event.task, event.item, known);
      this.#anyAgain ||= known !== undefined;
      this.#add(span);
    }
    span.add(event);
    return span;
  }

  /** The last run. */
  get(vertex: number, item: Item): Span | undefined {
    return item === ROOT_ITEM ? this.#whole[vertex] : this.#inner[vertex]?.get(item);
  }

  /** The vertex's last runs, by item of the foreach it is in. */
  ofItems(vertex: number): ReadonlyMap<Item, Span> | undefined {
    return this.#inner[vertex];
  }

  /** Those of a foreach, in order of appearance. */
  items(): Iterable<Item> {
    return this.#items;
  }

  /** The last runs, in no order that means anything. */
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
