/**
 * The jobs of one fluid model: slots recycled through a free list, handles that name a job once.
 *
 * A handle is a slot plus 2^24 times a generation, so that a handle kept too long finds nothing.
 */

import { invariant } from "../core/invariant.ts";

/** Names one job, to stop it. A safe integer. */
export type JobHandle = number;

export const NO_SLOT = -1;

/** Of most models few jobs are under way, and what is small costs no memory of its own. */
const FIRST_CAPACITY = 8;
const MAX_SLOTS = 2 ** 24;
const GENERATIONS = 2 ** 29;

export class JobTable<T> {
  /** By slot: where the job stands in the heap it is in. The heap keeps it. */
  position = new Int32Array(FIRST_CAPACITY);
  /** By slot: how many jobs were opened before it. */
  order = new Float64Array(FIRST_CAPACITY);
  /** By slot: the class it belongs to, or what the owner of the table wants to say. */
  group = new Int32Array(FIRST_CAPACITY);

  #targets: (T | undefined)[] = new Array(FIRST_CAPACITY).fill(undefined);
  #generations = new Int32Array(FIRST_CAPACITY);
  #free = new Int32Array(FIRST_CAPACITY);
  #freeCount = 0;
  #slotCount = 0;
  #opened = 0;

  /** Jobs in the table. */
  get size(): number {
    return this.#slotCount - this.#freeCount;
  }

  /** Puts a job in; gives its slot. */
  add(group: number, target: T): number {
    const slot = this.#freeCount > 0 ? this.#free[--this.#freeCount]! : this.#newSlot();
    this.order[slot] = this.#opened++;
    this.group[slot] = group;
    this.#targets[slot] = target;
    return slot;
  }

  /** Takes a job out; gives its target. */
  remove(slot: number): T {
    const target = this.#targets[slot] as T;
    this.#targets[slot] = undefined;
    const generation = this.#generations[slot]! + 1;
    this.#generations[slot] = generation === GENERATIONS ? 0 : generation;
    this.#free[this.#freeCount++] = slot;
    return target;
  }

  handleOf(slot: number): JobHandle {
    return slot + this.#generations[slot]! * MAX_SLOTS;
  }

  /** The slot of a job that is still in, else `NO_SLOT`. */
  find(handle: JobHandle): number {
    const slot = handle % MAX_SLOTS;
    const generation = Math.floor(handle / MAX_SLOTS);
    return slot < this.#slotCount && this.#generations[slot] === generation ? slot : NO_SLOT;
  }

  #newSlot(): number {
    if (this.#slotCount === this.order.length) this.#grow();
    return this.#slotCount++;
  }

  #grow(): void {
    const capacity = this.order.length * 2;
    invariant(capacity <= MAX_SLOTS, "at most 16,777,216 jobs share one resource");
    this.position = grown(this.position, capacity);
    this.group = grown(this.group, capacity);
    this.#generations = grown(this.#generations, capacity);
    this.#free = grown(this.#free, capacity);
    const order = new Float64Array(capacity);
    order.set(this.order);
    this.order = order;
    while (this.#targets.length < capacity) this.#targets.push(undefined);
  }
}

function grown(from: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  const into = new Int32Array(length);
  into.set(from);
  return into;
}
