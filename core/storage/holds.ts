/**
 * Who keeps a local datum alive, and who lets go of it: reference counts worked out once a plan.
 *
 * A datum is held once for each vertex of its worker that stands for readers there: the reader
 * itself, or, for readers deeper in a foreach than the datum, the close of that foreach, since how
 * many bodies will read is not known before. The hold ends when that vertex has ended or was
 * skipped. Readers on other workers hold nothing: they read the remote copy.
 */

import type { Plan } from "../plan/plan.ts";
import { type Graph, OUTSIDE, type Read } from "../workflow/graph.ts";
import { datumScope, walkingScope } from "../workflow/parts.ts";

export interface Holds {
  /** Datum to the number of vertices on this worker that hold each part of it. */
  readonly count: readonly number[];
  /** Vertex to the data it lets go of, and how it would have read them. */
  readonly releasedBy: readonly (readonly Read[])[];
}

export function holdsOf(plan: Plan, worker: number): Holds {
  const { graph } = plan;
  const count = graph.data.map(() => 0);
  const releasedBy: Read[][] = graph.vertices.map(() => []);
  for (const [datum, { readers, producer }] of graph.data.entries()) {
    if (producer === OUTSIDE) continue;
    for (const reader of readers) {
      if (plan.workerOf[reader] !== worker) continue;
      const hold = holderOf(graph, reader, datum);
      const releases = releasedBy[hold.vertex]!;
      if (releases.some((read) => read.datum === datum && read.how === hold.how)) continue;
      releases.push({ datum, how: hold.how });
      count[datum]!++;
    }
  }
  return { count, releasedBy };
}

/** The vertex that stands for a reader, at the level where the datum has its parts. */
function holderOf(
  graph: Graph,
  reader: number,
  datum: number,
): { readonly vertex: number; readonly how: Read["how"] } {
  const { how } = graph.vertices[reader]!.reads.find((read) => read.datum === datum)!;
  const scope = graph.vertices[reader]!.scope;
  const target = how === "item" ? walkingScope(graph, scope, datum) : datumScope(graph, datum);
  let vertex = reader;
  while (depth(graph, vertex) > graph.scopes[target]!.depth) {
    const { foreach } = graph.scopes[graph.vertices[vertex]!.scope]!;
    vertex = graph.vertices[foreach]!.partner;
  }
  return { vertex, how };
}

function depth(graph: Graph, vertex: number): number {
  return graph.scopes[graph.vertices[vertex]!.scope]!.depth;
}
