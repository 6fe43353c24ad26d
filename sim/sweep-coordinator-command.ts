/**
 * A sweep's side of the queue (`sweep-queue-command.ts`): puts its cells in, hears what came of them,
 * and takes part with threads of its own, through the same queue as every other worker.
 */

import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import * as Effect from "effect/Effect";
import type { Arrival, NatsLink } from "../live/nats.ts";
import type { Simulated } from "./cell-thread-command.ts";
import {
  type CellReport,
  cellSubject,
  connected,
  decode,
  encode,
  ensureQueue,
  type KeyedCell,
  maxBytes,
  nobody,
  request,
  SWEEP_STREAM,
} from "./sweep-queue-command.ts";
import { startWorker } from "./sweep-worker-command.ts";

/** Cells on their way to the server at a time. */
const MAX_PUTTING = 64;
const ANSWER_MS = 5_000;
const RETRY_MS = 500;
/** How often it is looked whether the queue still has what is missing. */
const CHECK_MS = 5_000;
const STREAM_NOT_FOUND = 10_059;
const ID_BYTES = 9;

/** Hears what came of a cell, before the cell counts as done. */
export type Told = (outcome: Simulated) => void;

interface Waiting {
  readonly cell: KeyedCell;
  readonly told: Told;
  readonly resolve: () => void;
  readonly reject: (cause: unknown) => void;
}

interface QueueOptions {
  readonly program: string;
  readonly say: (text: string) => void;
}

/** A sweep in the queue, and its own worker, for the length of the scope. */
export const coordinate = Effect.fnUntraced(function* (
  link: NatsLink,
  options: QueueOptions & { readonly threads: number },
) {
  const queue = yield* Effect.acquireRelease(
    Effect.sync(() => new SweepQueue(link, options)),
    (opened) => Effect.promise(() => opened.close()),
  );
  const worker = yield* startWorker(link, options);
  const close = async (): Promise<void> => {
    await Promise.all([queue.close(), worker.end()]);
  };
  return { measure: queue.measure, failure: worker.failure, close };
});

/** Bytes of the biggest cell, if the server would not take it; else undefined. */
export function tooBig(link: NatsLink, cells: readonly KeyedCell[]): number | undefined {
  const sweep = link.inbox();
  let most = 0;
  for (const cell of cells) most = Math.max(most, Buffer.byteLength(encode({ ...cell, sweep })));
  return most > maxBytes(link) ? most : undefined;
}

export class SweepQueue {
  readonly #link: NatsLink;
  readonly #options: QueueOptions;
  /** Differs with each start: what an earlier one has put in is not taken for what this one puts in. */
  readonly #sweep: string;
  readonly #subject: string;
  /** Where this sweep is told. */
  readonly #inbox: string;
  readonly #unsubscribe: () => void;
  readonly #check: ReturnType<typeof setInterval>;
  /** Not told yet, by key. */
  readonly #waiting: Map<string, Waiting>;
  /** Keys of those that are to be put in. */
  readonly #unput: Set<string>;
  #putting: number;
  /** How often all that is missing was put in: JetStream would drop a cell with an id it knows. */
  #round: number;
  /** What the server had against a cell, as said last. */
  #refusal: string;
  #open: boolean;

  constructor(link: NatsLink, options: QueueOptions) {
    this.#link = link;
    this.#options = options;
    this.#sweep = randomBytes(ID_BYTES).toString("base64url");
    this.#subject = cellSubject(options.program, this.#sweep);
    this.#inbox = link.inbox();
    this.#unsubscribe = link.subscribe(this.#inbox, (arrival) => this.#hear(arrival));
    this.#check = setInterval(() => void this.#putMissing(), CHECK_MS);
    this.#waiting = new Map();
    this.#unput = new Set();
    this.#putting = 0;
    this.#round = 0;
    this.#refusal = "";
    this.#open = true;
  }

  /** Where cells of this sweep are in the stream. */
  get subject(): string {
    return this.#subject;
  }

  /** Puts it in; ends once it was told. Rejects if `told` throws. */
  readonly measure = (cell: KeyedCell, told: Told): Promise<void> =>
    new Promise((resolve, reject) => {
      this.#waiting.set(cell.key, { cell, told, resolve, reject });
      this.#put(cell.key);
    });

  /** Takes out what nobody has taken. A worker that has one finds that nobody wants it. */
  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    clearInterval(this.#check);
    this.#unsubscribe();
    if (!this.#link.connected()) return;
    await this.#link
      .jetStream()
      .then(({ streams }) => streams.purge(SWEEP_STREAM, { filter: this.#subject }))
      .catch(() => undefined);
  }

  #hear({ data, reply }: Arrival): void {
    const { key, outcome } = decode<CellReport>(data);
    const waiting = this.#waiting.get(key);
    if (waiting !== undefined && outcome !== undefined) {
      this.#waiting.delete(key);
      try {
        waiting.told(outcome);
        waiting.resolve();
      } catch (cause) {
        waiting.reject(cause);
      }
    }
    this.#link.publish(reply, encode({ wanted: this.#waiting.has(key) }));
  }

  #put(key: string): void {
    this.#unput.add(key);
    if (this.#putting < MAX_PUTTING) void this.#putAll();
  }

  async #putAll(): Promise<void> {
    this.#putting++;
    for (const key of this.#unput) {
      this.#unput.delete(key);
      await this.#putOne(key);
    }
    this.#putting--;
  }

  /** Tries until the server has it: where the queue is full, cells that are done make room. */
  async #putOne(key: string): Promise<void> {
    const { program } = this.#options;
    const id = `${this.#sweep}.${this.#round}.${key}`;
    for (;;) {
      await connected(this.#link);
      const waiting = this.#waiting.get(key);
      if (waiting === undefined || !this.#open) return;
      const text = encode({ ...waiting.cell, sweep: this.#inbox });
      const millis = ANSWER_MS;
      const answer = await request(this.#link, { to: this.#subject, text, id, millis });
      if (nobody(answer)) await ensureQueue(this.#link, program).catch(() => undefined);
      else if (answer !== undefined) {
        const refusal = refusalIn(answer);
        if (refusal === undefined) return;
        if (refusal !== this.#refusal) this.#options.say(`JetStream takes no cell: ${refusal}`);
        this.#refusal = refusal;
      }
      await sleep(RETRY_MS);
    }
  }

  /**
   * A worker gives up a cell whose sweep it cannot reach, as while this connection was broken; and a
   * stream may be deleted. So what the queue has lost is put in again.
   */
  async #putMissing(): Promise<void> {
    const done = this.#waiting.size === 0 || this.#putting > 0;
    if (done || !this.#link.connected() || (await this.#queued()) > 0 || !this.#open) return;
    this.#round++;
    for (const key of this.#waiting.keys()) this.#put(key);
  }

  /** How many of its cells are in the queue, or with a worker; not known: infinitely many. */
  async #queued(): Promise<number> {
    try {
      const { streams } = await this.#link.jetStream();
      const { state } = await streams.info(SWEEP_STREAM, { subjects_filter: this.#subject });
      return state.subjects?.[this.#subject] ?? 0;
    } catch (cause) {
      const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
      return code === STREAM_NOT_FOUND ? 0 : Number.POSITIVE_INFINITY;
    }
  }
}

/** Undefined: it is in the stream, now or from before. */
function refusalIn({ data }: Arrival): string | undefined {
  const { error }: { readonly error?: { readonly description?: string } } = JSON.parse(
    Buffer.from(data).toString(),
  );
  return error && (error.description ?? "it does not say why");
}
