/** What can go wrong in a run. All of it is off by default. */

import { type Micros, NO_TIME } from "../core/units.ts";

export interface Faults {
  /** A worker loses everything in its memory at `at`, and comes back empty at `back`. */
  readonly crashes: readonly Crash[];
  /** A worker is asked to end at `at`; it is gone once nothing under way needs it. */
  readonly departures: readonly Departure[];
  /** The master loses everything in its memory at these times, and is back at once. */
  readonly masterCrashes: readonly Micros[];
  /** A worker computes at `speed` (1 is normal) from `from` to `to`. */
  readonly slow: readonly SlowNode[];
  /** Nothing passes between these workers and all the others from `from` to `to`. */
  readonly partitions: readonly Partition[];
  /** Share of messages that are lost. */
  readonly loss: number;
  /** A lost message is delivered again after this time; none: it is gone for good. */
  readonly redelivery: Micros | undefined;
  /** Share of messages that come twice. */
  readonly duplication: number;
  /** Share of messages that come later, by up to `delay` (uniform). */
  readonly delayed: number;
  readonly delay: Micros;
  /** Share of remote store requests that fail. */
  readonly storeErrors: number;
  /** Share of executions that fail. */
  readonly executionErrors: number;
  /** From a crash until all the others know of it; when the worker is back they know at the latest. */
  readonly detection: Micros;
}

export interface Crash {
  readonly worker: number;
  readonly at: Micros;
  readonly back: Micros | undefined;
}

export interface Departure {
  readonly worker: number;
  readonly at: Micros;
}

export interface SlowNode {
  readonly worker: number;
  readonly from: Micros;
  readonly to: Micros;
  readonly speed: number;
}

export interface Partition {
  readonly workers: readonly number[];
  readonly from: Micros;
  readonly to: Micros;
}

export const NO_FAULTS: Faults = {
  crashes: [],
  departures: [],
  masterCrashes: [],
  slow: [],
  partitions: [],
  loss: 0,
  redelivery: 1_000_000 as Micros,
  duplication: 0,
  delayed: 0,
  delay: NO_TIME,
  storeErrors: 0,
  executionErrors: 0,
  detection: 3_000_000 as Micros,
};
