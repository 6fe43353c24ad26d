/**
 * A 64-bit hash of an event log, taken event by event: two runs that print the same digest did the
 * same things at the same times. Two lanes, not for secrets. In each, an event is the sum of its fields,
 * each times an odd key of its own, which is mixed in by multiply and shift (as in MurmurHash3). Written out:
 * a loop over fields and keys takes three times as long, and an event comes twelve times an activation.
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
    const beyond =
      wide(event.time, 0x52e6b439) +
      wide(event.invocation, 0xf2a74de5) +
      wide(event.item, 0x269e0d37) +
      wide(event.part, 0x6513270f) +
      wide(event.bytes, 0xa6a3a451) +
      wide(event.wait_us, 0x0c5c7fd1) +
      wide(event.cpu_us, 0x128b2f33) +
      wide(event.value, 0xd23f0825);
    const high =
      Math.imul(event.time, 0x892f902b) +
      Math.imul(event.node, 0x1818e811) +
      Math.imul(kind, 0x5d9dc9f9) +
      Math.imul(event.plan, 0x9531985d) +
      Math.imul(event.invocation, 0x0ed90475) +
      Math.imul(event.task, 0xe8e25d95) +
      Math.imul(event.item, 0x81e74ef5) +
      Math.imul(event.attempt, 0x36f675cd) +
      Math.imul(event.container, 0x099950d9) +
      Math.imul(event.datum, 0x1600a35b) +
      Math.imul(event.part, 0x6f03675b) +
      Math.imul(event.bytes, 0x6b0d549b) +
      Math.imul(event.wait_us, 0x11e20b8f) +
      Math.imul(event.cpu_us, 0x3d9c1725) +
      Math.imul(event.value, 0x1738f7d9) +
      Math.imul(why, 0x8d116ecf) +
      beyond;
    const low =
      Math.imul(event.time, 0x6cad4a27) +
      Math.imul(event.node, 0x0f21ddb7) +
      Math.imul(kind, 0xd3ac94af) +
      Math.imul(event.plan, 0x90c192cf) +
      Math.imul(event.invocation, 0x1fb17c23) +
      Math.imul(event.task, 0xf28c105d) +
      Math.imul(event.item, 0x39263059) +
      Math.imul(event.attempt, 0xa170b339) +
      Math.imul(event.container, 0xa09f76b5) +
      Math.imul(event.datum, 0x953f48f1) +
      Math.imul(event.part, 0xf29d0da9) +
      Math.imul(event.bytes, 0x0fd630f1) +
      Math.imul(event.wait_us, 0x93bd04cf) +
      Math.imul(event.cpu_us, 0x95e60af5) +
      Math.imul(event.value, 0x658cda15) +
      Math.imul(why, 0x0cb1e29d) +
      beyond;
    this.#count += 1;
    this.#high = mixHigh(this.#high, high | 0);
    this.#low = mixLow(this.#low, low | 0);
  }

  /** 16 hexadecimal digits; further events may follow. */
  digest(): string {
    const high = avalanche(this.#high ^ this.#count);
    const low = avalanche(this.#low ^ Math.imul(high, 0x9e3779b1));
    return hex(avalanche(high + low)) + hex(low);
  }
}

/** Of a number that 32 bits do not hold, what is above them. */
function wide(value: number, key: number): number {
  return value === (value | 0) ? 0 : Math.imul(Math.floor(value / TWO_32) ^ 0x5bd1e995, key);
}

function mixHigh(lane: number, word: number): number {
  const mixed = Math.imul(lane ^ word, 0xcc9e2d51);
  return Math.imul(mixed ^ (mixed >>> 15), 0x1b873593);
}

function mixLow(lane: number, word: number): number {
  const mixed = (Math.imul(lane ^ word, 0x85ebca6b) + 0x3c6ef372) | 0;
  return Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
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
