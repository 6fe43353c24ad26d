/**
 * A node's consumer in JetStream. It is made anew at each start and reconnect, and then gives all
 * that is not acknowledged, in the order it was sent; waiting for the server to find out that a
 * message was lost on the way would take its whole `ack_wait` and put it behind later ones. What
 * comes a second time to the same process is known by its id and not handled again.
 */

import * as Result from "effect/Result";
import { nodeName } from "../core/node.ts";
import { BusError, type BusParts, type Handler, nodeSubject } from "./bus.ts";
import type { DurableStream } from "./durable-stream.ts";
import { Inbox } from "./inbox.ts";
import type { Arrival } from "./nats.ts";
import { decode } from "./wire.ts";

const ACK_WAIT_MS = 30_000;
/** Most messages that the server gives ahead of their acknowledgement. */
const MAX_PENDING = 1_024;
/** How many ids of handled messages are kept: more than can come again, which is MAX_PENDING. */
const REMEMBERED = 16_384;
const HEARTBEAT_MS = 5_000;
const SILENCE_MS = 3 * HEARTBEAT_MS;
const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 2_000;
const NANOS = 1e6;
const CONSUMER_NOT_FOUND = 10_014;

export class DurableInbox {
  readonly #parts: BusParts;
  readonly #stream: DurableStream;
  readonly #inbox: Inbox;
  /** Received and not yet handled: id to where to acknowledge it. */
  readonly #queued: Map<string, string>;
  /** Handled, oldest first. */
  readonly #handled: Set<string>;
  /** Where those are acknowledged that were handled a moment ago. */
  #unacknowledged: string[];
  readonly #unwatch: () => void;
  /** Where the server delivers to; undefined: no consumer of ours yet. */
  #subject: string | undefined;
  /** All that were asked for: a request without an answer in time may have been carried out. */
  readonly #asked: Set<string>;
  #unsubscribe: () => void;
  #attaching: boolean;
  /** Asked for while it was under way: once more. */
  #again: boolean;
  #open: boolean;
  #heardAt: number;
  #pulse: ReturnType<typeof setInterval> | undefined;
  #wake: () => void;

  constructor(parts: BusParts, stream: DurableStream, handle: Handler) {
    this.#parts = parts;
    this.#stream = stream;
    this.#inbox = new Inbox(parts, handle);
    this.#queued = new Map();
    this.#handled = new Set();
    this.#unacknowledged = [];
    this.#subject = undefined;
    this.#asked = new Set();
    this.#unsubscribe = () => undefined;
    this.#attaching = false;
    this.#again = false;
    this.#open = true;
    this.#heardAt = performance.now();
    this.#pulse = undefined;
    this.#wake = () => undefined;
    this.#unwatch = parts.link.watch(({ tag }) => {
      // Else the old consumer, where it stood, would go on before the new one is there.
      if (tag === "down") this.#unsubscribe();
      if (tag === "up") void this.#attach();
    });
  }

  /** Once the consumer is there. */
  async start(): Promise<void> {
    this.#pulse = setInterval(() => this.#listen(), HEARTBEAT_MS);
    await this.#attach();
  }

  end(): void {
    this.#open = false;
    this.#inbox.close();
    this.#acknowledgeAll();
    this.#unwatch();
    this.#unsubscribe();
    clearInterval(this.#pulse);
    this.#wake();
  }

  /** Tries until it works, the scope ends, or another process has taken the node. */
  async #attach(): Promise<void> {
    if (this.#attaching) {
      this.#again = true;
      this.#wake();
      return;
    }
    this.#attaching = true;
    let pause = FIRST_RETRY_MS;
    let told = false;
    do {
      this.#again = false;
      const problem = await this.#tryAttach().catch((cause: Error) => cause);
      if (problem === undefined || !this.#open) continue;
      this.#again = true;
      if (!told) this.#parts.warn(`no consumer in JetStream, trying on: ${problem.message}`);
      told = true;
      await this.#sleep(pause);
      pause = Math.min(LAST_RETRY_MS, pause * 2);
    } while (this.#again && this.#open);
    this.#attaching = false;
  }

  async #tryAttach(): Promise<undefined> {
    const { link, node } = this.#parts;
    const { consumers } = await this.#stream.ensure();
    const name = nodeName(node);
    const found = await consumers.info(this.#stream.name, name).catch(unlessMissing);
    if (!this.#open) return;
    if (found !== undefined) {
      if (this.#subject !== undefined && !this.#asked.has(found.config.deliver_subject ?? "")) {
        this.#lose();
        return;
      }
      await consumers.delete(this.#stream.name, name).catch(unlessMissing);
    }
    const subject = link.inbox();
    this.#asked.add(subject);
    this.#unsubscribe();
    this.#unsubscribe = link.subscribe(subject, (arrival) => this.#receive(arrival));
    await consumers.add(this.#stream.name, {
      durable_name: name,
      deliver_subject: subject,
      filter_subject: nodeSubject(this.#parts, node),
      deliver_policy: "all",
      ack_policy: "explicit",
      replay_policy: "instant",
      ack_wait: ACK_WAIT_MS * NANOS,
      max_ack_pending: MAX_PENDING,
      idle_heartbeat: HEARTBEAT_MS * NANOS,
    });
    this.#subject = subject;
    this.#heardAt = performance.now();
    if (!this.#open) this.#unsubscribe();
  }

  #lose(): void {
    const detail = `another process serves ${nodeName(this.#parts.node)} of this cluster now`;
    this.end();
    this.#parts.fail(new BusError({ reason: "taken-over", detail }));
  }

  #receive({ data, reply, status }: Arrival): void {
    this.#heardAt = performance.now();
    // A heartbeat, or what else the server has to say.
    if (status !== 0 || !this.#open) return;
    const decoded = decode(data);
    if (Result.isFailure(decoded)) {
      this.#parts.warn(decoded.failure.message);
      this.#acknowledge(reply);
      return;
    }
    const { id } = decoded.success;
    if (this.#handled.has(id)) {
      this.#acknowledge(reply);
      return;
    }
    const known = this.#queued.has(id);
    this.#queued.set(id, reply);
    if (known) return;
    this.#inbox.push({ envelope: decoded.success, done: () => this.#done(id) });
  }

  #done(id: string): void {
    const reply = this.#queued.get(id);
    this.#queued.delete(id);
    this.#handled.add(id);
    if (this.#handled.size > REMEMBERED) {
      for (const oldest of this.#handled) {
        this.#handled.delete(oldest);
        break;
      }
    }
    if (reply !== undefined) this.#acknowledgeSoon(reply);
  }

  /** After what the message has set going, which would else wait for the socket. */
  #acknowledgeSoon(reply: string): void {
    if (this.#unacknowledged.length === 0) {
      setImmediate(() => setImmediate(() => this.#acknowledgeAll()));
    }
    this.#unacknowledged.push(reply);
  }

  #acknowledgeAll(): void {
    for (const reply of this.#unacknowledged.splice(0)) this.#acknowledge(reply);
  }

  /** One that does not arrive costs nothing: the message comes again and is known. */
  #acknowledge(reply: string): void {
    this.#parts.link.publish(reply, "+ACK");
  }

  #listen(): void {
    if (!this.#parts.link.connected() || this.#attaching) return;
    if (performance.now() - this.#heardAt > SILENCE_MS) void this.#attach();
  }

  #sleep(millis: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, millis);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function unlessMissing(cause: unknown): undefined {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  if (code !== CONSUMER_NOT_FOUND) throw cause;
  return undefined;
}
