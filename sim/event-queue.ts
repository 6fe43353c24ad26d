/**
 * The event queue: what happens next, ordered by (time, sequence number).
 *
 * A 4-ary heap in typed arrays. An event is a small integer kind, a target and a number, so that
 * the kernel can switch on integers and nothing is allocated for an event. Events for the current
 * time go to a first-in, first-out lane instead: whatever the heap still holds for that time was
 * scheduled before the clock reached it, so the heap's events come first and order is kept.
 *
 * Cancelled events stay in the heap, without their target, until they reach its top or until more
 * than half of the heap is cancelled; then all of them are swept out.
 */

import { invariant } from "../core/invariant.ts";

/** Names one scheduled event, to cancel it. A safe integer. */
export type EventToken = number;

const FIRST_CAPACITY = 1024;
/** Most events that can be pending; a token is a slot plus this times a generation. */
const MAX_SLOTS = 2 ** 24;
const GENERATIONS = 2 ** 29;
/** `kind` of a slot whose event was cancelled. */
const CANCELLED = -1;
/** `kind` of a slot that holds no event. */
const FREE = -2;
/** `seq` of an event in the lane, which needs none. */
const IN_LANE = -1;
/** Below this, cancelled events are not worth a sweep. */
const SWEEP_FROM = 64;

export class EventQueue {
  /** Of the event that `pop` gave last. */
  time = 0;
  kind = 0;
  target: unknown = undefined;
  value = 0;

  #now = 0;
  #nextSeq = 0;
  #capacity = FIRST_CAPACITY;

  // The heap: children of i are 4i + 1 to 4i + 4. Its top is never a cancelled event.
  #heapTime = new Float64Array(FIRST_CAPACITY);
  #heapSlot = new Int32Array(FIRST_CAPACITY);
  #heapSize = 0;
  #heapCancelled = 0;

  // The lane: a ring of slots, its length a power of two. Its head is never a cancelled event.
  #lane = new Int32Array(FIRST_CAPACITY);
  #laneHead = 0;
  #laneSize = 0;
  #laneCancelled = 0;

  // By slot.
  #seq = new Float64Array(FIRST_CAPACITY);
  #values = new Float64Array(FIRST_CAPACITY);
  #kinds = new Int32Array(FIRST_CAPACITY);
  #generations = new Int32Array(FIRST_CAPACITY);
  #targets: unknown[] = new Array(FIRST_CAPACITY).fill(undefined);
  #freeSlots = new Int32Array(FIRST_CAPACITY);
  #freeCount = 0;
  #slotCount = 0;

  /** Events pending, without cancelled ones. */
  get size(): number {
    return this.#heapSize - this.#heapCancelled + this.#laneSize - this.#laneCancelled;
  }

  /** Slots taken in the heap and the lane, cancelled events included. */
  get occupied(): number {
    return this.#heapSize + this.#laneSize;
  }

