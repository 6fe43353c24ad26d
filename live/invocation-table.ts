/**
 * The invocations that a gateway can tell of: those under way, and those that ended last. Who waits
 * for the end of one waits here.
 */

import type { Accepted, InvocationStatus } from "./ledger.ts";
import { RequestError } from "./request-error.ts";

export type Entry = { -readonly [F in keyof Accepted]: Accepted[F] };

/** Ended invocations whose data and status are kept. */
const KEPT = 200;

export class InvocationTable {
  readonly #entries: Map<number, Entry>;
  /** In the order of their ends. */
  readonly #ended: number[];
  readonly #waiting: Map<number, Set<() => void>>;
  /** Told of each that ended too long ago to be kept. */
  readonly #forgotten: (entry: Entry) => void;

  constructor(forgotten: (entry: Entry) => void) {
    this.#entries = new Map();
    this.#ended = [];
    this.#waiting = new Map();
    this.#forgotten = forgotten;
  }

  get inFlight(): number {
    return this.#entries.size - this.#ended.length;
  }

  /** Running ones and those that ended last, by id. */
  list(): readonly InvocationStatus[] {
    return [...this.#entries.values()].map(({ status }) => status);
  }

  find(id: number): Entry | undefined {
    return this.#entries.get(id);
  }

  status(id: number): InvocationStatus {
    const entry = this.#entries.get(id);
    if (entry !== undefined) return entry.status;
    const problem = `there is no invocation ${id}, or it ended too long ago`;
    throw new RequestError({ status: 404, problems: [problem] });
  }

  /** With an id above all others; one that is over already has ended last. */
  add(entry: Entry): void {
    const { id, state } = entry.status;
    this.#entries.set(id, entry);
    if (state !== "running") this.#keep(id);
  }

  /** It never began. */
  remove(id: number): void {
    this.#entries.delete(id);
  }

  /** It is over: whoever waits for it is answered. */
  close(id: number): void {
    for (const over of [...(this.#waiting.get(id) ?? [])]) over();
    this.#waiting.delete(id);
    this.#keep(id);
  }

  /** Resolves when it is over, or after the time. */
  end(id: number, patience_ms: number): Promise<void> {
    return new Promise((resolve) => {
      const over = (): void => {
        clearTimeout(timer);
        this.#waiting.get(id)?.delete(over);
        resolve();
      };
      const timer = setTimeout(over, patience_ms);
      const waiters = this.#waiting.get(id) ?? new Set();
      this.#waiting.set(id, waiters.add(over));
    });
  }

  /** Whoever waits is answered now. */
  stopWaiting(): void {
    for (const waiters of this.#waiting.values()) for (const over of [...waiters]) over();
    this.#waiting.clear();
  }

  #keep(id: number): void {
    this.#ended.push(id);
    if (this.#ended.length <= KEPT) return;
    const oldest = this.#ended.shift()!;
    const entry = this.#entries.get(oldest);
    this.#entries.delete(oldest);
    if (entry !== undefined) this.#forgotten(entry);
  }
}
