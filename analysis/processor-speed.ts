/**
 * How fast the processors under a live run were, and when. A virtual machine has its processors only
 * while its host lets it: the kernel counts the time for which it wanted one and got none (`steal` in
 * proc(5)), and every core is that much slower. The header of a live run's log tells it:
 *
 *   "processor_speed": [[time, speed], ...]   time as in events; speed: above 0, 1 if nothing was taken
 *
 * Each holds until the next, the last to the end; before the first, and in logs without, it is 1.
 */

import * as Option from "effect/Option";
import * as Schema from "effect/Schema";
import type { Event } from "../core/events.ts";
import type { EventHeader } from "./event-header.ts";

export interface SpeedChange {
  /** Microseconds. */
  readonly at: number;
  readonly speed: number;
}

export const ProcessorSpeedSchema = Schema.Array(
  Schema.Tuple([
    Schema.Finite,
    Schema.Finite.check(Schema.isGreaterThan(0), Schema.isLessThanOrEqualTo(1)),
  ]),
);
const decode = Schema.decodeUnknownOption(ProcessorSpeedSchema);

/** By time; none if the header does not say. */
export function speedsIn({ config }: EventHeader): readonly SpeedChange[] {
  const told = Option.getOrElse(decode(config["processor_speed"]), () => []);
  return told.map(([at, speed]) => ({ at, speed })).sort((one, other) => one.at - other.at);
}

/** What the header of a log with these events says of it; nothing where nothing is known. */
export function speedHeader(
  speeds: readonly SpeedChange[],
  events: readonly Event[],
): { readonly processor_speed?: typeof ProcessorSpeedSchema.Type } {
  if (speeds.length === 0) return {};
  const begin = events[0]?.time ?? Number.POSITIVE_INFINITY;
  const end = events.at(-1)?.time ?? Number.NEGATIVE_INFINITY;
  return {
    processor_speed: speeds
      .filter(({ at }, index) => at <= end && (speeds[index + 1]?.at ?? Infinity) > begin)
      .map(({ at, speed }) => [at, speed] as const),
  };
}
