/**
 * A 64-bit hash of an event log, taken event by event: two runs that print the same digest did the
 * same things at the same times. Two lanes of multiply-and-shift mixing (as in MurmurHash3), not
 * for secrets. No allocation.
 */

import { EVENT_KINDS, type Event, type EventKind, WHYS, type Why } from "../core/events.ts";
import { invariant } from "../core/invariant.ts";

const TWO_32 = 4_294_967_296;
/** Fields of an event. */
const FIELDS = 16;

const KIND_ORDINALS = new Map<EventKind, number>(EVENT_KINDS.map((kind, i) => [kind, i]));
const WHY_ORDINALS = new Map<Why, number>(WHYS.map((why, i) => [why, i]));

export class EventHash {
  #high: number;
  #low: number;
  #count: number;
  /** The fields of the event under way: one loop mixes them faster than a call for each. */
  readonly #fields: Float64Array;

  constructor() {
    this.#high = 0x243f6a88;
    this.#low = 0x13198a2e | 0;
    this.#count = 0;
    this.#fields = new Float64Array(FIELDS);
  }

  /** Every field counts, and so does the order of events. Numbers: whole, below 2^53 in size. */
  add(event: Event): void {
    const kind = KIND_ORDINALS.get(event.kind);
    const why = WHY_ORDINALS.get(event.why);
    invariant(kind !== undefined && why !== undefined, "an event has a known kind and why");
    const fields = this.#fields;
    fields[0] = event.time;
    fields[1] = event.node;
    fields[2] = kind;
    fields[3] = event.plan;
    fields[4] = event.invocation;
    fields[5] = event.task;
    fields[6] = event.item;
    fields[7] = event.attempt;
    fields[8] = event.container;
    fields[9] = event.datum;
    fields[10] = event.part;
    fields[11] = event.bytes;
    fields[12] = event.wait_us;
    fields[13] = event.cpu_us;
    fields[14] = event.value;
    fields[15] = why;
    this.#count += 1;
    this.#mix();
  }

  /** 16 hexadecimal digits; further events may follow. */
  digest(): string {
    const high = avalanche(this.#high ^ this.#count);
    const low = avalanche(this.#low ^ Math.imul(high, 0x9e3779b1));
    return hex(avalanche(high + low)) + hex(low);
  }

  #mix(): void {
    let high = this.#high;
    let low = this.#low;
    for (let field = 0; field < FIELDS; field++) {
      const value = this.#fields[field]!;
      const word = value | 0;
      high = mixHigh(high, word);
      low = mixLow(low, word);
      if (word === value) continue;
      const rest = Math.floor(value / TWO_32) ^ 0x5bd1e995;
      high = mixHigh(high, rest);
      low = mixLow(low, rest);
    }
    this.#high = high;
    this.#low = low;
  }
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
