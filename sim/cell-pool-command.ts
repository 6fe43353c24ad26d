/**
 * Simulates cells of experiments and studies on all cores: a thread a core, each takes the next cell
 * when it is done with one. Which thread simulates a cell changes nothing: it has its own seed and
 * cluster.
 */

import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { resourceUrl } from "../workflows/resources.ts";
import type { CellAnswers, CellTask } from "./cell-thread-command.ts";

/** What a thread runs. */
export const THREAD_PROGRAM = "dist/sim/cell-thread-command.js";

interface Job {
  readonly task: CellTask;
  readonly resolve: (answer: never) => void;
  readonly reject: (cause: unknown) => void;
}

export class CellPool {
  readonly #most: number;
  readonly #waiting: Job[];
  readonly #threads: Set<Worker>;
  readonly #idle: Worker[];

  /** `threads` at most; they start when there is work for them. */
  constructor(threads: number = availableParallelism()) {
    this.#most = threads;
    this.#waiting = [];
    this.#threads = new Set();
    this.#idle = [];
  }

  /** Rejects if the cell breaks its thread; the other cells go to a new one. */
  measure<T extends CellTask>(task: T): Promise<CellAnswers[T["tag"]]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ task, resolve, reject });
      this.#next();
    });
  }

  /** Ends the threads, whatever they are doing. */
  async close(): Promise<void> {
    await Promise.all([...this.#threads].map((thread) => thread.terminate()));
  }

  #next(): void {
    if (this.#waiting.length === 0) return;
    const thread = this.#idle.pop() ?? this.#started();
    if (thread === undefined) return;
    const { task, resolve, reject } = this.#waiting.shift()!;
    const failed = (cause: unknown): void => {
      this.#threads.delete(thread);
      reject(cause);
      this.#next();
    };
    thread.once("error", failed);
    thread.once("message", (answer: unknown) => {
      thread.off("error", failed);
      resolve(answer as never);
      this.#idle.push(thread);
      this.#next();
    });
    thread.postMessage(task);
  }

  /** A further thread; undefined: there are as many as there may be. */
  #started(): Worker | undefined {
    if (this.#threads.size >= this.#most) return undefined;
    const thread = new Worker(resourceUrl(THREAD_PROGRAM));
    this.#threads.add(thread);
    return thread;
  }
}
