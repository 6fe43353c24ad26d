/**
 * The idle containers of all pools of a worker, the least recently used first: a list through the
 * containers themselves, because each activation enters and leaves it, and a Set would be built anew
 * each time it has shrunk.
 */

/** What is in the list; the list keeps both links. */
export interface Linked<T> {
  older: T | undefined;
  newer: T | undefined;
}

export class IdleList<T extends Linked<T>> {
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

  /** As the most recently used; it must not be in the list. */
  add(container: T): void {
    container.older = this.#newest;
    container.newer = undefined;
    if (this.#newest === undefined) this.#oldest = container;
    else this.#newest.newer = container;
    this.#newest = container;
  }

  /** Only what is in the list. */
  remove(container: T): void {
    const { older, newer } = container;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    container.older = undefined;
    container.newer = undefined;
  }
}
