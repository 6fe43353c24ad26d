/**
 * Gives queued activations their containers: cold starts, warm reuse, keep-alive, and the tick of
 * systems that look at their queues only now and then.
 */

import { type Container, Pools, type PoolTask } from "../container/pools.ts";
import type { Env } from "../env.ts";
import { NONE, type Why } from "../events.ts";
import { invariant } from "../invariant.ts";
import { elapsed, type Micros } from "../units.ts";
import { ROOT_ITEM } from "../workflow/item.ts";
import type { Activation } from "./activation.ts";
import type { Journal } from "./journal.ts";
import type { Settings } from "./settings.ts";

export interface DispatcherHost {
  activation(id: number): Activation | undefined;
  /** The activation has its container. */
  dispatched(activation: Activation): void;
}

/** Takes turns together: pools that are short of memory and need no more than this to go on. */
interface Unblocked {
  readonly most: number;
}

const NOBODY = -1;

export class Dispatcher {
  readonly #env: Env;
  readonly #journal: Journal;
  readonly #host: DispatcherHost;
  readonly #settings: Settings;
  readonly #pools: Pools;
  /** By pool: whether a keep-alive timer is set. */
  readonly #watched: boolean[];
  /** Whose turn it is on the next tick, in the order in which they asked. */
  #turns: Set<number | Unblocked>;
  /** Of the pools without a turn of their own: who needs no more than this has one. */
  #mostUnblocked: number;
  /** By pool: the last tick on which it had its turn. */
  readonly #lastTurn: number[];
  #ticks: number;
  #tickSet: boolean;
  #queued: number;

  constructor(env: Env, journal: Journal, host: DispatcherHost, settings: Settings) {
    this.#env = env;
    this.#journal = journal;
    this.#host = host;
    this.#settings = settings;
    const { workerMemory: memory, keepAlive, atLimit } = settings;
    this.#pools = new Pools({ memory, keepAlive, atLimit });
    this.#watched = [];
    this.#turns = new Set();
    this.#mostUnblocked = NOBODY;
    this.#lastTurn = [];
    this.#ticks = 0;
    this.#tickSet = false;
    this.#queued = 0;
  }

  /** Activations in containers now, and those that wait for one. */
  get load(): { readonly running: number; readonly queued: number } {
    return { running: this.#pools.busy, queued: this.#queued };
  }

  addPool(task: PoolTask): number {
    this.#watched.push(false);
    this.#lastTurn.push(this.#ticks);
    return this.#pools.add(task);
  }

  retarget(pool: number, task: PoolTask): void {
    this.#pools.retarget(pool, task);
  }

  enqueue(activation: Activation): void {
    activation.state = "queued";
    activation.queuedAt = this.#env.now();
    this.#journal.run("queue", activation, NONE, NONE, "");
    this.#pools.enqueue(activation.pool, activation.id);
    this.#queued++;
    this.#pump(activation.pool);
  }

  withdraw(activation: Activation): void {
    if (!this.#pools.withdraw(activation.pool, activation.id)) return;
    this.#queued--;
    this.#watch(activation.pool);
  }

  /** The activation is through with its container, which may serve the next. */
  release(activation: Activation): void {
    this.#pools.release(activation.container, this.#env.now());
    this.#watch(activation.pool);
    this.#pump(activation.pool);
    this.#pumpUnblocked();
  }

  /** Ends a container, idle or not; gives the activation it ran. */
  kill(id: number, why: Why): number | undefined {
    const container = this.#forget(id, why);
    this.#env.stop(id);
    this.#pumpAfter(container?.pool);
    return ranIn(container);
  }

  /**
   * A container died by itself; gives the activation whose attempt that costs: the one it ran, or,
   * if it never came up, the first that waits, so that nobody waits for ever for what cannot start.
   */
  lost(id: number): number | undefined {
    const container = this.#forget(id, "crash");
    const neverUp = container?.state === "starting";
    const waited = neverUp ? this.#pools.takeFirst(container.pool) : undefined;
    if (waited !== undefined) this.#queued--;
    this.#pumpAfter(container?.pool);
    return ranIn(container) ?? waited;
  }

  ready(id: number): void {
    const container = this.#pools.ready(id, this.#env.now());
    if (container === undefined) return;
    const start = container.bootedAt;
    this.#note("ready", container, elapsed({ start, end: this.#env.now() }), "");
    this.#watch(container.pool);
    this.#pump(container.pool);
    // Whom it was started for may be gone: then its memory may serve another pool.
    this.#pumpUnblocked();
  }

  keepAliveOver(pool: number): void {
    this.#watched[pool] = false;
    for (const container of this.#pools.expired(pool, this.#env.now())) {
      this.kill(container.id, "keep-alive");
    }
    this.#watch(pool);
  }

  /** One activation a task a tick, tasks in the order in which they asked. */
  tick(): void {
    this.#tickSet = false;
    this.#ticks++;
    const turns = this.#turns;
    this.#turns = new Set();
    this.#mostUnblocked = NOBODY;
    for (const turn of turns) {
      if (typeof turn === "number") this.#takeTurn(turn);
      else this.#eachUnblocked(turn.most, (pool) => this.#takeTurn(pool));
    }
    if (this.#turns.size > 0) this.#setTick();
  }

  /** Whoever had something to do asks again. */
  #takeTurn(pool: number): void {
    if (this.#lastTurn[pool] === this.#ticks) return;
    this.#lastTurn[pool] = this.#ticks;
    if (this.#step(pool)) this.#turns.add(pool);
  }

  #pump(pool: number): void {
    if (this.#settings.dispatchTick > 0) {
      this.#turns.add(pool);
      this.#setTick();
      return;
    }
    while (this.#step(pool)) {
      // Each step runs, boots or makes room; the queue says when nothing is left to do.
    }
  }

  /** A container of the pool has ended: another may start in its place. */
  #pumpAfter(pool: number | undefined): void {
    if (pool !== undefined) this.#pump(pool);
    this.#pumpUnblocked();
  }

  #pumpUnblocked(): void {
    const most = this.#pools.unblocked();
    if (most === undefined) return;
    if (this.#settings.dispatchTick === 0) {
      this.#eachUnblocked(most, (pool) => this.#pump(pool));
      return;
    }
    if (most > this.#mostUnblocked) {
      this.#mostUnblocked = most;
      this.#turns.add({ most });
    }
    this.#setTick();
  }

  /** Those that memory is there for, each when it comes to it: what one takes, the next has not. */
  #eachUnblocked(most: number, visit: (pool: number) => void): void {
    const pools = this.#pools;
    pools.beginRound();
    for (let pool = pools.nextUnblocked(most); pool !== NOBODY; pool = pools.nextUnblocked(most)) {
      visit(pool);
    }
  }

