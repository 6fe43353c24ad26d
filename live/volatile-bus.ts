/**
 * The bus over core NATS: no disk, the shortest way. While the connection is down, what is sent waits
 * here, and goes out in order when it is back. What was on the way when it broke, or was sent to a
 * node that is not there, is lost: for experiments that measure latency, not for work that counts.
 */

import * as Effect from "effect/Effect";
import * as Result from "effect/Result";
import type * as Scope from "effect/Scope";
import { type NodeId, nodeName } from "../core/node.ts";
import {
  BusError,
  type BusOptions,
  type BusParts,
  type BusService,
  busParts,
  type Handler,
  limited,
  nodeSubject,
  sizeProblem,
  watchLink,
} from "./bus.ts";
import { Inbox } from "./inbox.ts";
import type { NatsLink } from "./nats.ts";
import { decode, encode, type Parcel } from "./wire.ts";

interface Waiting {
  readonly subject: string;
  readonly text: string;
}

export const volatileBus = Effect.fn("volatileBus")(function* (
  link: NatsLink,
  options: BusOptions,
): Effect.fn.Return<BusService, BusError, Scope.Scope> {
  const parts = yield* busParts(link, options);
  yield* watchLink(parts);
  return yield* Effect.acquireRelease(
    Effect.sync(() => new VolatileBus(parts)),
    (bus) => bus.end(),
  );
});

class VolatileBus implements BusService {
  readonly failure: Effect.Effect<never, BusError>;
  readonly #parts: BusParts;
  readonly #unwatch: () => void;
  #waiting: Waiting[];
  #waitingBytes: number;
  /** What was dropped since the last `flush`. */
  #problem: BusError | undefined;
  /** Of `flush`, until what waits has gone out. */
  #emptied: (() => void)[];

  constructor(parts: BusParts) {
    this.failure = parts.failure;
    this.#parts = parts;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#problem = undefined;
    this.#emptied = [];
    this.#unwatch = parts.link.watch(({ tag }) => {
      if (tag === "up") this.#release();
    });
  }

  send(to: NodeId, parcel: Parcel): void {
    const { link, node, nextId } = this.#parts;
    const text = encode({ ...parcel, id: nextId(nodeName(to)), from: node, to });
    const problem = sizeProblem(link, text);
    if (problem !== undefined) {
      this.#drop(problem);
      return;
    }
    const subject = nodeSubject(this.#parts, to);
    if (this.#waiting.length === 0 && link.publish(subject, text)) return;
    this.#keep({ subject, text });
  }

  flush(): Effect.Effect<void, BusError> {
    return limited(this.#parts, "sending to NATS", async () => {
      do await this.#empty();
      while (!(await this.#taken()));
      const problem = this.#problem;
      this.#problem = undefined;
      if (problem !== undefined) throw problem;
    });
  }

  serve(handle: Handler): Effect.Effect<void, BusError, Scope.Scope> {
    const { link, warn } = this.#parts;
    const subscribe = Effect.sync(() => {
      const inbox = new Inbox(this.#parts, handle);
      const stop = link.subscribe(nodeSubject(this.#parts, this.#parts.node), ({ data }) => {
        const decoded = decode(data);
        if (Result.isFailure(decoded)) warn(decoded.failure.message);
        else inbox.push({ envelope: decoded.success, done: () => undefined });
      });
      return { inbox, stop };
    });
    return Effect.acquireRelease(subscribe, ({ inbox, stop }) =>
      Effect.sync(() => {
        inbox.close();
        stop();
      }),
    ).pipe(Effect.andThen(limited(this.#parts, "subscribing at NATS", () => link.flush())));
  }

  /** Nothing can wait while there is a connection: what is sent is only to be taken. */
  end(): Effect.Effect<void> {
    const { link } = this.#parts;
    const last = Effect.ignore(limited(this.#parts, "a last flush", () => link.flush()));
    return Effect.andThen(link.connected() ? last : Effect.void, Effect.sync(this.#unwatch));
  }

  async #empty(): Promise<void> {
    while (this.#waiting.length > 0 || !this.#parts.link.connected()) {
      await new Promise<void>((resolve) => this.#emptied.push(resolve));
    }
  }

  /** False: the connection broke before the server answered. */
  #taken(): Promise<boolean> {
    return this.#parts.link.flush().then(
      () => true,
      () => false,
    );
  }

  #keep(letter: Waiting): void {
    const { maxWaiting, maxWaitingBytes } = this.#parts;
    const bytes = this.#waitingBytes + letter.text.length;
    if (this.#waiting.length >= maxWaiting || bytes > maxWaitingBytes) {
      const count = this.#waiting.length;
      const detail = `a message was dropped: ${count} others wait for NATS already`;
      this.#drop(new BusError({ reason: "overflow", detail }));
      return;
    }
    this.#waiting.push(letter);
    this.#waitingBytes = bytes;
  }

  /** Told once until the next `flush`: an outage may drop many. */
  #drop(problem: BusError): void {
    if (this.#problem === undefined) this.#parts.warn(problem.message);
    this.#problem ??= problem;
  }

  #release(): void {
    const { link } = this.#parts;
    let sent = 0;
    for (const { subject, text } of this.#waiting) {
      if (!link.publish(subject, text)) break;
      this.#waitingBytes -= text.length;
      sent++;
    }
    this.#waiting = this.#waiting.slice(sent);
    if (this.#waiting.length === 0) for (const resolve of this.#emptied.splice(0)) resolve();
  }
}
