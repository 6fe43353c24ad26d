/** The cold start of a container, on its way. */

import type { Micros } from "../core/units.ts";
import type { EventToken } from "./event-queue.ts";
import type { Abortable, HostContainer } from "./host-container.ts";
import type { HostParts } from "./host-parts.ts";
import type { JobHandle } from "./job-table.ts";
import type { Step } from "./kernel.ts";
import { sharesCores } from "./profile.ts";

export class Boot implements Step, Abortable {
  readonly #parts: HostParts;
  readonly #container: HostContainer;
  readonly #id: number;
  #token: EventToken | undefined;
  #job: JobHandle | undefined;

  constructor(parts: HostParts, container: HostContainer, id: number) {
    this.#parts = parts;
    this.#container = container;
    this.#id = id;
    this.#token = undefined;
    this.#job = undefined;
  }

  begin(): void {
    const { kernel, profile, cores } = this.#parts;
    const time = this.#time();
    this.#container.began(this);
    if (sharesCores(profile) && time > 0)
      this.#job = cores.start({ work: time, cap: 1, target: this });
    else this.#token = kernel.after(time, this);
  }

  abort(): void {
    if (this.#token !== undefined) this.#parts.kernel.cancel(this.#token);
    if (this.#job !== undefined) this.#parts.cores.stop(this.#job);
  }

  step(): void {
    this.#container.ended(this);
    this.#parts.loop.receive({ tag: "ready", container: this.#id });
  }

  #time(): Micros {
    const { profile, chance } = this.#parts;
    const { cold_start, cold_start_sigma } = profile.container;
    if (cold_start_sigma === 0) return cold_start;
    return Math.round(chance.coldStart.lognormal(cold_start, cold_start_sigma)) as Micros;
  }
}
