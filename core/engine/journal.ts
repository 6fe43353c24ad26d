/** Builds the flat event records, so that each has the same shape and nobody forgets a field. */

import type { Env } from "../env.ts";
import { type Event, type EventKind, NONE, type Why } from "../events.ts";
import type { NodeId } from "../node.ts";
import type { InvocationId } from "../protocol.ts";
import { type Item, ROOT_ITEM } from "../workflow/item.ts";
import type { Invocation } from "./invocation.ts";

/** A task of one invocation that runs, for one item: what most events are about. */
export interface Run {
  readonly plan: number;
  readonly invocation: InvocationId;
  readonly task: number;
  readonly item: Item;
  readonly attempt: number;
  readonly container: number;
}

export class Journal {
  readonly #env: Env;
  readonly #node: NodeId;

  constructor(env: Env, node: NodeId) {
    this.#env = env;
    this.#node = node;
  }

  /** A fact about an activation. */
  run(kind: EventKind, run: Run, wait_us: number, value: number, why: Why): void {
    this.#emit(kind, run, NONE, NONE, NONE, wait_us, NONE, value, why);
  }

  /** The function has ended after `wait_us`: how much of that on a CPU, how much asleep. */
  executed(run: Run, wait_us: number, took: { compute: number; sleep: number }): void {
    this.#emit("execute", run, NONE, NONE, NONE, wait_us, took.compute, took.sleep, "");
  }

  /** A fact about a datum's part that an activation reads or writes. */
  data(
    kind: EventKind,
    run: Run,
    { datum, part }: { readonly datum: number; readonly part: Item },
    bytes: number,
    wait_us: number,
    why: Why,
  ): void {
    this.#emit(kind, run, datum, part, bytes, wait_us, NONE, NONE, why);
  }

  /** A fact about a vertex that does not run, or not yet. */
  vertex(
    kind: EventKind,
    { id, plan }: Invocation,
    { vertex, item }: { readonly vertex: number; readonly item: Item },
    value: number,
  ): void {
    this.#env.emit({
      time: this.#env.now(),
      node: this.#node,
      kind,
      plan: plan.id,
      invocation: id,
      task: vertex,
      item,
      attempt: NONE,
      container: NONE,
      datum: NONE,
      part: NONE,
      bytes: NONE,
      wait_us: NONE,
      cpu_us: NONE,
      value,
      why: "",
    });
  }

  /** A fact about a container, started for that task. */
  container(
    kind: EventKind,
    { plan, task }: { readonly plan: number; readonly task: number },
    container: number,
    wait_us: number,
    why: Why,
  ): void {
    const run = { plan, invocation: NONE, task, item: ROOT_ITEM, attempt: NONE, container };
    this.#emit(kind, run, NONE, NONE, NONE, wait_us, NONE, NONE, why);
  }

  /** A fact about a local copy of a datum. */
  copy(kind: EventKind, { plan, invocation, datum, part, bytes }: Copy, why: Why): void {
    const run = { plan, invocation, task: NONE, item: ROOT_ITEM, attempt: NONE, container: NONE };
    this.#emit(kind, run, datum, part, bytes, NONE, NONE, NONE, why);
  }

  /** Any other fact; what is left out has no value. */
  fact(kind: EventKind, fields: Partial<Event>): void {
    this.#env.emit({
      time: this.#env.now(),
      node: this.#node,
      kind,
      plan: fields.plan ?? NONE,
      invocation: fields.invocation ?? NONE,
      task: fields.task ?? NONE,
      item: fields.item ?? ROOT_ITEM,
      attempt: fields.attempt ?? NONE,
      container: fields.container ?? NONE,
      datum: fields.datum ?? NONE,
      part: fields.part ?? NONE,
      bytes: fields.bytes ?? NONE,
      wait_us: fields.wait_us ?? NONE,
      cpu_us: fields.cpu_us ?? NONE,
      value: fields.value ?? NONE,
      why: fields.why ?? "",
    });
  }

  /** Positional, and no spread: a record is made some ten times an activation. */
  #emit(
    kind: EventKind,
    run: Run,
    datum: number,
    part: Item,
    bytes: number,
    wait_us: number,
    cpu_us: number,
    value: number,
    why: Why,
  ): void {
    this.#env.emit({
      time: this.#env.now(),
      node: this.#node,
      kind,
      plan: run.plan,
      invocation: run.invocation,
      task: run.task,
      item: run.item,
      attempt: run.attempt,
      container: run.container,
      datum,
      part,
      bytes,
      wait_us,
      cpu_us,
      value,
      why,
    });
  }
}

export interface Copy {
  readonly plan: number;
  readonly invocation: InvocationId;
  readonly datum: number;
  readonly part: Item;
  readonly bytes: number;
}
