/** One container of a simulated worker: its thread, and what it has under way. */

import { type Linked, LinkedList } from "../core/linked-list.ts";
import { ContainerThread } from "./container-thread.ts";
import type { Profile } from "./profile.ts";

export interface Abortable extends Linked<Abortable> {
  /** Ends without an answer. */
  abort(): void;
}

export class HostContainer {
  readonly thread: ContainerThread;
  /** Nothing has run in it yet. */
  isFresh: boolean;
  readonly #pending: LinkedList<Abortable>;

  constructor(profile: Pick<Profile, "container">) {
    this.thread = new ContainerThread(profile);
    this.isFresh = true;
    this.#pending = new LinkedList();
  }

  began(pending: Abortable): void {
    this.#pending.add(pending);
  }

  ended(pending: Abortable): void {
    this.#pending.remove(pending);
  }

  stop(): void {
    for (let at = this.#pending.oldest; at !== undefined; at = at.newer) at.abort();
  }
}
