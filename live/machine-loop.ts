/**
 * Drives a machine of the core in real time: one input at a time, handled to its end; then what it
 * asked for is carried out, and only then what it said is sent. The live twin of `EngineLoop`.
 */

import type { Input, Machine, Stage } from "../core/env.ts";

export class MachineLoop {
  readonly #machine: Machine;
  readonly #stage: Stage;
  readonly #queue: Input[];
  #running: boolean;
  #stopped: boolean;

  constructor(machine: Machine, stage: Stage) {
    this.#machine = machine;
    this.#stage = stage;
    this.#queue = [];
    this.#running = false;
    this.#stopped = false;
  }

  /** Handles it at once, or after the one being handled. */
  feed(input: Input): void {
    if (this.#stopped) return;
    this.#queue.push(input);
    if (this.#running) return;
    this.#running = true;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
        this.#stage.begin(next);
        this.#machine.handle(next);
        this.#stage.commit();
      }
    } finally {
      this.#running = false;
    }
  }

  /** Nothing is handled any more. */
  stop(): void {
    this.#stopped = true;
    this.#queue.length = 0;
  }
}
