/**
 * The longest path through a weighted acyclic graph, kept up to date while weights change.
 *
 * dist(start) = its runtime; dist(v) = max over in-edges u -> v of dist(u) + weight + runtime(v).
 * Of equally long paths the one whose greatest edge is larger wins, then the predecessor that comes
 * first in topological order. The path ends at the sink of greatest distance, the first in
 * topological order on a tie. Topological order: Kahn's algorithm with a queue, vertices by id.
 */

import { invariant } from "../invariant.ts";
import { type Lists, listsOf } from "./lists.ts";

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

/** What of a graph does not change with its weights. */
export interface Dag {
  /** Edge to its ends. */
  readonly from: Int32Array;
  readonly to: Int32Array;
  /** Edges into each vertex, by topological order of their tails; edges out of it, by id. */
  readonly into: Lists;
  readonly outOf: Lists;
  /** Vertices in topological order. */
  readonly order: Int32Array;
}

/** One longest path. O(V + E). */
export function longestPath(graph: WeightedGraph): Path {
  return new CriticalPath(dagOf(graph.runtimes.length, graph.edges), graph).path();
}

/** O(V + E). Asserts that there is no cycle. */
export function dagOf(count: number, edges: WeightedGraph["edges"]): Dag {
  const from = new Int32Array(edges.length);
  const to = new Int32Array(edges.length);
  const ids = new Int32Array(edges.length);
  for (let edge = 0; edge < edges.length; edge++) {
    from[edge] = edges[edge]!.from;
    to[edge] = edges[edge]!.to;
    ids[edge] = edge;
  }
  const outOf = listsOf(count, from, ids);
  const order = topologicalOrder({ from, to, outOf });
  return { from, to, into: edgesInto({ to, outOf, order }), outOf, order };
}

