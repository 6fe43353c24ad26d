/**
 * What each task is expected to compute in one invocation: its compute time, as often as it is
 * expected to run. A body runs once for each item expected. A branch runs as often as its switch says;
 * where it says nothing each branch counts as run. A vertex is met as often as its in-edges are
 * together, at most always: for ends of branches that exclude each other that is right, for others
 * it may be too much.
 */

import { type Edge, type Graph, OTHERWISE, OUTSIDE } from "../workflow/graph.ts";
import { expected } from "../workflow/spec.ts";

/** Task to core-microseconds, whole. */
export function expectedLoads(graph: Graph): readonly number[] {
  const shares = sharesOf(graph);
  const widths = graph.scopes.map((_, scope) => widthOf(graph, scope));
  return graph.vertices.slice(0, graph.taskCount).map(({ task, scope }, id) => {
    return Math.round(expected(task!.compute) * widths[scope]! * shares[id]!);
  });
}

/** Vertex to the share of invocations, or of the items of its scope, that meet it. */
function sharesOf(graph: Graph): readonly number[] {
  const shares = new Array<number>(graph.vertices.length).fill(0);
  for (const vertex of graph.order) {
    let share = 0;
    for (const id of graph.vertices[vertex]!.inEdges) {
      const edge = graph.edges[id]!;
      share += edge.from === OUTSIDE ? 1 : shares[edge.from]! * takenShare(graph, edge);
    }
    shares[vertex] = Math.min(1, share);
  }
  return shares;
}

/** How often an edge is taken if the vertex that it leaves is met. */
function takenShare(graph: Graph, { from, branch }: Edge): number {
  const { kind, cases } = graph.vertices[from]!;
  if (kind !== "switch" || cases.some(({ probability }) => probability === undefined)) return 1;
  if (branch !== OTHERWISE) return cases[branch]!.probability!;
  return Math.max(0, 1 - cases.reduce((sum, { probability }) => sum + probability!, 0));
}

/** How many items a scope is expected to have, in all scopes around it together. */
function widthOf(graph: Graph, scope: number): number {
  const { foreach, parent } = graph.scopes[scope]!;
  if (foreach < 0) return 1;
  const { items } = graph.data[graph.vertices[foreach]!.over]!.spec;
  const width = items === undefined ? 1 : items.sizes.length || expected(items.count);
  return width * widthOf(graph, parent);
}
