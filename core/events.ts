/**
 * Everything observable, one flat record a fact. Live and simulated runs write the same records;
 * analysis reads nothing else. The version in an event log's header (`analysis/event-header.ts`) grows
 * when a field or kind changes meaning.
 */

import type { NodeId } from "./node.ts";
import type { InvocationId } from "./protocol.ts";
import type { Micros } from "./units.ts";
import type { Item } from "./workflow/item.ts";

/** No value, in any numeric field. */
export const NONE = -1;

export interface Event {
  readonly time: Micros;
  readonly node: NodeId;
  readonly kind: EventKind;
  /** Plan id: which workflow, in which plan. */
  readonly plan: number;
  readonly invocation: InvocationId;
  /** Vertex id. */
  readonly task: number;
  readonly item: Item;
  /** From 1. */
  readonly attempt: number;
  readonly container: number;
  readonly datum: number;
  /** Item of the datum, of `get`, `put` and `release`. */
  readonly part: Item;
  readonly bytes: number;
  /** Duration of what has just ended, whole microseconds. */
  readonly wait_us: number;
  /** Of `execute`: the CPU time (core-microseconds) the function took. */
  readonly cpu_us: number;
  /** A small number that the kind explains. */
  readonly value: number;
  /** The tier of a `get` or `put`, or why something happened. */
  readonly why: Why;
}

/**
 * | kind | node | when, and what the fields say |
 * |---|---|---|
 * | `arrival` | gateway | a client's request is taken up, `wait_us` after it came in; `value` = how much of that went into storing its inputs |
 * | `trigger` | owner of the join | every in-edge has answered, one taken: the activation may run; `value` = the vertex whose answer was last, or NONE |
 * | `skip` | owner of the join | every in-edge was skipped |
 * | `branch` | owner | a switch chose `value` (OTHERWISE = -1 is written as the number of cases) |
 * | `expand` | owner | a foreach starts `value` bodies |
 * | `assign` | master | `value` = the worker chosen |
 * | `queue` | worker | the activation waits for a container |
 * | `cold-start` | worker | a container for it begins to start |
 * | `ready` | worker | that container is up, after `wait_us` |
 * | `dispatch` | worker | the activation has its container; `wait_us` since `queue`; why = `warm` or `cold` |
 * | `get` | worker | a read ended: `bytes`, `wait_us`, why = the tier, `local`, `remote`, or `absent` |
 * | `start` | worker | the function begins |
 * | `execute` | worker | the function ended, after `wait_us`; `cpu_us` = CPU time it took, `value` = wall time it slept |
 * | `put` | worker | a write ended: `bytes`, `wait_us`, why = the tier |
 * | `spill` | worker | a datum tagged local goes remote, why = `quota` |
 * | `evict` | worker | a local copy that the remote store has too made room, `bytes` |
 * | `release` | worker | the last consumer is done, `bytes` are free; why = `consumed`, `ended` or `crash` |
 * | `complete` | worker | the activation ended, `wait_us` since `queue` |
 * | `fail` | worker | an attempt ended badly, and why |
 * | `retry` | worker | the next attempt, `attempt`, will be queued after `wait_us` |
 * | `late` | worker | a result of an attempt that no longer counts was dropped |
 * | `duplicate` | owner of the join | an answer that was there already; `value` = the edge |
 * | `stop` | worker | a container ended, why = `keep-alive`, `memory`, `timeout`, `crash` |
 * | `stall` | worker | the task wanted more containers than it may have: it starts nothing any more, see `Settings.atLimit` |
 * | `lost` | who was told | `value` = the worker that was lost; NONE = the master; GATEWAY_LOST = the gateway, and all that was under way |
 * | `recover` | new owner | a task of a lost worker is taken over |
 * | `finish` | gateway | every sink has answered; `wait_us` = end-to-end latency |
 * | `abort` | gateway | the invocation failed or ran out of time, and why |
 * | `leaving` | gateway | worker `value` is asked to end: new invocations do without it |
 * | `left` | gateway | nothing under way needs worker `value` any more |
 */
export const EVENT_KINDS = [
  "arrival",
  "trigger",
  "skip",
  "branch",
  "expand",
  "assign",
  "queue",
  "cold-start",
  "ready",
  "dispatch",
  "get",
  "start",
  "execute",
  "put",
  "spill",
  "evict",
  "release",
  "complete",
  "fail",
  "retry",
  "late",
  "duplicate",
  "stop",
  "lost",
  "recover",
  "finish",
  "abort",
  "leaving",
  "left",
  "stall",
] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

/** In an event `lost`: every node began anew, and what was under way arrives again. */
export const GATEWAY_LOST = -2;

/** What storing the inputs of an `arrival` took: no scheduling, but a put. */
export function inputStoring({ value }: Event): number {
  return value === NONE ? 0 : value;
}

/** When the request of an `arrival` came in: what end-to-end latency counts from. */
export function arrivalTime({ time, wait_us }: Event): Micros {
  return (wait_us === NONE ? time : time - wait_us) as Micros;
}

export const WHYS = [
  "",
  "local",
  "remote",
  "absent",
  "warm",
  "cold",
  "quota",
  "consumed",
  "ended",
  "keep-alive",
  "memory",
  "timeout",
  "crash",
  "error",
  "store",
  "container",
  "worker-lost",
  "cancelled",
] as const;
export type Why = (typeof WHYS)[number];
