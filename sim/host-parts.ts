/** What the parts of a simulated worker share: its machine, the world around it, and chance. */

import type { Cores } from "./cpu.ts";
import type { EngineLoop } from "./engine-loop.ts";
import type { Faults } from "./faults.ts";
import type { Kernel } from "./kernel.ts";
import type { Population } from "./population.ts";
import type { Profile } from "./profile.ts";
import type { RemoteStore } from "./remote-store.ts";
import type { Stream } from "./streams.ts";

export interface HostParts {
  readonly kernel: Kernel;
  readonly profile: Profile;
  /** Of the worker's engine, which every answer goes to. */
  readonly loop: EngineLoop;
  readonly cores: Cores;
  readonly store: RemoteStore;
  readonly population: Population;
  readonly faults: Faults;
  /** Chance of this worker: cold starts, store errors, failed executions. */
  readonly chance: {
    readonly coldStart: Stream;
    readonly store: Stream;
    readonly execution: Stream;
  };
  /** The worker's host in the network. */
  readonly host: number;
}
