/**
 * `faasflow`: Algorithm 1 of the paper, the grouping of tasks along the longest path.
 *
 * Each task starts as a group of its own. An edge weighs all output bytes of its producer divided by
 * the bandwidth, and `localSpeedup` times less once both ends share a group. Again and again the
 * longest path is taken and its dearest edge that fits is merged: both ends in different groups,
 * together within the group limit, some worker has room for both (see `Groups`), and, unless the
 * producer was charged before, charged bytes + its output bytes <= quota. When no edge of the
 * longest path fits, it is over; other paths are not tried.
 *
 * Ties: longest paths as `CriticalPath` says; edges of equal weight nearest to the start first.
 *
 * Cost: a round costs the length of the path, the sinks, the workers, and the distances that
 * change; a merge also the edges of the smaller group. A limit or quota that an edge has once
 * broken stays broken (groups and the charge only grow), so such edges are tried no more.
 *
 * Source: FaaSFlow (ASPLOS'22), section 4.1, Algorithm 1; the rules that the paper leaves open are
 * those of the FaaSFlow v1 artifact (Apache-2.0).
 */

import { CriticalPath, type Dag, dagOf, turned } from "../workflow/critical-path.ts";
import type { Lists } from "../workflow/lists.ts";
import { Groups } from "./groups.ts";
import type { TaskLoads, WindowLimits } from "./loads.ts";
import { edgeWeights, type PartitionProblem, quotaBytes } from "./partition-problem.ts";

export interface Partition {
  /** Task to group; groups are numbered by their first task. */
  readonly groupOf: readonly number[];
  readonly groupCount: number;
  /** Task to worker, the same for all tasks of a group. */
  readonly workerOf: readonly number[];
  /** The tasks do not fit the workers' room; the load was balanced instead. */
  readonly overCommitted: boolean;
  readonly criticalPathBefore_s: number;
  readonly criticalPathAfter_s: number;
  /** Tasks of the longest path once groups are formed, in order. */
  readonly criticalPath: readonly number[];
  readonly edgesInside: number;
  /** Output bytes of the producers whose data the quota was charged for. */
  readonly chargedBytes: number;
  readonly quotaBytes: number;
}

const NO_EDGE = -1;
/** Far above what rounding can do to a sum of seconds, far below what matters. */
const MARGIN_S = 1e-6;

/** Partitions by Algorithm 1. */
export function partition(problem: PartitionProblem): Partition {
  const grouping = new Grouping(problem);
  grouping.followLongestPath();
  return grouping.result();
}

/** A task that goes to another group. */
export interface Move {
  readonly task: number;
  readonly to: number;
}

export interface LimitedLoads {
  readonly loads: TaskLoads;
  readonly limits: WindowLimits;
}

/** A partition in the making: groups, longest path and charge, kept in step. */
export class Grouping {
  readonly groups: Groups;
  readonly #problem: PartitionProblem;
  readonly #path: CriticalPath;
  readonly #weights: Float64Array;
  /** The same of edges inside a group. */
  readonly #insideWeights: Float64Array;
  readonly #runtimes: Float64Array;
  readonly #dag: Dag;
  /** Edges that no round needs to try: inside a group, or beyond a limit for good. */
  readonly #settled: Uint8Array;
  readonly #inside: Uint8Array;
  /** The same graph turned round: what is longest from each task on. Updated when it is needed. */
  readonly #rest: CriticalPath;
  /** By task: its edges on the longest path that `allows` met last; `NO_EDGE`: none yet. */
  readonly #longestIn: Int32Array;
  readonly #longestOut: Int32Array;
  readonly #charged: Uint8Array;
  readonly #before: number;
  readonly #quota: number;
  #chargedBytes: number;
  /** The longest path that is being followed. */
  readonly #pathEdges: number[];
  readonly #onPath: Uint8Array;

