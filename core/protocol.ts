/**
 * What gateway, master and workers say to each other. Plain data: no message carries a payload, only
 * answers on edges, small facts and who is lost; where data are follows from that and the plan.
 */

import type { Value } from "./workflow/condition.ts";
import type { Item } from "./workflow/item.ts";

export type InvocationId = number;

/** How often an invocation was begun anew at a new master, from 0. */
export type Round = number;

/** What one vertex tells the next: this edge, for this item, is taken or skipped. */
export interface Answer {
  readonly edge: number;
  /** The item of the vertex that answers (of the body it enters, on a fan-out edge). */
  readonly item: Item;
  readonly taken: boolean;
}

/** Small things learnt on the way, which conditions, foreach and gathering reads need downstream. */
export type Fact =
  | { readonly tag: "value"; readonly datum: number; readonly item: Item; readonly value: Value }
  /** How many items a list has, and so how many parts a foreach over it has. */
  | { readonly tag: "count"; readonly datum: number; readonly item: Item; readonly count: number }
  /** The task that writes it was skipped, or, for the item around it, a foreach that the task is in. */
  | { readonly tag: "absent"; readonly datum: number; readonly item: Item }
  /** A switch outcome fixed in advance, by a trace or by the simulator's seeded draw. */
  | {
      readonly tag: "branch";
      readonly vertex: number;
      readonly item: Item;
      readonly branch: number;
    };

/** Append-only; a message carries all its sender knows of the invocation. */
export type Facts = readonly Fact[];

/**
 * Workers that the invocation does without, ascending. It only grows, and it travels with the
 * invocation: all who take part then agree on who took over what, whoever hears of a loss first.
 */
export type LostWorkers = readonly number[];

export type Message =
  /** Gateway or worker to worker: edges into the receiver's tasks are answered. */
  | {
      readonly tag: "trigger";
      readonly plan: number;
      readonly invocation: InvocationId;
      readonly answers: readonly Answer[];
      readonly facts: Facts;
      readonly lost: LostWorkers;
    }
  /** Gateway to master: a new invocation. */
  | {
      readonly tag: "invoke";
      readonly plan: number;
      readonly invocation: InvocationId;
      readonly round: Round;
      readonly answers: readonly Answer[];
      readonly facts: Facts;
      readonly lost: LostWorkers;
    }
  /** Master to worker: how busy are you? */
  | { readonly tag: "poll"; readonly poll: number }
  | {
      readonly tag: "load";
      readonly poll: number;
      readonly running: number;
      readonly queued: number;
    }
  /** Master to worker: run this. */
  | {
      readonly tag: "assign";
      readonly plan: number;
      readonly invocation: InvocationId;
      readonly round: Round;
      readonly task: number;
      readonly item: Item;
      readonly attempt: number;
      readonly facts: Facts;
      readonly lost: LostWorkers;
    }
  /** Worker to master: it ran. */
  | {
      readonly tag: "completed";
      readonly invocation: InvocationId;
      readonly round: Round;
      readonly task: number;
      readonly item: Item;
      readonly attempt: number;
      readonly facts: Facts;
    }
  /** Worker or master to gateway: these sinks have answered. */
  | {
      readonly tag: "answered";
      readonly invocation: InvocationId;
      readonly sinks: readonly number[];
    }
  /** Worker to gateway: a task is out of attempts. */
  | {
      readonly tag: "failed";
      readonly invocation: InvocationId;
      readonly task: number;
      readonly item: Item;
      readonly reason: FailureReason;
    }
  /** Gateway (or, for it, the master) to all who had a part: the invocation is over, forget it. */
  | { readonly tag: "release"; readonly plan: number; readonly invocation: InvocationId }
  /** Worker to worker after a third was lost: what I told it, and what it had told me. */
  | {
      readonly tag: "recover";
      readonly plan: number;
      readonly invocation: InvocationId;
      readonly told: readonly Answer[];
      readonly heard: readonly Answer[];
      readonly facts: Facts;
      readonly lost: LostWorkers;
    };

export type FailureReason = "error" | "timeout" | "store" | "container" | "worker-lost";