/** The same with each edge turned round. */
export function turned({ from, to, into, outOf, order }: Dag): Dag {
  return { from: to, to: from, into: outOf, outOf: into, order: order.slice().reverse() };
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
  readonly #into: Lists;
  readonly #outOf: Lists;
  readonly #order: Int32Array;
  /** The place of each vertex in that order. */
  readonly #position: Int32Array;
  readonly #sinks: Int32Array;
  readonly #distance: Float64Array;
  /** The greatest edge on the best path to the vertex. */
  readonly #greatest: Float64Array;
  /** The edge by which the best path enters the vertex. */
  readonly #best: Int32Array;
  /** No path that enters the vertex by another edge is longer. */
  readonly #rival: Float64Array;
  /** By topological position: distance must be computed again. */
  readonly #dirty: Uint8Array;
  #dirtyCount: number;
  #firstDirty: number;
  #visits: number;
  /** Where the longest path ends, and how long others are that end elsewhere. */
  #end: number;
  #endRival: number;
  #isEndKnown: boolean;
  /** A weight went up since the last update. */
  #raised: boolean;

  constructor(dag: Dag, times: Pick<WeightedGraph, "runtimes" | "weights">) {
    const count = dag.order.length;
    this.#runtimes = Float64Array.from(times.runtimes);
    this.#weights = Float64Array.from(times.weights);
    this.#from = dag.from;
    this.#to = dag.to;
    this.#into = dag.into;
    this.#outOf = dag.outOf;
    this.#order = dag.order;
    this.#position = new Int32Array(count);
    for (let place = 0; place < count; place++) this.#position[dag.order[place]!] = place;
    const { start } = dag.outOf;
    this.#sinks = dag.order.filter((vertex) => start[vertex] === start[vertex + 1]);
    this.#distance = new Float64Array(count);
    this.#greatest = new Float64Array(count);
    this.#best = new Int32Array(count).fill(NO_EDGE);
    this.#rival = new Float64Array(count);
    this.#dirty = new Uint8Array(count);
    this.#dirtyCount = 0;
    this.#firstDirty = count;
    this.#raised = false;
    this.#visits = 0;
    this.#end = -1;
    this.#endRival = Number.NEGATIVE_INFINITY;
    this.#isEndKnown = false;
    for (let place = 0; place < count; place++) this.#relaxAll(dag.order[place]!);
  }

  /** How often the distance of a vertex has been computed: what updates have cost so far. */
  get visits(): number {
    return this.#visits;
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
    if (this.#dirtyCount === 0) return;
    const dirty = this.#dirty;
    const order = this.#order;
    let place = this.#firstDirty;
    for (; this.#dirtyCount > 0; place++) {
      if (dirty[place] === 0) continue;
      dirty[place] = 0;
      this.#dirtyCount--;
      const vertex = order[place]!;
      if (this.#relax(vertex)) this.#markBehind(vertex);
    }
    this.#firstDirty = order.length;
    this.#raised = false;
    this.#isEndKnown = false;
  }

  /** The last vertex of the longest path; -1 in an empty graph. O(sinks) after an update. */
  end(): number {
    if (!this.#isEndKnown) this.#findEnd();
    return this.#end;
  }

  #findEnd(): void {
    const sinks = this.#sinks;
    let end = -1;
    let length = Number.NEGATIVE_INFINITY;
    let rival = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < sinks.length; i++) {
      const distance = this.#distance[sinks[i]!]!;
      if (distance > length) {
        rival = length;
        length = distance;
        end = sinks[i]!;
      } else if (distance > rival) {
        rival = distance;
      }
    }
    this.#end = end;
    this.#endRival = rival;
    this.#isEndKnown = true;
  }

  /**
   * An upper bound on the length of every path but the longest, that of `path()`. While weights
   * only fall it stays one. O(vertices of the longest path).
   */
  rival(): number {
    const end = this.end();
    if (end < 0) return Number.NEGATIVE_INFINITY;
    let rival = this.#endRival;
    // Another path to the same end leaves this one, backwards, at some vertex.
    const length = this.#distance[end]!;
    for (let vertex = end; vertex >= 0; ) {
      rival = Math.max(rival, length - this.#distance[vertex]! + this.#rival[vertex]!);
      const best = this.#best[vertex]!;
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
    const best = this.#best[vertex]!;
    if (this.#raised || best === NO_EDGE) return this.#relaxAll(vertex);
    const tail = this.#from[best]!;
    const weight = this.#weights[best]!;
    const distance = this.#distance[tail]! + weight + this.#runtimes[vertex]!;
    // Weights have only fallen, so as long as the best way in is longer than the rival, it is the best.
    if (distance <= this.#rival[vertex]!) return this.#relaxAll(vertex);
    this.#visits++;
    return this.#set(vertex, distance, Math.max(this.#greatest[tail]!, weight));
  }

  /** The same, looking at all edges into the vertex. */
  #relaxAll(vertex: number): boolean {
    this.#visits++;
    const { start, items: edges } = this.#into;
    const distances = this.#distance;
    const from = this.#from;
    const runtime = this.#runtimes[vertex]!;
    let distance = runtime;
    let greatest = 0;
    let best = NO_EDGE;
    let rival = Number.NEGATIVE_INFINITY;
    const until = start[vertex + 1]!;
    for (let i = start[vertex]!; i < until; i++) {
      const edge = edges[i]!;
      const tail = from[edge]!;
      const weight = this.#weights[edge]!;
      const length = distances[tail]! + weight + runtime;
      if (best !== NO_EDGE) {
        rival = Math.max(rival, Math.min(length, distance));
        if (length < distance) continue;
      }
      const greater = Math.max(this.#greatest[tail]!, weight);
      if (best !== NO_EDGE && length === distance && greater <= greatest) continue;
      distance = length;
      greatest = greater;
      best = edge;
    }
    this.#best[vertex] = best;
    this.#rival[vertex] = rival;
    return this.#set(vertex, distance, greatest);
  }

  #set(vertex: number, distance: number, greatest: number): boolean {
    if (distance === this.#distance[vertex] && greatest === this.#greatest[vertex]) return false;
    this.#distance[vertex] = distance;
    this.#greatest[vertex] = greatest;
    return true;
  }

  #markBehind(vertex: number): void {
    const { start, items: edges } = this.#outOf;
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

function topologicalOrder({ from, to, outOf }: Pick<Dag, "from" | "to" | "outOf">): Int32Array {
  const count = outOf.start.length - 1;
  const waiting = new Int32Array(count);
  for (let edge = 0; edge < to.length; edge++) waiting[to[edge]!]!++;
  const order = new Int32Array(count);
  let filled = 0;
  for (let vertex = 0; vertex < count; vertex++) {
    if (waiting[vertex] === 0) order[filled++] = vertex;
  }
  for (let taken = 0; taken < filled; taken++) {
    const vertex = order[taken]!;
    for (let i = outOf.start[vertex]!; i < outOf.start[vertex + 1]!; i++) {
      const head = to[outOf.items[i]!]!;
      if (--waiting[head]! === 0) order[filled++] = head;
    }
  }
  invariant(filled === count, `${count - filled} of ${from.length} edges' vertices on a cycle`);
  return order;
}

/** By topological order of the tail, so that the first best in-edge found wins a tie. */
function edgesInto({ to, outOf, order }: Pick<Dag, "to" | "outOf" | "order">): Lists {
  const edges = new Int32Array(to.length);
  const heads = new Int32Array(to.length);
  let filled = 0;
  for (let place = 0; place < order.length; place++) {
    const vertex = order[place]!;
    for (let i = outOf.start[vertex]!; i < outOf.start[vertex + 1]!; i++) {
      const edge = outOf.items[i]!;
      edges[filled] = edge;
      heads[filled++] = to[edge]!;
    }
  }
  return listsOf(order.length, heads, edges);
}
