/**
 * Time that stands still until it is stepped: to the next timer, and no further. Between two steps
 * all that is under way in the process comes to its end, so that nothing depends on how fast it is.
 */

import type { Micros } from "../../../core/units.ts";
import type { Clock } from "../../../live/clock.ts";

interface Timer {
  readonly at: Micros;
  readonly act: () => void;
}

/** Turns of the event loop in which nothing happened, after which nothing will. */
const QUIET_TURNS = 8;

export class SteppedClock implements Clock {
  /** By time; at the same time as they were set. */
  readonly #timers: Timer[];
  /** Work that ends by itself, in real time: the import of a module, say. */
  readonly #work: Set<Promise<void>>;
  #now: Micros;

  constructor() {
    this.#timers = [];
    this.#work = new Set();
    this.#now = 1_000_000 as Micros;
  }

  now(): Micros {
    return this.#now;
  }

  after(delay: Micros, act: () => void): () => void {
    const timer: Timer = { at: (this.#now + delay) as Micros, act };
    const index = this.#timers.findIndex(({ at }) => at > timer.at);
    this.#timers.splice(index < 0 ? this.#timers.length : index, 0, timer);
    return () => {
      const place = this.#timers.indexOf(timer);
      if (place >= 0) this.#timers.splice(place, 1);
    };
  }

  /** Time does not move on before it has ended. */
  during(work: Promise<void>): void {
    const done = work.finally(() => this.#work.delete(done));
    this.#work.add(done);
  }

  /** All that happens now happens; then it is the time of the next timer, and that is called. */
  async step(): Promise<void> {
    await this.#settle();
    const next = this.#timers.shift();
    if (next === undefined) return;
    this.#now = next.at;
    next.act();
    await this.#settle();
  }

  async #settle(): Promise<void> {
    for (let quiet = 0; quiet < QUIET_TURNS; quiet++) {
      if (this.#work.size > 0) {
        await Promise.all(this.#work);
        quiet = 0;
      }
      if (isAtFiles()) quiet = 0;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

/** Whether this process waits for its file system. */
function isAtFiles(): boolean {
  return process.getActiveResourcesInfo().some((name) => name.startsWith("FSReq"));
}
