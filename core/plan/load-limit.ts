/**
 * How much of a workflow's computing one worker may be given, so that saved bytes are not paid for by
 * tasks that wait for each other's cores: what its cores can do while the longest path lasts, or, if
 * that is not enough, `SLACK` times an even share of all there is to compute.
 *
 * The longest path is not known before groups are formed. Until then it is reckoned with as if all
 * edges were inside groups, a task taking at least what it computes on all cores of a worker (as
 * the many activations of a foreach body do). So no task and no path alone is beyond the limit.
 */

import { longestPath } from "../workflow/critical-path.ts";
import { edgeWeights, type PartitionProblem } from "./partition-problem.ts";

const SLACK = 1.25;
const MICROS_PER_SECOND = 1_000_000;

/** In core-microseconds; infinite where one worker may compute all. */
export class LoadLimit {
  readonly #all: number;
  readonly #coreMicros: number;
  readonly #least: number;

  constructor(problem: PartitionProblem) {
    const { tasks, cores, rooms } = problem;
    this.#all = tasks.reduce((sum, task) => sum + task.load_us, 0);
    this.#coreMicros = cores * MICROS_PER_SECOND;
    const path = this.#all === 0 ? 0 : shortestPath_s(problem) * this.#coreMicros;
    this.#least = Math.max(path, (SLACK * this.#all) / rooms.length);
  }

  /** Before any path is known. */
  get atLeast(): number {
    return this.#unlessAll(this.#least);
  }

  /** Of a partition that has a longest path of so many seconds. */
  with(path_s: number): number {
    return this.#unlessAll(Math.max(this.#least, path_s * this.#coreMicros));
  }

  #unlessAll(limit: number): number {
    // Loads are whole, so this keeps what rounding took from a path's sum.
    const whole = Math.ceil(limit);
    return this.#all <= whole ? Number.POSITIVE_INFINITY : whole;
  }
}

/** The longest path if all edges were inside groups. */
function shortestPath_s(problem: PartitionProblem): number {
  const { tasks, edges, cores, localSpeedup } = problem;
  return longestPath({
    runtimes: tasks.map(({ runtime_s, load_us }) =>
      Math.max(runtime_s, load_us / (cores * MICROS_PER_SECOND)),
    ),
    edges,
    weights: edgeWeights(problem).map((weight) => weight / localSpeedup),
  }).length;
}
