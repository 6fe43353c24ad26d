/**
 * Who takes over what when workers are lost: all that a worker had goes to one survivor, so that what
 * shared its memory shares one again. It is the survivor with the highest weight for that worker, a
 * fixed pseudo-random number of plan, both workers (rendezvous hashing, Thaler and Ravishankar 1998).
 *
 * A function of plan and lost workers only: all who know both agree without asking. Tasks move only
 * when the worker that has them is lost, in whatever order the losses are heard of: nobody who still
 * lives ever gets back, or gives away, what it has begun.
 */

import type { Plan } from "./plan.ts";

const known = new WeakMap<Plan, Map<string, readonly number[]>>();

/**
 * Vertex to worker without the lost ones, the same array each time. With no worker left, the plan
 * as it was.
 */
export function relocate(plan: Plan, lost: readonly number[]): readonly number[] {
  const ofPlan = known.get(plan) ?? new Map<string, readonly number[]>();
  known.set(plan, ofPlan);
  const key = lost.join(" ");
  const found = ofPlan.get(key) ?? relocated(plan, lost);
  ofPlan.set(key, found);
  return found;
}

function relocated(plan: Plan, lost: readonly number[]): readonly number[] {
  const survivors = [...plan.quotaOf.keys()].filter((worker) => !lost.includes(worker));
  if (survivors.length === 0) return plan.workerOf;
  const heirs = lost.map((worker) =>
    survivors.reduce((best, next) =>
      weight(plan, worker, next) > weight(plan, worker, best) ? next : best,
    ),
  );
  return plan.workerOf.map((worker) => heirs[lost.indexOf(worker)] ?? worker);
}

/** 32 mixed bits of a plan and two workers (the finaliser of MurmurHash3). */
function weight({ id }: Plan, from: number, to: number): number {
  const plan = Math.imul(id + 1, 0x27d4eb2f);
  let bits = plan ^ Math.imul(from + 1, 0x9e3779b1) ^ Math.imul(to + 1, 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
