/**
 * The longest path through a weighted acyclic graph, kept up to date while weights change.
 *
 * dist(start) = its runtime; dist(v) = max over in-edges u -> v of dist(u) + weight + runtime(v).
 * Of equally long paths the one whose greatest edge is larger wins, then the predecessor that comes
 * first in topological order. The path ends at the sink of greatest distance, the first in
 * topological order on a tie. Topological order: Kahn's algorithm with a queue, vertices by id.
 */

import { invariant } from "../invariant.ts";

export interface WeightedGraph {
  /** Vertex to the time it takes, any unit, not negative. */
  readonly runtimes: readonly number[];
  readonly edges: readonly { readonly from: number; readonly to: number }[];
  /** Edge to the time it takes, same unit, not negative. */
  readonly weights: readonly number[];
}

export interface Path {
  readonly length: number;
  /** From the start to the end. */
  readonly vertices: readonly number[];
  /** Edge ids, one fewer than vertices. */
  readonly edges: readonly number[];
}

/** One longest path. O(V + E). */
export function longestPath(graph: WeightedGraph): Path {
  return new CriticalPath(graph).path();
}

const NO_EDGE = -1;

/**
 * The longest path, incrementally. While weights only fall, the distance of a vertex changes only
 * if the edge that it was reached by got shorter: such an update visits no more than the part of the
 * tree of best in-edges that hangs below the edges that fell. One that raises a weight visits what
 * lies downstream of it, as far as distances do change.
 */
export class CriticalPath {
  readonly #runtimes: Float64Array;
  readonly #weights: Float64Array;
  readonly #from: Int32Array;
  readonly #to: Int32Array;
  readonly #in: Adjacency;
  readonly #out: Adjacency;
  /** Vertices in topological order, and the place of each in it. */
  readonly #order: Int32Array;
  readonly #position: Int32Array;
  /** Topological order. */
  readonly #sinks: Int32Array;
  readonly #distance: Float64Array;
  /** The greatest edge on the best path to the vertex. */
  readonly #greatest: Float64Array;
  /** The edge by which the best path enters the vertex. */
  readonly #best: Int32Array;
  /** By topological position: distance must be computed again. */
  readonly #dirty: Uint8Array;
  #dirtyCount: number;
  #firstDirty: number;
  #visits: number;
  /** A weight went up since the last update. */
  #raised: boolean;

  constructor(graph: WeightedGraph) {
    const count = graph.runtimes.length;
    this.#runtimes = Float64Array.from(graph.runtimes);
    this.#weights = Float64Array.from(graph.weights);
    this.#from = Int32Array.from(graph.edges, (edge) => edge.from);
    this.#to = Int32Array.from(graph.edges, (edge) => edge.to);
    this.#out = adjacency(this.#from, count, identity(graph.edges.length));
    this.#order = topologicalOrder(this.#from, this.#to, this.#out);
    this.#position = new Int32Array(count);
    for (let place = 0; place < count; place++) this.#position[this.#order[place]!] = place;
    // Filled by topological order of the tail, so that the first best in-edge found wins a tie.
    this.#in = adjacency(this.#to, count, edgesByTail(this.#order, this.#out));
    this.#sinks = this.#order.filter(
      (vertex) => this.#out.start[vertex] === this.#out.start[vertex + 1],
    );
    this.#distance = new Float64Array(count);
    this.#greatest = new Float64Array(count);
    this.#best = new Int32Array(count).fill(NO_EDGE);
    this.#dirty = new Uint8Array(count);
    this.#dirtyCount = 0;
    this.#firstDirty = count;
    this.#raised = false;
    this.#visits = 0;
    for (const vertex of this.#order) this.#relax(vertex);
  }

  /** How often the distance of a vertex has been computed: what updates have cost so far. */
  get visits(): number {
    return this.#visits;
  }

  /** Where the vertex stands in topological order. */
  position(vertex: number): number {
    return this.#position[vertex]!;
  }

  /** The edge by which the longest path to `vertex` comes; -1 at a start. */
  bestIn(vertex: number): number {
    return this.#best[vertex]!;
  }

  /** The edge by which that path comes to the tail of `edge`; -1 at a start. */
  bestBefore(edge: number): number {
    return this.#best[this.#from[edge]!]!;
  }

  /** The longest path to `vertex`, its own runtime included. */
  distance(vertex: number): number {
    return this.#distance[vertex]!;
  }

