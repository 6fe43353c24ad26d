/** Events for tests: every field has its blank value unless it is given. */

import { type Event, NONE } from "../../core/events.ts";
import type { Micros } from "../../core/units.ts";
import { ROOT_ITEM } from "../../core/workflow/item.ts";

export function eventAt(time: number, fields: Partial<Event>): Event {
  return {
    time: time as Micros,
    node: 2,
    kind: "trigger",
    plan: NONE,
    invocation: NONE,
    task: NONE,
    item: ROOT_ITEM,
    attempt: NONE,
    container: NONE,
    datum: NONE,
    part: NONE,
    bytes: NONE,
    wait_us: NONE,
    cpu_us: NONE,
    value: NONE,
    why: "",
    ...fields,
  };
}
