/**
 * The containers of one worker: a pool a task, each with a FIFO queue of activations that wait.
 *
 * An activation gets the idle container used most recently; else a cold start, if the task's limit
 * and the worker's memory allow it (idle containers of other tasks give way, least recently used
 * first); else it waits. A cold start is not bound to who asked for it: whoever is first in the
 * queue takes the container that is free first.
 */

import { NONE } from "../events.ts";
import { IdTable } from "../id-table.ts";
import { invariant } from "../invariant.ts";
import { type Linked, LinkedList } from "../linked-list.ts";
import { type Bytes, type Micros, NO_BYTES, NO_TIME, plus } from "../units.ts";
import type { ContainerSpec } from "../workflow/spec.ts";
import { MemoryLine } from "./memory-line.ts";

export interface PoolTask {
  readonly plan: number;
  readonly task: number;
  readonly spec: ContainerSpec;
}

export type ContainerState = "starting" | "idle" | "busy";

export interface Container extends Linked<Container> {
  readonly id: number;
  readonly pool: number;
  readonly bootedFor: PoolTask;
  /** When its cold start began. */
  readonly bootedAt: Micros;
  state: ContainerState;
  /** The activation it runs; NONE: it is starting or idle. */
  activation: number;
  /** It has run nothing yet. */
  fresh: boolean;
  idleUntil: Micros;
}

interface Pool {
  task: PoolTask;
  /** Activations that wait, from `head` on; taken ones are cut off now and then. */
  queue: number[];
  head: number;
  /** Idle containers, the most recently used last. */
  idle: Container[];
  size: number;
  starting: number;
  /** Wanted more containers than it may have, once: it starts nothing any more. */
  stalled: boolean;
}

/** What the caller is to do next for a pool. */
export type Step =
  | { readonly tag: "run"; readonly activation: number; readonly container: Container }
  | { readonly tag: "boot"; readonly container: Container }
  /** An idle container makes room in the worker's memory. */
  | { readonly tag: "stop"; readonly container: Container }
  /** The pool starts nothing from now on; told once. */
  | { readonly tag: "stall"; readonly task: PoolTask };

export interface PoolsOptions {
  readonly memory: Bytes;
  /** How long an idle container is kept. */
  readonly keepAlive: Micros;
  /** See `Settings.atLimit`. */
  readonly atLimit: "wait" | "stall";
}

/** Never added to: the first entry makes a list of its own, with room for no more than it needs. */
const NONE_WAIT: number[] = [];
const NONE_IDLE: Container[] = [];

export class Pools {
  readonly #options: PoolsOptions;
  readonly #pools: Pool[];
  readonly #containers: IdTable<Container>;
  #memoryUsed: Bytes;
  #nextContainer: number;
  #busy: number;
  readonly #idle: LinkedList<Container>;
  /** Pools whose queue waits for memory; one that has an idle container of its own needs none. */
  readonly #shortOfMemory: MemoryLine;

  constructor(options: PoolsOptions) {
    this.#options = options;
    this.#pools = [];
    this.#containers = new IdTable();
    this.#memoryUsed = NO_BYTES;
    this.#nextContainer = 0;
    this.#busy = 0;
    this.#idle = new LinkedList();
    this.#shortOfMemory = new MemoryLine();
  }

