/**
 * How much of a workflow's computing one worker may be given, so that saved bytes are not paid for by
 * tasks that wait for each other's cores: in each of some windows of time what its cores can do
 * meanwhile, or, if that is not enough, `SLACK` times an even share of all there is to compute then.
 *
 * Windows divide the time that the workflow takes at least: as if all edges were inside groups, a task
 * began as soon as it may, and took at least what it computes on all cores of a worker (as the many
 * activations of a foreach body do). What a task computes counts where it then runs. So no task and no
 * path alone is beyond the limit. Once groups are formed and their longest path is known to take
 * longer, windows do, too.
 */

import { CriticalPath, dagOf } from "../workflow/critical-path.ts";
import type { TaskLoads, WindowLimits } from "./loads.ts";
import { edgeWeights, type PartitionProblem } from "./partition-problem.ts";

const SLACK = 1.25;
const MICROS_PER_SECOND = 1_000_000;
/**
 * More cost more to compare. Between 4 and 32 no latency of six WfCommons instances (dozens of tasks)
 * differs by more than 1.5%; with 1 and 2, 1000genome takes a fifth longer.
 */
const WINDOWS = 8;

/** In core-microseconds; undefined where one worker may compute all. */
export class LoadLimit {
  readonly loads: TaskLoads;
  /** By window: what all tasks compute. */
  readonly #all: Float64Array;
  readonly #cores: number;
  readonly #workers: number;
  readonly #tasks: number;
  readonly #shortest_s: number;

  constructor(problem: PartitionProblem) {
    const { tasks, cores, rooms } = problem;
    this.#cores = cores;
    this.#workers = rooms.length;
    this.#tasks = tasks.length;
    this.#all = new Float64Array(WINDOWS);
    const values = new Float64Array(tasks.length * WINDOWS);
    this.loads = { windows: WINDOWS, values };
    const computes = tasks.some(({ load_us }) => load_us > 0);
    const { ends_s, times_s, length_s } = computes ? earliest(problem) : NOTHING;
    this.#shortest_s = length_s;
    for (let task = 0; computes && task < tasks.length; task++) {
      const window_s = length_s / WINDOWS;
      const span = {
        from: (ends_s[task]! - times_s[task]!) / window_s,
        to: ends_s[task]! / window_s,
      };
      spread(tasks[task]!.load_us, span, values.subarray(task * WINDOWS, (task + 1) * WINDOWS));
      for (let window = 0; window < WINDOWS; window++) {
        this.#all[window]! += values[task * WINDOWS + window]!;
      }
    }
  }

  /** Before any path is known. */
  get atLeast(): WindowLimits {
    return this.with(this.#shortest_s);
  }

  /** Of a partition that has a longest path of so many seconds. */
  with(path_s: number): WindowLimits {
    const window_s = Math.max(path_s, this.#shortest_s) / WINDOWS;
    const ofCores = window_s * this.#cores * MICROS_PER_SECOND;
    // Whole, and with what rounding may have put into a window of the tasks of a path.
    const limits = this.#all.map(
      (all) => Math.ceil(Math.max(ofCores, (SLACK * all) / this.#workers)) + this.#tasks,
    );
    return limits.every((limit, window) => this.#all[window]! <= limit) ? undefined : limits;
  }
}

interface Schedule {
  /** By task. */
  readonly ends_s: readonly number[];
  readonly times_s: readonly number[];
  readonly length_s: number;
}

const NOTHING: Schedule = { ends_s: [], times_s: [], length_s: 0 };

/** As soon as can be, if all edges were inside groups. */
function earliest(problem: PartitionProblem): Schedule {
  const { tasks, edges, cores, localSpeedup } = problem;
  const times_s = tasks.map(({ runtime_s, load_us }) =>
    Math.max(runtime_s, load_us / (cores * MICROS_PER_SECOND)),
  );
  const weights = edgeWeights(problem).map((weight) => weight / localSpeedup);
  const path = new CriticalPath(dagOf(tasks.length, edges), { runtimes: times_s, weights });
  const ends_s = tasks.map((_, task) => path.distances[task]!);
  return { ends_s, times_s, length_s: path.distances[path.end()]! };
}

/** Divides whole units evenly over the windows of a span, each of length 1; no part is off by one or more. */
function spread(
  load: number,
  { from, to }: { readonly from: number; readonly to: number },
  into: Float64Array,
): void {
  const first = Math.min(WINDOWS - 1, Math.floor(from));
  const last = Math.max(first, Math.min(WINDOWS - 1, Math.ceil(to) - 1));
  let given = 0;
  for (let window = first; window < last; window++) {
    const until = Math.round((load * (window + 1 - from)) / (to - from));
    into[window] = until - given;
    given = until;
  }
  into[last] = load - given;
}
