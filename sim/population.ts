/** The invocations under way: which workflow each runs, and what chance or a trace fixed for it. */

import { invariant } from "../core/invariant.ts";
import type { Plan } from "../core/plan/plan.ts";
import type { InvocationId } from "../core/protocol.ts";
import type { Bytes } from "../core/units.ts";
import type { Item } from "../core/workflow/item.ts";
import { NOTHING_RECORDED, type Recorded } from "../core/workflow/recorded.ts";
import type { Demand } from "./demand.ts";
import type { Profile } from "./profile.ts";
import { type Workload, workloadOf } from "./workload.ts";

export class Population {
  readonly #workloads: readonly Workload[];
  /** Only of invocations that differ from their spec. */
  readonly #recorded: Map<InvocationId, Recorded>;
  /** What the remote store has, by invocation; undefined: it has whatever it is asked for. */
  readonly #stored: Map<InvocationId, Set<string>> | undefined;

  /** Plans by their id. `watchStore`: workers can be lost, and what they alone had with them. */
  constructor(
    plans: readonly Plan[],
    options: { readonly profile: Profile; readonly watchStore: boolean },
  ) {
    this.#workloads = plans.map(({ graph }) => workloadOf(graph, options.profile));
    this.#recorded = new Map();
    this.#stored = options.watchStore ? new Map() : undefined;
  }

  /** The part is in the remote store from now on. */
  noteStored(invocation: InvocationId, datum: number, part: Item): void {
    if (this.#stored === undefined) return;
    const parts = this.#stored.get(invocation) ?? new Set<string>();
    this.#stored.set(invocation, parts.add(`${datum} ${part}`));
  }

  isStored(invocation: InvocationId, datum: number, part: Item): boolean {
    return this.#stored?.get(invocation)?.has(`${datum} ${part}`) ?? this.#stored === undefined;
  }

  add(invocation: InvocationId, recorded: Recorded): void {
    if (recorded !== NOTHING_RECORDED) this.#recorded.set(invocation, recorded);
  }

  remove(invocation: InvocationId): void {
    this.#recorded.delete(invocation);
    this.#stored?.delete(invocation);
  }

  /** Of the plan with that id. */
  workload(plan: number): Workload {
    const workload = this.#workloads[plan];
    invariant(workload !== undefined, `plan ${plan} is unknown`);
    return workload;
  }

  /** What chance or a trace fixed for the invocation. */
  recorded(invocation: InvocationId): Recorded {
    if (this.#recorded.size === 0) return NOTHING_RECORDED;
    return this.#recorded.get(invocation) ?? NOTHING_RECORDED;
  }

  demand(plan: number, invocation: InvocationId, task: number, item: Item): Demand {
    return this.workload(plan).demands.of(this.recorded(invocation), task, item);
  }

  bytesOf(plan: number, invocation: InvocationId, datum: number, part: Item): Bytes {
    return this.workload(plan).bytesOf(this.recorded(invocation), datum, part) as Bytes;
  }
}
