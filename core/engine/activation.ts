/** One attempt to run a task for one item, as its worker sees it. */

import type { Tier } from "../env.ts";
import { NONE } from "../events.ts";
import type { Facts } from "../protocol.ts";
import { type Bytes, type Micros, NO_TIME } from "../units.ts";
import type { Item } from "../workflow/item.ts";
import type { Invocation } from "./invocation.ts";
import type { Run } from "./journal.ts";

export type ActivationState = "queued" | "reading" | "running" | "writing" | "backing-off";

/** One datum part to read or write, with what is known of the request under way. */
export interface Transfer {
  readonly datum: number;
  readonly part: Item;
  tier: Tier;
  readonly bytes: Bytes;
  /** Requests made so far, and when the first was. */
  tries: number;
  since: Micros;
  /** Of a read: it was answered; an answer that comes again has no effect. */
  ended: boolean;
}

export interface Activation extends Run {
  /** Unique on its worker; a retry is a new activation, so a late answer finds nobody. */
  readonly id: number;
  readonly of: Invocation;
  readonly pool: number;
  container: number;
  state: ActivationState;
  queuedAt: Micros;
  startedAt: Micros;
  reads: readonly Transfer[];
  readsLeft: number;
  writes: readonly Transfer[];
  written: number;
  /** What the function told, for conditions and counts downstream. */
  facts: Facts;
  /** Token of its timeout, or of its back-off; NONE: no timer runs. */
  timer: number;
}

const NO_TRANSFERS: readonly Transfer[] = [];
const NO_FACTS: Facts = [];

export function newActivation(
  id: number,
  of: Invocation,
  run: { readonly task: number; readonly item: Item; readonly attempt: number },
  pool: number,
): Activation {
  return {
    id,
    plan: of.plan.id,
    invocation: of.id,
    task: run.task,
    item: run.item,
    attempt: run.attempt,
    of,
    pool,
    container: NONE,
    state: "queued",
    queuedAt: NO_TIME,
    startedAt: NO_TIME,
    reads: NO_TRANSFERS,
    readsLeft: 0,
    writes: NO_TRANSFERS,
    written: 0,
    facts: NO_FACTS,
    timer: NONE,
  };
}
