/**
 * A number for each pair of hosts that has been met: a hash table with open addressing, because a
 * full table of 10,000 hosts squared would not fit and a Map costs several times as much a look-up.
 */

import { invariant } from "../core/invariant.ts";

const FIRST_CAPACITY = 64;
const NO_PAIR = -1;
/** Knuth's multiplier, 2^32 over the golden ratio: spreads neighbouring pairs. */
const SPREAD = 0x9e3779b1;
/** Squared, still an Int32. */
const MAX_HOSTS = 46_340;

export class PairTable {
  readonly #hostCount: number;
  #pairs = new Int32Array(FIRST_CAPACITY).fill(NO_PAIR);
  #values = new Int32Array(FIRST_CAPACITY);
  #size = 0;

  constructor(hostCount: number) {
    invariant(hostCount <= MAX_HOSTS, "at most 46,340 hosts");
    this.#hostCount = hostCount;
  }

  /** What was set for the pair; -1 if nothing was. */
  get(from: number, to: number): number {
    const pair = from * this.#hostCount + to;
    const place = this.#placeOf(pair);
    return this.#pairs[place] === pair ? this.#values[place]! : -1;
  }

  /** Only for a pair that has no value. */
  add(from: number, to: number, value: number): void {
    if (2 * (this.#size + 1) > this.#pairs.length) this.#grow();
    this.#put(from * this.#hostCount + to, value);
    this.#size++;
  }

  #put(pair: number, value: number): void {
    const place = this.#placeOf(pair);
    this.#pairs[place] = pair;
    this.#values[place] = value;
  }

  /** Where the pair is, or would go. */
  #placeOf(pair: number): number {
    const pairs = this.#pairs;
    const mask = pairs.length - 1;
    let place = (Math.imul(pair, SPREAD) >>> 7) & mask;
    while (pairs[place] !== pair && pairs[place] !== NO_PAIR) place = (place + 1) & mask;
    return place;
  }

  #grow(): void {
    const pairs = this.#pairs;
    const values = this.#values;
    this.#pairs = new Int32Array(pairs.length * 2).fill(NO_PAIR);
    this.#values = new Int32Array(pairs.length * 2);
    for (let place = 0; place < pairs.length; place++) {
      if (pairs[place] !== NO_PAIR) this.#put(pairs[place]!, values[place]!);
    }
  }
}
