/**
 * Pools that wait for memory, in the order in which they began to. Whoever has some to give asks for
 * the next that it would do for, and passes over all others unseen: of thousands that wait for a
 * worker's memory one or two may go on when a container ends.
 *
 * A tree over the places in line knows the least need of each stretch. Places of those who have left
 * are closed up when the line is full. Cost: O(log n) each, amortised.
 */

const NOBODY = -1;
const NO_PLACE = -1;
const FIRST_CAPACITY = 8;

export class MemoryLine {
  /** A power of two. */
  #capacity: number;
  /** Node 1 is the whole line; the needs by place begin at the capacity. `Infinity`: nobody there. */
  #least: Float64Array;
  #poolAt: Int32Array;
  /** By pool. */
  readonly #placeOf: number[];
  #size: number;
  /** One behind the last place that was given out. */
  #end: number;
  /** Of the round: the next place, and one behind its last. */
  #cursor: number;
  #roundEnd: number;

  constructor() {
    this.#capacity = FIRST_CAPACITY;
    this.#least = new Float64Array(2 * FIRST_CAPACITY).fill(Infinity);
    this.#poolAt = new Int32Array(FIRST_CAPACITY);
    this.#placeOf = [];
    this.#size = 0;
    this.#end = 0;
    this.#cursor = 0;
    this.#roundEnd = 0;
  }

  has(pool: number): boolean {
    return (this.#placeOf[pool] ?? NO_PLACE) !== NO_PLACE;
  }

  /** Whether there is anybody for whom that would do. */
  hasFor(most: number): boolean {
    return this.#size > 0 && this.#least[1]! <= most;
  }

  /** At the end; who is in line keeps the place. */
  enter(pool: number, need: number): void {
    if (!this.has(pool)) {
      if (this.#end === this.#capacity) this.#closeUp();
      while (this.#placeOf.length <= pool) this.#placeOf.push(NO_PLACE);
      this.#placeOf[pool] = this.#end;
      this.#poolAt[this.#end++] = pool;
      this.#size++;
    }
    this.#setNeed(this.#placeOf[pool]!, need);
  }

  /** No effect on who is not in line. */
  leave(pool: number): void {
    if (!this.has(pool)) return;
    this.#setNeed(this.#placeOf[pool]!, Infinity);
    this.#placeOf[pool] = NO_PLACE;
    this.#size--;
  }

  /** A round from the first in line to who is the last now. */
  beginRound(): void {
    this.#cursor = 0;
    this.#roundEnd = this.#end;
  }

  /** The next pool of the round that needs no more than `most`; -1 if there is none. */
  next(most: number): number {
    const place = this.#firstFrom(this.#cursor, Math.min(most, Number.MAX_VALUE));
    if (place >= this.#roundEnd) return NOBODY;
    this.#cursor = place + 1;
    return this.#poolAt[place]!;
  }

  #firstFrom(place: number, most: number): number {
    const least = this.#least;
    const capacity = this.#capacity;
    if (place >= capacity) return capacity;
    let node = capacity + place;
    while (least[node]! > most) {
      // On to the stretch to the right of it: of the same length, or of the first longer one that ends here.
      while ((node & 1) === 1) node >>= 1;
      if (node === 0) return capacity;
      node++;
    }
    while (node < capacity) {
      node *= 2;
      if (least[node]! > most) node++;
    }
    return node - capacity;
  }

  #setNeed(place: number, need: number): void {
    const least = this.#least;
    let node = this.#capacity + place;
    least[node] = need;
    for (node >>= 1; node > 0; node >>= 1) {
      const before = least[node]!;
      least[node] = Math.min(least[2 * node]!, least[2 * node + 1]!);
      if (least[node] === before) return;
    }
  }

  /** Those in line move up to the front, and have room for as many again behind them. */
  #closeUp(): void {
    const placeOf = this.#placeOf;
    const pools = this.#poolAt.filter((pool, place) => placeOf[pool] === place);
    const needs = Float64Array.from(pools, (pool) => this.#least[this.#capacity + placeOf[pool]!]!);
    const countBefore = (end: number): number =>
      pools.reduce((count, pool) => count + Number(placeOf[pool]! < end), 0);
    this.#cursor = countBefore(this.#cursor);
    this.#roundEnd = countBefore(this.#roundEnd);
    this.#end = pools.length;
    while (this.#capacity < 2 * this.#end) this.#capacity *= 2;
    this.#poolAt = new Int32Array(this.#capacity);
    this.#poolAt.set(pools);
    this.#least = new Float64Array(2 * this.#capacity).fill(Infinity);
    this.#least.set(needs, this.#capacity);
    for (const [place, pool] of pools.entries()) placeOf[pool] = place;
    for (let node = this.#capacity - 1; node > 0; node--) {
      this.#least[node] = Math.min(this.#least[2 * node]!, this.#least[2 * node + 1]!);
    }
  }
}
