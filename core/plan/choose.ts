/**
 * Where the master sends a task: to the plan's worker if data lie in workers' memories, else to the
 * worker with the least to do.
 */

import type { Plan } from "./plan.ts";

export interface WorkerLoad {
  /** Activations the master sent there that have not been reported yet. */
  assigned: number;
  /** Running and queued ones, as the worker said last. */
  reported: number;
}

export interface Candidates {
  readonly plan: Plan;
  /** Vertex to worker, lost ones already replaced. */
  readonly workerOf: readonly number[];
  readonly load: readonly WorkerLoad[];
  readonly away: ReadonlySet<number>;
}

/** Fewest assigned, then fewest reported, then lowest number; the plan's worker if all are away. */
export function choose(task: number, { plan, workerOf, load, away }: Candidates): number {
  if (plan.tagOf.some((tag) => tag !== "remote")) return workerOf[task]!;
  let best = -1;
  for (const [worker, its] of load.entries()) {
    if (away.has(worker)) continue;
    const other = load[best];
    if (
      other === undefined ||
      its.assigned < other.assigned ||
      (its.assigned === other.assigned && its.reported < other.reported)
    ) {
      best = worker;
    }
  }
  return best === -1 ? workerOf[task]! : best;
}
