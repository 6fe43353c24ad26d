/**
 * The port between a machine and the world. A machine (Gateway, Master, Worker) is built with an
 * `Env` and driven by `handle(input)`; nothing else reaches it, and it reaches nothing else.
 *
 * The driver's duty: feed one input, let it be handled to its end, then carry out what it asked
 * for, storing before sending. Every method of `Env` only notes what is wanted: it returns at once,
 * never throws, never re-enters the machine; answers come back as inputs. Same inputs in the same
 * order give the same calls and events, on any machine.
 */

import type { Event } from "./events.ts";
import type { NodeId } from "./node.ts";
import type { Plan } from "./plan/plan.ts";
import type { Facts, FailureReason, InvocationId, Message } from "./protocol.ts";
import type { Bytes, Micros } from "./units.ts";
import type { Item } from "./workflow/item.ts";

export interface Env {
  /** The driver's clock; does not move while an input is handled. */
  now(): Micros;
  send(to: NodeId, message: Message): void;
  /** Asks for `{ tag: "timer", timer }` after `delay`; gives the token that cancels it. */
  timer(delay: Micros, timer: Timer): number;
  cancel(token: number): void;
  /** Cold start of a container; answered by `ready` or `container-lost`. */
  boot(request: BootRequest): void;
  /** Ends a container, whatever it is doing. No answer. */
  stop(container: number): void;
  /** Answered by `got` or `get-failed`. */
  get(request: GetRequest): void;
  /** Runs the function; answered by `executed` or `execution-failed`. */
  start(request: StartRequest): void;
  /** Answered by `stored` or `put-failed`. */
  put(request: PutRequest): void;
  /** The datum's local copy is not wanted any more. No answer. */
  drop(request: DropRequest): void;
  emit(event: Event): void;
}

export interface Machine {
  handle(input: Input): void;
}

/** What the driver does around each input that a machine handles. */
export interface Stage {
  /** The input begins: the clock stands still. */
  begin(input: Input): void;
  /** It is handled to its end: stores, containers and timers first, messages last. */
  commit(): void;
}

export interface BootRequest {
  readonly container: number;
  readonly plan: number;
  readonly task: number;
}

/** One run of a task in its container; `activation` is what the answers name. */
export interface StartRequest {
  readonly activation: number;
  readonly container: number;
  readonly plan: number;
  readonly invocation: InvocationId;
  readonly task: number;
  readonly item: Item;
  readonly attempt: number;
}

export type Tier = "local" | "remote";

export interface GetRequest {
  readonly activation: number;
  /** Which of the activation's reads, from 0. */
  readonly slot: number;
  readonly container: number;
  readonly plan: number;
  readonly invocation: InvocationId;
  readonly datum: number;
  readonly part: Item;
  readonly tier: Tier;
}

export interface PutRequest extends GetRequest {
  readonly bytes: Bytes;
}

export interface DropRequest {
  readonly plan: number;
  readonly invocation: InvocationId;
  readonly datum: number;
  readonly part: Item;
  readonly bytes: Bytes;
}

export type Timer =
  /**
   * A task may run: set at once (delay 0), so that each activation is an input of its own and a wide
   * fan-out takes turn after turn in the engine's loop, not one long one.
   */
  | {
      readonly tag: "run";
      readonly invocation: InvocationId;
      readonly task: number;
      readonly item: Item;
    }
  | { readonly tag: "attempt-timeout"; readonly activation: number }
  | { readonly tag: "retry"; readonly activation: number }
  | { readonly tag: "store-retry"; readonly activation: number; readonly slot: number }
  | { readonly tag: "keep-alive"; readonly pool: number }
  | { readonly tag: "dispatch" }
  | { readonly tag: "invocation-timeout"; readonly invocation: InvocationId };

export type Input =
  /** A plan to use for new invocations. */
  | { readonly tag: "deploy"; readonly plan: Plan }
  /** To the gateway: a client's request. */
  | {
      readonly tag: "arrival";
      /** When it came in; handled later if the gateway was busy. */
      readonly at: Micros;
      /** How much of the time since it took to store its inputs, if they were not there already. */
      readonly storing?: Micros;
      readonly invocation: InvocationId;
      readonly plan: number;
      readonly facts: Facts;
    }
  | { readonly tag: "cancel"; readonly invocation: InvocationId }
  | { readonly tag: "message"; readonly from: NodeId; readonly message: Message }
  | { readonly tag: "timer"; readonly timer: Timer }
  | { readonly tag: "ready"; readonly container: number }
  /** A container could not start, or died. */
  | { readonly tag: "container-lost"; readonly container: number }
  | {
      readonly tag: "got";
      readonly activation: number;
      readonly slot: number;
      readonly bytes: Bytes;
    }
  | { readonly tag: "get-failed"; readonly activation: number; readonly slot: number }
  | {
      readonly tag: "executed";
      readonly activation: number;
      /** For each datum the task writes, in order: its bytes, or those of each item. */
      readonly outputs: readonly Output[];
      /** CPU time it took, and wall time it took none. */
      readonly compute: Micros;
      readonly sleep: Micros;
      /** Values and counts that the function produced, for conditions downstream. */
      readonly facts: Facts;
    }
  | {
      readonly tag: "execution-failed";
      readonly activation: number;
      readonly reason: FailureReason;
    }
  | { readonly tag: "stored"; readonly activation: number; readonly slot: number }
  | { readonly tag: "put-failed"; readonly activation: number; readonly slot: number }
  | { readonly tag: "worker-lost"; readonly worker: number }
  | { readonly tag: "worker-back"; readonly worker: number }
  /** To gateway and master: it will end once what it has a part in is over; nothing new is for it. */
  | { readonly tag: "worker-leaving"; readonly worker: number }
  /** To the master, after the gateway's event `left`: the worker is gone, and nothing with it. */
  | { readonly tag: "worker-left"; readonly worker: number }
  /** To gateway and workers: there is a new master, which knows of no invocation. */
  | { readonly tag: "master-back" }
  /**
   * To a gateway that takes the place of another, before the arrivals that it is told of again: all
   * nodes have begun anew, and nothing of what was under way is left.
   */
  | { readonly tag: "gateway-back" };

export type Output = Bytes | readonly Bytes[];
