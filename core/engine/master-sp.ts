/**
 * MasterSP, the worker's half: runs what the master assigns and reports its end. Joins are the
 * master's; a worker knows no successor.
 */

import { MASTER, type NodeId } from "../node.ts";
import type { Facts, Message } from "../protocol.ts";
import type { Activation } from "./activation.ts";
import type { WorkerContext, WorkerScheme } from "./scheme.ts";

export class MasterSpWorker implements WorkerScheme {
  readonly #context: WorkerContext;

  constructor(context: WorkerContext) {
    this.#context = context;
  }

  message(_from: NodeId, message: Message): void {
    const { env, load, register } = this.#context;
    switch (message.tag) {
      case "poll":
        env.send(MASTER, {
          tag: "load",
          poll: message.poll,
          running: load.running,
          queued: load.queued,
        });
        return;
      case "assign": {
        const known = register.find(message.invocation);
        if (known !== undefined && known.round < message.round) this.#context.giveUp(known);
        const invocation = register.enter(message.invocation, message.plan, message.round);
        if (invocation === undefined) return;
        invocation.knowledge.learn(message.facts);
        if (message.lost.length > 0) invocation.lose(message.lost);
        const { task, item, attempt } = message;
        // An assignment that comes twice has no effect: the join remembers that it ran here.
        const join = invocation.join(task, item);
        if (!join.hear(attempt, true)) {
          const { id, plan } = invocation;
          this.#context.journal.fact("duplicate", { plan: plan.id, invocation: id, task, item });
          return;
        }
        this.#context.enqueue(invocation, { task, item, attempt });
        return;
      }
      case "release":
        this.#context.end(message.invocation);
        return;
      default:
        // The rest is for WorkerSP.
        return;
    }
  }

  completed(activation: Activation, facts: Facts): void {
    activation.of.knowledge.learn(facts);
    const { invocation, task, item, attempt } = activation;
    const { round } = activation.of;
    const message: Message = { tag: "completed", invocation, round, task, item, attempt, facts };
    this.#context.env.send(MASTER, message);
  }

  lost(_worker: number): void {
    // The master reassigns what the lost worker had.
  }

  flush(): void {
    // Every report goes out at once: it is the only one its input gives rise to.
  }
}
