/** One container of a simulated worker: its thread, and what it has under way. */

import { ContainerThread } from "./container-thread.ts";
import type { Profile } from "./profile.ts";

export interface Abortable {
  /** Ends without an answer. */
  abort(): void;
}

export class HostContainer {
  readonly thread: ContainerThread;
  /** Nothing has run in it yet. */
  isFresh: boolean;
  readonly #pending: Abortable[];

  constructor(profile: Pick<Profile, "container">) {
    this.thread = new ContainerThread(profile);
    this.isFresh = true;
    this.#pending = [];
  }

  began(pending: Abortable): void {
    this.#pending.push(pending);
  }

  /** Mostly there is one, or the first of many ends: a Set would be built anew each time it is empty. */
  ended(pending: Abortable): void {
    if (this.#pending.at(-1) === pending) {
      this.#pending.pop();
      return;
    }
    const index = this.#pending.indexOf(pending);
    if (index >= 0) this.#pending.splice(index, 1);
  }

  stop(): void {
    for (const pending of this.#pending) pending.abort();
  }
}
