/**
 * What network, CPU and shared rates have in common: jobs in classes, each class at its own rate,
 * and rates that depend on how many jobs each class has.
 *
 * Time is whole microseconds and comes as an argument, never less than before. A job that is done
 * within a microsecond counts as there until its end. Changes at one time cause one call of
 * `settle`, when the time moves on or somebody asks for the next time.
 */

import { invariant } from "../core/invariant.ts";
import { type JobHandle, JobTable, NO_SLOT } from "./job-table.ts";
import { MarkHeap } from "./mark-heap.ts";
import { VirtualClocks } from "./virtual-clocks.ts";

/** Group of a job that is done and has not been taken. */
const DONE = -1;
const FIRST_CAPACITY = 8;

/** Called when class sizes have changed: sets the rates that follow from them, by `setRate`. */
export type Settle = () => void;

export class Fluid<T> {
  readonly #settle: Settle;
  readonly #jobs = new JobTable<T>();
  readonly #clocks = new VirtualClocks<T>(this.#jobs);
  /** Marks are the times at which they were done. */
  readonly #done = new MarkHeap<T>(this.#jobs);
  #now = 0;
  #stale = false;
  #next = Infinity;
  /** Classes whose size may have changed since `settle` was called last, each once. */
  #touched = new Int32Array(FIRST_CAPACITY);
  #touchedCount = 0;
  #isTouched = new Uint8Array(FIRST_CAPACITY);

  constructor(settle: Settle) {
    this.#settle = settle;
  }

  get now(): number {
    return this.#now;
  }

  /** Jobs under way, and done ones that nobody has taken. */
  get size(): number {
    return this.#jobs.size;
  }

  /** How many classes may have changed in size since rates were set last. */
  get touchedCount(): number {
    return this.#touchedCount;
  }

  /** One of them, from 0; each comes once. */
  touchedAt(place: number): number {
    return this.#touched[place]!;
  }

  /** A new class, empty, at rate 0. Dense from 0. */
  addClass(): number {
    const index = this.#clocks.addClass();
    if (index === this.#touched.length) this.#grow();
    return index;
  }

  countOf(index: number): number {
    return this.#clocks.countOf(index);
  }

  /** Of each job in the class, work a microsecond. */
  rateOf(index: number): number {
    return this.#clocks.rateOf(index);
  }

  /** For `settle` only. */
  setRate(index: number, rate: number): void {
    this.#clocks.setRate(this.#now, index, rate);
  }

  /** Rates are to be set anew, although no class has changed. */
  touchAll(): void {
    this.#stale = true;
  }

  /** Asserts that work is finite and not negative. */
  open(index: number, work: number, target: T): JobHandle {
    invariant(work >= 0 && work < Infinity, "work is finite and not negative");
    const slot = this.#jobs.add(index, target);
    this.#clocks.add(this.#now, index, slot, work);
    this.#touch(index);
    return this.#jobs.handleOf(slot);
  }

  /** Ends a job early; false if it was taken or closed before. One that is done is not given then. */
  close(handle: JobHandle): boolean {
    const slot = this.#jobs.find(handle);
    if (slot === NO_SLOT) return false;
    const index = this.#jobs.group[slot]!;
    if (index === DONE) {
      this.#done.remove(slot);
    } else {
      this.#clocks.remove(index, slot);
      this.#touch(index);
    }
    this.#jobs.remove(slot);
    return true;
  }

  /** Moves the time; jobs done before `now` free their share at the time they were due. */
  moveTo(now: number): void {
    if (now === this.#now) return;
    invariant(now > this.#now, "time moves forward");
    for (let time = this.#settled(); time < now; time = this.#settled()) {
      this.#now = time;
      this.#collect(time);
    }
    this.#now = now;
  }

  /** Brings rates up to date, which everything that asks for a time does by itself. */
  settle(): void {
    this.#settled();
  }

  /** When the next job is done, at the rates of now; `Infinity` if never. */
  nextTime(): number {
    return this.#done.size > 0 ? this.#done.topMark : this.#settled();
  }

  /** The next job that is done by `now`: by the time it was due, then by the order of opening. */
  takeDone(now: number): T | undefined {
    if (this.#done.size === 0) {
      this.moveTo(now);
      if (this.#done.size === 0) {
        if (this.#settled() > now) return undefined;
        this.#collect(now);
      }
    }
    return this.#jobs.remove(this.#done.pop());
  }

  /** Takes jobs that are due by `time` out of their classes. */
  #collect(time: number): void {
    const { dues } = this.#clocks;
    while (dues.least() <= time) {
      const index = dues.earliest;
      this.#touch(index);
      for (let due = dues.get(index); due <= time; due = dues.get(index)) {
        const slot = this.#clocks.takeFirst(index);
        this.#jobs.group[slot] = DONE;
        this.#done.push(slot, due);
      }
    }
  }

  #touch(index: number): void {
    this.#stale = true;
    if (this.#isTouched[index] === 1) return;
    this.#isTouched[index] = 1;
    this.#touched[this.#touchedCount++] = index;
  }

  /** Brings rates up to date; gives the earliest due time. */
  #settled(): number {
    if (!this.#stale) return this.#next;
    this.#stale = false;
    this.#settle();
    for (let place = 0; place < this.#touchedCount; place++) {
      this.#isTouched[this.#touched[place]!] = 0;
    }
    this.#touchedCount = 0;
    this.#next = this.#clocks.dues.least();
    return this.#next;
  }

  #grow(): void {
    const touched = new Int32Array(this.#touched.length * 2);
    touched.set(this.#touched);
    this.#touched = touched;
    const isTouched = new Uint8Array(touched.length);
    isTouched.set(this.#isTouched);
    this.#isTouched = isTouched;
  }
}
