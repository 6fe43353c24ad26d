/**
 * Containers of a worker whose clock is stepped: they start, sleep and compute in stepped time, in
 * this process; the bodies of functions and the files they write are those of real containers.
 */

import { mkdirSync } from "node:fs";
import type { Micros } from "../../../core/units.ts";
import type { ContainerKind, Vessel, VesselListener, VesselSpec } from "../../../live/container.ts";
import {
  type FromContainer,
  PROTOCOL,
  type RunRequest,
  type ToContainer,
} from "../../../live/container-protocol.ts";
import { ActivationContext } from "../../../live/function-context.ts";
import { FunctionModules } from "../../../live/function-module.ts";
import { runSynthetic } from "../../../live/synthetic-function.ts";
import type { SteppedClock } from "./stepped-clock.ts";

const COLD_START = 100_000 as Micros;

export class SteppedContainers implements ContainerKind {
  readonly #clock: SteppedClock;

  constructor(clock: SteppedClock) {
    this.#clock = clock;
  }

  start(_spec: VesselSpec, listener: VesselListener): Vessel {
    return new SteppedVessel(this.#clock, listener);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

class SteppedVessel implements Vessel {
  readonly #clock: SteppedClock;
  readonly #listener: VesselListener;
  readonly #modules: FunctionModules;
  #hasEnded: boolean;
  /** Takes back what comes next. */
  #cancel: () => void;

  constructor(clock: SteppedClock, listener: VesselListener) {
    this.#clock = clock;
    this.#listener = listener;
    const builtins = new URL("../../../workflows/functions/", import.meta.url);
    this.#modules = new FunctionModules({ builtins, ending: ".ts" });
    this.#hasEnded = false;
    this.#cancel = () => undefined;
  }

  send(message: ToContainer): void {
    if (this.#hasEnded) return;
    const { compute_us, sleep_us } =
      message.tag === "run" ? message : { compute_us: COLD_START, sleep_us: 0 };
    this.#cancel = this.#clock.after((compute_us + sleep_us) as Micros, () => {
      if (message.tag === "load") this.#answer({ tag: "ready", protocol: PROTOCOL });
      else this.#clock.during(this.#run(message));
    });
  }

  /** Any signal ends it. */
  signal(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#cancel();
    // Later than the call, as with a process.
    setImmediate(() => this.#listener.ended({ code: 0, signal: null, outOfMemory: false }));
  }

  resident_mib(): number {
    return 0;
  }

  async #run(request: RunRequest): Promise<void> {
    const { activation, compute_us, sleep_us } = request;
    const about = { protocol: PROTOCOL, activation, log: "" };
    try {
      const body = await this.#body(request);
      this.#answer({ tag: "done", ...about, ...body, compute_us, sleep_us });
    } catch (thrown) {
      const { message, stack = "" } = thrown as Error;
      this.#answer({ tag: "failed", ending: false, ...about, message, stack });
    }
  }

  async #body(request: RunRequest) {
    const { function: spec, scratch } = request;
    mkdirSync(scratch, { recursive: true });
    if (spec.tag === "command") throw new Error("no scenario runs a command");
    if (spec.tag === "synthetic") {
      // Its time has passed already.
      const outputs = await runSynthetic({ ...request, compute_us: 0, sleep_us: 0 });
      return { outputs, values: {} };
    }
    const context = new ActivationContext(request, () => undefined);
    const run = this.#modules.loaded(spec.module) ?? (await this.#modules.load(spec.module));
    await run(context);
    return { outputs: context.outputs(), values: context.values };
  }

  #answer(message: FromContainer): void {
    if (!this.#hasEnded) this.#listener.message(message);
  }
}
