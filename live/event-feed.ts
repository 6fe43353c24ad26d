/**
 * A daemon's side of what people see of a cluster: its events, and the lines that functions write,
 * said to the gateway in batches over core NATS. Off the hot path: `add` is a push. What waits is
 * bounded; what did not fit is counted, and the count is said with every batch.
 *
 * | subject, JSON | from, to | what |
 * |---|---|---|
 * | `faasflow.CLUSTER.events` | daemon to gateway | `EventBatch` |
 * | `faasflow.CLUSTER.logs` | daemon to gateway | `LineBatch` |
 * | `faasflow.CLUSTER.flush` | gateway to daemons | say what waits now, then answer with the node's id |
 */

import type { Event } from "../core/events.ts";
import type { NodeId } from "../core/node.ts";
import type { Micros } from "../core/units.ts";
import { safeToken } from "./bus.ts";
import { type Clock, every } from "./clock.ts";
import type { NatsLink } from "./nats.ts";
import { type PackedEvent, packed } from "./packed-event.ts";

export interface EventBatch {
  readonly v: 1;
  /** Of the gateway that the events are for: ids mean nothing to another. */
  readonly run: string;
  readonly node: NodeId;
  /** Differs with each start of the daemon. */
  readonly incarnation: string;
  /** Number of the first of these events, from 0 at the daemon's start: a gap shows what was lost. */
  readonly first: number;
  /** Events since the start that found no room here. */
  readonly dropped: number;
  readonly events: readonly PackedEvent[];
}

/** What a function wrote during one attempt, or why it ended. */
export interface Lines {
  /** Microseconds since the epoch. */
  readonly time_us: number;
  readonly node: NodeId;
  readonly invocation: number;
  readonly task: string;
  readonly item: string;
  readonly attempt: number;
  readonly text: string;
}

export interface LineBatch {
  readonly v: 1;
  readonly run: string;
  readonly lines: readonly Lines[];
}

export interface FeedOptions {
  readonly link: NatsLink;
  readonly clock: Clock;
  readonly cluster: string;
  readonly node: NodeId;
  readonly incarnation: string;
  /** Most events that wait, default 100,000: some seconds of a busy worker. */
  readonly maxWaiting?: number;
}

const SAY_EVERY = 150_000 as Micros;
const MAX_WAITING = 100_000;
const MAX_WAITING_LINES = 1_000;
/** About 250 kB. */
const EVENTS_A_MESSAGE = 2_000;

export function feedSubject(cluster: string, what: "events" | "logs" | "flush"): string {
  return `faasflow.${safeToken(cluster)}.${what}`;
}

export class EventFeed {
  readonly #options: FeedOptions;
  readonly #stop: () => void;
  #run: string | undefined;
  #events: Event[];
  #lines: Lines[];
  #first: number;
  #dropped: number;

  constructor(options: FeedOptions) {
    const { link, cluster, node } = options;
    this.#options = options;
    this.#run = undefined;
    this.#events = [];
    this.#lines = [];
    this.#first = 0;
    this.#dropped = 0;
    const stopTimer = every(options.clock, SAY_EVERY, () => this.flush());
    const unsubscribe = link.subscribe(feedSubject(cluster, "flush"), ({ reply }) => {
      this.flush();
      link.publish(reply, JSON.stringify(node));
    });
    this.#stop = () => {
      stopTimer();
      unsubscribe();
    };
  }

  /** Whose events these are from now on; what waits for another is of no use any more. */
  join(run: string): void {
    if (this.#run === run) return;
    this.#run = run;
    this.#events = [];
    this.#lines = [];
    this.#first = 0;
    this.#dropped = 0;
  }

  add(event: Event): void {
    if (this.#events.length >= (this.#options.maxWaiting ?? MAX_WAITING)) this.#dropped++;
    else this.#events.push(event);
  }

  write(lines: Lines): void {
    if (this.#lines.length < MAX_WAITING_LINES) this.#lines.push(lines);
  }

  /** Says what waits; while there is no connection it waits on. */
  flush(): void {
    const { link, cluster, node, incarnation } = this.#options;
    const run = this.#run;
    if (run === undefined) return;
    while (this.#events.length > 0) {
      const events = this.#events.slice(0, EVENTS_A_MESSAGE).map(packed);
      const about = { v: 1, run, node, incarnation, first: this.#first } as const;
      const batch: EventBatch = { ...about, dropped: this.#dropped, events };
      if (!link.publish(feedSubject(cluster, "events"), JSON.stringify(batch))) return;
      this.#events = this.#events.slice(events.length);
      this.#first += events.length;
    }
    // One message each: the text of one may be as long as what a function may write.
    while (this.#lines.length > 0) {
      const batch: LineBatch = { v: 1, run, lines: this.#lines.slice(0, 1) };
      if (!link.publish(feedSubject(cluster, "logs"), JSON.stringify(batch))) return;
      this.#lines.shift();
    }
  }

  close(): void {
    this.#stop();
    this.flush();
  }
}
