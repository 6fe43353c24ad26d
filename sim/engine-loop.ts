/**
 * One node's engine: a machine of the core behind an event loop that takes time. Inputs wait their
 * turn; each is handled at the end of its service time. What the engine sends takes the same loop.
 */

import type { Input, Machine } from "../core/env.ts";
import { type Micros, NO_TIME } from "../core/units.ts";
import { isRequest } from "./control-plane.ts";
import type { Kernel, Step } from "./kernel.ts";
import type { RequestThread } from "./request-thread.ts";

export class EngineLoop implements RequestThread {
  readonly #kernel: Kernel;
  /** Of the loop, for one request sent or served. */
  readonly requestTime: Micros;
  #machine: Machine | undefined;
  #freeAt: Micros;
  #busy: number;
  #held: number;

  constructor(kernel: Kernel, options: { readonly requestTime: Micros }) {
    this.#kernel = kernel;
    this.requestTime = options.requestTime;
    this.#machine = undefined;
    this.#freeAt = NO_TIME;
    this.#busy = 0;
    this.#held = 0;
  }

  /** Microseconds spent in service so far. */
  get busy(): number {
    return this.#busy;
  }

  /** Replaces the machine: what was waiting for the old one is lost with it. */
  start(machine: Machine): void {
    this.#machine = machine;
    this.#freeAt = this.#kernel.now;
  }

  stop(): void {
    this.#machine = undefined;
  }

  /** From a step of the kernel only, so that no machine is entered from within another. */
  receive(input: Input): void {
    const machine = this.#machine;
    if (machine === undefined) return;
    const now = this.#kernel.now;
    const served = this.requestTime > 0 && input.tag === "message" && isRequest(input.message);
    const time = served ? this.requestTime : NO_TIME;
    if (time === 0 && this.#freeAt <= now) {
      machine.handle(input);
      return;
    }
    this.#kernel.at(this.take(now, time), new Turn(this, machine, input));
  }

  /** Takes the loop for `time` as soon as it is free; gives when that will be over. */
  take(now: Micros, time: Micros): Micros {
    this.#busy += time;
    this.#freeAt = (Math.max(now, this.#freeAt) + time) as Micros;
    return this.#freeAt;
  }

  /**
   * What is being handled takes so much longer: whatever waits is served that much later. Gives
   * when it is through.
   */
  hold(time: Micros): Micros {
    const now = this.#kernel.now;
    this.#held += time;
    this.#busy += time;
    this.#freeAt = (Math.max(now, this.#freeAt) + time) as Micros;
    return (now + time) as Micros;
  }

  /** Microseconds that it was held so far. */
  get held(): number {
    return this.#held;
  }

  postpone(turn: Step, by: Micros): void {
    this.#kernel.after(by, turn);
  }

  handle(machine: Machine, input: Input): void {
    if (machine === this.#machine) machine.handle(input);
  }
}

class Turn implements Step {
  readonly #loop: EngineLoop;
  readonly #machine: Machine;
  readonly #input: Input;
  /** By how much the loop was held when the turn's time was set. */
  #held: number;

  constructor(loop: EngineLoop, machine: Machine, input: Input) {
    this.#loop = loop;
    this.#machine = machine;
    this.#input = input;
    this.#held = loop.held;
  }

  step(): void {
    const { held } = this.#loop;
    const late = held - this.#held;
    if (late === 0) {
      this.#loop.handle(this.#machine, this.#input);
      return;
    }
    this.#held = held;
    this.#loop.postpone(this, late as Micros);
  }
}

/** An input on its way to a node's engine. */
export class Delivery implements Step {
  readonly #loop: EngineLoop;
  readonly #input: Input;

  constructor(loop: EngineLoop, input: Input) {
    this.#loop = loop;
    this.#input = input;
  }

  step(): void {
    this.#loop.receive(this.#input);
  }
}
