/**
 * A plan: which worker owns which task, and where each datum is kept. Versioned: a new plan serves
 * new invocations, old ones end on theirs.
 */

import type { Bytes } from "../units.ts";
import type { Graph } from "../workflow/graph.ts";

/** Where a datum goes: the worker's own memory, the remote store, or both. */
export type Tag = "local" | "remote" | "both";

export interface Plan {
  /** Dense index among the plans of a run; messages name plans by it. */
  readonly id: number;
  readonly version: number;
  readonly graph: Graph;
  readonly partition: PartitionMethod;
  /** Vertex to worker, 0-based; control vertices included. */
  readonly workerOf: readonly number[];
  /** Vertex to group; groups are numbered by their first task. */
  readonly groupOf: readonly number[];
  readonly groupCount: number;
  /** Datum to tag. */
  readonly tagOf: readonly Tag[];
  /** Worker to the FaaStore quota that this workflow's containers there give. */
  readonly quotaOf: readonly Bytes[];
  /** Tasks of the longest path once groups are formed, in order. */
  readonly criticalPath: readonly number[];
  readonly criticalPathBefore_s: number;
  readonly criticalPathAfter_s: number;
  /** Output bytes of the producers that the partition charged the quota for. */
  readonly chargedBytes: Bytes;
  /** The tasks do not fit the workers' room; but by `raw`, the load was balanced instead. */
  readonly overCommitted: boolean;
}

/** `faasflow` is the paper's Algorithm 1, `faasflow-plus` goes on from there, `raw` hashes tasks to workers. */
export type PartitionMethod = "faasflow" | "faasflow-plus" | "raw";

/** `faastore` tags data as the partition allows; `remote` keeps each in the remote store, whatever that says. */
export type StorageMethod = "faastore" | "remote";
