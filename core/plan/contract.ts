/**
 * A compiled workflow as a partition problem: control vertices are contracted, so that each edge
 * goes from a task to a task that may be next, and quantities are replaced by what they are
 * expected to be.
 *
 * Vertices below `graph.taskCount` are tasks, so a task has the same number on both sides. The data
 * of the problem are those that tasks write; `dataIds` gives their ids in the graph.
 */

import { expectedBytes } from "../workflow/expected-bytes.ts";
import { type Datum, type Graph, OUTSIDE } from "../workflow/graph.ts";
import { expected, type TaskSpec } from "../workflow/spec.ts";
import { expectedLoads } from "./expected-loads.ts";
import type {
  PartitionDatum,
  PartitionEdge,
  PartitionProblem,
  PartitionTask,
} from "./partition-problem.ts";

/** What a plan reckons with of the cluster. */
export interface PlanCluster {
  readonly workers: number;
  /** Capacity units of a worker. */
  readonly workerCapacity: number;
  /** Of a worker. */
  readonly cores: number;
  /** Units still free, a worker; undefined: no other workflow is there. */
  readonly rooms: readonly number[] | undefined;
  /** Most tasks of a group. */
  readonly groupLimit: number;
  /** Bytes per second, what the weights of edges are reckoned with. */
  readonly bandwidth: number;
  /** How many times cheaper a transfer inside a group is. */
  readonly localSpeedup: number;
  /** The part of a container's memory that FaaStore leaves alone. */
  readonly reserve: number;
}

/**
 * The paper's testbed: 7 workers of 120 x 0.8 units and 8 cores, a quarter of 25 MiB/s, reserve 0.2.
 * Source: FaaSFlow v1 artifact (ASPLOS'22, Apache-2.0).
 */
export const PAPER_CLUSTER: PlanCluster = {
  workers: 7,
  workerCapacity: 96,
  cores: 8,
  rooms: undefined,
  groupLimit: 100,
  bandwidth: (25 * 2 ** 20) / 4,
  localSpeedup: 15,
  reserve: 0.2,
};

export interface ContractedGraph {
  readonly problem: PartitionProblem;
  /** Datum of the problem to datum of the graph. */
  readonly dataIds: readonly number[];
}

const MICROS_PER_SECOND = 1_000_000;

export function contract(graph: Graph, cluster: PlanCluster): ContractedGraph {
  const dataIds = graph.data.flatMap((datum, id) => (datum.producer === OUTSIDE ? [] : [id]));
  const data = dataIds.map((id) => partitionDatum(graph, graph.data[id]!));
  const outputBytes = new Array<number>(graph.taskCount).fill(0);
  for (const { producer, bytes } of data) outputBytes[producer]! += bytes;
  const loads = expectedLoads(graph);
  const tasks = outputBytes.map((bytes, task): PartitionTask => {
    const spec = specOf(graph, task);
    return {
      runtime_s: (expected(spec.compute) / spec.cores + expected(spec.sleep)) / MICROS_PER_SECOND,
      load_us: loads[task]!,
      scale: unitsOf(graph, task),
      outputBytes: bytes,
      quotaBytes: quotaOfTask(spec, cluster.reserve),
      virtual: false,
    };
  });
  const problem = {
    tasks,
    edges: taskEdges(graph),
    data,
    rooms: cluster.rooms ?? new Array<number>(cluster.workers).fill(cluster.workerCapacity),
    cores: cluster.cores,
    groupLimit: cluster.groupLimit,
    bandwidth: cluster.bandwidth,
    localSpeedup: cluster.localSpeedup,
  };
  return { problem, dataIds };
}

/** Capacity units that all planned instances of a task take. */
export function unitsOf(graph: Graph, task: number): number {
  const { container } = specOf(graph, task);
  return container.scale * container.instances;
}

/** What the containers of a task give to FaaStore: what the function and the reserve leave over. */
function quotaOfTask(spec: TaskSpec, reserve: number): number {
  const { memory, used, instances } = spec.container;
  return Math.max(0, memory * (1 - reserve) - used) * instances;
}

function partitionDatum(graph: Graph, datum: Datum): PartitionDatum {
  return {
    producer: datum.producer,
    bytes: expectedBytes(graph, datum),
    readers: [...new Set(datum.readers)],
  };
}

/** From each task to each that control vertices alone, or nothing, part it from. */
function taskEdges(graph: Graph): readonly PartitionEdge[] {
  const edges: PartitionEdge[] = [];
  for (let from = 0; from < graph.taskCount; from++) {
    const seen = new Set<number>([from]);
    // A set is walked in the order of insertion, also over what is added on the way.
    for (const vertex of seen) {
      if (vertex !== from && vertex < graph.taskCount) {
        edges.push({ from, to: vertex });
        continue;
      }
      for (const id of graph.vertices[vertex]!.outEdges) {
        const edge = graph.edges[id]!;
        // From a foreach straight to its close nothing flows.
        if (edge.kind !== "width") seen.add(edge.to);
      }
    }
  }
  return edges;
}

function specOf(graph: Graph, task: number): TaskSpec {
  return graph.vertices[task]!.task!;
}
