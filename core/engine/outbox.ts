/** Answers for other machines, gathered while one input is handled and sent at its end. */

import type { Env } from "../env.ts";
import type { NodeId } from "../node.ts";
import type { Answer } from "../protocol.ts";
import type { Invocation } from "./invocation.ts";

interface Parcel {
  readonly to: NodeId;
  readonly invocation: Invocation;
  readonly answers: Answer[];
}

export class Outbox {
  readonly #env: Env;
  readonly #batch: boolean;
  /** The first `#count` count: cutting the list would free its memory each time. */
  readonly #parcels: Parcel[];
  #count: number;

  constructor(env: Env, options: { readonly batch: boolean }) {
    this.#env = env;
    this.#batch = options.batch;
    this.#parcels = [];
    this.#count = 0;
  }

  add(to: NodeId, invocation: Invocation, answer: Answer): void {
    const open = this.#batch ? this.#find(to, invocation) : undefined;
    if (open !== undefined) open.answers.push(answer);
    else this.#parcels[this.#count++] = { to, invocation, answers: [answer] };
  }

  #find(to: NodeId, invocation: Invocation): Parcel | undefined {
    for (let index = 0; index < this.#count; index++) {
      const parcel = this.#parcels[index]!;
      if (parcel.to === to && parcel.invocation === invocation) return parcel;
    }
    return undefined;
  }

  /** Sends what was gathered, in order; facts as they are now. */
  flush(tag: "trigger" | "invoke"): void {
    for (let index = 0; index < this.#count; index++) {
      const { to, invocation, answers } = this.#parcels[index]!;
      const { id, round, lost } = invocation;
      const plan = invocation.plan.id;
      const { facts } = invocation.knowledge;
      if (tag === "trigger") {
        this.#env.send(to, { tag, plan, invocation: id, answers, facts, lost });
      } else this.#env.send(to, { tag, plan, invocation: id, round, answers, facts, lost });
    }
    this.#count = 0;
  }
}