  /**
   * Asks for `pop` to give this event at `time`, not before the current time. `kind` is 0 or more.
   * Cost: O(log n), O(1) for the current time.
   */
  schedule(time: number, kind: number, target: unknown, value: number): EventToken {
    invariant(time >= this.#now && time < Infinity, "an event is neither in the past nor never");
    const slot = this.#freeCount > 0 ? this.#freeSlots[--this.#freeCount]! : this.#newSlot();
    this.#kinds[slot] = kind;
    this.#targets[slot] = target;
    this.#values[slot] = value;
    if (time === this.#now) {
      this.#seq[slot] = IN_LANE;
      this.#lane[(this.#laneHead + this.#laneSize++) & (this.#capacity - 1)] = slot;
    } else {
      const seq = this.#nextSeq++;
      this.#seq[slot] = seq;
      this.#siftUp(this.#heapSize++, time, slot);
    }
    return slot + this.#generations[slot]! * MAX_SLOTS;
  }

  /** No effect on an event that was given or cancelled before. Cost: O(1), amortised. */
  cancel(token: EventToken): void {
    const slot = token % MAX_SLOTS;
    if (slot >= this.#slotCount || this.#generations[slot] !== Math.floor(token / MAX_SLOTS))
      return;
    if (this.#kinds[slot]! < 0) return;
    this.#kinds[slot] = CANCELLED;
    this.#targets[slot] = undefined;
    if (this.#seq[slot] === IN_LANE) {
      this.#laneCancelled++;
      this.#dropCancelledHead();
      return;
    }
    this.#heapCancelled++;
    if (this.#heapCancelled > SWEEP_FROM && this.#heapCancelled * 2 > this.#heapSize) this.#sweep();
    else this.#dropCancelledTop();
  }

  /** Time of the next event, `Infinity` if there is none. Cost: O(1). */
  peekTime(): number {
    // Nothing in the heap is earlier than the current time, which is the lane's.
    if (this.#laneSize > 0) return this.#now;
    return this.#heapSize > 0 ? this.#heapTime[0]! : Infinity;
  }

  /**
   * Takes the next event out, into `time`, `kind`, `target` and `value`, and moves the current time
   * to it. False if there is none. Cost: O(log n).
   */
  pop(): boolean {
    const heapFirst =
      this.#heapSize > 0 && (this.#laneSize === 0 || this.#heapTime[0]! === this.#now);
    if (heapFirst) {
      const slot = this.#heapSlot[0]!;
      this.#now = this.#heapTime[0]!;
      this.#fill(slot);
      this.#removeTop();
      if (this.#heapCancelled > 0) this.#dropCancelledTop();
      return true;
    }
    if (this.#laneSize > 0) {
      this.#fill(this.#lane[this.#laneHead]!);
      this.#removeHead();
      if (this.#laneCancelled > 0) this.#dropCancelledHead();
      return true;
    }
    this.target = undefined;
    return false;
  }

  /**
   * Moves the current time without an event, as when something outside the queue happens first.
   * Asserts that no pending event is earlier.
   */
  moveTo(time: number): void {
    invariant(time >= this.#now && time <= this.peekTime(), "time moves forward past no event");
    this.#now = time;
  }

  #fill(slot: number): void {
    this.time = this.#now;
    this.kind = this.#kinds[slot]!;
    this.target = this.#targets[slot];
    this.value = this.#values[slot]!;
    this.#targets[slot] = undefined;
    this.#release(slot);
  }

  #release(slot: number): void {
    this.#kinds[slot] = FREE;
    const generation = this.#generations[slot]! + 1;
    this.#generations[slot] = generation === GENERATIONS ? 0 : generation;
    this.#freeSlots[this.#freeCount++] = slot;
  }

  #newSlot(): number {
    if (this.#slotCount === this.#capacity) this.#grow();
    return this.#slotCount++;
  }

  #siftUp(from: number, time: number, slot: number): void {
    const times = this.#heapTime;
    const slots = this.#heapSlot;
    let hole = from;
    // A new event has the highest sequence number, so at equal times it stays below.
    while (hole > 0) {
      const parent = (hole - 1) >> 2;
      const parentTime = times[parent]!;
      if (parentTime <= time) break;
      times[hole] = parentTime;
      slots[hole] = slots[parent]!;
      hole = parent;
    }
    times[hole] = time;
    slots[hole] = slot;
  }

  #siftDown(from: number, time: number, slot: number): void {
    const times = this.#heapTime;
    const slots = this.#heapSlot;
    const size = this.#heapSize;
    let hole = from;
    for (;;) {
      const first = (hole << 2) + 1;
      if (first >= size) break;
      const end = Math.min(first + 4, size);
      let least = first;
      let leastTime = times[first]!;
      for (let child = first + 1; child < end; child++) {
        const childTime = times[child]!;
        if (childTime > leastTime) continue;
        if (childTime < leastTime || this.#isBefore(slots[child]!, slots[least]!)) {
          least = child;
          leastTime = childTime;
        }
      }
      if (time < leastTime) break;
      if (time === leastTime && this.#isBefore(slot, slots[least]!)) break;
      times[hole] = leastTime;
      slots[hole] = slots[least]!;
      hole = least;
    }
    times[hole] = time;
    slots[hole] = slot;
  }

  #isBefore(slot: number, other: number): boolean {
    return this.#seq[slot]! < this.#seq[other]!;
  }

  #removeTop(): void {
    const last = --this.#heapSize;
    if (last > 0) this.#siftDown(0, this.#heapTime[last]!, this.#heapSlot[last]!);
  }

  #removeHead(): void {
    this.#laneHead = (this.#laneHead + 1) & (this.#capacity - 1);
    this.#laneSize--;
  }

  #dropCancelledTop(): void {
    while (this.#heapSize > 0 && this.#kinds[this.#heapSlot[0]!] === CANCELLED) {
      this.#release(this.#heapSlot[0]!);
      this.#heapCancelled--;
      this.#removeTop();
    }
  }

  #dropCancelledHead(): void {
    while (this.#laneSize > 0 && this.#kinds[this.#lane[this.#laneHead]!] === CANCELLED) {
      this.#release(this.#lane[this.#laneHead]!);
      this.#laneCancelled--;
      this.#removeHead();
    }
  }

  /** Takes every cancelled event out of the heap and orders the rest anew: O(n). */
  #sweep(): void {
    let kept = 0;
    for (let index = 0; index < this.#heapSize; index++) {
      const slot = this.#heapSlot[index]!;
      if (this.#kinds[slot] === CANCELLED) {
        this.#release(slot);
        continue;
      }
      this.#heapTime[kept] = this.#heapTime[index]!;
      this.#heapSlot[kept] = slot;
      kept++;
    }
    this.#heapSize = kept;
    this.#heapCancelled = 0;
    for (let index = (kept - 2) >> 2; index >= 0; index--) {
      this.#siftDown(index, this.#heapTime[index]!, this.#heapSlot[index]!);
    }
  }

  #grow(): void {
    const capacity = this.#capacity * 2;
    invariant(capacity <= MAX_SLOTS, "at most 16,777,216 events are pending");
    const lane = new Int32Array(capacity);
    for (let index = 0; index < this.#laneSize; index++) {
      lane[index] = this.#lane[(this.#laneHead + index) & (this.#capacity - 1)]!;
    }
    this.#lane = lane;
    this.#laneHead = 0;
    this.#heapTime = grownFloats(this.#heapTime, capacity);
    this.#heapSlot = grownIntegers(this.#heapSlot, capacity);
    this.#seq = grownFloats(this.#seq, capacity);
    this.#values = grownFloats(this.#values, capacity);
    this.#kinds = grownIntegers(this.#kinds, capacity);
    this.#generations = grownIntegers(this.#generations, capacity);
    this.#freeSlots = grownIntegers(this.#freeSlots, capacity);
    while (this.#targets.length < capacity) this.#targets.push(undefined);
    this.#capacity = capacity;
  }
}

function grownFloats(from: Float64Array<ArrayBuffer>, length: number): Float64Array<ArrayBuffer> {
  const grown = new Float64Array(length);
  grown.set(from);
  return grown;
}

function grownIntegers(from: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(length);
  grown.set(from);
  return grown;
}
