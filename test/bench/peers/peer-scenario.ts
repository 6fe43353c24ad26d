/** A run whose makespan is that of the graph: the ideal cluster, everything through the store. */

import type { Plan } from "../../../core/plan/plan.ts";
import type { WorkflowSpec } from "../../../core/workflow/spec.ts";
import type { Scenario } from "../../../sim/scenario-config.ts";
import { invocations, profileOf, scenarioOf } from "../../fixtures/scenario.ts";

export const PEER_CORES = 8;
export const PEER_BANDWIDTH = 125e6;
export const PEER_WORKERS = 7;

/** FaaStore is on; the partition `raw` tags all data remote, as the other programs have them. */
export function peerScenario(spec: WorkflowSpec): Scenario {
  return scenarioOf([spec], {
    profile: profileOf("ideal"),
    scheme: "worker-sp",
    storage: "faastore",
    partition: "raw",
    load: invocations(1),
  });
}

/** Task to host, as the other programs number them: the store is host 0. */
export function hostsOf({ graph, workerOf }: Plan): readonly number[] {
  const byName = new Map(graph.vertices.map(({ name }, vertex) => [name, workerOf[vertex]!]));
  return Array.from({ length: graph.taskCount }, (_, id) => 1 + byName.get(`task_${id}`)!);
}
