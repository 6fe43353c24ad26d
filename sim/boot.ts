/** The cold start of a container, on its way. */

import { type Micros, NO_TIME } from "../core/units.ts";
import type { EventToken } from "./event-queue.ts";
import type { Abortable, HostContainer } from "./host-container.ts";
import type { HostParts } from "./host-parts.ts";
import type { JobHandle } from "./job-table.ts";
import type { Step } from "./kernel.ts";
import { sharesCores } from "./profile.ts";

export class Boot implements Step, Abortable {
  older: Abortable | undefined;
  newer: Abortable | undefined;
  readonly #parts: HostParts;
  readonly #container: HostContainer;
  readonly #id: number;
  /** The worker's engine has made the process. */
  #isSpawned: boolean;
  #token: EventToken | undefined;
  #job: JobHandle | undefined;

  constructor(parts: HostParts, container: HostContainer, id: number) {
    this.older = undefined;
    this.newer = undefined;
    this.#parts = parts;
    this.#container = container;
    this.#id = id;
    this.#isSpawned = true;
    this.#token = undefined;
    this.#job = undefined;
  }

  begin(): void {
    const { kernel, profile, cores, loop } = this.#parts;
    this.#container.began(this);
    const spawn = profile.daemon?.spawn ?? NO_TIME;
    if (spawn === 0) {
      this.#start();
      return;
    }
    this.#isSpawned = false;
    const spawned = loop.hold(cores.slowed(spawn));
    this.#token = kernel.timer((spawned - kernel.now) as Micros, this);
  }

  abort(): void {
    if (this.#token !== undefined) this.#parts.kernel.cancel(this.#token);
    if (this.#job !== undefined) this.#parts.cores.stop(this.#job);
  }

  step(): void {
    if (!this.#isSpawned) {
      this.#isSpawned = true;
      this.#start();
      return;
    }
    this.#container.ended(this);
    this.#parts.loop.receive({ tag: "ready", container: this.#id });
  }

  #start(): void {
    const { kernel, profile, cores } = this.#parts;
    const time = this.#time();
    if (sharesCores(profile) && time > 0)
      this.#job = cores.start({ work: time, cap: 1, target: this });
    else this.#token = kernel.timer(time, this);
  }

  #time(): Micros {
    const { profile, chance } = this.#parts;
    const { cold_start, cold_start_sigma } = profile.container;
    if (cold_start_sigma === 0) return cold_start;
    return Math.round(chance.coldStart.lognormal(cold_start, cold_start_sigma)) as Micros;
  }
}
