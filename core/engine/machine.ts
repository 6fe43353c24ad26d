/** Which machine each node of a cluster runs. */

import type { Env, Machine } from "../env.ts";
import { GATEWAY, MASTER, type NodeId } from "../node.ts";
import { Gateway } from "./gateway.ts";
import { Master } from "./master.ts";
import type { Settings } from "./settings.ts";
import { Worker } from "./worker.ts";

/** A fresh one, with no plan yet. */
export function machineFor(node: NodeId, env: Env, settings: Settings): Machine {
  if (node === GATEWAY) return new Gateway(env, settings);
  if (node === MASTER) return new Master(env, settings);
  return new Worker(env, node, settings);
}
