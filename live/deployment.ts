/** What a gateway hands out: settings, and workflows to plan. Checked wherever it is read. */

import * as Schema from "effect/Schema";
import type { Settings } from "../core/engine/settings.ts";
import type { PlanCluster } from "../core/plan/contract.ts";
import type { PartitionMethod, StorageMethod } from "../core/plan/plan.ts";
import type { WorkflowSpec } from "../core/workflow/spec.ts";
import { BytesSchema, MicrosSchema } from "./wire.ts";

/** A plan as daemons pass it on: each works it out again, and all come to the same. */
export interface Deployment {
  readonly id: number;
  readonly version: number;
  readonly spec: WorkflowSpec;
  readonly partition: PartitionMethod;
  readonly storage: StorageMethod;
  /** Where it is not the one that live plans are made for: a simulated one. */
  readonly cluster?: PlanCluster;
}

const ClusterSchema = Schema.Struct({
  workers: Schema.Natural,
  workerCapacity: Schema.Finite,
  cores: Schema.Finite,
  rooms: Schema.Union([Schema.Array(Schema.Finite), Schema.Undefined]),
  groupLimit: Schema.Finite,
  bandwidth: Schema.Finite,
  localSpeedup: Schema.Finite,
  reserve: Schema.Finite,
}) satisfies Schema.Decoder<PlanCluster>;

/** What is wrong inside of a workflow shows when its plan is worked out. */
export const DeploymentSchema = Schema.Struct({
  id: Schema.Natural,
  version: Schema.Natural,
  spec: Schema.declare((value): value is WorkflowSpec => typeof value === "object"),
  partition: Schema.Literals(["faasflow", "faasflow-plus", "raw"]),
  storage: Schema.Literals(["faastore", "remote"]),
  cluster: Schema.optionalKey(ClusterSchema),
}) satisfies Schema.Decoder<Deployment>;

export const SettingsSchema = Schema.Struct({
  scheme: Schema.Literals(["worker-sp", "master-sp"]),
  workers: Schema.Natural,
  workerMemory: BytesSchema,
  atLimit: Schema.Literals(["wait", "stall"]),
  keepAlive: MicrosSchema,
  dispatchTick: MicrosSchema,
  pollBeforeAssign: Schema.Boolean,
  followPlan: Schema.Boolean,
  batchTriggers: Schema.Boolean,
  storeTries: Schema.Natural,
  storeRetryDelay: MicrosSchema,
}) satisfies Schema.Decoder<Settings>;
