/**
 * The cores of one worker, shared by the activations that run on it.
 *
 * Each activation can use up to its cap in cores (1 for a function with one thread); all share the
 * cores max-min fairly: equal shares, and what capped ones leave goes to the rest (fair-share.ts).
 * Work is in core-microseconds: what one core of speed 1 does in a microsecond. A slow node has a
 * speed below 1. Sleeping takes no cores, so sleeps do not come here.
 */

import type { Micros } from "../core/units.ts";
import { FairShare } from "./fair-share.ts";
import type { JobHandle } from "./job-table.ts";
import type { Kernel, Step, Watch } from "./kernel.ts";

export interface CpuOptions {
  readonly cores: number;
  /** 1 if not given. */
  readonly speed?: number;
}

export interface Computation<T> {
  /** Core-microseconds. */
  readonly work: number;
  /** Most cores it can use, above 0; may be a fraction. */
  readonly cap: number;
  /** What `takeDone` gives when it is done. */
  readonly target: T;
  /** Whose it is where functions and daemons share one machine (shared-cpu.ts); left out: a function's. */
  readonly by?: "daemon";
}

export interface CpuModel<T> {
  start(now: number, computation: Computation<T>): JobHandle;
  stop(now: number, computation: JobHandle): boolean;
  nextTime(): number;
  takeDone(now: number): T | undefined;
  setSpeed(now: number, speed: number): void;
  busy(now: number): number;
  /** How many times as long a short step of a daemon takes beside the functions of now. */
  slowdown(): number;
}

export class Cpu<T> implements CpuModel<T> {
  readonly #share: FairShare<T>;

  constructor(options: CpuOptions) {
    this.#share = new FairShare<T>({ capacity: options.cores, speed: options.speed ?? 1 });
  }

  /** Computations under way, and done ones that nobody has taken. */
  get size(): number {
    return this.#share.size;
  }

  start(now: number, computation: Computation<T>): JobHandle {
    return this.#share.start(now, computation);
  }

  /** Ends a computation early; false if it was taken or stopped before. */
  stop(now: number, computation: JobHandle): boolean {
    return this.#share.stop(now, computation);
  }

  /** When the next computation is done: whole microseconds; `Infinity` if never. */
  nextTime(): number {
    return this.#share.nextTime();
  }

  /** The target of the next one done by `now`: by due time, then by the order of starting. */
  takeDone(now: number): T | undefined {
    return this.#share.takeDone(now);
  }

  /** For a node that becomes slow, or fast again. */
  setSpeed(now: number, speed: number): void {
    this.#share.setSpeed(now, speed);
  }

  /** Daemons are not on these cores. */
  slowdown(): number {
    return 1;
  }

  /**
   * Core-microseconds that the cores were busy from the beginning to `now`. A slow node is busy for
   * longer with the same work. Divided by cores and time: utilisation.
   */
  busy(now: number): number {
    return this.#share.used(now);
  }
}

const NOBODY: Step = { step: () => undefined };

/** The cores of one machine, in the kernel. */
export class Cores {
  readonly #kernel: Kernel;
  readonly #cpu: CpuModel<Step>;
  readonly #watch: Watch;

  constructor(kernel: Kernel, cores: number | CpuModel<Step>) {
    this.#kernel = kernel;
    this.#cpu = typeof cores === "number" ? new Cpu<Step>({ cores }) : cores;
    this.#watch = kernel.watch(this.#cpu);
  }

  /** Core-microseconds used so far. */
  get busy(): number {
    return this.#cpu.busy(this.#kernel.now);
  }

  /** What a step of a daemon takes now that takes so long on an idle machine. */
  slowed(time: Micros): Micros {
    return Math.round(time * this.#cpu.slowdown()) as Micros;
  }

  start(computation: Computation<Step>): JobHandle {
    this.#watch.touch();
    return this.#cpu.start(this.#kernel.now, computation);
  }

  /** Work of daemons that nobody waits for. */
  startUnseen(work: Micros): void {
    this.start({ work, cap: 1, target: NOBODY, by: "daemon" });
  }

  /** No effect on one that has ended. */
  stop(computation: JobHandle): void {
    if (this.#cpu.stop(this.#kernel.now, computation)) this.#watch.touch();
  }

  setSpeed(speed: number): void {
    this.#cpu.setSpeed(this.#kernel.now, speed);
    this.#watch.touch();
  }
}
