/**
 * Events ordered by (time, sequence number): a 4-ary heap in typed arrays.
 *
 * Times stand in the heap itself; sequence numbers are looked up only at ties.
 */

import { type EventTable, grownFloats, grownIntegers } from "./event-table.ts";

const FIRST_CAPACITY = 1024;

export class EventHeap {
  readonly #events: EventTable;
  // Children of i are 4i + 1 to 4i + 4.
  #times = new Float64Array(FIRST_CAPACITY);
  #entries = new Int32Array(FIRST_CAPACITY);
  /** Cancelled events included. */
  size = 0;

  constructor(events: EventTable) {
    this.#events = events;
  }

  /** Of the first event. Only when there is one. */
  get topTime(): number {
    return this.#times[0]!;
  }

  get topEntry(): number {
    return this.#entries[0]!;
  }

  timeAt(index: number): number {
    return this.#times[index]!;
  }

  entryAt(index: number): number {
    return this.#entries[index]!;
  }

  /** Puts in an event that was scheduled after all that are in. Cost: O(log n). */
  push(time: number, entry: number): void {
    this.append(time, entry);
    this.#siftUp(this.size - 1);
  }

  /** Takes the first event out. Only when there is one. Cost: O(log n). */
  removeTop(): void {
    this.size--;
    if (this.size > 0) this.#siftDown(0, this.size);
  }

  /** Puts in an event anywhere: `order` must come before anything else. */
  append(time: number, entry: number): void {
    if (this.size === this.#entries.length) this.#grow();
    this.#times[this.size] = time;
    this.#entries[this.size++] = entry;
  }

  /** Cost: O(n). */
  order(): void {
    for (let index = (this.size - 2) >> 2; index >= 0; index--) {
      this.#siftDown(index, index);
    }
  }

  clear(): void {
    this.size = 0;
  }

  #siftUp(from: number): void {
    const times = this.#times;
    const entries = this.#entries;
    const time = times[from]!;
    const entry = entries[from]!;
    let hole = from;
    // It has the highest sequence number, so at equal times it stays below.
    while (hole > 0) {
      const parent = (hole - 1) >> 2;
      const parentTime = times[parent]!;
      if (parentTime <= time) break;
      times[hole] = parentTime;
      entries[hole] = entries[parent]!;
      hole = parent;
    }
    times[hole] = time;
    entries[hole] = entry;
  }

  /** Moves what is at `from` to `to` or, past what comes before it, further down. */
  #siftDown(to: number, from: number): void {
    const times = this.#times;
    const entries = this.#entries;
    const size = this.size;
    const time = times[from]!;
    const entry = entries[from]!;
    let hole = to;
    for (;;) {
      const first = (hole << 2) + 1;
      if (first >= size) break;
      const least = first + 4 <= size ? this.#leastOfFour(first) : this.#leastOfFew(first);
      const leastTime = times[least]!;
      if (time < leastTime) break;
      if (time === leastTime && this.#events.isBefore(entry, entries[least]!)) break;
      times[hole] = leastTime;
      entries[hole] = entries[least]!;
      hole = least;
    }
    times[hole] = time;
    entries[hole] = entry;
  }

  /** Counts with comparisons in place of branching on them, which a processor could only guess. */
  #leastOfFour(first: number): number {
    const times = this.#times;
    const one = times[first]!;
    const two = times[first + 1]!;
    const three = times[first + 2]!;
    const four = times[first + 3]!;
    const left = one === two ? this.#before(first, first + 1) : first + Number(two < one);
    const right =
      three === four ? this.#before(first + 2, first + 3) : first + 2 + Number(four < three);
    const leftTime = times[left]!;
    const rightTime = times[right]!;
    if (leftTime === rightTime) return this.#before(left, right);
    return left + ((right - left) & -Number(rightTime < leftTime));
  }

  #leastOfFew(first: number): number {
    const times = this.#times;
    let least = first;
    for (let child = first + 1; child < this.size; child++) {
      if (times[child]! < times[least]!) least = child;
      else if (times[child]! === times[least]!) least = this.#before(least, child);
    }
    return least;
  }

  /** Of two at one time the one that was scheduled first. */
  #before(one: number, other: number): number {
    return this.#events.isBefore(this.#entries[one]!, this.#entries[other]!) ? one : other;
  }

  #grow(): void {
    this.#times = grownFloats(this.#times);
    this.#entries = grownIntegers(this.#entries);
  }
}
