/**
 * Time of a daemon: microseconds since the epoch, moved on by a monotonic clock. Daemons of one
 * machine agree to well below a millisecond; across machines as well as their clocks do.
 */

import type { Micros } from "../core/units.ts";

export interface Clock {
  now(): Micros;
}

export function systemClock(): Clock {
  const origin = performance.timeOrigin * 1_000;
  return { now: () => Math.round(origin + performance.now() * 1_000) as Micros };
}
