/**
 * Who keeps a local datum alive, and who lets go of it: reference counts worked out once a plan.
 *
 * A datum is held once for each vertex of its worker that stands for readers there: the reader
 * itself, or, for readers deeper in a foreach than the datum, the close of that foreach, since how
 * many bodies will read is not known before. The hold ends when that vertex has ended or was
 * skipped. Readers on other workers hold nothing: they read the remote copy.
 */

import { type Graph, OUTSIDE, type Read } from "../workflow/graph.ts";
import { datumScope, sharedScope, walkingScope } from "../workflow/parts.ts";

export interface Holds {
  /** Datum to the number of vertices on this worker that hold each part of it. */
  readonly count: readonly number[];
  /** Vertex to the data it lets go of, and how it would have read them. */
  readonly releasedBy: readonly (readonly Read[])[];
}

/** `workerOf`: the plan's, or what became of it once workers were lost. */
export function holdsOf(graph: Graph, workerOf: readonly number[], worker: number): Holds {
  const count = graph.data.map(() => 0);
  const releasedBy: Read[][] = graph.vertices.map(() => []);
  for (const [datum, { readers, producer }] of graph.data.entries()) {
    if (producer === OUTSIDE) continue;
    for (const reader of readers) {
      if (workerOf[reader] !== worker) continue;
      const hold = holderOf(graph, reader, datum);
      const releases = releasedBy[hold.vertex]!;
      if (releases.some((read) => read.datum === datum && read.how === hold.how)) continue;
      releases.push({ datum, how: hold.how });
      count[datum]!++;
    }
  }
  return { count, releasedBy };
}

/** The vertex that stands for a reader, in the innermost scope that reads each part once. */
function holderOf(
  graph: Graph,
  reader: number,
  datum: number,
): { readonly vertex: number; readonly how: Read["how"] } {
  const { how } = graph.vertices[reader]!.reads.find((read) => read.datum === datum)!;
  const scope = graph.vertices[reader]!.scope;
  const written = datumScope(graph, datum);
  if (how === "item") {
    const walking = walkingScope(graph, scope, datum);
    const once = graph.scopes[walking]!.parent === written;
    if (once) return { vertex: climb(graph, reader, walking), how };
    // Each body of a foreach between the two walks the whole list.
    return { vertex: climb(graph, reader, written), how: "all" };
  }
  // Bodies of one foreach that read what all bodies of another wrote share those parts.
  return { vertex: climb(graph, reader, sharedScope(graph, scope, written)), how };
}

/** The vertex itself, or the close, in scope `target`, of the foreach that it is in. */
function climb(graph: Graph, vertex: number, target: number): number {
  let at = vertex;
  while (depth(graph, at) > graph.scopes[target]!.depth) {
    const { foreach } = graph.scopes[graph.vertices[at]!.scope]!;
    at = graph.vertices[foreach]!.partner;
  }
  return at;
}

function depth(graph: Graph, vertex: number): number {
  return graph.scopes[graph.vertices[vertex]!.scope]!.depth;
}
