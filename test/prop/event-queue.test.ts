/**
 * The event queue against a sorted list.
 */

import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { EventQueue, type EventToken } from "../../sim/event-queue.ts";

interface PlainEvent {
  readonly time: number;
  readonly seq: number;
}

/** The queue and a sorted list, given the same and held to the same. */
class Pair {
  readonly #queue = new EventQueue();
  readonly #tokens: EventToken[] = [];
  /** The next one last. */
  readonly #plain: PlainEvent[] = [];
  #now = 0;

  get size(): number {
    return this.#plain.length;
  }

  schedule(delay: number): void {
    const event = { time: this.#now + delay, seq: this.#tokens.length };
    this.#tokens.push(this.#queue.schedule(event.time, 1, event.seq));
    this.#plain.splice(this.#placeOf(event), 0, event);
    assert.is(this.#queue.size, this.#plain.length);
  }

  pop(): void {
    const expected = this.#plain.pop();
    assert.is(this.#queue.peekTime(), expected?.time ?? Infinity);
    assert.is(this.#queue.pop(), expected !== undefined);
    if (expected === undefined) return;
    assert.is(this.#queue.time, expected.time);
    assert.is(this.#queue.target, expected.seq);
    this.#now = expected.time;
  }

  /** One that may have come or been cancelled already. */
  cancel(which: number): void {
    if (this.#tokens.length === 0) return;
    const seq = which % this.#tokens.length;
    this.#queue.cancel(this.#tokens[seq]!);
    const place = this.#plain.findIndex((event) => event.seq === seq);
    if (place >= 0) this.#plain.splice(place, 1);
    assert.is(this.#queue.size, this.#plain.length);
  }

  /** Of those pending the one that has so many before it, modulo how many there are. */
  cancelPending(which: number): void {
    const event = this.#plain.at(-1 - (which % this.#plain.length));
    if (event !== undefined) this.cancel(event.seq);
  }

  move(delay: number): void {
    this.#now = Math.min(this.#now + delay, this.#plain.at(-1)?.time ?? Infinity);
    this.#queue.moveTo(this.#now);
  }

  /** Half of the places at most are cancelled, but for a few. */
  checkPlaces(): void {
    assert.ok(this.#queue.occupied <= 2 * this.size + 200, `${this.#queue.occupied} places`);
  }

  #placeOf(event: PlainEvent): number {
    let low = 0;
    let high = this.#plain.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#plain[middle]!.time > event.time) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const step = fc.record({
  act: fc.constantFrom("schedule", "schedule", "schedule", "pop", "pop", "cancel", "move"),
  // Few distinct delays, 0 among them, so that ties are common.
  delay: fc.oneof(fc.constant(0), fc.nat(3), fc.nat(1000)),
  which: fc.nat(10_000),
});

/** Delays that make heaps deep, buckets uneven, or rungs many. */
const MIXES: Readonly<Record<string, (uniform: () => number) => number>> = {
  equal: () => 1000,
  "at once": (uniform) => Math.floor(2 * uniform()),
  smooth: (uniform) => Math.ceil(-Math.log(1 - uniform()) * 1e6),
  few: (uniform) => 100 * Math.floor(5 * uniform()),
  bimodal: (uniform) => Math.floor(uniform() < 0.9 ? 100 * uniform() : 1e7 * uniform()),
  "over all magnitudes": (uniform) => Math.floor(10 ** (15 * uniform())),
  "one far": (uniform) => (uniform() < 0.001 ? 1e15 : Math.floor(1000 * uniform())),
  "parts of microseconds": (uniform) => uniform(),
};

/** Enough at a time that the queue has far events, and rungs of them. */
const burst = fc.record({
  mix: fc.constantFrom(...Object.keys(MIXES)),
  schedules: fc.nat(4000),
  pops: fc.nat(4000),
  cancels: fc.oneof(fc.constant(0), fc.nat(100), fc.nat(2000)),
  /** Each of so many pops schedules another. */
  holds: fc.nat(2000),
});

/** Numbers from 0 to 1 from a seed (mulberry32): fast-check would keep each of them to shrink it. */
function uniformOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const test = suite("event queue");

test("gives events by time, then by sequence number, and never a cancelled one", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400, size: "max" }), (steps) => {
      const pair = new Pair();
      for (const { act, delay, which } of steps) {
        if (act === "schedule") pair.schedule(delay);
        else if (act === "pop") pair.pop();
        else if (act === "cancel") pair.cancel(which);
        else pair.move(delay);
      }
      while (pair.size > 0) pair.pop();
      pair.pop();
    }),
    { numRuns: 500 },
  );
});

test("does so with thousands pending, whatever the mix of delays", () => {
  fc.assert(
    fc.property(fc.array(burst, { minLength: 1, maxLength: 6 }), fc.integer(), (bursts, seed) => {
      const uniform = uniformOf(seed);
      const pair = new Pair();
      for (const { mix, schedules, pops, cancels, holds } of bursts) {
        const delay = MIXES[mix]!;
        for (let count = 0; count < schedules; count++) pair.schedule(delay(uniform));
        for (let count = 0; count < holds; count++) {
          pair.pop();
          pair.schedule(delay(uniform));
        }
        for (let count = 0; count < cancels && pair.size > 0; count++) {
          pair.cancelPending(Math.floor(uniform() * pair.size));
        }
        pair.checkPlaces();
        for (let count = 0; count < pops; count++) pair.pop();
      }
      while (pair.size > 0) pair.pop();
      pair.pop();
    }),
    { numRuns: 100 },
  );
});

test.run();
