/**
 * What is going on in a cluster right now, worked out from its events: which activations wait for a
 * container, run, or wait for their next attempt, and where. As late as the events are, some 0.2 s.
 */

import type { Event, EventKind } from "../core/events.ts";
import { type NodeId, workerNode } from "../core/node.ts";
import type { Item } from "../core/workflow/item.ts";

/** `reading` and `writing`: its data; it has a container from `reading` on. */
export const ACTIVATION_STATES = ["queued", "reading", "running", "writing", "retrying"] as const;
export type ActivationState = (typeof ACTIVATION_STATES)[number];

export interface Activation {
  readonly plan: number;
  readonly invocation: number;
  readonly task: number;
  readonly item: Item;
  readonly attempt: number;
  readonly node: NodeId;
  readonly state: ActivationState;
  /** Microseconds since the epoch. */
  readonly since_us: number;
}

/** What an activation does after such an event. */
const AFTER: Readonly<Partial<Record<EventKind, ActivationState>>> = {
  queue: "queued",
  dispatch: "reading",
  start: "running",
  execute: "writing",
  retry: "retrying",
};

export class Activity {
  /** Of each invocation under way: by task and item. */
  readonly #invocations: Map<number, Map<string, Activation>>;

  constructor() {
    this.#invocations = new Map();
  }

  add(event: Event): void {
    const { kind, invocation } = event;
    const state = AFTER[kind];
    if (state !== undefined) this.#set(event, state);
    else if (kind === "arrival") this.#invocations.set(invocation, new Map());
    else if (kind === "finish" || kind === "abort") this.#invocations.delete(invocation);
    else if (kind === "lost") this.#lost(workerNode(event.value));
    else if (kind === "complete" || kind === "fail") {
      this.#invocations.get(invocation)?.delete(keyOf(event));
    }
  }

  list(): readonly Activation[] {
    return [...this.#invocations.values()].flatMap((activations) => [...activations.values()]);
  }

  /** How many are in each state. */
  counts(): Readonly<Record<ActivationState, number>> {
    const counts = { queued: 0, reading: 0, running: 0, writing: 0, retrying: 0 };
    for (const { state } of this.list()) counts[state]++;
    return counts;
  }

  #set(event: Event, state: ActivationState): void {
    const { plan, invocation, task, item, attempt, node, time } = event;
    const activation = { plan, invocation, task, item, attempt, node, state, since_us: time };
    this.#invocations.get(invocation)?.set(keyOf(event), activation);
  }

  /** What it ran, others run again, and say so. */
  #lost(node: NodeId): void {
    for (const activations of this.#invocations.values()) {
      for (const [key, activation] of activations) {
        if (activation.node === node) activations.delete(key);
      }
    }
  }
}

function keyOf({ task, item }: Event): string {
  return `${task} ${item}`;
}
