/**
 * Units of the core: whole microseconds and bytes, branded so that one is never taken for the other.
 */

declare const micros: unique symbol;
declare const bytes: unique symbol;

/** A point in time or a duration, whole microseconds. */
export type Micros = number & { readonly [micros]: true };
/** A size, whole bytes. */
export type Bytes = number & { readonly [bytes]: true };

export const NO_TIME = 0 as Micros;
export const NO_BYTES = 0 as Bytes;

const MICROS_PER_SECOND = 1_000_000;

/** Seconds to whole microseconds, rounded up: a duration that comes from a rate never ends early. */
export function fromSeconds(seconds: number): Micros {
  return Math.ceil(seconds * MICROS_PER_SECOND - 1e-6) as Micros;
}

export function toSeconds(time: Micros): number {
  return time / MICROS_PER_SECOND;
}

export function plus(time: Micros, duration: Micros): Micros {
  return (time + duration) as Micros;
}

/** From `start` to `end`. */
export function elapsed(span: { readonly start: Micros; readonly end: Micros }): Micros {
  return (span.end - span.start) as Micros;
}
