/**
 * Events that are there for good and move often: the next end in each fluid model. Ordered by (time,
 * sequence number) as those in the event queue are, but moved in place: in the queue each move would
 * leave a cancelled event behind.
 *
 * A binary heap of all of them, each at its place whether it has a time or not.
 */

import { grownFloats, grownIntegers } from "./event-table.ts";

const FIRST_CAPACITY = 32;

export class StandingEvents {
  /** Time of the first; `Infinity` if none has one. */
  firstTime = Infinity;
  /** Which that is. Only when there is one. */
  first = 0;

  #count = 0;
  /** By place in the heap: which one. */
  #order = new Int32Array(FIRST_CAPACITY);
  // By event.
  #place = new Int32Array(FIRST_CAPACITY);
  #time = new Float64Array(FIRST_CAPACITY);
  #number = new Float64Array(FIRST_CAPACITY);

  /** A further one, without a time; dense from 0. */
  add(): number {
    if (this.#count === this.#order.length) this.#grow();
    const index = this.#count++;
    this.#order[index] = index;
    this.#place[index] = index;
    this.#time[index] = Infinity;
    return index;
  }

  /** Sequence number of the first. */
  get firstNumber(): number {
    return this.#number[this.first]!;
  }

  /** `Infinity`: it has no time now. Cost: O(log n). */
  move(index: number, time: number, number: number): void {
    // As mostly where nothing takes time: what has none is in no order.
    if (time === Infinity && this.#time[index] === Infinity) return;
    this.#time[index] = time;
    this.#number[index] = number;
    this.#sink(this.#rise(this.#place[index]!, index), index);
    this.first = this.#order[0]!;
    this.firstTime = this.#time[this.first]!;
  }

  #rise(from: number, index: number): number {
    const order = this.#order;
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const other = order[above]!;
      if (!this.#isBefore(index, other)) break;
      this.#put(place, other);
      place = above;
    }
    this.#put(place, index);
    return place;
  }

  #sink(from: number, index: number): void {
    const order = this.#order;
    let place = from;
    for (;;) {
      let below = 2 * place + 1;
      if (below >= this.#count) break;
      if (below + 1 < this.#count && this.#isBefore(order[below + 1]!, order[below]!)) below++;
      const other = order[below]!;
      if (!this.#isBefore(other, index)) break;
      this.#put(place, other);
      place = below;
    }
    this.#put(place, index);
  }

  #put(place: number, index: number): void {
    this.#order[place] = index;
    this.#place[index] = place;
  }

  #isBefore(one: number, other: number): boolean {
    const time = this.#time[one]!;
    const otherTime = this.#time[other]!;
    return time < otherTime || (time === otherTime && this.#number[one]! < this.#number[other]!);
  }

  #grow(): void {
    this.#order = grownIntegers(this.#order);
    this.#place = grownIntegers(this.#place);
    this.#time = grownFloats(this.#time);
    this.#number = grownFloats(this.#number);
  }
}
