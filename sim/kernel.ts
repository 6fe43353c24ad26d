/**
 * The kernel: virtual time, what happens next, and the fluid models that say when they are done.
 *
 * Everything that can happen is a `Step`. A step runs to its end before the next; it may ask for
 * further ones, at the same time or later, never earlier. A fluid model (network, CPU, disk) has
 * one pending event, the earliest end of its jobs, moved only when the model was touched.
 */

import type { Micros } from "../core/units.ts";
import { EventQueue, type EventToken } from "./event-queue.ts";

export interface Step {
  step(): void;
}

/** Jobs that share something; their targets are the steps to take when they are done. */
export interface FluidModel {
  /** When the next job is done; `Infinity` if never. */
  nextTime(): number;
  takeDone(now: number): Step | undefined;
}

const FOREGROUND = 0;
const BACKGROUND = 1;
const NO_TOKEN: EventToken = -1;

/** The one pending event of a fluid model. */
export class Watch implements Step {
  readonly model: FluidModel;
  readonly #kernel: Kernel;
  token: EventToken;
  time: number;
  touched: boolean;

  constructor(kernel: Kernel, model: FluidModel) {
    this.#kernel = kernel;
    this.model = model;
    this.token = NO_TOKEN;
    this.time = Infinity;
    this.touched = false;
  }

  /** The model's jobs have changed. To be called after each change. */
  touch(): void {
    if (this.touched) return;
    this.touched = true;
    this.#kernel.noteTouched(this);
  }

  step(): void {
    this.token = NO_TOKEN;
    this.time = Infinity;
    const now = this.#kernel.now;
    for (let done = this.model.takeDone(now); done; done = this.model.takeDone(now)) done.step();
    this.touch();
  }
}

export class Kernel {
  readonly #queue: EventQueue;
  /** The first `#touchedCount` count: cutting the array would free its memory each time. */
  readonly #touched: Watch[];
  #touchedCount: number;
  #now: Micros;
  #steps: number;
  #background: number;

  constructor() {
    this.#queue = new EventQueue();
    this.#touched = [];
    this.#touchedCount = 0;
    this.#now = 0 as Micros;
    this.#steps = 0;
    this.#background = 0;
  }

  get now(): Micros {
    return this.#now;
  }

  /** Steps taken so far. */
  get steps(): number {
    return this.#steps;
  }

  /** Whether anything is pending that the run has to wait for. */
  get isIdle(): boolean {
    return this.#queue.size === this.#background;
  }

  at(time: Micros, step: Step): EventToken {
    return this.#queue.schedule(time, FOREGROUND, step);
  }

  after(delay: Micros, step: Step): EventToken {
    return this.#queue.schedule(this.#now + delay, FOREGROUND, step);
  }

  /** A step that no run waits for: the end of a keep-alive window, a fault. Not to be cancelled. */
  background(time: Micros, step: Step): EventToken {
    this.#background++;
    return this.#queue.schedule(time, BACKGROUND, step);
  }

  cancel(token: EventToken): void {
    this.#queue.cancel(token);
  }

  watch(model: FluidModel): Watch {
    return new Watch(this, model);
  }

  noteTouched(watch: Watch): void {
    this.#touched[this.#touchedCount++] = watch;
  }

  /** Takes steps until nothing is pending or `isOver` says so after one of them. */
  run(isOver: () => boolean): void {
    this.#settle();
    while (!isOver() && this.#queue.pop()) {
      this.#now = this.#queue.time as Micros;
      this.#steps++;
      if (this.#queue.kind === BACKGROUND) this.#background--;
      (this.#queue.target as Step).step();
      this.#settle();
    }
  }

  #settle(): void {
    for (let index = 0; index < this.#touchedCount; index++) {
      const watch = this.#touched[index]!;
      watch.touched = false;
      const time = watch.model.nextTime();
      if (time === watch.time) continue;
      if (watch.token !== NO_TOKEN) this.#queue.cancel(watch.token);
      watch.time = time;
      watch.token = time === Infinity ? NO_TOKEN : this.#queue.schedule(time, FOREGROUND, watch);
    }
    this.#touchedCount = 0;
  }
}
