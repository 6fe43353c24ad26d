/**
 * WorkerSP: the worker that owns a task keeps its join. A successor on the same worker is triggered
 * without a message; answers for one other worker go in one message.
 *
 * When a worker is lost, its groups move as `relocate` says. Each survivor tells the new owners
 * what it had told the lost worker and what it had heard from it; the new owner takes over from
 * there: what had ended with its data in the remote store is not run again. A task whose data were
 * in the memory that was lost is held back until they are written again.
 */

import { type NodeId, workerIndex, workerNode } from "../node.ts";
import type { Answer, Facts, LostWorkers, Message } from "../protocol.ts";
import { NO_TIME } from "../units.ts";
import type { Item } from "../workflow/item.ts";
import type { Activation } from "./activation.ts";
import type { Invocation } from "./invocation.ts";
import { Outbox } from "./outbox.ts";
import { heardFrom, isReadable, takeOver, toldTo } from "./recovery.ts";
import type { WorkerContext, WorkerScheme } from "./scheme.ts";
import { Sinks } from "./sinks.ts";
import { Tracker } from "./tracker.ts";

export class WorkerSp implements WorkerScheme {
  readonly #context: WorkerContext;
  readonly #tracker: Tracker;
  readonly #outbox: Outbox;
  readonly #sinks: Sinks;

  constructor(context: WorkerContext) {
    this.#context = context;
    this.#outbox = new Outbox(context.env, { batch: context.settings.batchTriggers });
    this.#sinks = new Sinks(context.env);
    this.#tracker = new Tracker(
      {
        owns: (invocation, vertex) => invocation.workerOf[vertex] === context.worker,
        run: (invocation, task, item) => this.#run(invocation, task, item),
        forward: (invocation, answer) => this.#forward(invocation, answer),
        resolved: (invocation, vertex, item) => context.consumed(invocation, vertex, item),
        sink: (invocation, vertex) => this.#sinks.add(invocation, vertex),
      },
      context.journal,
    );
  }

  message(from: NodeId, message: Message): void {
    switch (message.tag) {
      case "trigger": {
        const invocation = this.#enter(from, message);
        if (invocation !== undefined) this.#tracker.answer(invocation, message.answers);
        return;
      }
      case "recover": {
        const invocation = this.#enter(from, message);
        if (invocation !== undefined) this.#takeOver(invocation, message);
        return;
      }
      case "release":
        this.#context.end(message.invocation);
        return;
      default:
        // The rest is between master, workers and gateway.
        return;
    }
  }

  completed(activation: Activation, facts: Facts): void {
    activation.of.knowledge.learn(facts);
    this.#tracker.complete(activation.of, activation.task, activation.item);
    this.#letGo(activation.of);
  }

  lost(worker: number): void {
    for (const invocation of this.#context.register.open()) this.#lose(invocation, [worker]);
  }

  flush(): void {
    this.#outbox.flush("trigger");
    this.#sinks.flush();
  }

  #enter(
    from: NodeId,
    message: Extract<Message, { tag: "trigger" | "recover" }>,
  ): Invocation | undefined {
    const { env, register } = this.#context;
    const invocation = register.enter(message.invocation, message.plan);
    if (invocation === undefined) {
      const release = register.releaseOf(message.invocation);
      if (release !== undefined && workerIndex(from) >= 0) env.send(from, release);
      return undefined;
    }
    invocation.knowledge.learn(message.facts);
    if (message.lost.length > 0) this.#lose(invocation, message.lost);
    return invocation;
  }

  /** Tells the new owners of what moved all they need to go on. */
  #lose(invocation: Invocation, lost: LostWorkers): void {
    const before = invocation.workerOf;
    if (!invocation.lose(lost)) return;
    const moved = (vertex: number): boolean => before[vertex] !== invocation.workerOf[vertex];
    const told = toldTo(invocation, moved, (vertex) => before[vertex] === this.#context.worker);
    const heard = heardFrom(invocation, moved);
    const { graph } = invocation.plan;
    for (let worker = 0; worker < this.#context.settings.workers; worker++) {
      const mine = {
        told: told.filter(({ edge }) => invocation.workerOf[graph.edges[edge]!.to] === worker),
        heard: heard.filter(({ edge }) => invocation.workerOf[graph.edges[edge]!.from] === worker),
      };
      if (mine.told.length === 0 && mine.heard.length === 0) continue;
      if (worker === this.#context.worker) this.#takeOver(invocation, mine);
      else {
        this.#context.env.send(workerNode(worker), {
          tag: "recover",
          plan: invocation.plan.id,
          invocation: invocation.id,
          ...mine,
          facts: invocation.knowledge.facts,
          lost: invocation.lost,
        });
      }
    }
  }

  #takeOver(
    invocation: Invocation,
    from: { readonly told: readonly Answer[]; readonly heard: readonly Answer[] },
  ): void {
    const { id, plan } = invocation;
    for (const { vertex, item } of takeOver(invocation, from.heard)) {
      this.#context.journal.fact("recover", {
        plan: plan.id,
        invocation: id,
        task: vertex,
        item,
      });
      this.#tracker.complete(invocation, vertex, item);
    }
    this.#tracker.answer(invocation, from.told);
    this.#letGo(invocation);
  }

  #run(invocation: Invocation, task: number, item: Item): void {
    if (isReadable(invocation, task, item)) {
      this.#context.env.timer(NO_TIME, { tag: "run", invocation: invocation.id, task, item });
      return;
    }
    invocation.holdBack({ task, item });
  }

  /** Something has ended: what waited for it may run. */
  #letGo(invocation: Invocation): void {
    for (const { task, item } of invocation.takeHeldBack()) this.#run(invocation, task, item);
  }

  #forward(invocation: Invocation, answer: Answer): void {
    const to = invocation.wiring.edgeTo[answer.edge]!;
    this.#outbox.add(workerNode(invocation.workerOf[to]!), invocation, answer);
  }
}
