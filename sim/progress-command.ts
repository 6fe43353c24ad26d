/** Progress of a long run, on a terminal only: what is over, and how far virtual time has come. */

import type { Event } from "../core/events.ts";
import { toSeconds } from "../core/units.ts";

/** Nothing is shown before this, and not more often. */
const EVERY_MS = 1_000;
const LOOK_EVERY = 4_096;

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
