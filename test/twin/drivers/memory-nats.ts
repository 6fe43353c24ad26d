/** NATS without a server: links of one process, over which a message takes a stepped millisecond. */

import type { Micros } from "../../../core/units.ts";
import type { Clock } from "../../../live/clock.ts";
import type { Arrival, JetStream, NatsLink, PublishOptions } from "../../../live/nats.ts";

const LATENCY = 1_000 as Micros;
const MAX_PAYLOAD = 1_000_000;

interface Subscription {
  readonly link: MemoryLink;
  readonly handle: (arrival: Arrival) => void;
}

export class MemoryNats {
  readonly #clock: Clock;
  readonly #subscriptions: Map<string, Set<Subscription>>;
  #inboxes: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#subscriptions = new Map();
    this.#inboxes = 0;
  }

  link(): MemoryLink {
    return new MemoryLink(this);
  }

  inbox(): string {
    return `inbox.${this.#inboxes++}`;
  }

  publish(arrival: Arrival): void {
    this.#clock.after(LATENCY, () => {
      for (const { link, handle } of [...(this.#subscriptions.get(arrival.subject) ?? [])]) {
        if (link.connected()) handle(arrival);
      }
    });
  }

  subscribe(subject: string, subscription: Subscription): () => void {
    const all = this.#subscriptions.get(subject) ?? new Set();
    this.#subscriptions.set(subject, all.add(subscription));
    return () => all.delete(subscription);
  }
}

export class MemoryLink implements NatsLink {
  readonly address: string;
  readonly #nats: MemoryNats;
  #connected: boolean;

  constructor(nats: MemoryNats) {
    this.address = "memory";
    this.#nats = nats;
    this.#connected = true;
  }

  /** As when its process is killed: it says and hears nothing any more. */
  cut(): void {
    this.#connected = false;
  }

  maxPayload(): number {
    return MAX_PAYLOAD;
  }

  connected(): boolean {
    return this.#connected;
  }

  watch(): () => void {
    return () => undefined;
  }

  publish(subject: string, data: string | Uint8Array, options: PublishOptions = {}): boolean {
    if (!this.#connected) return false;
    const { reply = "" } = options;
    this.#nats.publish({ subject, data: Buffer.from(data), reply, id: undefined, status: 0 });
    return true;
  }

  subscribe(subject: string, handle: (arrival: Arrival) => void): () => void {
    return this.#nats.subscribe(subject, { link: this, handle });
  }

  inbox(): string {
    return this.#nats.inbox();
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  jetStream(): Promise<JetStream> {
    return Promise.reject(new Error("there is no JetStream in memory: use the volatile bus"));
  }
}
