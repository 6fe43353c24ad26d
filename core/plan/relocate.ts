/**
 * Who takes over what when workers are lost: whole groups, so that local data stays local. Each
 * goes to the surviving worker with the highest weight for that group, a fixed pseudo-random number
 * of both (rendezvous hashing, Thaler and Ravishankar 1998).
 *
 * A function of plan and lost workers only: all who know both agree without asking. A group moves
 * only when the worker that has it is lost, in whatever order the losses are heard of: nobody who
 * still lives ever gets back, or gives away, what it has begun.
 */

import type { Plan } from "./plan.ts";

/** Vertex to worker without the lost ones. With no worker left, the plan as it was. */
export function relocate(plan: Plan, lost: readonly number[]): readonly number[] {
  const survivors = [...plan.quotaOf.keys()].filter((worker) => !lost.includes(worker));
  if (survivors.length === 0) return plan.workerOf;
  const newWorker = new Map<number, number>();
  return plan.workerOf.map((worker, vertex) => {
    if (!lost.includes(worker)) return worker;
    const group = plan.groupOf[vertex]!;
    const known = newWorker.get(group);
    if (known !== undefined) return known;
    const target = survivors.reduce((best, next) =>
      weight(group, next) > weight(group, best) ? next : best,
    );
    newWorker.set(group, target);
    return target;
  });
}

/** 32 mixed bits of a group and a worker (the finaliser of MurmurHash3). */
function weight(group: number, worker: number): number {
  let bits = Math.imul(group + 1, 0x9e3779b1) ^ Math.imul(worker + 1, 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
