/**
 * A node's consumer in JetStream. It is made anew at each start and reconnect, and then gives all
 * that is not acknowledged, in the order it was sent; waiting for the server to find out that a
 * message was lost on the way would take its whole `ack_wait` and put it behind later ones. What
 * comes a second time to the same process is known by its id and not handled again.
 *
 * JetStream gives a message once it is stored. The node also subscribes to its subject, as anybody
 * may, and has a copy before that: this **early copy** is handled if it is the next of its sender, and
 * the stored one then only acknowledged. Nothing is lost by it: the sender keeps a message until it
 * is stored.
 *
 * | subject | what |
 * |---|---|
 * | `faasflow.CLUSTER.served.NODE` | who has just made a consumer tells others that may serve the same node, with where his delivers to |
 */

import * as Result from "effect/Result";
import { nodeName } from "../core/node.ts";
import { BusError, type BusParts, type Handler, nodeSubject } from "./bus.ts";
import type { DurableStream } from "./durable-stream.ts";
import { Inbox } from "./inbox.ts";
import type { Arrival } from "./nats.ts";
import { Received } from "./received.ts";
import { decode, type Envelope } from "./wire.ts";

const ACK_WAIT_MS = 30_000;
/** Longer than what a message sets going takes, and far shorter than to fill MAX_PENDING. */
const ACK_DELAY_MS = 20;
/** Most messages that the server gives ahead of their acknowledgement. */
const MAX_PENDING = 1_024;
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
  readonly #received: Received;
  /** Received and not yet handled: id to where to acknowledge it; undefined: an early copy so far. */
  readonly #queued: Map<string, string | undefined>;
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
    this.#received = new Received();
    this.#queued = new Map();
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
    this.#subscribe(subject);
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
    link.publish(this.#served(), subject);
    if (!this.#open) this.#unsubscribe();
  }

  /** In place of what it subscribed to before. */
  #subscribe(subject: string): void {
    const { link, node } = this.#parts;
    this.#unsubscribe();
    const ends = [
      link.subscribe(subject, (arrival) => this.#receive(arrival)),
      link.subscribe(nodeSubject(this.#parts, node), (arrival) => this.#receiveEarly(arrival)),
      link.subscribe(this.#served(), ({ data }) => {
        if (!this.#asked.has(Buffer.from(data).toString())) void this.#attach();
      }),
    ];
    this.#unsubscribe = () => {
      for (const end of ends) end();
    };
  }

  #served(): string {
    const { cluster, node } = this.#parts;
    return `faasflow.${cluster}.served.${nodeName(node)}`;
  }

  #lose(): void {
    const detail = `another process serves ${nodeName(this.#parts.node)} of this cluster now`;
    this.end();
    this.#parts.fail(new BusError({ reason: "taken-over", detail }));
  }

  #receive({ data, reply, id: told, status }: Arrival): void {
    this.#heardAt = performance.now();
    // A heartbeat, or what else the server has to say.
    if (status !== 0 || !this.#open) return;
    if (told !== undefined && this.#received.has(told)) {
      this.#receiveAgain(told, reply);
      return;
    }
    const decoded = decode(data);
    if (Result.isFailure(decoded)) {
      this.#parts.warn(decoded.failure.message);
      this.#acknowledge(reply);
      return;
    }
    const envelope = decoded.success;
    if (this.#received.has(envelope.id)) this.#receiveAgain(envelope.id, reply);
    else this.#take(envelope, reply);
  }

  #receiveAgain(id: string, reply: string): void {
    if (this.#queued.has(id)) this.#queued.set(id, reply);
    else this.#acknowledgeSoon(reply);
  }

  /** What is not the next, or no message at all, is left to its stored copy. */
  #receiveEarly({ data, id }: Arrival): void {
    // While it attaches, the node may be another's.
    if (id === undefined || this.#attaching || !this.#open || !this.#received.isNext(id)) return;
    const decoded = decode(data);
    if (Result.isSuccess(decoded) && decoded.success.id === id) {
      this.#take(decoded.success, undefined);
    }
  }

  #take(envelope: Envelope, reply: string | undefined): void {
    const { id } = envelope;
    this.#received.add(id);
    this.#queued.set(id, reply);
    this.#inbox.push({ envelope, done: () => this.#done(id) });
  }

  #done(id: string): void {
    const reply = this.#queued.get(id);
    this.#queued.delete(id);
    if (reply !== undefined) this.#acknowledgeSoon(reply);
  }

  /** Together with others, after what the message has set going, which would else wait for the server. */
  #acknowledgeSoon(reply: string): void {
    if (this.#unacknowledged.length === 0) setTimeout(() => this.#acknowledgeAll(), ACK_DELAY_MS);
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
