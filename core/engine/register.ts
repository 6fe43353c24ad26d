/**
 * The plans a machine was given and the invocations it has a part in. What has ended is remembered
 * for a while, so that a message that comes late or twice does not bring it back to life.
 */

import { invariant } from "../invariant.ts";
import type { Plan } from "../plan/plan.ts";
import type { InvocationId, Message, Round } from "../protocol.ts";
import { Invocation } from "./invocation.ts";

/** Of ended invocations so many at least are remembered: far more than can be on their way at once. */
const REMEMBERED = 16_384;

export class Register {
  readonly #plans: Map<number, Plan>;
  readonly #open: Map<InvocationId, Invocation>;
  /** To their plans; undefined: it ended before anything was heard of it. */
  #ended: Map<InvocationId, number | undefined>;
  /** Those that ended before all in `#ended`: forgotten together, since single ones cost a search. */
  #endedBefore: Map<InvocationId, number | undefined>;

  constructor() {
    this.#plans = new Map();
    this.#open = new Map();
    this.#ended = new Map();
    this.#endedBefore = new Map();
  }

  addPlan(plan: Plan): void {
    this.#plans.set(plan.id, plan);
  }

  plan(id: number): Plan {
    const plan = this.#plans.get(id);
    invariant(plan !== undefined, `plan ${id} was not deployed here`);
    return plan;
  }

  find(id: InvocationId): Invocation | undefined {
    return this.#open.get(id);
  }

  /**
   * The invocation, new if it, or this round of it, was not known; undefined if it has ended or is
   * in a later round.
   */
  enter(id: InvocationId, plan: number, round: Round = 0): Invocation | undefined {
    const open = this.#open.get(id);
    if (open?.round === round) return open;
    if ((open !== undefined && open.round > round) || this.#hasEnded(id)) return undefined;
    const invocation = new Invocation(id, this.plan(plan), round);
    this.#open.set(id, invocation);
    return invocation;
  }

  /** Forgets it; gives what it was. */
  end(id: InvocationId): Invocation | undefined {
    const invocation = this.#open.get(id);
    this.#open.delete(id);
    if (invocation !== undefined || !this.#hasEnded(id)) this.#ended.set(id, invocation?.plan.id);
    if (this.#ended.size >= REMEMBERED) {
      this.#endedBefore = this.#ended;
      this.#ended = new Map();
    }
    return invocation;
  }

  /**
   * What to answer a worker that still goes on with an ended invocation, since it was away when the
   * others were told; undefined: nothing.
   */
  releaseOf(id: InvocationId): Message | undefined {
    const plan = this.#ended.get(id) ?? this.#endedBefore.get(id);
    return plan === undefined ? undefined : { tag: "release", plan, invocation: id };
  }

  /** In order of appearance. */
  open(): readonly Invocation[] {
    return [...this.#open.values()];
  }

  #hasEnded(id: InvocationId): boolean {
    return this.#ended.has(id) || this.#endedBefore.has(id);
  }
}
