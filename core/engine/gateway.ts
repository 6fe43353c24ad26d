/**
 * The gateway machine: takes requests, starts invocations at their first tasks, hears from their
 * last ones, and tells everybody when one is over.
 */

import type { Env, Input } from "../env.ts";
import { GATEWAY_LOST, NONE, type Why } from "../events.ts";
import { GATEWAY, MASTER, type NodeId, workerIndex, workerNode } from "../node.ts";
import type { Answer, Message } from "../protocol.ts";
import { elapsed, type Micros } from "../units.ts";
import { ROOT_ITEM } from "../workflow/item.ts";
import type { Invocation } from "./invocation.ts";
import { Journal } from "./journal.ts";
import { Outbox } from "./outbox.ts";
import { Register } from "./register.ts";
import { expectWorker, type Settings } from "./settings.ts";

interface Client {
  readonly arrivedAt: Micros;
  /** Token of the invocation's timeout; NONE: it has none. */
  readonly timer: number;
  readonly answered: Set<number>;
  /** Workers that were away when it began, as the master was told. */
  without: readonly number[];
}

export class Gateway {
  readonly #env: Env;
  readonly #settings: Settings;
  readonly #journal: Journal;
  readonly #register: Register;
  readonly #outbox: Outbox;
  readonly #clients: Map<Invocation, Client>;
  /** Workers that are away now; a new invocation does without them. */
  readonly #away: Set<number>;
  /** Those of them that end once nothing under way needs them. */
  readonly #leaving: Set<number>;
  /** Invocations that came while every worker was away. */
  readonly #held: Set<Invocation>;

  constructor(env: Env, settings: Settings) {
    this.#env = env;
    this.#settings = settings;
    this.#journal = new Journal(env, GATEWAY);
    this.#register = new Register();
    this.#outbox = new Outbox(env, { batch: settings.batchTriggers });
    this.#clients = new Map();
    this.#away = new Set();
    this.#leaving = new Set();
    this.#held = new Set();
  }

