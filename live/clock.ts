/**
 * Time of a daemon: microseconds since the epoch, moved on by a monotonic clock. Daemons of one
 * machine agree to some microseconds; across machines as well as their clocks do. What decides by
 * time (timers of machines, heartbeats) takes it from here and nowhere else.
 */

import type { Micros } from "../core/units.ts";

export interface Clock {
  now(): Micros;
  /** Calls `act` once, after this time or (0) at the next turn; gives what takes it back. */
  after(delay: Micros, act: () => void): () => void;
}

/** A wall clock in whole milliseconds, and a monotonic one that is finer and begins anywhere. */
export interface ClockPair {
  wall_ms(): number;
  monotonic_ms(): number;
}

const PRECISION_MS = 0.005;
/** Some 20 ms of computing; a few thousand mostly do. */
const MAX_LOOKS = 100_000;
/** Longest delay a Node timer can take; longer ones are set again. */
const LONGEST_MS = 2 ** 31 - 1;

export function systemClock(): Clock {
  const pair = { wall_ms: () => Date.now(), monotonic_ms: () => performance.now() };
  const origin = originOf(pair) * 1_000;
  return {
    now: () => Math.round(origin + performance.now() * 1_000) as Micros,
    after: (delay, act) => arm(delay / 1_000, act),
  };
}

/** A zero delay is the next turn, not the next millisecond. */
function arm(delay_ms: number, act: () => void): () => void {
  if (delay_ms <= 0) {
    const immediate = setImmediate(act);
    return () => clearImmediate(immediate);
  }
  if (delay_ms <= LONGEST_MS) {
    const timer = setTimeout(act, delay_ms);
    return () => clearTimeout(timer);
  }
  let cancel = arm(LONGEST_MS, () => {
    cancel = arm(delay_ms - LONGEST_MS, act);
  });
  return () => cancel();
}

/** Again and again, first after `interval`, until the function that it gives is called. */
export function every(clock: Clock, interval: Micros, act: () => void): () => void {
  const again = (): void => {
    cancel = clock.after(interval, again);
    act();
  };
  let cancel = clock.after(interval, again);
  return () => cancel();
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
