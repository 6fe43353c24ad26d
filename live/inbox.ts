/**
 * What has come in for a node, handled one at a time and in order. A handler that gives no promise
 * costs no turn of the event loop.
 */

import { BusError, type BusParts, type Handler } from "./bus.ts";
import type { Envelope } from "./wire.ts";

export interface Letter {
  readonly envelope: Envelope;
  /** Called once it has been handled. */
  done(): void;
}

export class Inbox {
  readonly #parts: BusParts;
  readonly #handle: Handler;
  #letters: Letter[];
  /** Letters before it are done. */
  #head: number;
  #busy: boolean;
  #open: boolean;
  #failed: boolean;

  constructor(parts: BusParts, handle: Handler) {
    this.#parts = parts;
    this.#handle = handle;
    this.#letters = [];
    this.#head = 0;
    this.#busy = false;
    this.#open = true;
    this.#failed = false;
  }

  push(letter: Letter): void {
    this.#letters.push(letter);
    if (!this.#busy) this.#work();
  }

  /** What has not begun will not begin. */
  close(): void {
    this.#open = false;
  }

  #work(): void {
    this.#busy = true;
    while (this.#open && this.#head < this.#letters.length) {
      const letter = this.#letters[this.#head]!;
      const pending = this.#try(letter);
      if (pending !== undefined) {
        void pending.then(() => this.#end(letter), this.#fail).then(() => this.#work());
        return;
      }
      if (!this.#failed) this.#end(letter);
    }
    this.#letters = [];
    this.#head = 0;
    this.#busy = false;
  }

  #try(letter: Letter): Promise<void> | undefined {
    try {
      return this.#handle(letter.envelope) ?? undefined;
    } catch (cause) {
      this.#fail(cause);
      return undefined;
    }
  }

  #end(letter: Letter): void {
    this.#head++;
    letter.done();
  }

  /** Not acknowledged: the machine may be in any state, so nothing more is given to it. */
  readonly #fail = (cause: unknown): void => {
    this.#open = false;
    this.#failed = true;
    const detail = `handling a message failed: ${cause instanceof Error ? cause.stack : cause}`;
    this.#parts.fail(new BusError({ reason: "handler", detail }));
  };
}
