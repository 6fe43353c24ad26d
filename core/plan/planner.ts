/**
 * From a compiled workflow to its plan: contract, partition, place, tag. A decision without an
 * `Env`: same facts, same plan.
 */

import type { Bytes } from "../units.ts";
import { longestPath } from "../workflow/critical-path.ts";
import type { Graph } from "../workflow/graph.ts";
import { type ContractedGraph, contract, type PlanCluster } from "./contract.ts";
import { type Partition, partition } from "./partition.ts";
import { partitionPlus } from "./partition-plus.ts";
import { edgeWeights, type PartitionProblem } from "./partition-problem.ts";
import { placeByName, placeVertices } from "./place.ts";
import type { PartitionMethod, Plan, StorageMethod, Tag } from "./plan.ts";
import { tagsByReaders, tagsByTask, taskTags } from "./tags.ts";

export interface PlanRequest {
  readonly id: number;
  readonly version: number;
  readonly graph: Graph;
  readonly method: PartitionMethod;
  readonly storage: StorageMethod;
  readonly cluster: PlanCluster;
}

export function makePlan(request: PlanRequest): Plan {
  const { graph, method, cluster } = request;
  const contracted = contract(graph, cluster);
  const parts = partitionBy(method, contracted.problem, graph);
  const placement = placeVertices(graph, parts);
  return {
    id: request.id,
    version: request.version,
    graph,
    partition: method,
    workerOf: placement.workerOf,
    groupOf: placement.groupOf,
    groupCount: parts.groupCount,
    tagOf: tagsOf(request, contracted, parts),
    quotaOf: quotas(contracted.problem, parts.workerOf),
    criticalPath: parts.criticalPath,
    criticalPathBefore_s: parts.criticalPathBefore_s,
    criticalPathAfter_s: parts.criticalPathAfter_s,
    chargedBytes: parts.chargedBytes as Bytes,
    overCommitted: parts.overCommitted,
  };
}

function partitionBy(method: PartitionMethod, problem: PartitionProblem, graph: Graph): Partition {
  switch (method) {
    case "faasflow":
      return partition(problem);
    case "faasflow-plus":
      return partitionPlus(problem);
    case "raw":
      return scatter(problem, graph);
    default:
      return method satisfies never;
  }
}

/** Each task by the hash of its name, a group of its own. */
function scatter(problem: PartitionProblem, graph: Graph): Partition {
  const { workerOf, groupOf } = placeByName(graph, problem.rooms.length);
  const rooms = problem.rooms.slice();
  for (let task = 0; task < workerOf.length; task++) {
    rooms[workerOf[task]!]! -= problem.tasks[task]!.scale;
  }
  const runtimes = problem.tasks.map((task) => task.runtime_s);
  const path = longestPath({ runtimes, edges: problem.edges, weights: edgeWeights(problem) });
  return {
    groupOf,
    groupCount: groupOf.length,
    workerOf,
    overCommitted: rooms.some((room) => room < 0),
    criticalPathBefore_s: path.length,
    criticalPathAfter_s: path.length,
    criticalPath: path.vertices,
    edgesInside: 0,
    chargedBytes: 0,
    quotaBytes: 0,
  };
}

function tagsOf(
  request: PlanRequest,
  { problem, dataIds }: ContractedGraph,
  parts: Partition,
): readonly Tag[] {
  // Inputs of the invocation come from outside, so from the remote store.
  const tagOf = request.graph.data.map((): Tag => "remote");
  if (request.storage === "remote") return tagOf;
  const tags = writtenTags(request.method, problem, parts);
  for (const [index, id] of dataIds.entries()) tagOf[id] = tags[index]!;
  return tagOf;
}

function writtenTags(
  method: PartitionMethod,
  problem: PartitionProblem,
  parts: Partition,
): readonly Tag[] {
  const { workerOf, groupOf } = parts;
  switch (method) {
    case "faasflow":
      return tagsByTask(problem.data, { tagOf: taskTags(problem, groupOf), workerOf });
    case "faasflow-plus":
      return tagsByReaders(problem.data, workerOf);
    case "raw":
      return problem.data.map(() => "remote");
    default:
      return method satisfies never;
  }
}

/** What the containers on each worker give to FaaStore, whole bytes. */
function quotas(problem: PartitionProblem, workerOf: readonly number[]): readonly Bytes[] {
  const quotaOf = problem.rooms.map(() => 0);
  for (let task = 0; task < workerOf.length; task++) {
    quotaOf[workerOf[task]!]! += problem.tasks[task]!.quotaBytes;
  }
  return quotaOf.map((quota) => Math.floor(quota) as Bytes);
}
