/**
 * The bus over JetStream: what was sent is on the server's disk until the receiver has handled it.
 *
 * | what | is |
 * |---|---|
 * | stream | `faasflow-CLUSTER`: work queue, file storage, subjects `faasflow.CLUSTER.node.*`, at most 1,000,000 messages (beyond, senders wait) |
 * | consumer | `NODE`, durable, one a node; explicit acknowledgement; made anew at each start and reconnect |
 * | `Nats-Msg-Id` | the envelope's `id`: a message sent again within 2 minutes is stored once |
 *
 * The sender keeps each message until JetStream has acknowledged it (`durable-outbox.ts`); the
 * receiver acknowledges after handling (`durable-inbox.ts`). So neither a killed node nor a killed
 * server loses one, and only what a node had handled, but not acknowledged, when it died comes twice:
 * to its next incarnation, whose machine begins anew.
 */

import * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";
import { type NodeId, nodeName } from "../core/node.ts";
import {
  type BusError,
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
import { DurableInbox } from "./durable-inbox.ts";
import { DurableOutbox } from "./durable-outbox.ts";
import { DurableStream, openStream } from "./durable-stream.ts";
import type { NatsLink } from "./nats.ts";
import { encode, type Parcel } from "./wire.ts";

const FAREWELL_MS = 3_000;

/** Waits for JetStream; fails if it is not ready in time, or its stream is of another kind. */
export const durableBus = Effect.fn("durableBus")(function* (
  link: NatsLink,
  options: BusOptions,
): Effect.fn.Return<BusService, BusError, Scope.Scope> {
  const parts = yield* busParts(link, options);
  yield* watchLink(parts);
  const stream = yield* openStream(
    new DurableStream(parts, `faasflow-${parts.cluster}`, {
      tag: "queue",
      subjects: `faasflow.${parts.cluster}.node.*`,
    }),
    parts.patienceMillis,
  );
  return yield* Effect.acquireRelease(
    Effect.sync(() => new DurableBus(parts, stream)),
    (bus) => bus.end(),
  );
});

class DurableBus implements BusService {
  readonly failure: Effect.Effect<never, BusError>;
  readonly #parts: BusParts;
  readonly #stream: DurableStream;
  readonly #outbox: DurableOutbox;
  #problem: BusError | undefined;

  constructor(parts: BusParts, stream: DurableStream) {
    this.failure = parts.failure;
    this.#parts = parts;
    this.#stream = stream;
    this.#outbox = new DurableOutbox(parts, stream);
    this.#problem = undefined;
  }

  send(to: NodeId, parcel: Parcel): void {
    const { link, node, nextId } = this.#parts;
    const id = nextId(nodeName(to));
    const text = encode({ ...parcel, id, from: node, to });
    const problem = sizeProblem(link, text);
    if (problem !== undefined) {
      this.#problem ??= problem;
      this.#parts.warn(problem.message);
      return;
    }
    this.#outbox.send({ subject: nodeSubject(this.#parts, to), id, text });
  }

  flush(): Effect.Effect<void, BusError> {
    return limited(this.#parts, "storing messages in JetStream", async () => {
      await this.#outbox.flush();
      const problem = this.#problem;
      this.#problem = undefined;
      if (problem !== undefined) throw problem;
    });
  }

  serve(handle: Handler): Effect.Effect<void, BusError, Scope.Scope> {
    return Effect.acquireRelease(
      Effect.sync(() => new DurableInbox(this.#parts, this.#stream, handle)),
      (inbox) => Effect.sync(() => inbox.end()),
    ).pipe(
      Effect.flatMap((inbox) =>
        limited(this.#parts, "making a consumer in JetStream", () => inbox.start()),
      ),
    );
  }

  /** Gives what is not stored yet a last chance. */
  end(): Effect.Effect<void> {
    const last = Effect.ignore(Effect.timeout(this.flush(), FAREWELL_MS));
    return Effect.andThen(
      this.#parts.link.connected() ? last : Effect.void,
      Effect.sync(() => this.#outbox.end()),
    );
  }
}
