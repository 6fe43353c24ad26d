/** A stream of a cluster in JetStream, made by whichever node comes first. */

import * as Effect from "effect/Effect";
import * as Schedule from "effect/Schedule";
import { BusError, type BusParts } from "./bus.ts";
import type { JetStream } from "./nats.ts";

/** What is wanted of it; it keeps files on the server's disk, and says no when it is full. */
export type StreamKind =
  /** Each message until it was handled. */
  | { readonly tag: "queue"; readonly subjects: string }
  /** The last message of each subject. */
  | { readonly tag: "state"; readonly subjects: string };

/** How long JetStream remembers the ids of messages. */
const DEDUPE_WINDOW_MS = 120_000;
const MAX_MESSAGES = 1_000_000;
const RETRY_MS = 200;
const NANOS = 1e6;
const NAME_IN_USE = 10_058;

export class DurableStream {
  readonly name: string;
  readonly #parts: BusParts;
  readonly #kind: StreamKind;

  constructor(parts: BusParts, name: string, kind: StreamKind) {
    this.name = name;
    this.#parts = parts;
    this.#kind = kind;
  }

  /** Asks for the same stream each time, which has no effect if it is there. */
  async ensure(): Promise<JetStream> {
    const manager = await this.#parts.link.jetStream();
    const { tag, subjects } = this.#kind;
    await manager.streams.add({
      name: this.name,
      subjects: [subjects],
      ...(tag === "queue"
        ? { retention: "workqueue" }
        : { retention: "limits", max_msgs_per_subject: 1, allow_direct: true }),
      storage: "file",
      discard: "new",
      max_msgs: MAX_MESSAGES,
      duplicate_window: DEDUPE_WINDOW_MS * NANOS,
    });
    return manager;
  }

  error(cause: unknown): BusError {
    const why = cause instanceof Error ? cause.message : String(cause);
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code === NAME_IN_USE) {
      const detail = `the stream ${this.name} exists with another configuration`;
      return new BusError({ reason: "stream", detail });
    }
    return new BusError({ reason: "no-jetstream", detail: `JetStream is not ready (${why})` });
  }
}

/** Waits for JetStream; fails if it is not ready in time, or its stream is of another kind. */
export function openStream(
  stream: DurableStream,
  patienceMillis: number,
): Effect.Effect<DurableStream, BusError> {
  return Effect.tryPromise({
    try: () => stream.ensure(),
    catch: (cause) => stream.error(cause),
  }).pipe(
    Effect.retry({
      schedule: Schedule.spaced(RETRY_MS).pipe(Schedule.upTo({ duration: patienceMillis })),
      while: ({ reason }) => reason === "no-jetstream",
    }),
    Effect.as(stream),
  );
}
