/** Sinks that answered while one input was handled: the gateway hears of them together, at its end. */

import type { Env } from "../env.ts";
import { GATEWAY } from "../node.ts";
import type { Invocation } from "./invocation.ts";

export class Sinks {
  readonly #env: Env;
  readonly #answered: Map<Invocation, number[]>;

  constructor(env: Env) {
    this.#env = env;
    this.#answered = new Map();
  }

  add(invocation: Invocation, vertex: number): void {
    const sinks = this.#answered.get(invocation);
    if (sinks === undefined) this.#answered.set(invocation, [vertex]);
    else sinks.push(vertex);
  }

  /** Sends what was gathered, one message an invocation. */
  flush(): void {
    if (this.#answered.size === 0) return;
    for (const [{ id }, sinks] of this.#answered) {
      this.#env.send(GATEWAY, { tag: "answered", invocation: id, sinks });
    }
    this.#answered.clear();
  }
}
