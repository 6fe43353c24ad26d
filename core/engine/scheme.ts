/**
 * What differs between schemes on a worker: what a message sets going, and what the end of an
 * activation sets going. A further scheme is one more body of this interface (and, where somebody
 * else counts joins, a machine of its own, as the master is).
 */

import type { Env } from "../env.ts";
import type { NodeId } from "../node.ts";
import type { Facts, InvocationId, Message } from "../protocol.ts";
import type { Item } from "../workflow/item.ts";
import type { Activation } from "./activation.ts";
import type { Invocation } from "./invocation.ts";
import type { Journal } from "./journal.ts";
import type { Register } from "./register.ts";
import type { Settings } from "./settings.ts";

export interface WorkerScheme {
  message(from: NodeId, message: Message): void;
  completed(activation: Activation, facts: Facts): void;
  lost(worker: number): void;
  /** The input is handled to its end: send what was gathered. */
  flush(): void;
}

/** What a worker offers its scheme. */
export interface WorkerContext {
  readonly env: Env;
  readonly journal: Journal;
  readonly settings: Settings;
  /** Which worker this is, from 0. */
  readonly worker: number;
  readonly register: Register;
  readonly load: { readonly running: number; readonly queued: number };
  enqueue(invocation: Invocation, run: { task: number; item: Item; attempt: number }): void;
  /** Gives up all it has of the invocation, which begins anew. */
  giveUp(invocation: Invocation): void;
  /** Nobody here will read what this vertex would have read. */
  consumed(invocation: Invocation, vertex: number, item: Item): void;
  end(invocation: InvocationId): void;
}
