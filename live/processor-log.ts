/** What the processors of this machine do, looked at until the scope closes. */

import * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";
import type { Micros } from "../core/units.ts";
import { type Clock, every } from "./clock.ts";
import { PaceMeter, PaceProbe } from "./pace-meter.ts";
import { ProcessorMeter, type SpeedChange } from "./processor-meter.ts";

/** Waking up costs 20 times what is done then: together 0.15% of a core. */
const INTERVAL = 100_000 as Micros;
/** Times of the kernel are looked at each so many intervals. */
const TIMES_EACH = 5;

/** By time; none where nothing is known. */
export interface ProcessorLog {
  readonly speeds: readonly SpeedChange[];
  readonly paces: readonly SpeedChange[];
}

/** All that is known up to now. */
export type ReadProcessor = () => ProcessorLog;

export const processorLog = (clock: Clock): Effect.Effect<ReadProcessor, never, Scope.Scope> =>
  Effect.gen(function* () {
    const times = new ProcessorMeter(clock);
    const probe = new PaceProbe();
    const pace = new PaceMeter(clock, () => probe.measure());
    let looks = 0;
    const stop = every(clock, INTERVAL, () => {
      pace.look();
      if (++looks % TIMES_EACH === 0) times.look();
    });
    yield* Effect.addFinalizer(() => Effect.sync(stop));
    return () => {
      times.look();
      return { speeds: times.speeds, paces: pace.paces };
    };
  });
