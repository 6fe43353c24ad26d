/**
 * Rules about joins: a vertex goes on only when every in-edge has answered, by `trigger` if one was
 * taken and by `skip` if none was; and a finished invocation has run or skipped every task, for
 * every item that its foreach started.
 */

import type { Event } from "../core/events.ts";
import { type Edge, OTHERWISE, OUTSIDE } from "../core/workflow/graph.ts";
import { childItem, type Item, parentItem, partOf } from "../core/workflow/item.ts";
import type { Course, Passage } from "./course.ts";
import type { Report } from "./violation.ts";

/** Of `trigger`, `skip`, `branch` and `expand`, before the event is taken over into the course. */
export function checkJoin(event: Event, course: Course, report: Report): void {
  const { graph } = course.plan;
  const vertex = graph.vertices[event.task];
  if (vertex === undefined) return;
  const subject = course.nameOf(event.task, event.item);
  const where = { time: event.time, invocation: event.invocation, subject };
  const skips = event.kind === "skip";
  if (vertex.kind === "close" && skips) {
    // A close is skipped as soon as its foreach is: there are no bodies to wait for.
    const foreach = course.get(vertex.partner, event.item);
    if (foreach?.phase !== "skipped") report("answers", where, "skip, but its foreach was not");
    return;
  }
  let taken = false;
  for (const id of vertex.inEdges) {
    const edge = graph.edges[id]!;
    const answer = answerOn(edge, event.item, course);
    if (answer === undefined) {
      const source = course.nameOf(edge.from, sourceItem(edge, event.item));
      const expected = "expected every in-edge to have answered";
      report("causality", where, `${event.kind} before ${source} has answered; ${expected}`);
      return;
    }
    if (answer) taken = true;
  }
  if (taken && skips) {
    report("answers", where, "skip, but an in-edge was taken; expected it to go on");
  } else if (!taken && !skips) {
    report("answers", where, `${event.kind}, but every in-edge was skipped; expected a skip`);
  }
}

/** What `edge` told the vertex it leads to, for `item` of that vertex; undefined: nothing yet. */
function answerOn(edge: Edge, item: Item, course: Course): boolean | undefined {
  if (edge.from === OUTSIDE) return true;
  switch (edge.kind) {
    case "fan-out": {
      const foreach = course.get(edge.from, parentItem(item));
      return foreach?.phase === "passed" && partOf(item) < foreach.value ? true : undefined;
    }
    case "gather":
      return gathered(edge, item, course);
    case "plain":
    case "width":
      return outcome(edge, item, course);
    default:
      return edge.kind satisfies never;
  }
}

/** All bodies have ended: taken. */
function gathered(edge: Edge, item: Item, course: Course): boolean | undefined {
  const foreach = course.get(course.plan.graph.vertices[edge.to]!.partner, item);
  if (foreach?.phase === "skipped") return false;
  if (foreach?.phase !== "passed") return undefined;
  for (let part = 0; part < foreach.value; part++) {
    if (outcome(edge, childItem(item, part), course) === undefined) return undefined;
  }
  return true;
}

/** What the vertex at the start of `edge` answered on it, for `item` of that vertex. */
function outcome(edge: Edge, item: Item, course: Course): boolean | undefined {
  const vertex = course.plan.graph.vertices[edge.from]!;
  const passage = course.get(edge.from, item);
  if (passage?.phase === "skipped") return false;
  switch (vertex.kind) {
    case "task":
      return passage?.completed === true ? true : undefined;
    case "switch": {
      if (passage?.phase !== "passed") return undefined;
      const branch = passage.value === vertex.cases.length ? OTHERWISE : passage.value;
      return edge.branch === branch;
    }
    case "foreach":
      return passage?.phase === "passed" ? true : undefined;
    case "join":
    case "close":
      return derived(course.at(edge.from, item), course);
    default:
      return vertex.kind satisfies never;
  }
}

/** Joins and closes answer when all their in-edges have; kept, so that each is worked out once. */
function derived(passage: Passage, course: Course): boolean | undefined {
  if (passage.derived !== undefined) return passage.derived;
  const { graph } = course.plan;
  let taken = false;
  for (const id of graph.vertices[passage.vertex]!.inEdges) {
    const answer = answerOn(graph.edges[id]!, passage.item, course);
    if (answer === undefined) return undefined;
    if (answer) taken = true;
  }
  passage.derived = taken;
  return taken;
}

function sourceItem(edge: Edge, item: Item): Item {
  return edge.kind === "fan-out" ? parentItem(item) : item;
}

const NOT_YET = { phase: "waiting", completed: false } as const;

/** Of a finished invocation: every task ran to its end or was skipped, for each item of its scope. */
export function checkCoverage(course: Course, time: number, report: Report): void {
  const { graph } = course.plan;
  const at = (vertex: number, item: Item) => {
    return { time, invocation: course.invocation, subject: course.nameOf(vertex, item) };
  };
  const itemsOf: Item[][] = [];
  let expected = 0;
  for (const [scope, { parent, foreach, vertices }] of graph.scopes.entries()) {
    const items = parent < 0 ? [0] : childItems(itemsOf[parent] ?? [], foreach, course);
    itemsOf[scope] = items;
    for (const vertex of vertices) {
      if (graph.vertices[vertex]!.kind !== "task") continue;
      expected += items.length;
      for (const item of items) {
        const { phase, completed } = course.get(vertex, item) ?? NOT_YET;
        if (completed || phase === "skipped") continue;
        const what = `${phase} when the invocation finished; expected completed or skipped`;
        report("coverage", at(vertex, item), what);
      }
    }
  }
  const ran = [...course].filter(({ vertex, phase }) => {
    return vertex < graph.taskCount && phase !== "waiting";
  });
  if (ran.length <= expected) return;
  const within = graph.scopes.map((_, scope) => new Set(itemsOf[scope]));
  for (const { vertex, item } of ran) {
    if (within[graph.vertices[vertex]!.scope]!.has(item)) continue;
    report("coverage", at(vertex, item), "ran for an item that no foreach started");
  }
}

function childItems(parents: readonly Item[], foreach: number, course: Course): Item[] {
  const items: Item[] = [];
  for (const parent of parents) {
    const passage = course.get(foreach, parent);
    const width = passage?.phase === "passed" ? passage.value : 0;
    for (let part = 0; part < width; part++) items.push(childItem(parent, part));
  }
  return items;
}
