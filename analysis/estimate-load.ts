/**
 * Who wanted a core of a machine, and when: intervals put on top of each other. From it follows the
 * core time that a job got which was ready all the while, by the model of how functions and daemons
 * share the cores: the inverse of a simulation, for logs in which only beginning and end of a job
 * are known.
 *
 *   core time of [from, to] = ∫ v(t) min(1, share(t)) dt,   f(t), d(t) = weights of the jobs ready at t
 *   with g = model(f, d, C) cores of all daemons, the share of one job is g / d, or (C - g) / f,
 *   and v(t) the speed of a core (processor-speed.ts)
 */

import { lastAt, type SpeedChange } from "./processor-speed.ts";

/** Of so many cores, those that all daemons have together; the simulator's `daemonCores`. */
export type DaemonCores = (functions: number, daemons: number, cores: number) => number;

export type Owner = "function" | "daemon";

/** Microseconds; `weight`: cores that it could use. */
export interface Interval {
  readonly from: number;
  readonly to: number;
  readonly weight: number;
  readonly by: Owner;
}

interface Span {
  readonly from: number;
  readonly to: number;
}

export class Load {
  /** Ascending; the levels at k hold from `#times[k]` to the next. */
  readonly #times: Float64Array;
  readonly #functions: Float64Array;
  readonly #daemons: Float64Array;
  readonly #speeds: Float64Array;
  readonly #daemonCores: DaemonCores;

  constructor(
    intervals: readonly Interval[],
    {
      model,
      speeds = [],
    }: { readonly model: DaemonCores; readonly speeds?: readonly SpeedChange[] },
  ) {
    this.#daemonCores = model;
    const changes = new Map<number, { functions: number; daemons: number; speed?: number }>();
    const changeAt = (time: number) => {
      const change = changes.get(time) ?? { functions: 0, daemons: 0 };
      changes.set(time, change);
      return change;
    };
    for (const { at, speed } of speeds) changeAt(at).speed = speed;
    const add = (time: number, by: Owner, weight: number): void => {
      const change = changeAt(time);
      if (by === "function") change.functions += weight;
      else change.daemons += weight;
    };
    for (const { from, to, weight, by } of intervals) {
      if (to <= from || weight <= 0) continue;
      add(from, by, weight);
      add(to, by, -weight);
    }
    const sorted = [...changes].sort(([a], [b]) => a - b);
    this.#times = Float64Array.from(sorted, ([time]) => time);
    this.#functions = summed(sorted.map(([, { functions }]) => functions));
    this.#daemons = summed(sorted.map(([, { daemons }]) => daemons));
    let now = 1;
    this.#speeds = Float64Array.from(sorted, ([, { speed }]) => {
      now = speed ?? now;
      return now;
    });
  }

  /** The most that were ready at once. */
  get most(): number {
    return this.#functions.reduce((most, f, index) => Math.max(most, f + this.#daemons[index]!), 0);
  }

  /** Core-microseconds that one job got which was ready from `from` to `to`, and is in the load. */
  coreTime(span: Span, { cores, by }: { readonly cores: number; readonly by: Owner }): number {
    return this.#integral(span, (functions, daemons, speed) => {
      const together = this.#daemonCores(functions, daemons, cores);
      if (by === "daemon") return speed * Math.min(1, together / Math.max(daemons, 1));
      return speed * Math.min(1, (cores - together) / Math.max(functions, 1));
    });
  }

  /** The same of a daemon's step that is not in the load: beside the functions alone. */
  stepTime(span: Span, cores: number): number {
    return this.#integral(
      span,
      (functions, _, speed) => speed * this.#daemonCores(functions, 1, cores),
    );
  }

  /** What a function got of each core while there were too few: daemons count as one. */
  turns(span: Span): number {
    return this.#integral(span, (functions, daemons, speed) => {
      return speed / Math.max(functions + Math.min(daemons, 1), 1);
    });
  }

  /** How many were ready, on average. */
  mean(span: Span): number {
    const total = this.#integral(span, (functions, daemons) => functions + daemons);
    return total / (span.to - span.from);
  }

  /** What a core did that was busy all the while, in microseconds of one at full speed. */
  workOfCore(span: Span): number {
    return this.#integral(span, (_, __, speed) => speed);
  }

  #integral(
    { from, to }: Span,
    of: (functions: number, daemons: number, speed: number) => number,
  ): number {
    let sum = 0;
    let time = from;
    for (let index = lastAt(this.#times, from); time < to; index++) {
      const next = Math.min(to, this.#times[index + 1] ?? to);
      const speed = this.#speeds[index] ?? 1;
      sum += of(this.#functions[index] ?? 0, this.#daemons[index] ?? 0, speed) * (next - time);
      time = next;
    }
    return sum;
  }
}

/** Of changes: the level after each. Sums of weights that are gone leave nothing behind. */
function summed(changes: readonly number[]): Float64Array {
  let level = 0;
  return Float64Array.from(changes, (change) => {
    level += change;
    return Math.abs(level) < 1e-9 ? 0 : level;
  });
}
