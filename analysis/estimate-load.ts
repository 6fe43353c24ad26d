/**
 * Who wanted a core of a machine, and when: intervals put on top of each other. From it follows the
 * core time that a job got which was ready all the while, if ready jobs share the cores evenly:
 *
 *   core time of [from, to] = ∫ min(1, cores / n(t)) dt,   n(t) = weights of the jobs ready at t
 *
 * It is the inverse of `sim/cpu.ts`, for logs in which only beginning and end of a job are known.
 */

/** Microseconds; `weight`: cores that it could use, times the part of the interval it is ready. */
export interface Interval {
  readonly from: number;
  readonly to: number;
  readonly weight: number;
}

export class Load {
  /** Ascending; `#level[k]` is n from `#times[k]` to the next. */
  readonly #times: Float64Array;
  readonly #level: Float64Array;

  constructor(intervals: readonly Interval[]) {
    const change = new Map<number, number>();
    const add = (time: number, by: number): void => {
      change.set(time, (change.get(time) ?? 0) + by);
    };
    for (const { from, to, weight } of intervals) {
      if (to <= from || weight <= 0) continue;
      add(from, weight);
      add(to, -weight);
    }
    const times = [...change.keys()].sort((a, b) => a - b);
    this.#times = Float64Array.from(times);
    this.#level = new Float64Array(times.length);
    let level = 0;
    for (const [index, time] of times.entries()) {
      level += change.get(time)!;
      this.#level[index] = level;
    }
  }

  /** The highest n. */
  get most(): number {
    return this.#level.reduce((most, level) => Math.max(most, level), 0);
  }

  /** Core-microseconds that one job got which was ready from `from` to `to`. */
  coreTime({ from, to }: { readonly from: number; readonly to: number }, cores: number): number {
    return this.#integral(from, to, (level) => (level <= cores ? 1 : cores / level));
  }

  /** ∫ dt / n(t): core time got, for each core that there is, while there were too few. */
  turns({ from, to }: { readonly from: number; readonly to: number }): number {
    return this.#integral(from, to, (level) => 1 / Math.max(level, 1));
  }

  /** The mean of n. */
  mean({ from, to }: { readonly from: number; readonly to: number }): number {
    return this.#integral(from, to, (level) => level) / (to - from);
  }

  #integral(from: number, to: number, of: (level: number) => number): number {
    let sum = 0;
    let time = from;
    for (let index = this.#before(from); time < to; index++) {
      const next = Math.min(to, this.#times[index + 1] ?? to);
      sum += of(index < 0 ? 0 : (this.#level[index] ?? 0)) * (next - time);
      time = next;
    }
    return sum;
  }

  /** The last change at or before the time; -1: none. */
  #before(time: number): number {
    let low = -1;
    let high = this.#times.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#times[middle]! <= time) low = middle;
      else high = middle;
    }
    return low;
  }
}
