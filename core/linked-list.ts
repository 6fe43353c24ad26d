/**
 * A list through what is in it, the oldest entry first: to enter and leave it costs no memory, and a
 * Set that entries keep entering and leaving would be built anew each time it has shrunk.
 */

/** What is in the list; the list keeps both links. */
export interface Linked<T> {
  older: T | undefined;
  newer: T | undefined;
}

export class LinkedList<T extends Linked<T>> {
  #oldest: T | undefined;
  #newest: T | undefined;

  constructor() {
    this.#oldest = undefined;
    this.#newest = undefined;
  }

  /** The next is its `newer`. */
  get oldest(): T | undefined {
    return this.#oldest;
  }

  /** As the newest; it must not be in a list. */
  add(entry: T): void {
    entry.older = this.#newest;
    entry.newer = undefined;
    if (this.#newest === undefined) this.#oldest = entry;
    else this.#newest.newer = entry;
    this.#newest = entry;
  }

  /** Only what is in the list. */
  remove(entry: T): void {
    const { older, newer } = entry;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    entry.older = undefined;
    entry.newer = undefined;
  }
}
