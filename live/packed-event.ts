/**
 * An event as daemons write and send it: its values in the order below, ids and no names. Whoever
 * has the plans gives it names again.
 */

import { EVENT_KINDS, type Event, type EventKind, WHYS, type Why } from "../core/events.ts";

type Value = Event[keyof Event];
export type PackedEvent = readonly Value[];

const KINDS = new Map<unknown, EventKind>(EVENT_KINDS.map((kind) => [kind, kind]));
const REASONS = new Map<unknown, Why>(WHYS.map((why) => [why, why]));
const KIND = 2;
const WHY = 15;

export function packed(event: Event): PackedEvent {
  return [
    event.time,
    event.node,
    event.kind,
    event.plan,
    event.invocation,
    event.task,
    event.item,
    event.attempt,
    event.container,
    event.datum,
    event.part,
    event.bytes,
    event.wait_us,
    event.cpu_us,
    event.value,
    event.why,
  ];
}

/** The texts are those of the tables: a gateway keeps many events, and each of theirs once. */
export function unpacked(values: PackedEvent): Event {
  const numbers = values as readonly never[];
  return {
    time: numbers[0]!,
    node: numbers[1]!,
    kind: KINDS.get(values[KIND] as string)!,
    plan: numbers[3]!,
    invocation: numbers[4]!,
    task: numbers[5]!,
    item: numbers[6]!,
    attempt: numbers[7]!,
    container: numbers[8]!,
    datum: numbers[9]!,
    part: numbers[10]!,
    bytes: numbers[11]!,
    wait_us: numbers[12]!,
    cpu_us: numbers[13]!,
    value: numbers[14]!,
    why: REASONS.get(values[WHY] as string)!,
  };
}

/** Whether it came from a daemon that speaks as this one does. */
export function isPackedEvent(values: unknown): values is PackedEvent {
  return (
    Array.isArray(values) &&
    values.length === WHY + 1 &&
    values.every((value, at) => {
      if (at === KIND) return KINDS.has(value);
      return at === WHY ? REASONS.has(value) : Number.isSafeInteger(value);
    })
  );
}
