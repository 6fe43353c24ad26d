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
 * The longest path, incrementally. Of each vertex it is known how long paths are at most that enter
 * by another edge than the best. So an update visits a vertex only if its best way in has changed, or
 * another has come to be as long, and looks at all its edges only if the best is no longer the longest
 * for certain.
 */
export class CriticalPath {
  /** By vertex: the longest path to it, its own runtime included. */
  readonly distances: Float64Array;
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
  /** The greatest edge on the best path to the vertex. */
  readonly #greatest: Float64Array;
  /** The edge by which the best path enters the vertex. */
  readonly #best: Int32Array;
  /** No path that enters the vertex by another edge is longer. */
  readonly #rival: Float64Array;
  /** A bit a topological place: distance must be computed again. No word before the first has any. */
  readonly #dirty: Int32Array;
  #firstDirty: number;
  #visits: number;
  /** Where the longest path ends, and how long others are that end elsewhere. */
  #end: number;
  #endRival: number;
  #isEndKnown: boolean;

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
    this.distances = new Float64Array(count);
    this.#greatest = new Float64Array(count);
    this.#best = new Int32Array(count).fill(NO_EDGE);
    this.#rival = new Float64Array(count);
    this.#dirty = new Int32Array((count >> 5) + 1);
    this.#firstDirty = this.#dirty.length;
    this.#visits = 0;
    this.#end = -1;
    this.#endRival = Number.NEGATIVE_INFINITY;
    this.#isEndKnown = false;
    for (let place = 0; place < count; place++) this.#relax(dag.order[place]!);
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

  /** Takes effect with `update`. */
  setWeight(edge: number, weight: number): void {
    const before = this.#weights[edge]!;
    if (weight === before) return;
    this.#weights[edge] = weight;
    const head = this.#to[edge]!;
    if (this.#best[head] !== edge) {
      if (weight < before) return;
      const length = this.distances[this.#from[edge]!]! + weight + this.#runtimes[head]!;
      if (!this.#rivals(head, length)) return;
    }
    this.#mark(head);
  }

  /** Brings the distances up to date after `setWeight`. */
  update(): void {
    const dirty = this.#dirty;
    const words = dirty.length;
    let word = this.#firstDirty;
    if (word === words) return;
    const { distances } = this;
    const weights = this.#weights;
    const runtimes = this.#runtimes;
    const greatest = this.#greatest;
    const best = this.#best;
    const { start, items: edges } = this.#outOf;
    const heads = this.#to;
    while (word < words) {
      const bits = dirty[word]!;
      if (bits === 0) {
        word++;
        continue;
      }
      const lowest = bits & -bits;
      dirty[word] = bits ^ lowest;
      const vertex = this.#order[(word << 5) + 31 - Math.clz32(lowest)]!;
      const before = distances[vertex]!;
      const greatestBefore = greatest[vertex]!;
      this.#visits++;
      const into = best[vertex]!;
      const tail = this.#from[into]!;
      const weight = weights[into]!;
      const length = distances[tail]! + weight + runtimes[vertex]!;
      // As long as the best way in is longer than the rival, it is the best.
      if (length > this.#rival[vertex]!) {
        distances[vertex] = length;
        greatest[vertex] = Math.max(greatest[tail]!, weight);
      } else {
        this.#relax(vertex);
      }
      const distance = distances[vertex]!;
      if (distance === before && greatest[vertex] === greatestBefore) continue;
      const rose = distance > before || greatest[vertex]! > greatestBefore;
      const until = start[vertex + 1]!;
      let i = start[vertex]!;
      if (i === until) this.#isEndKnown = false;
      for (; i < until; i++) {
        const edge = edges[i]!;
        const head = heads[edge]!;
        if (best[head] !== edge) {
          if (!rose) continue;
          if (!this.#rivals(head, distance + weights[edge]! + runtimes[head]!)) continue;
        }
        const place = this.#position[head]!;
        dirty[place >> 5]! |= 1 << place;
      }
    }
    this.#firstDirty = words;
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
      const distance = this.distances[sinks[i]!]!;
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
    const length = this.distances[end]!;
    for (let vertex = end; vertex >= 0; ) {
      rival = Math.max(rival, length - this.distances[vertex]! + this.#rival[vertex]!);
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
      length: this.distances[end]!,
      vertices: vertices.reverse(),
      edges: edges.reverse(),
    };
  }

  /** Notes a path of that length that does not enter by the best edge; whether it may be the best. */
  #rivals(vertex: number, length: number): boolean {
    if (length > this.#rival[vertex]!) this.#rival[vertex] = length;
    return length >= this.distances[vertex]!;
  }

  /** The distance by all edges into the vertex. */
  #relax(vertex: number): void {
    const { start, items: edges } = this.#into;
    const distances = this.distances;
    const weights = this.#weights;
    const greatests = this.#greatest;
    const from = this.#from;
    const runtime = this.#runtimes[vertex]!;
    let distance = Number.NEGATIVE_INFINITY;
    let rival = distance;
    let greatest = 0;
    let best = NO_EDGE;
    const until = start[vertex + 1]!;
    for (let i = start[vertex]!; i < until; i++) {
      const edge = edges[i]!;
      const tail = from[edge]!;
      const length = distances[tail]! + weights[edge]! + runtime;
      if (length < distance) {
        if (length > rival) rival = length;
        continue;
      }
      const weight = weights[edge]!;
      const greater = Math.max(greatests[tail]!, weight);
      rival = distance;
      if (length === distance && greater <= greatest) continue;
      distance = length;
      greatest = greater;
      best = edge;
    }
    this.#best[vertex] = best;
    this.#rival[vertex] = rival;
    this.distances[vertex] = best === NO_EDGE ? runtime : distance;
    greatests[vertex] = greatest;
  }

  #mark(vertex: number): void {
    const place = this.#position[vertex]!;
    const word = place >> 5;
    this.#dirty[word]! |= 1 << place;
    if (word < this.#firstDirty) this.#firstDirty = word;
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
