/**
 * One clock for each class of jobs that all progress at the same rate.
 *
 * A clock shows how much work each job of its class has been given since the clock was at 0. A job
 * that opens at clock v with work w is done when the clock shows v + w: its finish mark, which never
 * changes, however often the rate does. So a change of rate costs O(1), not O(jobs).
 *
 * A clock is moved only when its rate or its jobs change, goes back to 0 when the class is empty,
 * and is set back from time to time: its precision does not decay in a long run.
 */

import { DueTimes } from "./due-times.ts";
import type { JobTable } from "./job-table.ts";
import { MarkHeap } from "./mark-heap.ts";

/** Work (bytes, core-microseconds) too little to wait for: what rounding leaves behind. */
const RESIDUE = 1e-6;
/** A duration this little above a whole microsecond is that microsecond: rounding, not work. */
const TICK_ROUNDING = 1e-6;
/** Set back beyond this, where a Float64 still tells 0.00002 apart. */
const HIGHEST = 2 ** 36;
const FIRST_CAPACITY = 8;

export class VirtualClocks<T> {
  /** When the next job of each class is done, if its rate stays. */
  readonly dues = new DueTimes();

  readonly #jobs: JobTable<T>;
  // By class.
  readonly #heaps: MarkHeap<T>[] = [];
  /** Work a microsecond given to each job. */
  #rate = new Float64Array(FIRST_CAPACITY);
  #clock = new Float64Array(FIRST_CAPACITY);
  /** When `#clock` was right, whole microseconds. */
  #at = new Float64Array(FIRST_CAPACITY);
  /** The least finish mark; `Infinity` if the class is empty. */
  #first = new Float64Array(FIRST_CAPACITY);

  constructor(jobs: JobTable<T>) {
    this.#jobs = jobs;
  }

  /** A new class, empty, at rate 0. Dense from 0. */
  addClass(): number {
    const index = this.#heaps.push(new MarkHeap(this.#jobs)) - 1;
    if (index === this.#rate.length) this.#grow();
    this.#first[index] = Infinity;
    this.dues.set(index, Infinity);
    return index;
  }

  countOf(index: number): number {
    return this.#heaps[index]!.size;
  }

  rateOf(index: number): number {
    return this.#rate[index]!;
  }

  /** Positional: a record for each job would be garbage at once. */
  add(now: number, index: number, slot: number, work: number): void {
    const heap = this.#heaps[index]!;
    if (heap.size === 0) {
      this.#clock[index] = 0;
      this.#at[index] = now;
    } else {
      this.#move(index, now);
    }
    heap.push(slot, this.#clock[index]! + work);
    this.#look(index);
  }

  remove(index: number, slot: number): void {
    this.#heaps[index]!.remove(slot);
    this.#look(index);
  }

  /** Takes out the job of the class that is done first; gives its slot. Only when there is one. */
  takeFirst(index: number): number {
    const slot = this.#heaps[index]!.pop();
    this.#look(index);
    return slot;
  }

  /** `rate` is 0 or more. */
  setRate(now: number, index: number, rate: number): void {
    this.#move(index, now);
    this.#rate[index] = rate;
    this.#plan(index);
  }

  #look(index: number): void {
    const heap = this.#heaps[index]!;
    this.#first[index] = heap.size === 0 ? Infinity : heap.topMark;
    this.#plan(index);
  }

  /** Due times are whole microseconds, rounded up. No work is done at once, even at rate 0. */
  #plan(index: number): void {
    const work = this.#first[index]! - this.#clock[index]!;
    const rate = this.#rate[index]!;
    const at = this.#at[index]!;
    if (work === Infinity) this.dues.set(index, Infinity);
    else if (work <= RESIDUE || rate === Infinity) this.dues.set(index, at);
    else this.dues.set(index, at + Math.ceil(work / rate - TICK_ROUNDING));
  }

  #move(index: number, now: number): void {
    const elapsed = now - this.#at[index]!;
    if (elapsed === 0) return;
    this.#at[index] = now;
    // At an infinite rate jobs are done at once, so there is nothing to count.
    const rate = this.#rate[index]!;
    if (rate === Infinity) return;
    const clock = this.#clock[index]! + elapsed * rate;
    this.#clock[index] = clock;
    if (clock > HIGHEST) this.#setBack(index);
  }

  #setBack(index: number): void {
    const heap = this.#heaps[index]!;
    heap.lower(this.#clock[index]!);
    this.#clock[index] = 0;
    this.#first[index] = heap.size === 0 ? Infinity : heap.topMark;
  }

  #grow(): void {
    this.#rate = grown(this.#rate);
    this.#clock = grown(this.#clock);
    this.#at = grown(this.#at);
    this.#first = grown(this.#first);
  }
}

function grown(from: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const into = new Float64Array(from.length * 2);
  into.set(from);
  return into;
}
