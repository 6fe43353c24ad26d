/**
 * The kernel: virtual time, what happens next, and the fluid models that say when they are done.
 *
 * Everything that can happen is a `Step`. A step runs to its end before the next; it may ask for
 * further ones, at the same time or later, never earlier. A fluid model (network, CPU, disk) has
 * one pending event, the earliest end of its jobs, moved only when the model was touched.
 */

import { type Micros, NO_TIME } from "../core/units.ts";
import { EventQueue, type EventToken } from "./event-queue.ts";
import { StandingEvents } from "./standing-events.ts";

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
  /** Among the kernel's standing events. */
  readonly index: number;
  readonly #kernel: Kernel;
  /** While it waits in the queue, as what is due at once does. */
  token: EventToken;
  time: number;
  touched: boolean;

  constructor(kernel: Kernel, model: FluidModel, index: number) {
    this.#kernel = kernel;
    this.model = model;
    this.index = index;
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
    // Unlike any time, so that what comes next is noted whatever it is.
    this.time = NaN;
    const now = this.#kernel.now;
    for (let done = this.model.takeDone(now); done; done = this.model.takeDone(now)) done.step();
    this.touch();
  }
}

export class Kernel {
  readonly #queue: EventQueue;
  /** When the watches' models have to be looked at, later than now. */
  readonly #standing: StandingEvents;
  readonly #watches: Watch[];
  /** The first `#touchedCount` count: cutting the array would free its memory each time. */
  readonly #touched: Watch[];
  #touchedCount: number;
  #now: Micros;
  #steps: number;
  /** Steps asked for that a run waits for. */
  #pending: number;
  /** Whether the run may be over although some are pending. */
  #mayBeOver: boolean;

  constructor() {
    this.#queue = new EventQueue();
    this.#standing = new StandingEvents();
    this.#watches = [];
    this.#touched = [];
    this.#touchedCount = 0;
    this.#now = NO_TIME;
    this.#steps = 0;
    this.#pending = 0;
    this.#mayBeOver = false;
  }

  get now(): Micros {
    return this.#now;
  }

  /** Steps taken so far. */
  get steps(): number {
    return this.#steps;
  }

  /** Whether nothing is pending that the run has to wait for. */
  get isIdle(): boolean {
    return this.#pending === 0;
  }

  at(time: Micros, step: Step): void {
    this.#pending++;
    this.#queue.post(time, FOREGROUND, step);
  }

  after(delay: Micros, step: Step): void {
    this.#pending++;
    this.#queue.post(this.#now + delay, FOREGROUND, step);
  }

  /** As `after`, for one that may be cancelled. */
  timer(delay: Micros, step: Step): EventToken {
    this.#pending++;
    return this.#queue.schedule(this.#now + delay, FOREGROUND, step);
  }

  /** A step that no run waits for: the end of a keep-alive window, a fault. */
  background(time: Micros, step: Step): void {
    this.#queue.post(time, BACKGROUND, step);
  }

  cancel(token: EventToken): void {
    if (this.#queue.cancel(token)) this.#pending--;
  }

  watch(model: FluidModel): Watch {
    const watch = new Watch(this, model, this.#standing.add());
    this.#watches.push(watch);
    return watch;
  }

  noteTouched(watch: Watch): void {
    this.#touched[this.#touchedCount++] = watch;
  }

  /** The run is to ask once more whether it is over: it does not after each step. */
  reconsider(): void {
    this.#mayBeOver = true;
  }

  /**
   * Takes steps until nothing is pending, or until `isOver` says so: asked at the beginning, whenever
   * the kernel is idle, and after a step that called `reconsider`.
   */
  run(isOver: () => boolean): void {
    this.#settle();
    this.#mayBeOver = true;
    while (!this.#isOver(isOver) && this.#takeStep()) this.#settle();
  }

  #isOver(isOver: () => boolean): boolean {
    if (this.#pending > 0 && !this.#mayBeOver) return false;
    this.#mayBeOver = false;
    return isOver();
  }

  /** False if there is none. */
  #takeStep(): boolean {
    if (this.#isWatchFirst()) {
      this.#stepOf(this.#watches[this.#standing.first]!);
      return true;
    }
    const queue = this.#queue;
    if (!queue.pop()) return false;
    this.#now = asSmall(queue.time);
    this.#steps++;
    if (queue.kind === FOREGROUND) this.#pending--;
    (queue.target as Step).step();
    return true;
  }

  #isWatchFirst(): boolean {
    const time = this.#standing.firstTime;
    const next = this.#queue.peekTime();
    if (time !== next) return time < next;
    return time < Infinity && this.#queue.isFirst(this.#standing.firstNumber);
  }

  #stepOf(watch: Watch): void {
    this.#queue.moveTo(watch.time);
    this.#now = asSmall(watch.time);
    this.#steps++;
    this.#pending--;
    // It keeps its place until it is settled, which is before anything else happens.
    watch.step();
  }

  #settle(): void {
    for (let index = 0; index < this.#touchedCount; index++) {
      const watch = this.#touched[index]!;
      watch.touched = false;
      const time = watch.model.nextTime();
      if (time !== watch.time) this.#move(watch, time);
    }
    this.#touchedCount = 0;
  }

  #move(watch: Watch, time: number): void {
    if (watch.time < Infinity) this.#pending--;
    if (time < Infinity) this.#pending++;
    if (watch.token !== NO_TOKEN) this.#queue.cancel(watch.token);
    watch.time = time;
    // What is due now comes after what the queue has for now.
    const isNow = time === this.#now;
    watch.token = isNow ? this.#queue.schedule(time, FOREGROUND, watch) : NO_TOKEN;
    this.#standing.move(watch.index, isNow ? Infinity : time, this.#queue.drawNumber());
  }
}

/**
 * The same number, as a small integer if it is one. Out of a Float64Array it would be a boxed one, and
 * every field that has once been given such a number boxes whatever it is given: an event, three times.
 */
function asSmall(time: number): Micros {
  const small = time | 0;
  return (small === time ? small : time) as Micros;
}
