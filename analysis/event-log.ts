/**
 * Writes event logs: NDJSON, a header, then a line an event with names in place of ids. Fields
 * without a value are left out. Strings are built by hand: a run may write millions of lines.
 *
 * Left out means: `item` the whole invocation; `part` the whole invocation where there is a
 * `datum`, else none; any other field none. An item that has no value at all is written `-`.
 * `plan` is there only where two plans of one workflow need telling apart. An id without a name
 * (an event outside any plan) is written as the number.
 */

import { type Event, NONE } from "../core/events.ts";
import { nodeName } from "../core/node.ts";
import { type Item, itemPath, ROOT_ITEM } from "../core/workflow/item.ts";
import type { PlanHeader } from "./event-header.ts";

/** What stands for an item without a value. */
export const NO_ITEM = "-";

interface PlanFragments {
  /** `,"workflow":"genome"`, with the plan where that is needed. */
  readonly workflow: string;
  /** Names as JSON, by vertex and by datum. */
  readonly tasks: readonly string[];
  readonly data: readonly string[];
}

/** The JSON of all names of a run, made once. */
export class EventNames {
  readonly #plans: (PlanFragments | undefined)[];
  readonly #nodes: string[];

  constructor(plans: readonly PlanHeader[]) {
    this.#plans = [];
    this.#nodes = [];
    for (const plan of plans) {
      const alone = plans.filter(({ workflow }) => workflow === plan.workflow).length === 1;
      const name = `,"workflow":${JSON.stringify(plan.workflow)}`;
      this.#plans[plan.plan] = {
        workflow: alone ? name : `${name},"plan":${plan.plan}`,
        tasks: plan.tasks.map((task) => JSON.stringify(task)),
        data: plan.data.map((datum) => JSON.stringify(datum)),
      };
    }
  }

  plan(plan: number): PlanFragments | undefined {
    return this.#plans[plan];
  }

  node(node: number): string {
    if (node < 0) return `${node}`;
    let name = this.#nodes[node];
    if (name === undefined) {
      name = JSON.stringify(nodeName(node));
      this.#nodes[node] = name;
    }
    return name;
  }
}

/** One line of an event log, without the line end. */
export function formatEvent(event: Event, names: EventNames): string {
  const plan = names.plan(event.plan);
  let line = `{"time_us":${event.time},"node":${names.node(event.node)},"kind":"${event.kind}"`;
  if (plan !== undefined) line += plan.workflow;
  else if (event.plan !== NONE) line += `,"plan":${event.plan}`;
  if (event.invocation !== NONE) line += `,"invocation":${event.invocation}`;
  if (event.task !== NONE) line += `,"task":${plan?.tasks[event.task] ?? event.task}`;
  if (event.item !== ROOT_ITEM) line += `,"item":"${pathOf(event.item)}"`;
  if (event.attempt !== NONE) line += `,"attempt":${event.attempt}`;
  if (event.container !== NONE) line += `,"container":${event.container}`;
  if (event.datum !== NONE) line += `,"datum":${plan?.data[event.datum] ?? event.datum}`;
  if (event.part !== (event.datum === NONE ? NONE : ROOT_ITEM)) {
    line += `,"part":"${pathOf(event.part)}"`;
  }
  if (event.bytes !== NONE) line += `,"bytes":${event.bytes}`;
  if (event.wait_us !== NONE) line += `,"wait_us":${event.wait_us}`;
  if (event.cpu_us !== NONE) line += `,"cpu_us":${event.cpu_us}`;
  if (event.value !== NONE) line += `,"value":${event.value}`;
  if (event.why !== "") line += `,"why":"${event.why}"`;
  return `${line}}`;
}

function pathOf(item: Item): string {
  return item === NONE ? NO_ITEM : itemPath(item);
}
