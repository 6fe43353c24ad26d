/** Progress of long runs and of many cells, on a terminal only. */

import type { Event } from "../core/events.ts";
import { toSeconds } from "../core/units.ts";

/** Nothing is shown before this, and not more often. */
const EVERY_MS = 1_000;
const LOOK_EVERY = 4_096;

/** Of one run: what is over, and how far virtual time has come. */
export class Progress {
  #events: number;
  #over: number;
  #shownAt: number;
  #shown: boolean;

  constructor() {
    this.#events = 0;
    this.#over = 0;
    this.#shownAt = Date.now();
    this.#shown = false;
  }

  event(event: Event): void {
    if (event.kind === "finish" || event.kind === "abort") this.#over++;
    this.#events++;
    if (this.#events % LOOK_EVERY !== 0 || Date.now() - this.#shownAt < EVERY_MS) return;
    this.#shownAt = Date.now();
    this.#shown = true;
    const time = toSeconds(event.time).toFixed(0);
    process.stderr.write(
      `\r${this.#over} invocations over, ${time} s simulated, ${this.#events} events `,
    );
  }

  end(): void {
    if (this.#shown) process.stderr.write("\r\u001b[K");
  }
}

/** Of cells: how many are measured, and the time left if the others take as long on average. */
export class CellProgress {
  readonly #all: number;
  readonly #startedAt: number;
  #done: number;

  constructor(all: number) {
    this.#all = all;
    this.#startedAt = Date.now();
    this.#done = 0;
  }

  /** Counts the cell, whether it is measured or breaks. */
  async of<A>(work: Promise<A>): Promise<A> {
    try {
      return await work;
    } finally {
      this.#done++;
      this.#show();
    }
  }

  end(): void {
    if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
  }

  #show(): void {
    if (!process.stderr.isTTY) return;
    const passed_s = (Date.now() - this.#startedAt) / 1_000;
    const left_s = Math.ceil((passed_s / this.#done) * (this.#all - this.#done));
    process.stderr.write(
      `\r${this.#done} of ${this.#all} cells measured, about ${left_s} s left \u001b[K`,
    );
  }
}
