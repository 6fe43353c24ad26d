/**
 * Runs activations on one worker: queue, container, reads, function, writes; retries and timeouts.
 * The same for every scheme; what triggers an activation and what its end triggers is the host's.
 *
 * Reads go out together, writes one after another. An attempt that fails gives up what it held; its
 * next attempt is a new activation, so whatever still comes back for the old one is merely late.
 */

import type { PoolTask } from "../container/pools.ts";
import type { Env, Input, Timer } from "../env.ts";
import { NONE } from "../events.ts";
import { IdTable } from "../id-table.ts";
import type { Plan } from "../plan/plan.ts";
import type { Fact, Facts, FailureReason } from "../protocol.ts";
import { elapsed, type Micros } from "../units.ts";
import { type Item, MAX_WIDTH } from "../workflow/item.ts";
import { type Activation, type ActivationState, newActivation } from "./activation.ts";
import { Dispatcher } from "./dispatcher.ts";
import type { Invocation } from "./invocation.ts";
import type { Journal } from "./journal.ts";
import type { LocalStore } from "./local-store.ts";
import type { Settings } from "./settings.ts";
import { Transfers } from "./transfers.ts";

export interface ExecutorHost {
  /** Every write is stored: successors may be triggered. */
  completed(activation: Activation, facts: Facts): void;
  /** Out of attempts. */
  failed(activation: Activation, reason: FailureReason): void;
}

/** A task of one version of its workflow; what has the same key can use the same containers. */
interface VersionedTask extends PoolTask {
  readonly key: string;
}

/** However a back-off grows: a day. */
const LONGEST_DELAY = 86_400_000_000;

type Executed = Extract<Input, { tag: "executed" }>;