  /** Without limits workers are loaded as it comes. */
  constructor(problem: PartitionProblem, limited?: LimitedLoads) {
    const { tasks, edges } = problem;
    const weights = edgeWeights(problem);
    this.#problem = problem;
    this.#weights = Float64Array.from(weights);
    this.#insideWeights = this.#weights.map((weight) => weight / problem.localSpeedup);
    this.groups = new Groups({
      scales: tasks.map((task) => task.scale),
      rooms: problem.rooms,
      groupLimit: problem.groupLimit,
      loads: limited?.loads ?? { windows: 0, values: new Float64Array(0) },
      loadLimits: limited?.limits,
    });
    this.#dag = dagOf(tasks.length, edges);
    const runtimes = tasks.map((task) => task.runtime_s);
    this.#runtimes = Float64Array.from(runtimes);
    this.#path = new CriticalPath(this.#dag, { runtimes, weights });
    this.#rest = new CriticalPath(turned(this.#dag), { runtimes, weights });
    this.#longestIn = new Int32Array(tasks.length).fill(NO_EDGE);
    this.#longestOut = new Int32Array(tasks.length).fill(NO_EDGE);
    this.#settled = new Uint8Array(edges.length);
    this.#inside = new Uint8Array(edges.length);
    this.#charged = new Uint8Array(tasks.length);
    this.#before = this.criticalPath_s();
    this.#quota = quotaBytes(tasks);
    this.#chargedBytes = 0;
    this.#pathEdges = [];
    this.#onPath = new Uint8Array(edges.length);
  }

  /** Vertices visited to keep the longest path up to date. */
  get visits(): number {
    return this.#path.visits + this.#rest.visits;
  }

  get quotaLeft(): number {
    return this.#quota - this.#chargedBytes;
  }

  isCharged(task: number): boolean {
    return this.#charged[task] === 1;
  }

