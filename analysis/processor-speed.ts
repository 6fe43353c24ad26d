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
 * Before the first, and in logs without, a speed is 1, and a pace is like any other.
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

/** The pace that costs measured in these runs are told at; undefined: no run knows its own. */
export function usualPace(runs: readonly ProcessorLog[]): number | undefined {
  const paces = runs.flatMap((run) => run.paces.map(({ speed }) => speed));
  if (paces.length === 0) return undefined;
  return paces.reduce((sum, pace) => sum + pace, 0) / paces.length;
}

/** As parts of the usual pace; none where that is not known. */
export function relativePaces(
  { paces }: ProcessorLog,
  usual: number | undefined,
): readonly SpeedChange[] {
  return usual === undefined ? [] : paces.map(({ at, speed }) => ({ at, speed: speed / usual }));
}

/** What a core did in a second of which it was wanted all the while, in seconds of a usual one. */
export function speedsOf(run: ProcessorLog, usual: number | undefined): readonly SpeedChange[] {
  const paces = new Steps(relativePaces(run, usual));
  const speeds = new Steps(run.speeds);
  const times = [...new Set([...paces.times, ...speeds.times])].sort((a, b) => a - b);
  return times.map((at) => ({ at, speed: paces.at(at) * speeds.at(at) }));
}

/** What holds from one change to the next; 1 before the first. */
export class Steps {
  readonly times: readonly number[];
  readonly #values: readonly number[];

  /** By time. */
  constructor(changes: readonly SpeedChange[]) {
    this.times = changes.map(({ at }) => at);
    this.#values = changes.map(({ speed }) => speed);
  }

  at(time: number): number {
    return this.#values[lastAt(this.times, time)] ?? 1;
  }

  /** Over an interval, by time. */
  mean({ from, to }: { readonly from: number; readonly to: number }): number {
    let sum = 0;
    let time = from;
    for (let index = lastAt(this.times, from); time < to; index++) {
      const next = Math.min(to, this.times[index + 1] ?? to);
      sum += (this.#values[index] ?? 1) * (next - time);
      time = next;
    }
    return to > from ? sum / (to - from) : this.at(from);
  }
}

/** Of ascending times, the last one at or before a time; -1: none. */
export function lastAt(times: ArrayLike<number>, time: number): number {
  let low = -1;
  let high = times.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (times[middle]! <= time) low = middle;
    else high = middle;
  }
  return low;
}
