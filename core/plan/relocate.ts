/**
 * Who takes over what when workers are lost: whole groups, so that local data stays local. Each
 * goes to the surviving worker with the fewest tasks at that moment, ties to the lowest number.
 * A function of plan and lost workers only: all who know both agree without asking.
 */

import type { Plan } from "./plan.ts";

/** Vertex to worker without the lost ones. With no worker left, the plan as it was. */
export function relocate(plan: Plan, lost: readonly number[]): readonly number[] {
  const load = plan.quotaOf.map(() => 0);
  for (const worker of plan.workerOf) load[worker]!++;
  const survivors = load.flatMap((_, worker) => (lost.includes(worker) ? [] : [worker]));
  if (survivors.length === 0) return plan.workerOf;
  const newWorker = new Map<string, number>();
  return plan.workerOf.map((worker, vertex) => {
    if (!lost.includes(worker)) return worker;
    const key = `${worker} ${plan.groupOf[vertex]}`;
    const known = newWorker.get(key);
    if (known !== undefined) return known;
    const size = plan.groupOf.filter((group) => group === plan.groupOf[vertex]).length;
    const target = survivors.reduce((best, next) => (load[next]! < load[best]! ? next : best));
    load[target]! += size;
    newWorker.set(key, target);
    return target;
  });
}