  /** Charges the producer's output bytes, unless that was done before. */
  charge(task: number): void {
    if (this.#charged[task] === 1) return;
    this.#charged[task] = 1;
    this.#chargedBytes += this.#problem.tasks[task]!.outputBytes;
  }

  /** Merges along the longest path until none of its edges fits. */
  followLongestPath(): void {
    while (this.#followOnce());
  }

  /** Follows one path as long as it is known to be the longest; whether there may be more to merge. */
  #followOnce(): boolean {
    const open = this.#openEdges();
    const edge = this.#dearestThatFits(open);
    if (edge < 0) return false;
    // As long as no other path can have become the longest, distances need not be computed.
    const rival = this.#path.rival() + MARGIN_S;
    let length = this.criticalPath_s() - this.#mergeEnds(edge);
    if (length > rival) length = this.#mergeAlong(open, length, rival);
    this.#unmarkPath();
    this.#path.update();
    return length <= rival;
  }

  /** Merges the dearest of `open` that fits until the path is no longer than `rival`; its length. */
  #mergeAlong(open: number[], pathLength: number, rival: number): number {
    const dearestFirst = open.reverse().sort((a, b) => this.#weights[b]! - this.#weights[a]!);
    const waiting: number[] = [];
    let length = pathLength;
    for (const next of dearestFirst) {
      if (this.#settled[next] === 1) continue;
      if (!this.#fits(next)) {
        waiting.push(next);
        continue;
      }
      // A merge may make room for what did not fit before, which is dearer than what comes next.
      for (let edge = next; edge >= 0; edge = this.#firstThatFits(waiting)) {
        length -= this.#mergeEnds(edge);
        if (length <= rival) return length;
      }
    }
    return length;
  }

  /** Puts two groups together on a worker with room for both. */
  merge(a: number, b: number, worker: number): void {
    this.#join(a, b, worker);
    this.#path.update();
  }

  /** Brings up to date what `allows` asks. */
  refresh(): void {
    this.#rest.update();
  }

  /**
   * Whether the paths through the task stay within `limit_s` if it alone moves: told from its edges
   * and what is longest before and behind them.
   */
  allows({ task, to }: Move, limit_s: number): boolean {
    const most_s = limit_s + MARGIN_S;
    const runtime = this.#runtimes[task]!;
    // The path that was longest before mostly is too long again, wherever the task goes.
    const knownIn = this.#longestIn[task]!;
    const knownOut = this.#longestOut[task]!;
    if (this.#lengthBefore(knownIn, to) + runtime + this.#lengthBehind(knownOut, to) > most_s)
      return false;
    const { into, outOf } = this.#dag;
    let before = 0;
    for (let i = into.start[task]!; i < into.start[task + 1]!; i++) {
      const length = this.#lengthBefore(into.items[i]!, to);
      if (length <= before) continue;
      before = length;
      this.#longestIn[task] = into.items[i]!;
    }
    let behind = 0;
    for (let i = outOf.start[task]!; i < outOf.start[task + 1]!; i++) {
      const length = this.#lengthBehind(outOf.items[i]!, to);
      if (length <= behind) continue;
      behind = length;
      this.#longestOut[task] = outOf.items[i]!;
    }
    return before + runtime + behind <= most_s;
  }

  /** The longest path that ends with the edge, if its head were in group `to`. */
  #lengthBefore(edge: number, to: number): number {
    if (edge === NO_EDGE) return 0;
    const tail = this.#dag.from[edge]!;
    const weights = this.groups.groupOf[tail] === to ? this.#insideWeights : this.#weights;
    return this.#path.distances[tail]! + weights[edge]!;
  }

  /** The longest path that begins with the edge, if its tail were in group `to`. */
  #lengthBehind(edge: number, to: number): number {
    if (edge === NO_EDGE) return 0;
    const head = this.#dag.to[edge]!;
    const weights = this.groups.groupOf[head] === to ? this.#insideWeights : this.#weights;
    return weights[edge]! + this.#rest.distances[head]!;
  }

  /** Makes the moves if the longest path then stays within `limit_s`; else nothing changes. */
  tryMoves(moves: readonly Move[], limit_s: number): boolean {
    const back = moves.map(({ task }) => ({ task, to: this.groups.groupOf[task]! }));
    this.#makeMoves(moves);
    const isWithin = this.criticalPath_s() <= limit_s;
    if (!isWithin) this.#makeMoves(back);
    this.refresh();
    return isWithin;
  }

  criticalPath_s(): number {
    const end = this.#path.end();
    return end < 0 ? 0 : this.#path.distances[end]!;
  }

  result(): Partition {
    const { groupOf, groupCount } = this.groups.numbered();
    const longest = this.#path.path();
    return {
      groupOf,
      groupCount,
      workerOf: this.#problem.tasks.map((_, task) => this.groups.workerOf(task)),
      overCommitted: this.groups.overCommitted,
      criticalPathBefore_s: this.#before,
      criticalPathAfter_s: longest.length,
      criticalPath: longest.vertices,
      edgesInside: this.#inside.reduce((sum, inside) => sum + inside, 0),
      chargedBytes: this.#chargedBytes,
      quotaBytes: this.#quota,
    };
  }

  #makeMoves(moves: readonly Move[]): void {
    for (const { task, to } of moves) this.groups.move(task, to);
    for (const { task } of moves) {
      this.#weighAnew(task, this.#dag.outOf);
      this.#weighAnew(task, this.#dag.into);
    }
    this.#path.update();
  }