export class Executor {
  readonly #env: Env;
  readonly #journal: Journal;
  readonly #host: ExecutorHost;
  readonly #store: LocalStore;
  readonly #transfers: Transfers;
  readonly #dispatcher: Dispatcher;
  readonly #activations: IdTable<Activation>;
  /** By key of the task: only of those that have run on this worker, which are few of all. */
  readonly #pools: Map<string, number>;
  /** Workflow to its latest plan. */
  readonly #latest: Map<string, Plan>;
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
    this.#store = parts.store;
    this.#transfers = new Transfers(env, journal, parts.store, parts.settings);
    this.#activations = new IdTable();
    this.#pools = new Map();
    this.#latest = new Map();
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
    const isFirst = !this.#latest.has(plan.graph.name);
    this.#latest.set(plan.graph.name, plan);
    if (isFirst) return;
    for (let task = 0; task < plan.graph.taskCount; task++) {
      const target = versionedTask(plan, task);
      const pool = this.#pools.get(target.key);
      if (pool !== undefined) this.#dispatcher.retarget(pool, target);
    }
  }

  enqueue(
    invocation: Invocation,
    run: { readonly task: number; readonly item: Item; readonly attempt: number },
  ): void {
    const pool = this.#poolOf(invocation.plan, run.task);
    const activation = newActivation(this.#nextId++, invocation, run, pool);
    this.#activations.add(activation.id, activation);
    invocation.active++;
    this.#dispatcher.enqueue(activation);
  }

  #poolOf(plan: Plan, task: number): number {
    const own = versionedTask(plan, task);
    let pool = this.#pools.get(own.key);
    if (pool === undefined) {
      pool = this.#dispatcher.addPool(counterpart(own, this.#latest.get(plan.graph.name)!) ?? own);
      this.#pools.set(own.key, pool);
    }
    return pool;
  }

  /** Everything the invocation has under way ends here, without an answer. */
  cancel(invocation: Invocation): void {
    if (invocation.active === 0) return;
    const all = this.#activations.entries().map(([, activation]) => activation);
    const its = all.filter(({ of }) => of === invocation);
    const waiting = its.filter(({ state }) => state === "queued");
    const others = its.filter(({ state }) => state !== "queued");
    // First what waits, or it would be given the place of a container that ends here.
    for (const activation of [...waiting, ...others]) {
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
    const activation = this.#current(input.activation, "reading");
    if (activation === undefined) return;
    if (this.#transfers.got(activation, input)) this.#start(activation);
  }

  executed(input: Executed): void {
    const activation = this.#current(input.activation, "running");
    if (activation === undefined) return;
    this.#journal.executed(activation, this.#since(activation.startedAt), input);
    if (input.outputs.some((output) => typeof output === "object" && output.length > MAX_WIDTH)) {
      this.#fail(activation, "error");
      return;
    }
    activation.facts = withCounts(activation, input);
    activation.state = "writing";
    if (!this.#transfers.write(activation, input.outputs)) this.#complete(activation);
  }

  executionFailed(id: number, reason: FailureReason): void {
    const activation = this.#current(id, "running");
    if (activation !== undefined) this.#fail(activation, reason);
  }

  stored(id: number, slot: number): void {
    const activation = this.#current(id, "writing");
    if (activation === undefined || slot !== activation.written) return;
    if (!this.#transfers.stored(activation)) this.#complete(activation);
  }

  transferFailed(id: number, slot: number): void {
    const activation = this.#current(id, "reading", "writing");
    if (activation === undefined) return;
    if (!this.#transfers.failed(activation, slot)) this.#fail(activation, "store");
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
      case "store-retry": {
        const activation = this.#activations.get(timer.activation);
        if (activation !== undefined) this.#transfers.again(activation, timer.slot);
        return;
      }
      case "run":
      case "invocation-timeout":
        // The worker's and the gateway's.
        return;
      default:
        timer satisfies never;
    }
  }

  /** The activation an answer names; undefined, and noted as late, if it does not wait for that. */
  #current(id: number, state: ActivationState, or = state): Activation | undefined {
    const activation = this.#activations.get(id);
    if (activation !== undefined && (activation.state === state || activation.state === or)) {
      return activation;
    }
    this.#journal.fact("late", { value: id });
    return undefined;
  }

  #dispatched(activation: Activation): void {
    const { timeout } = activation.of.plan.graph.vertices[activation.task]!.task!;
    if (timeout !== undefined) {
      const timer: Timer = { tag: "attempt-timeout", activation: activation.id };
      activation.timer = this.#env.timer(timeout, timer);
    }
    activation.state = "reading";
    if (!this.#transfers.read(activation)) this.#start(activation);
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
    const grown = retries.delay * retries.backoff ** (activation.attempt - 1);
    const delay = Math.ceil(Math.min(grown, LONGEST_DELAY));
    if (container !== NONE) this.#dispatcher.release(activation);
    activation.container = NONE;
    activation.state = "backing-off";
    // The next attempt has an identity of its own, so that answers to this one find nobody.
    this.#activations.delete(activation.id);
    const { of, task, item, attempt, pool } = activation;
    const next = newActivation(this.#nextId++, of, { task, item, attempt: attempt + 1 }, pool);
    next.state = "backing-off";
    this.#activations.add(next.id, next);
    this.#journal.run("retry", next, delay, NONE, reason);
    next.timer = this.#env.timer(delay as Micros, { tag: "retry", activation: next.id });
  }

  #retry(id: number): void {
    const activation = this.#activations.get(id);
    if (activation === undefined) return;
    activation.timer = NONE;
    this.#dispatcher.enqueue(activation);
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

  #since(start: Micros): Micros {
    return elapsed({ start, end: this.#env.now() });
  }
}

/** What the function told, and the lengths of the lists it wrote. */
function withCounts({ of, task, item }: Activation, { outputs, facts }: Executed): Facts {
  const { writes } = of.plan.graph.vertices[task]!;
  let all = facts;
  for (let index = writes.length - 1; index >= 0; index--) {
    const output = outputs[index];
    if (typeof output !== "object") continue;
    const count: Fact = { tag: "count", datum: writes[index]!, item, count: output.length };
    all = [count, ...all];
  }
  return all;
}

const versionedTasks = new WeakMap<Plan, (VersionedTask | undefined)[]>();

/** One record for all workers, and for all runs of a plan. */
function versionedTask(plan: Plan, task: number): VersionedTask {
  let known = versionedTasks.get(plan);
  if (known === undefined) {
    known = new Array(plan.graph.taskCount).fill(undefined);
    versionedTasks.set(plan, known);
  }
  known[task] ??= { plan: plan.id, task, ...containerOf(plan, task) };
  return known[task];
}

/** What a container is started with is in its key: a version that changes it gets new ones. */
function containerOf({ graph }: Plan, task: number): Pick<VersionedTask, "spec" | "key"> {
  const { name, run, container } = graph.vertices[task]!.task!;
  return { spec: container, key: JSON.stringify([graph.name, name, run, container.memory]) };
}

/** The task of the plan that uses the same containers; its number may differ. */
function counterpart(of: VersionedTask, plan: Plan): VersionedTask | undefined {
  for (let task = 0; of.plan !== plan.id && task < plan.graph.taskCount; task++) {
    const other = versionedTask(plan, task);
    if (other.key === of.key) return other;
  }
  return undefined;
}
