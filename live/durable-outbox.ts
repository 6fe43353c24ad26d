/**
 * What JetStream has yet to acknowledge. Messages go out as they come; whenever that is in doubt (a
 * disconnect, a refusal, no acknowledgement in time) the outbox stalls: it tries the oldest alone
 * until that is acknowledged, then sends all again in order. JetStream knows by their ids those that
 * it has.
 */

import { BusError, type BusParts } from "./bus.ts";
import type { DurableStream } from "./durable-stream.ts";
import type { Arrival } from "./nats.ts";

interface Letter {
  readonly subject: string;
  readonly id: string;
  readonly text: string;
}

const ACK_WAIT_MS = 5_000;
const FIRST_PROBE_MS = 50;
const LAST_PROBE_MS = 2_000;

export class DurableOutbox {
  readonly #parts: BusParts;
  readonly #stream: DurableStream;
  readonly #inbox: string;
  readonly #unsubscribe: () => void;
  readonly #unwatch: () => void;
  /** Unacknowledged, by number, oldest first. */
  readonly #letters: Map<number, Letter>;
  #bytes: number;
  #count: number;
  #stalled: boolean;
  #probeMillis: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The oldest when the timer was set: still there when it fires, it waited too long. */
  #watched: number;
  #waiters: { readonly upTo: number; readonly resolve: () => void }[];

  constructor(parts: BusParts, stream: DurableStream) {
    this.#parts = parts;
    this.#stream = stream;
    this.#inbox = parts.link.inbox();
    this.#letters = new Map();
    this.#bytes = 0;
    this.#count = 0;
    this.#stalled = !parts.link.connected();
    this.#probeMillis = FIRST_PROBE_MS;
    this.#timer = undefined;
    this.#watched = -1;
    this.#waiters = [];
    this.#unsubscribe = parts.link.subscribe(`${this.#inbox}.*`, (answer) => this.#answer(answer));
    this.#unwatch = parts.link.watch(({ tag }) => {
      if (tag === "down") this.#stall();
      if (tag !== "up") return;
      this.#stall();
      this.#probeMillis = FIRST_PROBE_MS;
      this.#probe();
    });
  }

  send(letter: Letter): void {
    const { maxWaiting, maxWaitingBytes } = this.#parts;
    const bytes = this.#bytes + letter.text.length;
    if (this.#letters.size >= maxWaiting || bytes > maxWaitingBytes) {
      const detail = `${this.#letters.size} messages wait for JetStream, no more fit`;
      this.#parts.fail(new BusError({ reason: "overflow", detail }));
      return;
    }
    const number = this.#count++;
    this.#letters.set(number, letter);
    this.#bytes = bytes;
    if (!this.#stalled) {
      this.#transmit(number, letter);
      if (this.#timer === undefined) this.#watch();
    } else if (this.#timer === undefined) this.#probeLater();
  }

  /** Once all that was sent before is acknowledged. */
  flush(): Promise<void> {
    if (this.#letters.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push({ upTo: this.#count, resolve }));
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#stalled = true;
    this.#unwatch();
    this.#unsubscribe();
  }

  #transmit(number: number, { subject, id, text }: Letter): void {
    const sent = this.#parts.link.publish(subject, text, { reply: `${this.#inbox}.${number}`, id });
    if (!sent) this.#stall();
  }

  #answer({ subject, data, status }: Arrival): void {
    const number = Number(subject.slice(this.#inbox.length + 1));
    const refusal = status !== 0 ? `status ${status}` : refusalIn(data);
    if (refusal !== undefined) {
      if (!this.#letters.has(number)) return;
      if (!this.#stalled) this.#parts.warn(`JetStream takes no messages, trying on: ${refusal}`);
      this.#stall();
      return;
    }
    const letter = this.#letters.get(number);
    if (letter === undefined) return;
    this.#letters.delete(number);
    this.#bytes -= letter.text.length;
    if (this.#waiters.length > 0) this.#wake();
    if (this.#stalled) this.#resume();
  }

  #wake(): void {
    const oldest = this.#oldest();
    const done = this.#waiters.filter(({ upTo }) => upTo <= oldest);
    this.#waiters = this.#waiters.filter(({ upTo }) => upTo > oldest);
    for (const { resolve } of done) resolve();
  }

  /** Number of the oldest letter; Infinity: there is none. */
  #oldest(): number {
    const first = this.#letters.keys().next();
    return first.done === true ? Number.POSITIVE_INFINITY : first.value;
  }

  #stall(): void {
    if (this.#stalled) return;
    this.#stalled = true;
    this.#probeMillis = FIRST_PROBE_MS;
    this.#probeLater();
  }

  #resume(): void {
    this.#stalled = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const [number, letter] of this.#letters) {
      if (this.#stalled) return;
      this.#transmit(number, letter);
    }
    if (this.#letters.size > 0) this.#watch();
  }

  /** One timer at a time: of the watch while messages flow, of the next probe while they do not. */
  #watch(): void {
    this.#watched = this.#oldest();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#letters.size === 0) return;
      if (this.#letters.has(this.#watched)) this.#stall();
      else this.#watch();
    }, ACK_WAIT_MS);
  }

  #probeLater(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#probe(), this.#probeMillis);
    this.#probeMillis = Math.min(LAST_PROBE_MS, this.#probeMillis * 2);
  }

  #probe(): void {
    const oldest = this.#letters.entries().next();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (oldest.done === true) {
      if (this.#parts.link.connected()) this.#stalled = false;
      return;
    }
    // Disconnected: the link says when it is back.
    if (!this.#parts.link.connected()) return;
    // The stream may be gone with the server's disk; failing is what the next probe is for.
    void this.#stream.ensure().catch(() => undefined);
    this.#transmit(...oldest.value);
    this.#probeLater();
  }
}

/** Undefined: it is stored (now, or before). */
function refusalIn(data: Uint8Array): string | undefined {
  try {
    const answer: { error?: { description?: string } } = JSON.parse(Buffer.from(data).toString());
    return answer.error && (answer.error.description ?? "an error without a description");
  } catch {
    return "an answer that is no JSON";
  }
}
