/**
 * One resource shared max-min fairly by jobs that may each have a cap.
 *
 * With capacity C and n_k jobs of cap c_k, each job has min(c_k, L), where the level L is such that
 * the sum of n_k * min(c_k, L) is C, or every job has its cap. So jobs without a cap share equally
 * (processor sharing), and what capped ones leave goes to the rest. Jobs of one cap are one class:
 * a change costs O(caps in use), and O(log jobs) for the job itself.
 */

import { invariant } from "../core/invariant.ts";
import { Fluid } from "./fluid.ts";
import type { JobHandle } from "./job-table.ts";

export interface FairShareOptions {
  /** Units of the resource a microsecond; 0 and `Infinity` are allowed. */
  readonly capacity: number;
  /** Work done for a unit of the resource: 1, or less for a slow node. */
  readonly speed?: number;
}

export interface Job<T> {
  readonly work: number;
  /** Most units of the resource a microsecond that this job can use. */
  readonly cap: number;
  readonly target: T;
}

/** So many classes are kept though they are empty: mostly the next job is of one of them. */
const KEPT = 8;

export class FairShare<T> {
  readonly #fluid: Fluid<T>;
  #capacity: number;
  #speed: number;
  /** By class. */
  readonly #caps: number[] = [];
  /** Classes with jobs, and a few that had some, by ascending cap. */
  readonly #active: number[] = [];
  /** Classes that may be given another cap. */
  readonly #spare: number[] = [];
  /** Units used until `#countedTo`, and units a microsecond since. */
  #used = 0;
  #usage = 0;
  #countedTo = 0;

  constructor(options: FairShareOptions) {
    this.#fluid = new Fluid<T>(() => this.#settle());
    this.#capacity = checkedCapacity(options.capacity);
    this.#speed = checkedSpeed(options.speed ?? 1);
  }

  /** Jobs under way, and done ones that nobody has taken. */
  get size(): number {
    return this.#fluid.size;
  }

  start(now: number, job: Job<T>): JobHandle {
    invariant(job.cap > 0, "a cap is above 0");
    this.#fluid.moveTo(now);
    return this.#fluid.open(this.#classOf(job.cap), job.work, job.target);
  }

  /** Ends a job early; false if it was taken or stopped before. */
  stop(now: number, handle: JobHandle): boolean {
    this.#fluid.moveTo(now);
    return this.#fluid.close(handle);
  }

  /** When the next job is done; `Infinity` if never. */
  nextTime(): number {
    return this.#fluid.nextTime();
  }

  /** The next job that is done by `now`: by the time it was due, then by the order of starting. */
  takeDone(now: number): T | undefined {
    return this.#fluid.takeDone(now);
  }

  setCapacity(now: number, capacity: number): void {
    this.#fluid.moveTo(now);
    this.#capacity = checkedCapacity(capacity);
    this.#fluid.touchAll();
  }

  setSpeed(now: number, speed: number): void {
    this.#fluid.moveTo(now);
    this.#speed = checkedSpeed(speed);
    this.#fluid.touchAll();
  }

  /**
   * Units of the resource used from the beginning to `now`; a job uses its share until the end of
   * its last microsecond. Divided by capacity and time: utilisation.
   */
  used(now: number): number {
    this.#fluid.moveTo(now);
    return this.#used + this.#usage * (now - this.#countedTo);
  }

  /** The class of that cap, made where there is none. Caps in use are few: a linear search. */
  #classOf(cap: number): number {
    let at = 0;
    while (at < this.#active.length && this.#caps[this.#active[at]!]! < cap) at++;
    const found = this.#active[at];
    if (found !== undefined && this.#caps[found] === cap) return found;
    const index = this.#spare.pop() ?? this.#fluid.addClass();
    this.#caps[index] = cap;
    this.#active.splice(at, 0, index);
    return index;
  }

  #settle(): void {
    const fluid = this.#fluid;
    this.#used += this.#usage * (fluid.now - this.#countedTo);
    this.#countedTo = fluid.now;
    if (this.#active.length > KEPT) this.#dropEmpty();
    let jobs = 0;
    for (const index of this.#active) jobs += fluid.countOf(index);
    let left = this.#capacity;
    this.#usage = 0;
    for (const index of this.#active) {
      const count = fluid.countOf(index);
      if (count === 0) continue;
      const share = Math.min(left / jobs, this.#caps[index]!);
      const rate = share * this.#speed;
      if (rate !== fluid.rateOf(index)) fluid.setRate(index, rate);
      jobs -= count;
      if (share === Infinity) continue;
      this.#usage += share * count;
      left = Math.max(0, left - share * count);
    }
  }

  #dropEmpty(): void {
    let kept = 0;
    for (const index of this.#active) {
      if (this.#fluid.countOf(index) > 0) this.#active[kept++] = index;
      else this.#spare.push(index);
    }
    while (this.#active.length > kept) this.#active.pop();
  }
}

function checkedCapacity(capacity: number): number {
  invariant(capacity >= 0, "a capacity is 0 or more");
  return capacity;
}

function checkedSpeed(speed: number): number {
  invariant(speed > 0 && speed < Infinity, "a speed is above 0");
  return speed;
}
