/**
 * Jobs of one class, the one with the least mark first, ties in the order in which they opened.
 *
 * A 4-ary heap in typed arrays; the job table keeps each job's position, so that any job can leave.
 */

import type { JobTable } from "./job-table.ts";

const FIRST_CAPACITY = 8;

export class MarkHeap<T> {
  readonly #jobs: JobTable<T>;
  #marks = new Float64Array(FIRST_CAPACITY);
  #slots = new Int32Array(FIRST_CAPACITY);
  #size = 0;

  constructor(jobs: JobTable<T>) {
    this.#jobs = jobs;
  }

  get size(): number {
    return this.#size;
  }

  /** The least mark. Only when there is one. */
  get topMark(): number {
    return this.#marks[0]!;
  }

  /** Cost: O(log n); O(1) when the mark is the greatest. */
  push(slot: number, mark: number): void {
    if (this.#size === this.#slots.length) this.#grow();
    this.#siftUp(this.#size++, mark, slot);
  }

  /** Takes the first job out; gives its slot. Only when there is one. Cost: O(log n). */
  pop(): number {
    const slot = this.#slots[0]!;
    const last = --this.#size;
    if (last > 0) this.#siftDown(0, this.#marks[last]!, this.#slots[last]!);
    return slot;
  }

  /** Takes a job out from anywhere. Cost: O(log n). */
  remove(slot: number): void {
    const index = this.#jobs.position[slot]!;
    const last = --this.#size;
    if (index === last) return;
    const mark = this.#marks[last]!;
    const moved = this.#slots[last]!;
    if (this.#isBefore({ mark, slot: moved, index })) this.#siftUp(index, mark, moved);
    else this.#siftDown(index, mark, moved);
  }

  /** Makes every mark less by `amount`. Cost: O(n). */
  lower(amount: number): void {
    for (let index = 0; index < this.#size; index++) this.#marks[index]! -= amount;
    // Rounding may have made unequal marks equal, which changes whose turn it is.
    for (let index = (this.#size - 2) >> 2; index >= 0; index--) {
      this.#siftDown(index, this.#marks[index]!, this.#slots[index]!);
    }
  }

  /** Whether the job belongs before the parent of `index`. */
  #isBefore(job: { mark: number; slot: number; index: number }): boolean {
    if (job.index === 0) return false;
    const parent = (job.index - 1) >> 2;
    const parentMark = this.#marks[parent]!;
    if (job.mark !== parentMark) return job.mark < parentMark;
    const order = this.#jobs.order;
    return order[job.slot]! < order[this.#slots[parent]!]!;
  }

  #siftUp(from: number, mark: number, slot: number): void {
    const marks = this.#marks;
    const slots = this.#slots;
    const { order, position } = this.#jobs;
    let hole = from;
    while (hole > 0) {
      const parent = (hole - 1) >> 2;
      const parentMark = marks[parent]!;
      const parentSlot = slots[parent]!;
      if (parentMark < mark) break;
      if (parentMark === mark && order[parentSlot]! < order[slot]!) break;
      marks[hole] = parentMark;
      slots[hole] = parentSlot;
      position[parentSlot] = hole;
      hole = parent;
    }
    marks[hole] = mark;
    slots[hole] = slot;
    position[slot] = hole;
  }

  #siftDown(from: number, mark: number, slot: number): void {
    const marks = this.#marks;
    const slots = this.#slots;
    const { order, position } = this.#jobs;
    const size = this.#size;
    let hole = from;
    for (;;) {
      const first = (hole << 2) + 1;
      if (first >= size) break;
      const end = Math.min(first + 4, size);
      let least = first;
      let leastMark = marks[first]!;
      for (let child = first + 1; child < end; child++) {
        const childMark = marks[child]!;
        if (childMark > leastMark) continue;
        if (childMark < leastMark || order[slots[child]!]! < order[slots[least]!]!) {
          least = child;
          leastMark = childMark;
        }
      }
      const leastSlot = slots[least]!;
      if (mark < leastMark) break;
      if (mark === leastMark && order[slot]! < order[leastSlot]!) break;
      marks[hole] = leastMark;
      slots[hole] = leastSlot;
      position[leastSlot] = hole;
      hole = least;
    }
    marks[hole] = mark;
    slots[hole] = slot;
    position[slot] = hole;
  }

  #grow(): void {
    const marks = new Float64Array(this.#marks.length * 2);
    marks.set(this.#marks);
    this.#marks = marks;
    const slots = new Int32Array(marks.length);
    slots.set(this.#slots);
    this.#slots = slots;
  }
}
