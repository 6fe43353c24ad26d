/**
 * Runs activations on one worker: queue, container, reads, function, writes; retries and timeouts.
 * The same for every scheme; what triggers an activation and what its end triggers is the host's.
 *
 * Reads go out together, writes one after another. An attempt that fails gives up what it held; its
 * next attempt is a new activation, so whatever still comes back for the old one is merely late.
 */

import type { Env, Input, Timer } from "../env.ts";
import { NONE } from "../events.ts";
import { invariant } from "../invariant.ts";
import type { Plan } from "../plan/plan.ts";
import type { Facts, FailureReason } from "../protocol.ts";
import { elapsed, type Micros, NO_BYTES } from "../units.ts";
import { OUTSIDE } from "../workflow/graph.ts";
import { childItem, MAX_WIDTH } from "../workflow/item.ts";
import { partsOf } from "../workflow/parts.ts";
import {
  type Activation,
  type ActivationOrigin,
  newActivation,
  type Transfer,
} from "./activation.ts";
import { Dispatcher } from "./dispatcher.ts";
import type { Invocation } from "./join.ts";
import type { Journal } from "./journal.ts";
import type { LocalStore } from "./local-store.ts";
import type { Settings } from "./settings.ts";

export interface ExecutorHost {
  /** Every write is stored: successors may be triggered. */
  completed(activation: Activation, facts: Facts): void;
  /** Out of attempts. */
  failed(activation: Activation, reason: FailureReason): void;
}

type Executed = Extract<Input, { tag: "executed" }>;

export class Executor {
  readonly #env: Env;
  readonly #journal: Journal;
  readonly #host: ExecutorHost;
  readonly #settings: Settings;
  readonly #store: LocalStore;
  readonly #dispatcher: Dispatcher;
  readonly #activations: Map<number, Activation>;
  /** Workflow name to its first pool: plans of one workflow share containers. */
  readonly #pools: Map<string, number>;
  #nextId: number;

