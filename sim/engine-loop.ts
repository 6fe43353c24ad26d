/**
 * One node's engine: a machine of the core behind an event loop that takes time. Inputs wait their
 * turn; each is handled at the end of its service time.
 */

import type { Input } from "../core/env.ts";
import type { Micros } from "../core/units.ts";
import { serviceTime } from "./control-plane.ts";
import type { Kernel, Step } from "./kernel.ts";
import type { EngineProfile } from "./profile.ts";

export interface Machine {
  handle(input: Input): void;
}

export class EngineLoop {
  readonly #kernel: Kernel;
  readonly #profile: EngineProfile;
  readonly #startsOf: (plan: number) => number;
  #machine: Machine | undefined;
  #freeAt: Micros;
  #busy: number;

  constructor(kernel: Kernel, profile: EngineProfile, startsOf: (plan: number) => number) {
    this.#kernel = kernel;
    this.#startsOf = startsOf;
    this.#profile = profile;
    this.#machine = undefined;
    this.#freeAt = 0 as Micros;
    this.#busy = 0;
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
    const time = serviceTime(input, this.#profile, this.#startsOf);
    if (time === 0 && this.#freeAt <= now) {
      machine.handle(input);
      return;
    }
    this.#busy += time;
    this.#freeAt = (Math.max(now, this.#freeAt) + time) as Micros;
    this.#kernel.at(this.#freeAt, new Turn(this, machine, input));
  }

  handle(machine: Machine, input: Input): void {
    if (machine === this.#machine) machine.handle(input);
  }
}

class Turn implements Step {
  readonly #loop: EngineLoop;
  readonly #machine: Machine;
  readonly #input: Input;

  constructor(loop: EngineLoop, machine: Machine, input: Input) {
    this.#loop = loop;
    this.#machine = machine;
    this.#input = input;
  }

  step(): void {
    this.#loop.handle(this.#machine, this.#input);
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
