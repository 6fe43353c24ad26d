/**
 * The course of one invocation as the invariant checker follows it: how far each vertex has come
 * for each item.
 */

import type { Plan } from "../core/plan/plan.ts";
import { type Item, itemPath } from "../core/workflow/item.ts";

export type Phase =
  | "waiting"
  | "triggered"
  | "queued"
  | "dispatched"
  | "started"
  | "executed"
  | "completed"
  | "failed"
  | "skipped"
  /** A control vertex that chose or expanded. */
  | "passed";

/** One vertex for one item. */
export interface Passage {
  readonly vertex: number;
  readonly item: Item;
  phase: Phase;
  /** Whether it was ever triggered; `phase` goes on from there. */
  triggered: boolean;
  completed: boolean;
  attempt: number;
  /** The branch of a switch, the width of a foreach. */
  value: number;
  /** Of joins and closes, which leave no events: the answer once it is known. */
  derived: boolean | undefined;
}

export class Course {
  readonly invocation: number;
  readonly plan: Plan;
  readonly arrival: number;
  /** A worker was lost while it was in flight: see `RELAXED` in invariants.ts. */
  disturbed: boolean;
  readonly #byItem: Map<Item, Map<number, Passage>>;

  constructor(at: { readonly invocation: number; readonly plan: Plan; readonly arrival: number }) {
    this.invocation = at.invocation;
    this.plan = at.plan;
    this.arrival = at.arrival;
    this.disturbed = false;
    this.#byItem = new Map();
  }

  get(vertex: number, item: Item): Passage | undefined {
    return this.#byItem.get(item)?.get(vertex);
  }

  /** The passage, made when first asked for. */
  at(vertex: number, item: Item): Passage {
    let ofItem = this.#byItem.get(item);
    if (ofItem === undefined) {
      ofItem = new Map();
      this.#byItem.set(item, ofItem);
    }
    let passage = ofItem.get(vertex);
    if (passage === undefined) {
      passage = {
        vertex,
        item,
        phase: "waiting",
        triggered: false,
        completed: false,
        attempt: 0,
        value: 0,
        derived: undefined,
      };
      ofItem.set(vertex, passage);
    }
    return passage;
  }

  *[Symbol.iterator](): IterableIterator<Passage> {
    for (const ofItem of this.#byItem.values()) yield* ofItem.values();
  }

  /** `task work[0.2]`, as violations name it. */
  nameOf(vertex: number, item: Item): string {
    const { kind = "vertex", name = `${vertex}` } = this.plan.graph.vertices[vertex] ?? {};
    return item === 0 ? `${kind} ${name}` : `${kind} ${name}[${itemPath(item)}]`;
  }
}
