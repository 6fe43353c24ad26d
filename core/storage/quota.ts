/** The quota of a worker's local store: what its containers' spare memory gives, workflow by workflow. */

import type { Plan } from "../plan/plan.ts";
import type { Bytes } from "../units.ts";

/** What the latest plan of each workflow gives there. Plans oldest first. */
export function quotaOf(plans: Iterable<Plan>, worker: number): Bytes {
  const shares = new Map<string, number>();
  for (const plan of plans) shares.set(plan.graph.name, plan.quotaOf[worker]!);
  let quota = 0;
  for (const share of shares.values()) quota += share;
  return quota as Bytes;
}
