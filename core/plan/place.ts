/**
 * Placement: where each vertex of a workflow runs, once its tasks are grouped.
 *
 * Groups are on workers already when a partition ends, by best fit (see `Groups`): a group that
 * grew is on the worker with the least room that sufficed, one that never grew where it was
 * spread. So few workers are full and the others keep room for big groups; nothing is balanced
 * afterwards. Control vertices cost nothing and go where their messages are short: a switch with
 * the task before it, a foreach with the first task of its body and a close with the last, a join
 * with the task after it. Where there is none in that direction, the other is taken.
 */

import { type Graph, OUTSIDE, type VertexKind } from "../workflow/graph.ts";
import { unitsOf } from "./contract.ts";
import type { Plan } from "./plan.ts";

export interface Placement {
  /** Vertex to worker. */
  readonly workerOf: readonly number[];
  /** Vertex to group. */
  readonly groupOf: readonly number[];
}

/** Takes workers and groups of the tasks; adds those of the control vertices. */
export function placeVertices(graph: Graph, tasks: Placement): Placement {
  const homes = graph.vertices.map((_, vertex) => homeOf(graph, vertex));
  return {
    workerOf: homes.map((task) => tasks.workerOf[task] ?? 0),
    groupOf: homes.map((task) => tasks.groupOf[task] ?? 0),
  };
}

/** Units of each worker that plans already deployed leave free; negative where they took too much. */
export function roomsLeft(
  plans: readonly Plan[],
  cluster: { readonly workers: number; readonly workerCapacity: number },
): readonly number[] {
  const rooms = new Array<number>(cluster.workers).fill(cluster.workerCapacity);
  for (const { graph, workerOf } of plans) {
    for (let task = 0; task < graph.taskCount; task++) {
      rooms[workerOf[task]!]! -= unitsOf(graph, task);
    }
  }
  return rooms;
}

/**
 * `raw`: each task to worker FNV-1a(name) mod workers, whatever the load. The hash is the 32-bit one,
 * over the UTF-16 code units of the name, low byte first.
 */
export function placeByName(graph: Graph, workers: number): Placement {
  const names = graph.vertices.slice(0, graph.taskCount).map((vertex) => vertex.name);
  return {
    workerOf: names.map((name) => fnv1a(name) % workers),
    groupOf: names.map((_, task) => task),
  };
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** FNV-1a, 32 bits. Source: Fowler, Noll and Vo. */
export function fnv1a(text: string): number {
  let hash = FNV_OFFSET;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    hash = Math.imul(hash ^ (unit & 0xff), FNV_PRIME);
    if (unit > 0xff) hash = Math.imul(hash ^ (unit >> 8), FNV_PRIME);
  }
  return hash >>> 0;
}

type Direction = "before" | "after";

/** The task that a vertex goes with: itself, or for a control vertex a near one. */
function homeOf(graph: Graph, vertex: number): number {
  const { kind } = graph.vertices[vertex]!;
  const direction = directionOf(kind);
  const near = nearestTask(graph, vertex, direction);
  if (near >= 0) return near;
  return Math.max(0, nearestTask(graph, vertex, direction === "before" ? "after" : "before"));
}

function directionOf(kind: VertexKind): Direction {
  switch (kind) {
    case "task":
    case "switch":
    case "close":
      return "before";
    case "foreach":
    case "join":
      return "after";
    default:
      return kind satisfies never;
  }
}

/** Breadth first, edges in the order of the spec; -1 if there is no task that way. */
function nearestTask(graph: Graph, start: number, direction: Direction): number {
  // A set is walked in the order of insertion, also over what is added on the way.
  const seen = new Set<number>([start]);
  for (const vertex of seen) {
    if (vertex < graph.taskCount) return vertex;
    const { inEdges, outEdges } = graph.vertices[vertex]!;
    for (const id of direction === "before" ? inEdges : outEdges) {
      const edge = graph.edges[id]!;
      if (edge.kind === "width" || edge.from === OUTSIDE) continue;
      seen.add(direction === "before" ? edge.from : edge.to);
    }
  }
  return -1;
}
