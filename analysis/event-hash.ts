/**
 * A 64-bit hash of an event log, taken event by event: two runs that print the same digest did the
 * same things at the same times. Two lanes of multiply-and-shift mixing (as in MurmurHash3), not
 * for secrets. No allocation.
 */

import { EVENT_KINDS, type Event, type EventKind, WHYS, type Why } from "../core/events.ts";
import { invariant } from "../core/invariant.ts";

const TWO_32 = 4_294_967_296;

const KIND_ORDINALS = new Map<EventKind, number>(EVENT_KINDS.map((kind, i) => [kind, i]));
const WHY_ORDINALS = new Map<Why, number>(WHYS.map((why, i) => [why, i]));

export class EventHash {
  #high: number;
  #low: number;
  #count: number;

  constructor() {
    this.#high = 0x243f6a88;
    this.#low = 0x13198a2e | 0;
    this.#count = 0;
  }

  /** Every field counts, and so does the order of events. Numbers: whole, below 2^53 in size. */
  add(event: Event): void {
    const kind = KIND_ORDINALS.get(event.kind);
    const why = WHY_ORDINALS.get(event.why);
    invariant(kind !== undefined && why !== undefined, "an event has a known kind and why");
    this.#count += 1;
    this.#mix(event.time);
    this.#mix(event.node);
    this.#mix(kind);
    this.#mix(event.plan);
    this.#mix(event.invocation);
    this.#mix(event.task);
    this.#mix(event.item);
    this.#mix(event.attempt);
    this.#mix(event.container);
    this.#mix(event.datum);
    this.#mix(event.part);
    this.#mix(event.bytes);
    this.#mix(event.wait_us);
    this.#mix(event.cpu_us);
    this.#mix(event.value);
    this.#mix(why);
  }

  /** 16 hexadecimal digits; further events may follow. */
  digest(): string {
    const high = avalanche(this.#high ^ this.#count);
    const low = avalanche(this.#low ^ Math.imul(high, 0x9e3779b1));
    return hex(avalanche(high + low)) + hex(low);
  }

  #mix(value: number): void {
    const word = value | 0;
    this.#mixWord(word);
    if (word !== value) this.#mixWord(Math.floor(value / TWO_32) ^ 0x5bd1e995);
  }

  #mixWord(word: number): void {
    let high = Math.imul(this.#high ^ word, 0xcc9e2d51);
    high ^= high >>> 15;
    let low = Math.imul(this.#low ^ word, 0x85ebca6b) + 0x3c6ef372;
    low ^= low >>> 13;
    this.#high = Math.imul(high, 0x1b873593);
    this.#low = Math.imul(low, 0xc2b2ae35);
  }
}

/** The final mix of MurmurHash3: each bit of the input reaches each bit of the result. */
function avalanche(word: number): number {
  let mixed = word ^ (word >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, "0");
}
