/**
 * Simulates cells of experiments on all cores: a thread a core, each takes the next cell when it is
 * done with one. Which thread simulates a cell changes nothing: it has its own seed and cluster.
 */

import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { RunCell } from "../analysis/experiment.ts";
import type { ExperimentRow } from "../analysis/experiment-rows.ts";
import { resourceUrl } from "../workflows/resources.ts";
import type { CellTask } from "./cell-thread-command.ts";
import type { SimulatedCluster } from "./experiment-config.ts";

interface Job {
  readonly cell: RunCell;
  readonly resolve: (rows: readonly ExperimentRow[]) => void;
  readonly reject: (cause: unknown) => void;
}

export class CellPool {
  readonly #cluster: SimulatedCluster;
  readonly #waiting: Job[];
  readonly #threads: Worker[];
  readonly #idle: Worker[];

  constructor(cluster: SimulatedCluster) {
    this.#cluster = cluster;
    this.#waiting = [];
    this.#threads = [];
    this.#idle = [];
  }

  measure(cell: RunCell): Promise<readonly ExperimentRow[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ cell, resolve, reject });
      this.#next();
    });
  }

  /** Ends the threads, whatever they are doing. */
  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.terminate()));
  }

  #next(): void {
    if (this.#waiting.length === 0) return;
    const thread = this.#idle.pop() ?? this.#started();
    if (thread === undefined) return;
    const { cell, resolve, reject } = this.#waiting.shift()!;
    thread.once("error", reject);
    thread.once("message", (rows: readonly ExperimentRow[]) => {
      thread.off("error", reject);
      resolve(rows);
      this.#idle.push(thread);
      this.#next();
    });
    const task: CellTask = { cell, cluster: this.#cluster };
    thread.postMessage(task);
  }

  /** A further thread; undefined: there is one for each core. */
  #started(): Worker | undefined {
    if (this.#threads.length >= availableParallelism()) return undefined;
    const thread = new Worker(resourceUrl("dist/sim/cell-thread-command.js"));
    this.#threads.push(thread);
    return thread;
  }
}
