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

/** The same for all machines of a run, so it is worked out once a placement. */
const known = new WeakMap<readonly number[], Map<number, Holds>>();

/**
 * `workerOf`: the plan's, or what became of it once workers were lost; one array belongs to one
 * graph. Cost: O(reads) the first time.
 */
export function holdsOf(graph: Graph, workerOf: readonly number[], worker: number): Holds {
  let found = known.get(workerOf);
  if (found === undefined) {
    found = new Map();
    known.set(workerOf, found);
  }
  let holds = found.get(worker);
  if (holds === undefined) {
    holds = workedOut(graph, workerOf, worker);
    found.set(worker, holds);
  }
  return holds;
}

function workedOut(graph: Graph, workerOf: readonly number[], worker: number): Holds {
  const count = graph.data.map(() => 0);
  const releasedBy: Read[][] = graph.vertices.map(() => []);
  const mine = graph.vertices.flatMap((vertex, reader) =>
    workerOf[reader] !== worker ? [] : vertex.reads.map((read) => ({ reader, read })),
  );
  // By datum, then by reader.
  mine.sort((a, b) => a.read.datum - b.read.datum || a.reader - b.reader);
  for (const { reader, read } of mine) {
    const { datum } = read;
    if (graph.data[datum]!.producer === OUTSIDE) continue;
    const hold = holderOf(graph, reader, read);
    const releases = releasedBy[hold.vertex]!;
    // Readers in one foreach may share a hold; a reader's own is there once.
    const isShared =
      hold.vertex !== reader && releases.some((it) => it.datum === datum && it.how === hold.how);
    if (isShared) continue;
    releases.push({ datum, how: hold.how });
    count[datum]!++;
  }
  return { count, releasedBy };
}

/** The vertex that stands for a reader, in the innermost scope that reads each part once. */
function holderOf(
  graph: Graph,
  reader: number,
  { datum, how }: Read,
): { readonly vertex: number; readonly how: Read["how"] } {
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
