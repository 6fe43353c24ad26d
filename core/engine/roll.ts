/**
 * Who a cluster consists of, and who is told what when one of them comes or goes. How that is found
 * out is the driver's: the simulator makes it happen, the gateway daemon hears it, or hears nothing.
 */

import type { Input } from "../env.ts";
import { GATEWAY, MASTER, type NodeId, workerNode } from "../node.ts";
import type { Settings } from "./settings.ts";

/** What became of a worker that the run counts on. */
export type WorkerChange = Extract<
  Input,
  { tag: "worker-lost" | "worker-back" | "worker-leaving" }
>;

/** One input for one machine; notices are handed over in their order. */
export interface Notice {
  readonly to: NodeId;
  readonly input: WorkerChange | Extract<Input, { tag: "worker-left" | "master-back" }>;
}

type Cluster = Pick<Settings, "scheme" | "workers">;

/** All but the gateway: the master, if the scheme has one, then the workers. */
export function membersOf({ scheme, workers }: Cluster): readonly NodeId[] {
  const nodes = Array.from({ length: workers }, (_, index) => workerNode(index));
  return scheme === "master-sp" ? [MASTER, ...nodes] : nodes;
}

/** Everybody learns of it but the worker that it is about. */
export function onWorkerChange(cluster: Cluster, input: WorkerChange): readonly Notice[] {
  return tellAllBut(workerNode(input.worker), cluster, input);
}

/** After the gateway's event `left`. Workers need not be told: what they hear carries who is lost. */
export function onWorkerLeft(cluster: Cluster, worker: number): readonly Notice[] {
  const hasMaster = membersOf(cluster).includes(MASTER);
  return hasMaster ? [{ to: MASTER, input: { tag: "worker-left", worker } }] : [];
}

/**
 * The new master is told first who is away (lost, leaving or gone), so that it gives nothing to them
 * when the gateway begins anew what was under way.
 */
export function onMasterBack(cluster: Cluster, away: Iterable<number>): readonly Notice[] {
  const missing = [...away].map((worker): Notice => {
    return { to: MASTER, input: { tag: "worker-lost", worker } };
  });
  return [...missing, ...tellAllBut(MASTER, cluster, { tag: "master-back" })];
}

function tellAllBut(about: NodeId, cluster: Cluster, input: Notice["input"]): readonly Notice[] {
  const others = [GATEWAY, ...membersOf(cluster)].filter((node) => node !== about);
  return others.map((to) => ({ to, input }));
}