  handle(input: Input): void {
    switch (input.tag) {
      case "deploy":
        this.#register.addPlan(input.plan);
        return;
      case "arrival":
        this.#arrive(input);
        break;
      case "cancel":
        this.#abort(this.#register.find(input.invocation), "cancelled", NONE);
        break;
      case "message":
        this.#message(input.from, input.message);
        break;
      case "timer":
        if (input.timer.tag === "invocation-timeout") {
          this.#abort(this.#register.find(input.timer.invocation), "timeout", NONE);
        }
        break;
      case "worker-lost":
        this.#lost(input.worker);
        break;
      case "worker-back":
        this.#back(input.worker);
        break;
      case "worker-leaving":
        this.#leave(input.worker);
        break;
      case "master-back":
        this.#beginAgain();
        break;
      case "gateway-back":
        this.#journal.fact("lost", { value: GATEWAY_LOST });
        break;
      case "worker-left":
        // It was this machine that said so.
        break;
      case "ready":
      case "container-lost":
      case "got":
      case "get-failed":
      case "executed":
      case "execution-failed":
      case "stored":
      case "put-failed":
        // A gateway runs nothing.
        break;
      default:
        input satisfies never;
    }
    this.#outbox.flush(this.#settings.scheme === "worker-sp" ? "trigger" : "invoke");
    if (this.#leaving.size > 0) this.#letLeave();
  }

  #arrive(input: Extract<Input, { tag: "arrival" }>): void {
    const invocation = this.#register.enter(input.invocation, input.plan);
    if (invocation === undefined || this.#clients.has(invocation)) return;
    const { plan, invocation: id, at, storing = NONE } = input;
    const wait_us = elapsed({ start: at, end: this.#env.now() });
    this.#journal.fact("arrival", { plan, invocation: id, wait_us, value: storing });
    invocation.knowledge.learn(input.facts);
    const { timeout } = invocation.plan.graph.spec;
    const timer =
      timeout === undefined
        ? NONE
        : this.#env.timer(timeout, { tag: "invocation-timeout", invocation: invocation.id });
    this.#clients.set(invocation, { arrivedAt: at, timer, answered: new Set(), without: [] });
    this.#begin(invocation);
  }

  #begin(invocation: Invocation): void {
    if (this.#away.size === this.#settings.workers) {
      this.#held.add(invocation);
      return;
    }
    if (this.#away.size > 0) invocation.lose([...this.#away]);
    this.#clients.get(invocation)!.without = invocation.lost;
    this.#trigger(invocation, () => true);
  }

  #message(from: NodeId, message: Message): void {
    if (message.tag !== "answered" && message.tag !== "failed") return;
    const invocation = this.#register.find(message.invocation);
    const client = invocation && this.#clients.get(invocation);
    if (invocation === undefined || client === undefined) {
      const release = this.#register.releaseOf(message.invocation);
      if (release !== undefined && workerIndex(from) >= 0) this.#env.send(from, release);
      return;
    }
    if (message.tag === "failed") {
      this.#abort(invocation, message.reason, message.task);
      return;
    }
    for (const sink of message.sinks) client.answered.add(sink);
    if (client.answered.size < invocation.plan.graph.sinks.length) return;
    this.#close(invocation, client, { kind: "finish", why: "", task: NONE });
  }

  #abort(invocation: Invocation | undefined, why: Why, task: number): void {
    const client = invocation && this.#clients.get(invocation);
    if (invocation === undefined || client === undefined) return;
    this.#close(invocation, client, { kind: "abort", why, task });
  }

  #close(
    invocation: Invocation,
    client: Client,
    as: { readonly kind: "finish" | "abort"; readonly why: Why; readonly task: number },
  ): void {
    const { id, plan } = invocation;
    if (client.timer !== NONE) this.#env.cancel(client.timer);
    const wait_us = elapsed({ start: client.arrivedAt, end: this.#env.now() });
    const { kind, why, task } = as;
    this.#journal.fact(kind, { plan: plan.id, invocation: id, wait_us, why, task });
    this.#clients.delete(invocation);
    this.#register.end(id);
    if (this.#held.delete(invocation)) return;
    const release: Message = { tag: "release", plan: plan.id, invocation: id };
    if (this.#settings.scheme === "master-sp") this.#env.send(MASTER, release);
    // Of the workers of an earlier round the master knows nothing.
    if (this.#settings.scheme === "master-sp" && invocation.round === 0) return;
    for (const worker of this.#parties(invocation)) this.#env.send(workerNode(worker), release);
  }

  #lost(worker: number): void {
    expectWorker(worker, this.#settings);
    this.#journal.fact("lost", { value: worker });
    this.#away.add(worker);
    this.#leaving.delete(worker);
    for (const invocation of this.#register.open()) {
      if (!this.#held.has(invocation)) this.#lose(invocation, worker);
    }
  }

  #lose(invocation: Invocation, worker: number): void {
    const before = invocation.workerOf;
    if (!invocation.lose([worker])) return;
    if (invocation.lost.length === this.#settings.workers) {
      this.#abort(invocation, "worker-lost", NONE);
      return;
    }
    if (this.#settings.scheme !== "worker-sp") return;
    this.#trigger(invocation, (vertex) => before[vertex] !== invocation.workerOf[vertex]);
    // Also to those whom nobody has told of the invocation yet, lest they trigger the lost worker.
    const { id, plan, knowledge, lost } = invocation;
    const news = { plan: plan.id, invocation: id, facts: knowledge.facts, lost };
    for (const party of this.#parties(invocation)) {
      if (lost.includes(party)) continue;
      this.#env.send(workerNode(party), { tag: "recover", told: [], heard: [], ...news });
    }
  }

  #back(worker: number): void {
    this.#away.delete(worker);
    this.#leaving.delete(worker);
    const held = [...this.#held];
    this.#held.clear();
    for (const invocation of held) this.#begin(invocation);
  }

  /** What it has a part in goes on to its end there, so that nothing runs twice. */
  #leave(worker: number): void {
    expectWorker(worker, this.#settings);
    this.#journal.fact("leaving", { value: worker });
    this.#away.add(worker);
    this.#leaving.add(worker);
  }

  #letLeave(): void {
    const running = this.#register.open().filter((invocation) => !this.#held.has(invocation));
    for (const worker of [...this.#leaving]) {
      if (running.some((invocation) => this.#mayNeed(invocation, worker))) continue;
      this.#leaving.delete(worker);
      // It must not inherit from a worker that is lost later.
      for (const invocation of running) invocation.lose([worker]);
      this.#journal.fact("left", { value: worker });
    }
  }

  #mayNeed(invocation: Invocation, worker: number): boolean {
    const { lost, workerOf } = invocation;
    const planned = workerOf.includes(worker);
    if (this.#settings.scheme === "worker-sp") return planned && !lost.includes(worker);
    if (this.#clients.get(invocation)?.without.includes(worker)) return false;
    // A master that places by load may have used any; and one that was back before the invocation
    // came to the master, which then knows nothing of the loss.
    return planned || lost.includes(worker) || !this.#settings.followPlan;
  }

  /**
   * The joins of all that is under way went with the old master: it begins anew, in a next round.
   * Workers give up what they have of the round before when they hear of the new one.
   */
  #beginAgain(): void {
    this.#journal.fact("lost", { value: NONE });
    for (const before of this.#register.open()) {
      const client = this.#clients.get(before);
      if (client === undefined || this.#held.has(before)) continue;
      const { id, plan, round, knowledge } = before;
      const invocation = this.#register.enter(id, plan.id, round + 1)!;
      invocation.knowledge.learn(knowledge.facts);
      this.#clients.delete(before);
      this.#clients.set(invocation, { ...client, answered: new Set() });
      this.#begin(invocation);
    }
  }

  /** Answers the start edges of the vertices chosen. */
  #trigger(invocation: Invocation, chosen: (vertex: number) => boolean): void {
    const { graph } = invocation.plan;
    for (const edge of graph.startEdges) {
      const { to } = graph.edges[edge]!;
      if (!chosen(to)) continue;
      const answer: Answer = { edge, item: ROOT_ITEM, taken: true };
      const owner =
        this.#settings.scheme === "master-sp" ? MASTER : workerNode(invocation.workerOf[to]!);
      this.#outbox.add(owner, invocation, answer);
    }
  }

  /** Every worker that may have a part, ascending: the plan's, and whoever may have taken over. */
  #parties({ plan, lost, round }: Invocation): readonly number[] {
    if (lost.length > 0 || round > 0) return [...Array(this.#settings.workers).keys()];
    return [...new Set(plan.workerOf)].sort((a, b) => a - b);
  }
}
