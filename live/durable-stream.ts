/**
 * The stream of a cluster in JetStream, made by whichever node comes first; its table is in
 * `durable-bus.ts`.
 */

import { BusError, type BusParts } from "./bus.ts";
import type { JetStream } from "./nats.ts";

/** How long JetStream remembers the ids of messages. */
const DEDUPE_WINDOW_MS = 120_000;
const MAX_MESSAGES = 1_000_000;
const NANOS = 1e6;
const NAME_IN_USE = 10_058;

export class DurableStream {
  readonly name: string;
  readonly #parts: BusParts;

  constructor(parts: BusParts) {
    this.name = `faasflow-${parts.cluster}`;
    this.#parts = parts;
  }

  /** Asks for the same stream each time, which has no effect if it is there. */
  async ensure(): Promise<JetStream> {
    const manager = await this.#parts.link.jetStream();
    await manager.streams.add({
      name: this.name,
      subjects: [`faasflow.${this.#parts.cluster}.node.*`],
      retention: "workqueue",
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
