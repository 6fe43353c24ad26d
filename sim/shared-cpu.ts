/**
 * The cores of one machine, shared by functions and by the daemons around them, as Linux shares them
 * between sessions (autogroups, sched(7)): each container is a session of its own, all daemons
 * are one. So under load each function has as much as all daemons together.
 *
 *   of C cores, f functions and d jobs of daemons: the daemons have
 *   g = min(d, C, max(C / (f + 1), C - f)), in even shares; the functions have C - g
 *
 * The nice value does not help the daemons: it counts within a session only.
 */

import type { Computation, CpuModel } from "./cpu.ts";
import { FairShare } from "./fair-share.ts";
import type { JobHandle } from "./job-table.ts";

export class SharedCpu<T> implements CpuModel<T> {
  readonly #cores: number;
  #speed = 1;
  readonly #functions: FairShare<T>;
  readonly #daemons: FairShare<T>;

  constructor(cores: number) {
    this.#cores = cores;
    this.#functions = new FairShare<T>({ capacity: cores });
    this.#daemons = new FairShare<T>({ capacity: 0 });
  }

  /** A handle below 0 is a daemon's. */
  start(now: number, computation: Computation<T>): JobHandle {
    const isDaemons = computation.by === "daemon";
    const handle = (isDaemons ? this.#daemons : this.#functions).start(now, computation);
    this.#divide(now);
    return isDaemons ? -1 - handle : handle;
  }

  stop(now: number, handle: JobHandle): boolean {
    const stopped =
      handle < 0 ? this.#daemons.stop(now, -1 - handle) : this.#functions.stop(now, handle);
    if (stopped) this.#divide(now);
    return stopped;
  }

  nextTime(): number {
    return Math.min(this.#functions.nextTime(), this.#daemons.nextTime());
  }

  /** At one time, functions before daemons. */
  takeDone(now: number): T | undefined {
    const done = this.#functions.takeDone(now) ?? this.#daemons.takeDone(now);
    if (done !== undefined) this.#divide(now);
    return done;
  }

  setSpeed(now: number, speed: number): void {
    this.#speed = speed;
    this.#functions.setSpeed(now, speed);
    this.#daemons.setSpeed(now, speed);
  }

  busy(now: number): number {
    return this.#functions.used(now) + this.#daemons.used(now);
  }

  slowdown(): number {
    return 1 / (this.#speed * daemonCores(this.#functions.size, 1, this.#cores));
  }

  #divide(now: number): void {
    const cores = daemonCores(this.#functions.size, this.#daemons.size, this.#cores);
    this.#daemons.setCapacity(now, cores);
    this.#functions.setCapacity(now, this.#cores - cores);
  }
}

/** Of so many cores, those that the daemons have together. */
export function daemonCores(functions: number, daemons: number, cores: number): number {
  return Math.min(daemons, cores, Math.max(cores / (functions + 1), cores - functions));
}
