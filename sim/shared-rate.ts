/**
 * One rate shared equally by all transfers in it (processor sharing): a disk, a compressor, a
 * memory bus. A transfer may have a rate of its own that it never exceeds (fair-share.ts).
 */

import { FairShare } from "./fair-share.ts";
import type { JobHandle } from "./job-table.ts";

export interface SharedRateOptions {
  /** Bytes a second; 0 (nothing moves) and `Infinity` (done at once) are allowed. */
  readonly rate: number;
}

export interface Transfer<T> {
  readonly bytes: number;
  /** Most bytes a second for this one; no limit if not given. */
  readonly cap?: number;
  /** What `takeDone` gives when it is done. */
  readonly target: T;
}

const MICROS_PER_SECOND = 1_000_000;

export class SharedRate<T> {
  readonly #share: FairShare<T>;

  constructor(options: SharedRateOptions) {
    this.#share = new FairShare<T>({ capacity: options.rate / MICROS_PER_SECOND });
  }

  /** Transfers under way, and done ones that nobody has taken. */
  get size(): number {
    return this.#share.size;
  }

  start(now: number, transfer: Transfer<T>): JobHandle {
    const cap = (transfer.cap ?? Infinity) / MICROS_PER_SECOND;
    return this.#share.start(now, { work: transfer.bytes, cap, target: transfer.target });
  }

  /** Ends a transfer early; false if it was taken or stopped before. */
  stop(now: number, transfer: JobHandle): boolean {
    return this.#share.stop(now, transfer);
  }

  /** When the next transfer is done: whole microseconds; `Infinity` if never. */
  nextTime(): number {
    return this.#share.nextTime();
  }

  /** The target of the next one done by `now`: by due time, then by the order of starting. */
  takeDone(now: number): T | undefined {
    return this.#share.takeDone(now);
  }

  /** Bytes a second from now on. */
  setRate(now: number, rate: number): void {
    this.#share.setCapacity(now, rate / MICROS_PER_SECOND);
  }

  /** Bytes moved from the beginning to `now`, by those that are not done at once. */
  moved(now: number): number {
    return this.#share.used(now);
  }
}
