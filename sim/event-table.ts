/**
 * What the pending events are; when they come is for heap and ladder to know.
 *
 * Slots are recycled. A token is a slot plus 2^24 times the low bits of the event's sequence number,
 * so that one that is kept too long finds nothing. An entry, as which an event stands in the heap, the
 * lane or the ladder, is its slot with its kind in the bits above: a look by slot is a cache miss if
 * the event was scheduled long ago.
 */

import { invariant } from "../core/invariant.ts";

/** Names one scheduled event, to cancel it. A safe integer. */
export type EventToken = number;

const FIRST_CAPACITY = 1024;
const SLOT_BITS = 24;
const MAX_SLOTS = 1 << SLOT_BITS;
const SLOT = MAX_SLOTS - 1;
const STAMP = 2 ** 29 - 1;
/** In place of the target of an event that was cancelled. */
const CANCELLED = Symbol("cancelled");

export class EventTable {
  // By slot.
  /** How many events were scheduled before it; -1 without an event. */
  #seqs = new Float64Array(FIRST_CAPACITY);
  #targets: unknown[] = new Array(FIRST_CAPACITY).fill(undefined);

  #freeSlots = new Int32Array(FIRST_CAPACITY);
  #freeCount = 0;
  #slotCount = 0;
  #scheduled = 0;

  /** Puts an event in; gives its entry. */
  add(kind: number, target: unknown): number {
    const slot = this.#freeCount > 0 ? this.#freeSlots[--this.#freeCount]! : this.#newSlot();
    this.#seqs[slot] = this.#scheduled++;
    this.#targets[slot] = target;
    return (kind << SLOT_BITS) | slot;
  }

  /** A sequence number for something that is no event, but takes its turn among them. */
  drawNumber(): number {
    return this.#scheduled++;
  }

  isScheduledAfter(entry: number, number: number): boolean {
    return this.#seqs[entry & SLOT]! > number;
  }

  /** Forgets the event. */
  release(entry: number): void {
    const slot = entry & SLOT;
    this.#seqs[slot] = -1;
    this.#targets[slot] = undefined;
    this.#freeSlots[this.#freeCount++] = slot;
  }

  kindOf(entry: number): number {
    return entry >> SLOT_BITS;
  }

  targetOf(entry: number): unknown {
    return this.#targets[entry & SLOT];
  }

  /** Whether the event was scheduled before the other. */
  isBefore(entry: number, other: number): boolean {
    return this.#seqs[entry & SLOT]! < this.#seqs[other & SLOT]!;
  }

  tokenOf(entry: number): EventToken {
    const slot = entry & SLOT;
    return slot + (this.#seqs[slot]! & STAMP) * MAX_SLOTS;
  }

  /** Marks an event, which keeps its slot until it is released; false if it is not pending. */
  cancel(token: EventToken): boolean {
    const stamp = Math.floor(token / MAX_SLOTS);
    const slot = token - stamp * MAX_SLOTS;
    if (slot >= this.#slotCount) return false;
    const seq = this.#seqs[slot]!;
    if (seq < 0 || (seq & STAMP) !== stamp || this.#targets[slot] === CANCELLED) return false;
    this.#targets[slot] = CANCELLED;
    return true;
  }

  isCancelled(entry: number): boolean {
    return this.#targets[entry & SLOT] === CANCELLED;
  }

  #newSlot(): number {
    if (this.#slotCount === this.#seqs.length) this.#grow();
    return this.#slotCount++;
  }

  #grow(): void {
    this.#seqs = grownFloats(this.#seqs);
    const capacity = this.#seqs.length;
    invariant(capacity <= MAX_SLOTS, "at most 16,777,216 events are pending");
    this.#freeSlots = grownIntegers(this.#freeSlots);
    while (this.#targets.length < capacity) this.#targets.push(undefined);
  }
}

/** Twice as long. */
export function grownFloats(from: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const grown = new Float64Array(from.length * 2);
  grown.set(from);
  return grown;
}

/** Twice as long. */
export function grownIntegers(from: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(from.length * 2);
  grown.set(from);
  return grown;
}
