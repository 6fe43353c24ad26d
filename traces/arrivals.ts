/**
 * Synthetic arrivals of an open loop, made one by one as they are asked for. (In a closed loop an
 * arrival waits for the invocation before it; the simulator does that.)
 */

import { fromSeconds, type Micros } from "../core/units.ts";

export interface Arrival {
  readonly at: Micros;
  readonly workflow: string;
}

/** When a stream ends: after so many arrivals, or before so much time has passed. */
export type Extent =
  | { readonly tag: "count"; readonly count: number }
  | { readonly tag: "duration"; readonly duration: Micros };

export interface OpenLoop {
  readonly workflow: string;
  /** Arrivals a second, above 0. */
  readonly rate: number;
  readonly extent: Extent;
}

/** Arrival k (from 0) at k / rate: the first at once, and no rounding error adds up. */
export function* fixedArrivals({ workflow, rate, extent }: OpenLoop): Generator<Arrival> {
  for (let k = 0; ; k++) {
    const at = fromSeconds(k / rate);
    if (isOver(extent, k, at)) return;
    yield { at, workflow };
  }
}

/**
 * A Poisson process: inter-arrival times are exponential with mean 1 / rate, the first one
 * included. `random` draws from [0, 1), once an arrival.
 */
export function* poissonArrivals(loop: OpenLoop, random: () => number): Generator<Arrival> {
  const { workflow, rate, extent } = loop;
  let seconds = 0;
  for (let k = 0; ; k++) {
    if (extent.tag === "count" && k >= extent.count) return;
    seconds -= Math.log(1 - random()) / rate;
    const at = fromSeconds(seconds);
    if (isOver(extent, k, at)) return;
    yield { at, workflow };
  }
}

/**
 * Several streams, each in order of time, as one; at the same time in the order of `streams`.
 * Cost: linear in the number of streams for each arrival.
 */
export function* mergeArrivals<A extends { readonly at: Micros }>(
  streams: readonly Iterable<A>[],
): Generator<A> {
  const heads: { readonly rest: Iterator<A>; head: A }[] = [];
  for (const stream of streams) {
    const rest = stream[Symbol.iterator]();
    const first = rest.next();
    if (first.done !== true) heads.push({ rest, head: first.value });
  }
  while (heads.length > 0) {
    let earliest = 0;
    for (let i = 1; i < heads.length; i++) {
      if (heads[i]!.head.at < heads[earliest]!.head.at) earliest = i;
    }
    const stream = heads[earliest]!;
    yield stream.head;
    const next = stream.rest.next();
    if (next.done === true) heads.splice(earliest, 1);
    else stream.head = next.value;
  }
}

function isOver(extent: Extent, before: number, at: Micros): boolean {
  switch (extent.tag) {
    case "count":
      return before >= extent.count;
    case "duration":
      return at >= extent.duration;
    default:
      return extent satisfies never;
  }
}
