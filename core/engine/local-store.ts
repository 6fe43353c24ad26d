/**
 * FaaStore at work on one worker: asks the policy, carries out what it decides, and keeps the
 * journal of it. Plans and invocations are known here; the policy itself knows neither.
 */

import type { Env, Tier } from "../env.ts";
import { NONE, type Why } from "../events.ts";
import type { Plan } from "../plan/plan.ts";
import type { InvocationId } from "../protocol.ts";
import { FaaStore, type LocalCopy, type Part } from "../storage/faastore.ts";
import { type Holds, holdsOf } from "../storage/holds.ts";
import { quotaOf } from "../storage/quota.ts";
import type { Bytes } from "../units.ts";
import type { Item } from "../workflow/item.ts";
import { onePartOf, partsOf } from "../workflow/parts.ts";
import type { Activation, Transfer } from "./activation.ts";
import type { Invocation } from "./invocation.ts";
import type { Journal } from "./journal.ts";

const REMOTE: readonly Tier[] = ["remote"];

export class LocalStore {
  readonly #env: Env;
  readonly #journal: Journal;
  readonly #worker: number;
  readonly #policy: FaaStore;
  /** Workflow to its latest plan. */
  readonly #latest: Map<string, Plan>;

  constructor(env: Env, journal: Journal, worker: number) {
    this.#env = env;
    this.#journal = journal;
    this.#worker = worker;
    this.#policy = new FaaStore();
    this.#latest = new Map();
  }

  deploy(plan: Plan): void {
    this.#latest.set(plan.graph.name, plan);
    this.#policy.setQuota(quotaOf(this.#latest.values(), this.#worker));
  }

  /** The tiers a written part goes to, in order. Room for a local copy is taken at once. */
  place(activation: Activation, written: Written): readonly Tier[] {
    const { of, plan, invocation } = activation;
    const { datum, part, bytes } = written;
    const tag = of.plan.tagOf[datum]!;
    if (tag === "remote") return REMOTE;
    const copy: LocalCopy = { plan, invocation, datum, part, bytes };
    const decision = this.#policy.put(copy, tag, this.#holdsOf(of).count[datum]!);
    for (const evicted of decision.evicted) this.#drop("evict", evicted, "quota");
    if (decision.spilled) {
      this.#journal.data("spill", activation, written, bytes, NONE, "quota");
    }
    return decision.tiers;
  }

  backed({ invocation }: Activation, part: Part): void {
    this.#policy.backed(invocation, part);
  }

  /** From which tier the activation is to read a part; a local copy stays until the read has ended. */
  beginRead({ invocation }: Activation, part: Part): Tier {
    return this.#policy.beginRead(invocation, part);
  }

  endRead({ invocation }: Activation, read: Transfer): void {
    if (read.tier === "local") this.#policy.endRead(invocation, read);
  }

  /** A vertex has ended or was skipped: what it held of this worker's data may go. */
  consumed(invocation: Invocation, by: { readonly task: number; readonly item: Item }): void {
    const { id, knowledge, plan } = invocation;
    if (!this.#policy.holdsAny(id)) return;
    const reads = this.#holdsOf(invocation).releasedBy[by.task]!;
    const reader = { vertex: by.task, item: by.item };
    for (const read of reads) {
      if (read.how === "all") {
        const parts = partsOf(plan.graph, read, reader, knowledge.countOf);
        for (const part of parts) this.#letGo(id, read.datum, part);
      } else this.#letGo(id, read.datum, onePartOf(plan.graph, read, reader));
    }
  }

  #letGo(invocation: InvocationId, datum: number, part: Item): void {
    const freed = this.#policy.letGo(invocation, { datum, part });
    if (freed !== undefined) this.#drop("release", freed, "consumed");
  }

  /** A failed attempt's reads end, its local writes go; the next attempt does both again. */
  discard(activation: Activation): void {
    for (const read of activation.reads) if (!read.ended) this.endRead(activation, read);
    for (const write of activation.writes) {
      if (write.tier !== "local") continue;
      const copy = this.#policy.discard(activation.invocation, write);
      if (copy !== undefined) this.#drop("release", copy, "error");
    }
  }

  /** The invocation is over: whatever it left goes. */
  end(invocation: Invocation): void {
    for (const copy of this.#policy.end(invocation.id)) this.#drop("release", copy, "ended");
  }

  /** What a lost worker had moved as one, so the plan's tags hold; who holds what may differ. */
  #holdsOf(invocation: Invocation): Holds {
    const { plan, workerOf } = invocation;
    invocation.holds ??= holdsOf(plan.graph, workerOf, this.#worker);
    return invocation.holds;
  }

  #drop(kind: "evict" | "release", copy: LocalCopy, why: Why): void {
    const { plan, invocation, datum, part, bytes } = copy;
    this.#journal.copy(kind, copy, why);
    this.#env.drop({ plan, invocation, datum, part, bytes });
  }
}

interface Written extends Part {
  readonly bytes: Bytes;
}
