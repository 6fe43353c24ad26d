/**
 * The critical path of an invocation as it was measured: the chain of tasks whose times add up to
 * most. The plan's own critical path is what was expected; which branch a switch took and where the
 * data were slow is known only afterwards. Times between tasks count for nothing, so what the
 * latency has more than this chain is what scheduling took.
 */

import type { PlanHeader } from "./event-header.ts";

export class MeasuredPath {
  /** Vertices, each after all it depends on. */
  readonly #order: readonly number[];
  /** Vertex to those it depends on. */
  readonly #before: readonly (readonly number[])[];
  /** Of the chain under way: the longest sum up to each vertex. */
  readonly #until: Float64Array;

  constructor({ tasks, edges }: PlanHeader) {
    const before: number[][] = tasks.map(() => []);
    const after: number[][] = tasks.map(() => []);
    for (const [from, to] of edges) {
      before[to]!.push(from);
      after[from]!.push(to);
    }
    const waiting = before.map((list) => list.length);
    const order = waiting.flatMap((count, vertex) => (count === 0 ? [vertex] : []));
    for (let head = 0; head < order.length; head++) {
      for (const next of after[order[head]!]!) {
        waiting[next]!--;
        if (waiting[next] === 0) order.push(next);
      }
    }
    this.#order = order;
    this.#before = before;
    this.#until = new Float64Array(before.length);
  }

  /** The longest chain's sum; `times` by vertex, 0 for one without. */
  length(times: Float64Array): number {
    const until = this.#until;
    let longest = 0;
    for (const vertex of this.#order) {
      let start = 0;
      for (const before of this.#before[vertex]!) start = Math.max(start, until[before]!);
      const end = start + times[vertex]!;
      until[vertex] = end;
      longest = Math.max(longest, end);
    }
    return longest;
  }
}