  /** Takes effect with `update`. */
  setWeight(edge: number, weight: number): void {
    const before = this.#weights[edge]!;
    if (weight === before) return;
    this.#weights[edge] = weight;
    if (weight > before) this.#raised = true;
    const head = this.#to[edge]!;
    if (weight > before || this.#best[head] === edge) this.#mark(head);
  }

  /** Brings the distances up to date after `setWeight`. */
  update(): void {
    // Fields go into locals here and in `#relax`: on long chains these loops are all the time spent.
    const dirty = this.#dirty;
    const order = this.#order;
    let place = this.#firstDirty;
    while (this.#dirtyCount > 0) {
      if (dirty[place] === 1) {
        dirty[place] = 0;
        this.#dirtyCount--;
        const vertex = order[place]!;
        if (this.#relax(vertex)) this.#markBehind(vertex);
      }
      place++;
    }
    this.#firstDirty = order.length;
    this.#raised = false;
  }

  /** The last vertex of the longest path; -1 in an empty graph. O(sinks). */
  end(): number {
    let end = -1;
    let length = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < this.#sinks.length; i++) {
      const sink = this.#sinks[i]!;
      const distance = this.#distance[sink]!;
      if (distance > length) {
        length = distance;
        end = sink;
      }
    }
    return end;
  }

  /**
   * An upper bound on the length of every path but the longest, that of `path()`. While weights
   * only fall it stays one. O(sinks + in-edges of the longest path).
   */
  rival(): number {
    const end = this.end();
    let rival = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < this.#sinks.length; i++) {
      const sink = this.#sinks[i]!;
      if (sink !== end) rival = Math.max(rival, this.#distance[sink]!);
    }
    if (end < 0) return rival;
    // Another path to the same end leaves this one, backwards, at some vertex.
    const { start, edges } = this.#in;
    const length = this.#distance[end]!;
    for (let vertex = end; vertex >= 0; ) {
      const best = this.#best[vertex]!;
      const rest = length - this.#distance[vertex]! + this.#runtimes[vertex]!;
      for (let i = start[vertex]!; i < start[vertex + 1]!; i++) {
        const edge = edges[i]!;
        if (edge === best) continue;
        rival = Math.max(rival, this.#distance[this.#from[edge]!]! + this.#weights[edge]! + rest);
      }
      vertex = best === NO_EDGE ? -1 : this.#from[best]!;
    }
    return rival;
  }

  path(): Path {
    const end = this.end();
    if (end < 0) return { length: 0, vertices: [], edges: [] };
    const vertices = [end];
    const edges: number[] = [];
    for (let edge = this.#best[end]!; edge !== NO_EDGE; ) {
      const tail = this.#from[edge]!;
      edges.push(edge);
      vertices.push(tail);
      edge = this.#best[tail]!;
    }
    return {
      length: this.#distance[end]!,
      vertices: vertices.reverse(),
      edges: edges.reverse(),
    };
  }

  /** Whether distance or greatest edge of the vertex changed. */
  #relax(vertex: number): boolean {
    this.#visits++;
    const { start, edges } = this.#in;
    const distances = this.#distance;
    const runtime = this.#runtimes[vertex]!;
    let distance = runtime;
    let greatest = 0;
    let best = NO_EDGE;
    const until = start[vertex + 1]!;
    for (let i = start[vertex]!; i < until; i++) {
      const edge = edges[i]!;
      const tail = this.#from[edge]!;
      const weight = this.#weights[edge]!;
      const length = distances[tail]! + weight + runtime;
      if (best !== NO_EDGE && length < distance) continue;
      const greater = Math.max(this.#greatest[tail]!, weight);
      if (best !== NO_EDGE && length === distance && greater <= greatest) continue;
      distance = length;
      greatest = greater;
      best = edge;
    }
    this.#best[vertex] = best;
    if (distance === distances[vertex] && greatest === this.#greatest[vertex]) return false;
    distances[vertex] = distance;
    this.#greatest[vertex] = greatest;
    return true;
  }

  #markBehind(vertex: number): void {
    const { start, edges } = this.#out;
    const until = start[vertex + 1]!;
    for (let i = start[vertex]!; i < until; i++) {
      const edge = edges[i]!;
      const head = this.#to[edge]!;
      if (this.#raised || this.#best[head] === edge) this.#mark(head);
    }
  }

  #mark(vertex: number): void {
    const place = this.#position[vertex]!;
    if (this.#dirty[place] === 1) return;
    this.#dirty[place] = 1;
    this.#dirtyCount++;
    if (place < this.#firstDirty) this.#firstDirty = place;
  }
}

/** Edges by vertex: those of vertex v are `edges[start[v]]` up to `edges[start[v + 1]]`. */
export interface Adjacency {
  readonly start: Int32Array;
  readonly edges: Int32Array;
}

/** Groups the edge ids in `ids` by the vertex that `ends` names, keeping the order of `ids`. */
export function adjacency(ends: Int32Array, count: number, ids: Int32Array): Adjacency {
  const start = new Int32Array(count + 1);
  for (const id of ids) start[ends[id]! + 1]!++;
  for (let vertex = 0; vertex < count; vertex++) start[vertex + 1]! += start[vertex]!;
  const next = start.slice();
  const edges = new Int32Array(ids.length);
  for (const id of ids) edges[next[ends[id]!]!++] = id;
  return { start, edges };
}

export function identity(count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, index) => index);
}

function topologicalOrder(from: Int32Array, to: Int32Array, out: Adjacency): Int32Array {
  const count = out.start.length - 1;
  const waiting = new Int32Array(count);
  for (const head of to) waiting[head]!++;
  const order = new Int32Array(count);
  let filled = 0;
  for (let vertex = 0; vertex < count; vertex++) {
    if (waiting[vertex] === 0) order[filled++] = vertex;
  }
  for (let taken = 0; taken < filled; taken++) {
    const vertex = order[taken]!;
    for (let i = out.start[vertex]!; i < out.start[vertex + 1]!; i++) {
      const head = to[out.edges[i]!]!;
      if (--waiting[head]! === 0) order[filled++] = head;
    }
  }
  invariant(filled === count, `${count - filled} of ${from.length} edges' vertices on a cycle`);
  return order;
}

function edgesByTail(order: Int32Array, out: Adjacency): Int32Array {
  const ids = new Int32Array(out.edges.length);
  let filled = 0;
  for (const vertex of order) {
    for (let i = out.start[vertex]!; i < out.start[vertex + 1]!; i++) {
      ids[filled++] = out.edges[i]!;
    }
  }
  return ids;
}
