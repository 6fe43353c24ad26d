/** The invocations under way: which workflow each runs, and what chance or a trace fixed for it. */

import { invariant } from "../core/invariant.ts";
import type { Plan } from "../core/plan/plan.ts";
import type { InvocationId } from "../core/protocol.ts";
import type { Graph } from "../core/workflow/graph.ts";
import type { Item } from "../core/workflow/item.ts";
import { NOTHING_RECORDED, type Recorded } from "../core/workflow/recorded.ts";
import { type Demand, Demands } from "./demand.ts";
import type { Profile } from "./profile.ts";

export class Population {
  readonly #plans: readonly Plan[];
  readonly #demands: readonly Demands[];
  /** Only of invocations that differ from their spec. */
  readonly #recorded: Map<InvocationId, Recorded>;
  /** What the remote store has, by invocation; undefined: it has whatever it is asked for. */
  readonly #stored: Map<InvocationId, Set<string>> | undefined;

  /** Plans by their id. `watchStore`: workers can be lost, and what they alone had with them. */
  constructor(
    plans: readonly Plan[],
    options: { readonly profile: Pick<Profile, "container">; readonly watchStore: boolean },
  ) {
    this.#plans = plans;
    this.#demands = plans.map((plan) => new Demands(plan.graph, options.profile));
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

  graph(plan: number): Graph {
    return this.#plan(plan).graph;
  }

  /** What chance or a trace fixed for the invocation. */
  recorded(invocation: InvocationId): Recorded {
    return this.#recorded.get(invocation) ?? NOTHING_RECORDED;
  }

  demand(plan: number, invocation: InvocationId, task: number, item: Item): Demand {
    return this.#demands[plan]!.of(this.recorded(invocation), task, item);
  }

  #plan(id: number): Plan {
    const plan = this.#plans[id];
    invariant(plan !== undefined, `plan ${id} is unknown`);
    return plan;
  }
}
