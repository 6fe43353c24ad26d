/** The gateway's side of `event-feed.ts`: hears what daemons say, and counts what never came. */

import * as Result from "effect/Result";
import * as Schema from "effect/Schema";
import type { Event } from "../core/events.ts";
import type { NodeId } from "../core/node.ts";
import { type EventBatch, feedSubject, type LineBatch, type Lines } from "./event-feed.ts";
import type { NatsLink } from "./nats.ts";
import { isPackedEvent, unpacked } from "./packed-event.ts";

export interface IntakeHost {
  readonly run: string;
  event(event: Event): void;
  lines(lines: Lines): void;
  /** The daemons that are there now. */
  present(): readonly NodeId[];
}

interface Source {
  readonly incarnation: string;
  /** Number of the event that comes next. */
  readonly next: number;
  readonly dropped: number;
}

/** How long a daemon may take to say what waits. */
const GATHER_MS = 1_000;

const EventBatchSchema = Schema.Struct({
  v: Schema.Literal(1),
  run: Schema.String,
  node: Schema.Natural,
  incarnation: Schema.String,
  first: Schema.Natural,
  dropped: Schema.Natural,
  events: Schema.Array(Schema.declare(isPackedEvent)),
}) satisfies Schema.Decoder<EventBatch>;

const LineBatchSchema = Schema.Struct({
  v: Schema.Literal(1),
  run: Schema.String,
  lines: Schema.Array(
    Schema.Struct({
      time_us: Schema.Natural,
      node: Schema.Natural,
      invocation: Schema.Natural,
      task: Schema.String,
      item: Schema.String,
      attempt: Schema.Natural,
      text: Schema.String,
    }),
  ),
}) satisfies Schema.Decoder<LineBatch>;

const decodeEvents = Schema.decodeUnknownResult(Schema.fromJsonString(EventBatchSchema));
const decodeLines = Schema.decodeUnknownResult(Schema.fromJsonString(LineBatchSchema));

export class EventIntake {
  readonly #link: NatsLink;
  readonly #cluster: string;
  readonly #host: IntakeHost;
  readonly #sources: Map<NodeId, Source>;
  readonly #stops: readonly (() => void)[];
  #missing: number;

  constructor(link: NatsLink, cluster: string, host: IntakeHost) {
    this.#link = link;
    this.#cluster = cluster;
    this.#host = host;
    this.#sources = new Map();
    this.#missing = 0;
    this.#stops = [
      link.subscribe(feedSubject(cluster, "events"), ({ data }) => this.#events(textOf(data))),
      link.subscribe(feedSubject(cluster, "logs"), ({ data }) => this.#lines(textOf(data))),
    ];
  }

  /** Events of daemons that never came: no room there, or lost on the way. */
  get missing(): number {
    return this.#missing;
  }

  /** Once all that happened on every daemon before now is here, or after a second. */
  gather(): Promise<void> {
    const wanted = new Set(this.#host.present());
    if (wanted.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const inbox = this.#link.inbox();
      const end = (): void => {
        clearTimeout(timer);
        stop();
        resolve();
      };
      const timer = setTimeout(end, GATHER_MS);
      const stop = this.#link.subscribe(inbox, ({ data }) => {
        wanted.delete(Number(textOf(data)));
        if (wanted.size === 0) end();
      });
      this.#link.publish(feedSubject(this.#cluster, "flush"), "", { reply: inbox });
    });
  }

  stop(): void {
    for (const stop of this.#stops) stop();
  }

  #events(text: string): void {
    const decoded = decodeEvents(text);
    if (Result.isFailure(decoded) || decoded.success.run !== this.#host.run) return;
    const { node, incarnation, first, dropped, events } = decoded.success;
    const known = this.#sources.get(node);
    const before = known?.incarnation === incarnation ? known : { next: 0, dropped: 0 };
    this.#missing += Math.max(0, first - before.next) + Math.max(0, dropped - before.dropped);
    this.#sources.set(node, { incarnation, next: first + events.length, dropped });
    for (const event of events) this.#host.event(unpacked(event));
  }

  #lines(text: string): void {
    const decoded = decodeLines(text);
    if (Result.isFailure(decoded) || decoded.success.run !== this.#host.run) return;
    for (const lines of decoded.success.lines) this.#host.lines(lines);
  }
}

function textOf(data: Uint8Array): string {
  return Buffer.from(data).toString("utf8");
}
