/**
 * How fast the processors under a live run were, and when. The header of its log tells two things:
 *
 *   "processor_speed": [[time, speed], ...]   time as in events; speed: above 0, 1 if nothing was taken
 *   "processor_pace": [[time, pace], ...]     pace: above 0, turns of a loop in a microsecond
 *
 * Each holds until the next, the last to the end. A virtual machine has its processors only while its
 * host lets it: the kernel counts the time for which it wanted one and got none (`steal` in proc(5)),
 * and every core is that much slower. What slows a core without taking it, such as a neighbour on the
 * same physical core, nobody counts: it shows in how long a fixed loop takes (live/pace-meter.ts), and
 * functions are charged for it in core time. A pace says something beside another one only.
 *
 * Before the first, and in logs without, a speed is 1.
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

/** What is known of the processors under a run; both by time, and empty where nothing is. */
export interface ProcessorLog {
  readonly speeds: readonly SpeedChange[];
  readonly paces: readonly SpeedChange[];
}

const above0 = Schema.Finite.check(Schema.isGreaterThan(0));
export const PROCESSOR_FIELDS = {
  processor_speed: Schema.optionalKey(
    Schema.Array(Schema.Tuple([Schema.Finite, above0.check(Schema.isLessThanOrEqualTo(1))])),
  ),
  processor_pace: Schema.optionalKey(Schema.Array(Schema.Tuple([Schema.Finite, above0]))),
};
const ProcessorSchema = Schema.Struct(PROCESSOR_FIELDS);
type Told = typeof ProcessorSchema.Type;
const decode = Schema.decodeUnknownOption(ProcessorSchema);

export function processorIn({ config }: EventHeader): ProcessorLog {
  const { processor_speed, processor_pace } = Option.getOrElse(decode(config), (): Told => ({}));
  return { speeds: changesIn(processor_speed), paces: changesIn(processor_pace) };
}

function changesIn(told: Told["processor_pace"] = []): readonly SpeedChange[] {
  return told.map(([at, speed]) => ({ at, speed })).sort((one, other) => one.at - other.at);
}

/** What the header of a log with these events says of it; nothing where nothing is known. */
export function processorHeader({ speeds, paces }: ProcessorLog, events: readonly Event[]): Told {
  const begin = events[0]?.time ?? Number.POSITIVE_INFINITY;
  const end = events.at(-1)?.time ?? Number.NEGATIVE_INFINITY;
  const meanwhile = (changes: readonly SpeedChange[]) =>
    changes
      .filter(({ at }, index) => at <= end && (changes[index + 1]?.at ?? Infinity) > begin)
      .map(({ at, speed }) => [at, speed] as const);
  return {
    ...(speeds.length > 0 && { processor_speed: meanwhile(speeds) }),
    ...(paces.length > 0 && { processor_pace: meanwhile(paces) }),
  };
}
