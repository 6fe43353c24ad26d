/**
 * The earliest of many due times that change often: minima of blocks of 64, looked at again only
 * where something changed.
 */

const BLOCK_SHIFT = 6;
const BLOCK = 1 << BLOCK_SHIFT;

export class DueTimes {
  #times = new Float64Array(BLOCK).fill(Infinity);
  #count = 0;
  /** By block: its least time and where that is; stale after a change. */
  #least = new Float64Array(1).fill(Infinity);
  #where = new Int32Array(1);
  #stale = new Uint8Array(1);
  #earliest = -1;

  /** `index` is dense from 0; `Infinity` for none. Cost: O(1), amortised. */
  set(index: number, time: number): void {
    if (index >= this.#count) {
      this.#count = index + 1;
      while (index >= this.#times.length) this.#grow();
    }
    this.#times[index] = time;
    this.#stale[index >> BLOCK_SHIFT] = 1;
  }

  get(index: number): number {
    return this.#times[index]!;
  }

  /** `Infinity` if there is none. Cost: O(n / 64 + 64 for each block that changed). */
  least(): number {
    let least = Infinity;
    for (let block = 0; block << BLOCK_SHIFT < this.#count; block++) {
      if (this.#stale[block] === 1) this.#refresh(block);
      const time = this.#least[block]!;
      if (time < least) {
        least = time;
        this.#earliest = this.#where[block]!;
      }
    }
    return least;
  }

  /** Whose time `least` gave last; the lowest index at ties. Only when there is one. */
  get earliest(): number {
    return this.#earliest;
  }

  #refresh(block: number): void {
    const start = block << BLOCK_SHIFT;
    const end = Math.min(start + BLOCK, this.#count);
    const times = this.#times;
    let least = Infinity;
    let where = start;
    for (let index = start; index < end; index++) {
      const time = times[index]!;
      if (time < least) {
        least = time;
        where = index;
      }
    }
    this.#least[block] = least;
    this.#where[block] = where;
    this.#stale[block] = 0;
  }

  #grow(): void {
    const times = new Float64Array(this.#times.length * 2).fill(Infinity);
    times.set(this.#times);
    this.#times = times;
    const blocks = times.length >> BLOCK_SHIFT;
    this.#least = new Float64Array(blocks).fill(Infinity);
    this.#where = new Int32Array(blocks);
    this.#stale = new Uint8Array(blocks).fill(1);
  }
}
