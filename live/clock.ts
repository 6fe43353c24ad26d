/**
 * Time of a daemon: microseconds since the epoch, moved on by a monotonic clock. Daemons of one
 * machine agree to some microseconds; across machines as well as their clocks do.
 */

import type { Micros } from "../core/units.ts";

export interface Clock {
  now(): Micros;
}

/** A wall clock in whole milliseconds, and a monotonic one that is finer and begins anywhere. */
export interface ClockPair {
  wall_ms(): number;
  monotonic_ms(): number;
}

const PRECISION_MS = 0.005;
/** Some 20 ms of computing; a few thousand mostly do. */
const MAX_LOOKS = 100_000;

export function systemClock(): Clock {
  const pair = { wall_ms: () => Date.now(), monotonic_ms: () => performance.now() };
  const origin = originOf(pair) * 1_000;
  return { now: () => Math.round(origin + performance.now() * 1_000) as Micros };
}

/**
 * What the wall clock showed when the monotonic one was 0, in milliseconds. Each look at both says
 * between which limits it lies; looks around a step of the wall clock bring them close together. A
 * process that is held up between two clocks learns little from that look, and nothing wrong.
 * (`performance.timeOrigin` is one look. On a busy machine, 1 process in 480 had it wrong by 464 ms:
 * its events came after what they had caused.)
 */
export function originOf({ wall_ms, monotonic_ms }: ClockPair): number {
  let least = Number.NEGATIVE_INFINITY;
  let most = Number.POSITIVE_INFINITY;
  for (let look = 0; look < MAX_LOOKS && most - least > PRECISION_MS; look++) {
    const before = monotonic_ms();
    const wall = wall_ms();
    const after = monotonic_ms();
    least = Math.max(least, wall - after);
    most = Math.min(most, wall + 1 - before);
  }
  return (least + most) / 2;
}