  constructor(
    env: Env,
    journal: Journal,
    host: ExecutorHost,
    parts: { readonly settings: Settings; readonly store: LocalStore },
  ) {
    this.#env = env;
    this.#journal = journal;
    this.#host = host;
    this.#settings = parts.settings;
    this.#store = parts.store;
    this.#activations = new Map();
    this.#pools = new Map();
    this.#nextId = 0;
    this.#dispatcher = new Dispatcher(
      env,
      journal,
      {
        activation: (id) => this.#activations.get(id),
        dispatched: (activation) => this.#dispatched(activation),
      },
      parts.settings,
    );
  }

  get load(): { readonly running: number; readonly queued: number } {
    return this.#dispatcher.load;
  }

  deploy(plan: Plan): void {
    const { graph } = plan;
    const first = this.#pools.get(graph.name);
    for (let task = 0; task < graph.taskCount; task++) {
      const spec = graph.vertices[task]!.task!.container;
      const target = { plan: plan.id, task, spec };
      if (first !== undefined) this.#dispatcher.retarget(first + task, target);
      else {
        const pool = this.#dispatcher.addPool(target);
        if (task === 0) this.#pools.set(graph.name, pool);
      }
    }
  }

  enqueue(invocation: Invocation, run: { task: number; item: number; attempt: number }): void {
    this.#queue({
      of: invocation,
      plan: invocation.plan.id,
      invocation: invocation.id,
      pool: this.#pools.get(invocation.plan.graph.name)! + run.task,
      ...run,
    });
  }

  /** Everything the invocation has under way ends here, without an answer. */
  cancel(invocation: Invocation): void {
    if (invocation.active === 0) return;
    for (const activation of [...this.#activations.values()]) {
      if (activation.of !== invocation) continue;
      this.#journal.run("fail", activation, NONE, NONE, "cancelled");
      this.#abandon(activation, "cancelled");
    }
  }

  ready(container: number): void {
    this.#dispatcher.ready(container);
  }

  containerLost(container: number): void {
    const id = this.#dispatcher.lost(container);
    const activation = id === undefined ? undefined : this.#activations.get(id);
    if (activation === undefined) return;
    activation.container = NONE;
    this.#fail(activation, "container");
  }

  got(input: Extract<Input, { tag: "got" }>): void {
    const activation = this.#current(input.activation);
    const read = activation?.reads[input.slot];
    if (activation === undefined || read === undefined) return;
    const { stored } = this.#datum(activation, read.datum).spec;
    this.#journal.data("get", activation, {
      datum: read.datum,
      part: read.part,
      bytes: stored ? input.bytes : NO_BYTES,
      wait_us: this.#since(read.since),
      why: stored ? read.tier : "absent",
    });
    activation.readsLeft--;
    if (activation.readsLeft === 0) this.#start(activation);
  }

  executed(input: Executed): void {
    const activation = this.#current(input.activation);
    if (activation === undefined) return;
    this.#journal.executed(activation, {
      wait_us: this.#since(activation.startedAt),
      cpu_us: input.compute,
      sleep_us: input.sleep,
    });
    const vertex = activation.of.plan.graph.vertices[activation.task]!;
    const counts: Facts = vertex.writes.flatMap((datum, index) => {
      const output = input.outputs[index];
      if (typeof output !== "object") return [];
      return [{ tag: "count", datum, item: activation.item, count: output.length }];
    });
    if (counts.some((fact) => fact.tag === "count" && fact.count > MAX_WIDTH)) {
      this.#fail(activation, "error");
      return;
    }
    activation.facts = counts.length === 0 ? input.facts : [...counts, ...input.facts];
    activation.state = "writing";
    this.#planWrites(activation, input);
    this.#writeNext(activation);
  }

  executionFailed(id: number, reason: FailureReason): void {
    const activation = this.#current(id);
    if (activation !== undefined) this.#fail(activation, reason);
  }

  stored(id: number, slot: number): void {
    const activation = this.#current(id);
    const write = activation?.writes[slot];
    if (activation === undefined || write === undefined || slot !== activation.written) return;
    this.#journal.data("put", activation, {
      datum: write.datum,
      part: write.part,
      bytes: write.bytes,
      wait_us: this.#since(write.since),
      why: write.tier,
    });
    if (write.tier === "remote") this.#store.backed(activation, write);
    activation.written++;
    this.#writeNext(activation);
  }

  transferFailed(id: number, slot: number): void {
    const activation = this.#current(id);
    const transfer = activation === undefined ? undefined : transfersOf(activation)[slot];
    if (activation === undefined || transfer === undefined) return;
    if (transfer.tries >= this.#settings.storeTries) {
      this.#fail(activation, "store");
      return;
    }
    const delay = this.#settings.storeRetryDelay * 2 ** (transfer.tries - 1);
    this.#env.timer(delay as Micros, { tag: "store-retry", activation: id, slot });
  }

  timer(timer: Timer): void {
    switch (timer.tag) {
      case "dispatch":
        this.#dispatcher.tick();
        return;
      case "keep-alive":
        this.#dispatcher.keepAliveOver(timer.pool);
        return;
      case "attempt-timeout":
        this.#timedOut(timer.activation);
        return;
      case "retry":
        this.#retry(timer.activation);
        return;
      case "store-retry":
        this.#transferAgain(timer.activation, timer.slot);
        return;
      case "run":
      case "invocation-timeout":
        // The worker's and the gateway's.
        return;
      default:
        timer satisfies never;
    }
  }

  #queue(origin: ActivationOrigin): void {
    const activation = newActivation(this.#nextId++, origin);
    this.#activations.set(activation.id, activation);
    origin.of.active++;
    this.#dispatcher.enqueue(activation);
  }

  /** The activation an answer names; undefined, and noted as late, if its attempt is over. */
  #current(id: number): Activation | undefined {
    const activation = this.#activations.get(id);
    if (activation === undefined) this.#journal.fact("late", { value: id });
    return activation;
  }

  #dispatched(activation: Activation): void {
    const { timeout } = activation.of.plan.graph.vertices[activation.task]!.task!;
    if (timeout !== undefined) {
      const timer: Timer = { tag: "attempt-timeout", activation: activation.id };
      activation.timer = this.#env.timer(timeout, timer);
    }
    activation.state = "reading";
    activation.reads = this.#readsOf(activation);
    activation.readsLeft = activation.reads.length;
    if (activation.readsLeft === 0) this.#start(activation);
    for (const slot of activation.reads.keys()) this.#get(activation, slot);
  }

  #readsOf(activation: Activation): Transfer[] {
    const { of, task, item } = activation;
    const { graph } = of.plan;
    const countOf = (datum: number, at: number): number | undefined =>
      of.knowledge.count(datum, at);
    const reads: Transfer[] = [];
    for (const read of graph.vertices[task]!.reads) {
      for (const part of partsOf(graph, read, { vertex: task, item }, countOf)) {
        const { datum } = read;
        if (of.knowledge.absent(datum, part)) {
          const nothing = { datum, part, bytes: 0, wait_us: 0, why: "absent" } as const;
          this.#journal.data("get", activation, nothing);
          continue;
        }
        const outside = graph.data[datum]!.producer === OUTSIDE;
        const tier = outside ? "remote" : this.#store.tierOf(activation, { datum, part });
        reads.push(transfer({ datum, part, tier, bytes: NO_BYTES }));
      }
    }
    return reads;
  }

  #get(activation: Activation, slot: number): void {
    const read = activation.reads[slot]!;
    if (read.tries === 0) read.since = this.#env.now();
    read.tries++;
    this.#env.get({ ...this.#request(activation, slot, read), tier: read.tier });
  }

  #start(activation: Activation): void {
    activation.state = "running";
    activation.startedAt = this.#env.now();
    this.#journal.run("start", activation, NONE, NONE, "");
    this.#env.start({
      activation: activation.id,
      container: activation.container,
      plan: activation.plan,
      invocation: activation.invocation,
      task: activation.task,
      item: activation.item,
      attempt: activation.attempt,
    });
  }

  #planWrites(activation: Activation, input: Executed): void {
    const { writes } = activation.of.plan.graph.vertices[activation.task]!;
    for (const [index, datum] of writes.entries()) {
      const output = input.outputs[index] ?? NO_BYTES;
      const sizes = typeof output === "number" ? [output] : output;
      for (const [part, bytes] of sizes.entries()) {
        const item =
          typeof output === "number" ? activation.item : childItem(activation.item, part);
        for (const tier of this.#store.place(activation, { datum, part: item, bytes })) {
          activation.writes.push(transfer({ datum, part: item, tier, bytes }));
        }
      }
    }
  }

  #writeNext(activation: Activation): void {
    if (activation.written === activation.writes.length) {
      this.#complete(activation);
      return;
    }
    this.#put(activation, activation.written);
  }

  #put(activation: Activation, slot: number): void {
    const write = activation.writes[slot]!;
    if (write.tries === 0) write.since = this.#env.now();
    write.tries++;
    const request = this.#request(activation, slot, write);
    this.#env.put({ ...request, tier: write.tier, bytes: write.bytes });
  }

  #complete(activation: Activation): void {
    this.#journal.run("complete", activation, this.#since(activation.queuedAt), NONE, "");
    this.#end(activation);
    this.#dispatcher.release(activation);
    this.#store.consumed(activation.of, activation);
    this.#host.completed(activation, activation.facts);
  }

  #timedOut(id: number): void {
    const activation = this.#activations.get(id);
    if (activation === undefined) return;
    activation.timer = NONE;
    this.#dispatcher.kill(activation.container, "timeout");
    activation.container = NONE;
    this.#fail(activation, "timeout");
  }

  /** This attempt is over; the next is queued after a delay, if there is one. */
  #fail(activation: Activation, reason: FailureReason): void {
    this.#journal.run("fail", activation, NONE, NONE, reason);
    const { retries } = activation.of.plan.graph.vertices[activation.task]!.task!;
    const container = activation.container;
    this.#store.discard(activation);
    this.#stopTimer(activation);
    if (activation.attempt > retries.limit) {
      this.#end(activation);
      if (container !== NONE) this.#dispatcher.release(activation);
      this.#host.failed(activation, reason);
      return;
    }
    const delay = Math.ceil(retries.delay * retries.backoff ** (activation.attempt - 1));
    if (container !== NONE) this.#dispatcher.release(activation);
    activation.container = NONE;
    activation.state = "backing-off";
    // The next attempt has an identity of its own, so that answers to this one find nobody.
    this.#activations.delete(activation.id);
    const next = newActivation(this.#nextId++, { ...activation, attempt: activation.attempt + 1 });
    next.state = "backing-off";
    this.#activations.set(next.id, next);
    this.#journal.run("retry", next, delay, NONE, reason);
    next.timer = this.#env.timer(delay as Micros, { tag: "retry", activation: next.id });
  }

  #retry(id: number): void {
    const activation = this.#activations.get(id);
    if (activation === undefined) return;
    activation.timer = NONE;
    this.#dispatcher.enqueue(activation);
  }

  #transferAgain(id: number, slot: number): void {
    const activation = this.#activations.get(id);
    if (activation?.state === "reading") this.#get(activation, slot);
    if (activation?.state === "writing") this.#put(activation, slot);
  }

  #abandon(activation: Activation, reason: "cancelled"): void {
    this.#store.discard(activation);
    this.#end(activation);
    if (activation.state === "queued") this.#dispatcher.withdraw(activation);
    else if (activation.container !== NONE) {
      // What runs in it cannot be called back, so the container goes.
      this.#dispatcher.kill(activation.container, reason);
    }
  }

  #end(activation: Activation): void {
    this.#stopTimer(activation);
    this.#activations.delete(activation.id);
    activation.of.active--;
  }

  #stopTimer(activation: Activation): void {
    if (activation.timer !== NONE) this.#env.cancel(activation.timer);
    activation.timer = NONE;
  }

  #request(
    activation: Activation,
    slot: number,
    { datum, part }: { readonly datum: number; readonly part: number },
  ): {
    activation: number;
    slot: number;
    container: number;
    plan: number;
    invocation: number;
    datum: number;
    part: number;
  } {
    const { id, container, plan, invocation } = activation;
    return { activation: id, slot, container, plan, invocation, datum, part };
  }

  #datum(activation: Activation, datum: number): Invocation["plan"]["graph"]["data"][number] {
    const found = activation.of.plan.graph.data[datum];
    invariant(found !== undefined, `datum ${datum} is unknown`);
    return found;
  }

  #since(start: Micros): Micros {
    return elapsed({ start, end: this.#env.now() });
  }
}

function transfer(of: Pick<Transfer, "datum" | "part" | "tier" | "bytes">): Transfer {
  return { ...of, tries: 0, since: 0 as Micros };
}

function transfersOf(activation: Activation): readonly Transfer[] {
  return activation.state === "reading" ? activation.reads : activation.writes;
}
