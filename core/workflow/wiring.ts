/**
 * What joins and transfers ask of a graph again and again, in typed arrays: a record an edge or vertex
 * would be a cache miss each, in graphs of a thousand.
 */

import { type Graph, OUTSIDE } from "./graph.ts";

export interface Wiring {
  /** Edge to the vertex it goes to, and its position among that vertex' in-edges. */
  readonly edgeTo: Int32Array;
  readonly edgeSlot: Int32Array;
  /** Edge: 1 if it leaves a foreach body for the close. */
  readonly gathers: Uint8Array;
  readonly scopeOf: Int32Array;
  /** Vertex to its position among those of its scope. */
  readonly positionOf: Int32Array;
  readonly inEdgeCount: Int32Array;
  /** Vertex: of a close, the position of the edge that tells it the width; -1 of all others. */
  readonly widthSlot: Int32Array;
  /** Datum: 1 if it is an input of the invocation. */
  readonly comesFromOutside: Uint8Array;
  /** Datum: 1 if there are bytes under its name. */
  readonly isStored: Uint8Array;
}

const known = new WeakMap<Graph, Wiring>();

/** Worked out once a graph. Cost: O(vertices + edges + data) the first time. */
export function wiringOf(graph: Graph): Wiring {
  let wiring = known.get(graph);
  if (wiring === undefined) {
    wiring = workedOut(graph);
    known.set(graph, wiring);
  }
  return wiring;
}

function workedOut({ edges, vertices, data }: Graph): Wiring {
  return {
    edgeTo: Int32Array.from(edges, ({ to }) => to),
    edgeSlot: Int32Array.from(edges, ({ slot }) => slot),
    gathers: Uint8Array.from(edges, ({ kind }) => Number(kind === "gather")),
    scopeOf: Int32Array.from(vertices, ({ scope }) => scope),
    positionOf: Int32Array.from(vertices, ({ position }) => position),
    inEdgeCount: Int32Array.from(vertices, ({ inEdges }) => inEdges.length),
    widthSlot: Int32Array.from(vertices, ({ inEdges }) =>
      inEdges.findIndex((edge) => edges[edge]!.kind === "width"),
    ),
    comesFromOutside: Uint8Array.from(data, ({ producer }) => Number(producer === OUTSIDE)),
    isStored: Uint8Array.from(data, ({ spec }) => Number(spec.stored)),
  };
}
