/**
 * How fast a core is while one has it: turns of a fixed loop in a microsecond, ten times a second,
 * averages of two seconds. For the header of an event log (analysis/processor-speed.ts): no counter
 * tells of a clock that goes slower, or of a neighbour on the same physical core, which can take half
 * of what the core does in a second.
 *
 * The loop asks for as many arithmetic operations at once as a core has units for, since it is these
 * that a neighbour takes: a chain of operations that wait for each other is hardly slower beside one.
 * It stays clear of memory, so that it does not depend on what else is in the caches.
 */

import type { Micros } from "../core/units.ts";
import type { Clock } from "./clock.ts";
import type { SpeedChange } from "./processor-meter.ts";

/** Some 5 µs. */
const TURNS = 6_000;
/** The best of so many: the first after a rest is slow, and any may be interrupted. */
const TRIES = 3;
/** Of the clock: no measurement is endless. */
const RESOLUTION_MS = 1e-3;
/** Until V8 has compiled the loop; some 5 ms. */
const WARM_UP = 200;
/** Averages over so long; one look tells whether there is a neighbour just then, not how often. */
const INTERVAL = 2_000_000 as Micros;
/** Significant digits that a pace is told in. */
const DIGITS = 3;
/** Half a day; older ones go. */
const MOST = 20_000;

export class PaceMeter {
  readonly #clock: Clock;
  readonly #measure: () => number;
  readonly #paces: SpeedChange[];
  #since: Micros;
  #sum: number;
  #count: number;

  constructor(clock: Clock, measure: () => number) {
    this.#clock = clock;
    this.#measure = measure;
    this.#paces = [];
    this.#since = clock.now();
    this.#sum = 0;
    this.#count = 0;
  }

  /** By time, up to now. */
  get paces(): readonly SpeedChange[] {
    return this.#count === 0 ? this.#paces : [...this.#paces, this.#mean()];
  }

  look(): void {
    const now = this.#clock.now();
    if (this.#count > 0 && now - this.#since >= INTERVAL) {
      this.#paces.push(this.#mean());
      if (this.#paces.length > MOST) this.#paces.splice(0, MOST / 2);
      this.#since = now;
      this.#sum = 0;
      this.#count = 0;
    }
    this.#sum += this.#measure();
    this.#count++;
  }

  #mean(): SpeedChange {
    const speed = Number((this.#sum / this.#count).toPrecision(DIGITS));
    return { at: this.#since, speed };
  }
}

export class PaceProbe {
  readonly #now_ms: () => number;
  /** Kept, or V8 would leave out a loop whose result nobody has. */
  #result: number;

  constructor(now_ms: () => number = () => performance.now()) {
    this.#now_ms = now_ms;
    this.#result = 0;
    for (let count = 0; count < WARM_UP; count++) this.#result ^= looped(TURNS);
  }

  /** Turns of the loop in a microsecond, just now. */
  measure(): number {
    let least = Number.POSITIVE_INFINITY;
    for (let count = 0; count < TRIES; count++) {
      const begin = this.#now_ms();
      this.#result ^= looped(TURNS);
      least = Math.min(least, this.#now_ms() - begin);
    }
    return TURNS / (1_000 * Math.max(least, RESOLUTION_MS));
  }
}

function looped(turns: number): number {
  let [a, b, c, d, e, f] = [1, 2, 3, 4, 5, 6];
  for (let index = 0; index < turns; index++) {
    a = (a + index) | 0;
    b = (b ^ index) | 0;
    c = (c + (index << 1)) | 0;
    d = (d ^ (index >> 1)) | 0;
    e = (e + index) | 0;
    f = (f ^ (index << 2)) | 0;
  }
  return a ^ b ^ c ^ d ^ e ^ f;
}