  /** Whether there was something to do for the pool. */
  #step(pool: number): boolean {
    const step = this.#pools.next(pool, this.#env.now());
    if (step === undefined) return false;
    switch (step.tag) {
      case "run":
        this.#run(step.activation, step.container);
        return true;
      case "boot":
        this.#boot(step.container);
        return true;
      case "stop":
        this.#forget(step.container.id, "memory");
        this.#env.stop(step.container.id);
        return this.#step(pool);
      case "stall": {
        const { plan, task } = step.task;
        this.#journal.fact("stall", { plan, task, item: ROOT_ITEM });
        return false;
      }
      default:
        return step satisfies never;
    }
  }

  #run(id: number, container: Container): void {
    const activation = this.#host.activation(id);
    invariant(activation !== undefined, "a queued activation is known");
    this.#queued--;
    activation.container = container.id;
    const waited = elapsed({ start: activation.queuedAt, end: this.#env.now() });
    this.#journal.run("dispatch", activation, waited, NONE, container.fresh ? "cold" : "warm");
    this.#host.dispatched(activation);
  }

  #boot(container: Container): void {
    const { plan, task } = container.bootedFor;
    this.#note("cold-start", container, NONE, "");
    this.#env.boot({ container: container.id, plan, task });
  }

  /** Gives the container as it was, unless it was gone before. */
  #forget(id: number, why: Why): Container | undefined {
    const container = this.#pools.remove(id);
    if (container !== undefined) this.#note("stop", container, NONE, why);
    return container;
  }

  #note(
    kind: "cold-start" | "ready" | "stop",
    container: Container,
    wait_us: number,
    why: Why,
  ): void {
    this.#journal.container(kind, container.bootedFor, container.id, wait_us, why);
  }

  #watch(pool: number): void {
    if (this.#watched[pool]) return;
    const expiry = this.#pools.nextExpiry(pool);
    if (expiry === undefined) return;
    this.#watched[pool] = true;
    const delay = Math.max(0, expiry - this.#env.now()) as Micros;
    this.#env.timer(delay, { tag: "keep-alive", pool });
  }

  #setTick(): void {
    if (this.#tickSet) return;
    this.#tickSet = true;
    const { dispatchTick } = this.#settings;
    const past = this.#env.now() % dispatchTick;
    this.#env.timer((dispatchTick - past) as Micros, { tag: "dispatch" });
  }
}

function ranIn(container: Container | undefined): number | undefined {
  const activation = container?.activation ?? NONE;
  return activation === NONE ? undefined : activation;
}
