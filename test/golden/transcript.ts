/** Events as lines to read: time, node, kind, task and item, and what matters of the rest. */

import { type Event, type EventKind, NONE } from "../../core/events.ts";
import { nodeName } from "../../core/node.ts";
import type { Graph } from "../../core/workflow/graph.ts";
import { itemPath } from "../../core/workflow/item.ts";

export function transcript(events: readonly Event[], graph: Graph): readonly string[] {
  return events.map((event) => {
    const head = [
      ms(event.time).padStart(9),
      nodeName(event.node).padEnd(8),
      event.kind.padEnd(10),
      subjectOf(event, graph).padEnd(14),
    ].join("  ");
    return `${head}  ${DETAILS[event.kind](event, graph)}`.trimEnd();
  });
}

type Detail = (event: Event, graph: Graph) => string;

const why: Detail = (event) => event.why;
const nothing: Detail = () => "";
const container: Detail = (event) => `container ${event.container}`;
const transfer: Detail = (event, graph) =>
  `${datum(event, graph)} ${event.bytes} B ${event.why} in ${ms(event.wait_us)}`;
const copy: Detail = (event, graph) => `${datum(event, graph)} ${event.bytes} B, ${event.why}`;

const DETAILS: Readonly<Record<EventKind, Detail>> = {
  arrival: nothing,
  trigger: ({ value }, graph) => (value === NONE ? "" : `after ${graph.vertices[value]!.name}`),
  skip: nothing,
  branch: ({ task, value }, graph) =>
    value === graph.vertices[task]!.cases.length ? "otherwise" : `case ${value}`,
  expand: ({ value }) => `${value} bodies`,
  assign: ({ value, attempt }) => `to worker-${value + 1}${again(attempt)}`,
  queue: ({ attempt }) => again(attempt).slice(2),
  "cold-start": container,
  ready: container,
  dispatch: (event, graph) =>
    `${container(event, graph)} ${event.why}, waited ${ms(event.wait_us)}`,
  get: transfer,
  start: nothing,
  execute: ({ wait_us }) => `in ${ms(wait_us)}`,
  put: transfer,
  spill: copy,
  evict: copy,
  release: copy,
  complete: ({ wait_us }) => `in ${ms(wait_us)}`,
  fail: why,
  retry: ({ attempt, wait_us, why: reason }) =>
    `${reason}${again(attempt)} in ${ms(wait_us)}`,
  late: nothing,
  duplicate: ({ value }, graph) => (value === NONE ? "" : edge(value, graph)),
  stop: (event, graph) => `${container(event, graph)}, ${event.why}`,
  lost: ({ value }) => (value === NONE ? "master" : `worker-${value + 1}`),
  recover: nothing,
  finish: ({ wait_us }) => `after ${ms(wait_us)}`,
  abort: ({ wait_us, why: reason }) => `${reason}, after ${ms(wait_us)}`,
  leaving: ({ value }) => `worker-${value + 1}`,
  left: ({ value }) => `worker-${value + 1}`,
  stall: () => "starts nothing any more",
};

/** `work[0.2]`; of other invocations than the first `work[0.2] 2nd`-like, by its number from 0. */
function subjectOf({ task, item, invocation }: Event, graph: Graph): string {
  const name = task === NONE ? "" : `${graph.vertices[task]!.name}${at(item)}`;
  const which = invocation > 0 ? `#${invocation}` : "";
  return [name, which].filter((part) => part !== "").join(" ");
}

function datum({ datum: id, part }: Event, graph: Graph): string {
  return `${graph.data[id]!.name}${at(part)}`;
}

function edge(id: number, graph: Graph): string {
  const { from } = graph.edges[id]!;
  return from === NONE ? "from the gateway" : `from ${graph.vertices[from]!.name}`;
}

function at(item: number): string {
  return item > 0 ? `[${itemPath(item)}]` : "";
}

function again(attempt: number): string {
  return attempt > 1 ? `, attempt ${attempt}` : "";
}

function ms(time: number): string {
  return `${time / 1_000} ms`;
}