  #weighAnew(task: number, { start, items }: Lists): void {
    for (let i = start[task]!; i < start[task + 1]!; i++) {
      const edge = items[i]!;
      const a = this.groups.groupOf[this.#dag.from[edge]!]!;
      const b = this.groups.groupOf[this.#dag.to[edge]!]!;
      const weight = (a === b ? this.#insideWeights : this.#weights)[edge]!;
      this.#inside[edge] = a === b ? 1 : 0;
      this.#path.setWeight(edge, weight);
      this.#rest.setWeight(edge, weight);
    }
  }

  /** Merges the groups at both ends of an edge that fits; gives what the longest path loses. */
  #mergeEnds(edge: number): number {
    this.charge(this.#dag.from[edge]!);
    const a = this.groups.groupOf[this.#dag.from[edge]!]!;
    const b = this.groups.groupOf[this.#dag.to[edge]!]!;
    return this.#join(a, b, this.groups.bestFit(a, b));
  }

  #join(a: number, b: number, worker: number): number {
    const groups = this.groups;
    const smaller = groups.members(a).length <= groups.members(b).length ? a : b;
    const larger = smaller === a ? b : a;
    const members = groups.members(smaller);
    const { from, to, into, outOf } = this.#dag;
    let saved_s = 0;
    for (let m = 0; m < members.length; m++) {
      saved_s += this.#take(members[m]!, { larger, others: to, edges: outOf });
      saved_s += this.#take(members[m]!, { larger, others: from, edges: into });
    }
    groups.merge(a, b, worker);
    return saved_s;
  }

  /** Edges of the task to or from a group are inside from now on; gives what the longest path loses. */
  #take(
    task: number,
    side: { readonly larger: number; readonly others: Int32Array; readonly edges: Lists },
  ): number {
    const { start, items } = side.edges;
    let saved_s = 0;
    for (let i = start[task]!; i < start[task + 1]!; i++) {
      const edge = items[i]!;
      if (this.groups.groupOf[side.others[edge]!]! !== side.larger) continue;
      const weight = this.#insideWeights[edge]!;
      this.#inside[edge] = 1;
      this.#settled[edge] = 1;
      this.#path.setWeight(edge, weight);
      this.#rest.setWeight(edge, weight);
      if (this.#onPath[edge] === 1) saved_s += this.#weights[edge]! - weight;
    }
    return saved_s;
  }

  /** Edges of the longest path that may still be merged, last first; all of it is marked. */
  #openEdges(): number[] {
    const open: number[] = [];
    this.#pathEdges.length = 0;
    const end = this.#path.end();
    for (let edge = end < 0 ? -1 : this.#path.bestIn(end); edge >= 0; ) {
      this.#pathEdges.push(edge);
      this.#onPath[edge] = 1;
      if (this.#settled[edge] === 0) open.push(edge);
      edge = this.#path.bestBefore(edge);
    }
    return open;
  }

  #unmarkPath(): void {
    for (let i = 0; i < this.#pathEdges.length; i++) this.#onPath[this.#pathEdges[i]!] = 0;
  }

  /** The edge to merge next, of edges in the order of `#openEdges`; -1 if none fits. */
  #dearestThatFits(open: readonly number[]): number {
    let dearest = -1;
    let most = 0;
    for (let i = 0; i < open.length; i++) {
      const edge = open[i]!;
      const weight = this.#weights[edge]!;
      if (weight < most || !this.#fits(edge)) continue;
      dearest = edge;
      most = weight;
    }
    return dearest;
  }

  /** The edge to merge next, of edges dearest first; -1 if none fits. */
  #firstThatFits(edges: readonly number[]): number {
    for (let i = 0; i < edges.length; i++) {
      const edge = edges[i]!;
      if (this.#settled[edge] === 0 && this.#fits(edge)) return edge;
    }
    return -1;
  }

  #fits(edge: number): boolean {
    const from = this.#dag.from[edge]!;
    const a = this.groups.groupOf[from]!;
    const b = this.groups.groupOf[this.#dag.to[edge]!]!;
    const affordable =
      this.isCharged(from) || this.#problem.tasks[from]!.outputBytes <= this.quotaLeft;
    if (!affordable || !this.groups.withinLimits(a, b)) {
      this.#settled[edge] = 1;
      return false;
    }
    return this.groups.fits(a, b);
  }
}
