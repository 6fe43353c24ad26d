/**
 * Links by the share of a flow, the least first, for one round of progressive filling (max-min.ts).
 *
 * A binary heap whose keys may be too low: the owner checks the top and raises it.
 */

export class LinkHeap {
  readonly #shares: Float64Array;
  readonly #links: Int32Array;
  #size = 0;

  constructor(capacity: number) {
    this.#shares = new Float64Array(capacity);
    this.#links = new Int32Array(capacity);
  }

  get size(): number {
    return this.#size;
  }

  /** The link with the least share. Only when there is one. */
  get top(): number {
    return this.#links[0]!;
  }

  get topShare(): number {
    return this.#shares[0]!;
  }

  /** `order` must come before anything else. */
  add(link: number, share: number): void {
    this.#shares[this.#size] = share;
    this.#links[this.#size++] = link;
  }

  /** Cost: O(n). */
  order(): void {
    for (let index = (this.#size >> 1) - 1; index >= 0; index--) {
      this.#siftDown(index, this.#shares[index]!, this.#links[index]!);
    }
  }

  pop(): void {
    const last = --this.#size;
    if (last > 0) this.#siftDown(0, this.#shares[last]!, this.#links[last]!);
  }

  /** Gives the top a greater share. */
  raiseTop(share: number): void {
    this.#siftDown(0, share, this.#links[0]!);
  }

  #siftDown(from: number, share: number, link: number): void {
    const shares = this.#shares;
    const links = this.#links;
    const size = this.#size;
    let hole = from;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= size) break;
      // Added, not branched on: a processor could only guess.
      if (child + 1 < size) child += Number(shares[child + 1]! < shares[child]!);
      if (shares[child]! >= share) break;
      shares[hole] = shares[child]!;
      links[hole] = links[child]!;
      hole = child;
    }
    shares[hole] = share;
    links[hole] = link;
  }
}