  /** A new pool; gives its number. */
  add(task: PoolTask): number {
    this.#pools.push({
      task,
      queue: NONE_WAIT,
      head: 0,
      idle: NONE_IDLE,
      size: 0,
      starting: 0,
      stalled: false,
    });
    return this.#pools.length - 1;
  }

  /** Containers that run an activation. */
  get busy(): number {
    return this.#busy;
  }

  /** From now on the pool's cold starts are for this plan's task, which takes as much memory. */
  retarget(pool: number, task: PoolTask): void {
    this.#pools[pool]!.task = task;
  }

  enqueue(pool: number, activation: number): void {
    const at = this.#pools[pool]!;
    if (at.queue === NONE_WAIT) at.queue = [activation];
    else at.queue.push(activation);
  }

  /** Takes an activation out of its queue; false if it is not there. */
  withdraw(pool: number, activation: number): boolean {
    const { queue, head } = this.#pools[pool]!;
    const index = queue.indexOf(activation, head);
    if (index === -1) return false;
    queue.splice(index, 1);
    if (this.waiting(pool) === 0) this.#shortOfMemory.leave(pool);
    return true;
  }

  /** Takes the first that waits out of the queue; undefined: nobody waits. */
  takeFirst(pool: number): number | undefined {
    if (this.waiting(pool) === 0) return undefined;
    const first = this.#take(this.#pools[pool]!);
    if (this.waiting(pool) === 0) this.#shortOfMemory.leave(pool);
    return first;
  }

  /** The next thing to do for the pool's queue; undefined: nothing, or nothing can be done now. */
  next(pool: number, now: Micros): Step | undefined {
    const at = this.#pools[pool]!;
    const waiting = at.queue.length - at.head;
    if (waiting === 0 || at.stalled) {
      this.#shortOfMemory.leave(pool);
      return undefined;
    }
    const container = at.idle.pop();
    if (container !== undefined) {
      this.#idle.remove(container);
      this.#sayNeed(pool);
      this.#busy++;
      container.state = "busy";
      container.activation = this.#take(at);
      return { tag: "run", activation: container.activation, container };
    }
    if (at.starting >= waiting) return undefined;
    const { limit } = at.task.spec;
    if (this.#options.atLimit === "stall" && at.size > limit) {
      at.stalled = true;
      return { tag: "stall", task: at.task };
    }
    if (this.#options.atLimit === "wait" && at.size >= limit) return undefined;
    return this.#grow(pool, at, now);
  }

  /**
   * What a pool that is short of memory may need at most to go on now: what is free, and however much
   * it is if idle containers can give way; undefined: none may go on.
   */
  unblocked(): number | undefined {
    const most = this.#idle.oldest === undefined ? this.#room : Infinity;
    return this.#shortOfMemory.hasFor(most) ? most : undefined;
  }

  /** Goes over the pools that are short of memory now, with `nextUnblocked`. */
  beginRound(): void {
    this.#shortOfMemory.beginRound();
  }

  /** The next of them that memory is there for, of those that need no more than `most`; -1: none. */
  nextUnblocked(most: number): number {
    const there = this.#leastRecentlyUsed() === undefined ? this.#room : Infinity;
    return this.#shortOfMemory.next(Math.min(most, there));
  }

  /** The cold start has ended; the container is idle. One that says so twice is not heard again. */
  ready(id: number, now: Micros): Container | undefined {
    const container = this.#containers.get(id);
    if (container?.state !== "starting") return undefined;
    this.#pools[container.pool]!.starting--;
    this.#toIdle(container, now);
    return container;
  }

  /** Its activation has ended; the container is idle. */
  release(id: number, now: Micros): Container {
    const container = this.#containers.get(id);
    invariant(container !== undefined && container.state === "busy", "the container is busy");
    this.#busy--;
    container.activation = NONE;
    container.fresh = false;
    this.#toIdle(container, now);
    return container;
  }

  /** The container is gone, whatever it did; gives it back unless it was gone before. */
  remove(id: number): Container | undefined {
    const container = this.#containers.get(id);
    if (container === undefined) return undefined;
    const pool = this.#pools[container.pool]!;
    if (container.state === "starting") pool.starting--;
    if (container.state === "busy") this.#busy--;
    if (container.state === "idle") {
      pool.idle.splice(pool.idle.indexOf(container), 1);
      this.#idle.remove(container);
      this.#sayNeed(container.pool);
    }
    pool.size--;
    this.#memoryUsed = (this.#memoryUsed - container.bootedFor.spec.memory) as Bytes;
    this.#containers.delete(id);
    return container;
  }

  /** The pool's idle containers whose time is over, longest idle first. */
  expired(pool: number, now: Micros): readonly Container[] {
    return this.#unwanted(pool).filter((container) => container.idleUntil <= now);
  }

  /** When the pool's longest idle container is to end; undefined: none is idle. */
  nextExpiry(pool: number): Micros | undefined {
    const { idle } = this.#pools[pool]!;
    return idle.length > this.waiting(pool) ? idle[0]!.idleUntil : undefined;
  }

  waiting(pool: number): number {
    const { queue, head } = this.#pools[pool]!;
    return queue.length - head;
  }

  get count(): number {
    return this.#pools.length;
  }

  get #room(): number {
    return this.#options.memory - this.#memoryUsed;
  }

  /** Idle containers beyond those that the queue will take on the next tick. */
  #unwanted(pool: number): readonly Container[] {
    const { idle } = this.#pools[pool]!;
    return idle.slice(0, Math.max(0, idle.length - this.waiting(pool)));
  }

  #grow(pool: number, at: Pool, now: Micros): Step | undefined {
    const { memory } = at.task.spec;
    if (this.#memoryUsed + memory > this.#options.memory) {
      const victim = this.#leastRecentlyUsed();
      this.#shortOfMemory.enter(pool, memory);
      return victim === undefined ? undefined : { tag: "stop", container: victim };
    }
    this.#shortOfMemory.leave(pool);
    const container: Container = {
      id: this.#nextContainer++,
      pool,
      bootedFor: at.task,
      bootedAt: now,
      state: "starting",
      activation: NONE,
      fresh: true,
      idleUntil: NO_TIME,
      older: undefined,
      newer: undefined,
    };
    this.#containers.add(container.id, container);
    at.size++;
    at.starting++;
    this.#memoryUsed = (this.#memoryUsed + memory) as Bytes;
    return { tag: "boot", container };
  }

  /** Among the idle containers that the queues of their pools will not take on the next tick. */
  #leastRecentlyUsed(): Container | undefined {
    let container = this.#idle.oldest;
    for (; container !== undefined; container = container.newer) {
      const { pool } = container;
      if (this.#pools[pool]!.idle.length > this.waiting(pool)) return container;
    }
    return undefined;
  }

  #toIdle(container: Container, now: Micros): void {
    const pool = this.#pools[container.pool]!;
    container.state = "idle";
    container.idleUntil = plus(now, this.#options.keepAlive);
    if (pool.idle === NONE_IDLE) pool.idle = [container];
    else pool.idle.push(container);
    this.#idle.add(container);
    this.#sayNeed(container.pool);
  }

  /** Its idle containers have become more or fewer. */
  #sayNeed(pool: number): void {
    if (!this.#shortOfMemory.has(pool)) return;
    const { idle, task } = this.#pools[pool]!;
    this.#shortOfMemory.enter(pool, idle.length > 0 ? 0 : task.spec.memory);
  }

  #take(pool: Pool): number {
    const activation = pool.queue[pool.head]!;
    pool.head++;
    if (pool.head === pool.queue.length) {
      pool.queue = NONE_WAIT;
      pool.head = 0;
    }
    if (pool.head > 64 && pool.head * 2 > pool.queue.length) {
      pool.queue = pool.queue.slice(pool.head);
      pool.head = 0;
    }
    return activation;
  }
}
