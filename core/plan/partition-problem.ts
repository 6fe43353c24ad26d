/**
 * What a partition is asked: tasks and the edges between them, what they write for whom, and the
 * workers that there are.
 */

export interface PartitionTask {
  readonly runtime_s: number;
  /** Core-microseconds it is expected to take in one invocation, whole; Algorithm 1 does not look at it. */
  readonly load_us: number;
  /** Capacity units that all its planned instances take. */
  readonly scale: number;
  /** All that it writes in one invocation. */
  readonly outputBytes: number;
  /** Memory that all its planned instances give to FaaStore. */
  readonly quotaBytes: number;
  /** A control vertex: is grouped as a task is, but gives no quota. */
  readonly virtual: boolean;
}

export interface PartitionEdge {
  readonly from: number;
  readonly to: number;
}

/** A datum with its producer and the tasks that read it, ascending, each once. */
export interface PartitionDatum {
  readonly producer: number;
  readonly bytes: number;
  readonly readers: readonly number[];
}

export interface PartitionProblem {
  readonly tasks: readonly PartitionTask[];
  /** What must end before what. */
  readonly edges: readonly PartitionEdge[];
  /** What the tasks write; Algorithm 1 does not look at it. */
  readonly data: readonly PartitionDatum[];
  /** Worker to its capacity units that are free. */
  readonly rooms: readonly number[];
  /** Of each worker; Algorithm 1 does not look at them. */
  readonly cores: number;
  /** Most tasks of a group. */
  readonly groupLimit: number;
  /** Bytes per second, what the weights of edges are reckoned with. */
  readonly bandwidth: number;
  /** How many times cheaper a transfer inside a group is. */
  readonly localSpeedup: number;
}

/** Memory that all tasks together give to FaaStore. */
export function quotaBytes(tasks: readonly PartitionTask[]): number {
  return tasks.reduce((sum, task) => sum + (task.virtual ? 0 : task.quotaBytes), 0);
}

/** Seconds that each edge costs between two groups. */
export function edgeWeights(problem: PartitionProblem): readonly number[] {
  return problem.edges.map((edge) => problem.tasks[edge.from]!.outputBytes / problem.bandwidth);
}
