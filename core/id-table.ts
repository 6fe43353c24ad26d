/**
 * Values by number, where numbers are given out one after another and forgotten soon: a hash table with
 * open addressing. A Map costs several times as much a look-up, and is built anew each time as many
 * entries have left it as it has room for.
 */

const FIRST_CAPACITY = 8;
const FREE = -1;
/** Knuth's multiplier, 2^32 over the golden ratio: neighbouring numbers end up far apart. */
const SPREAD = 0x9e3779b1;

export class IdTable<T> {
  #ids: number[];
  #values: (T | undefined)[];
  #size: number;

  constructor() {
    this.#ids = new Array(FIRST_CAPACITY).fill(FREE);
    this.#values = new Array(FIRST_CAPACITY).fill(undefined);
    this.#size = 0;
  }

  get size(): number {
    return this.#size;
  }

  get(id: number): T | undefined {
    return this.#values[this.#placeOf(id)];
  }

  /** `id` is 0 or more, and is not in. */
  add(id: number, value: T): void {
    if (2 * (this.#size + 1) > this.#ids.length) this.#grow();
    this.#put(id, value);
    this.#size++;
  }

  /** False if it is not in. */
  delete(id: number): boolean {
    const place = this.#placeOf(id);
    if (this.#ids[place] === FREE) return false;
    this.#size--;
    this.#ids[place] = FREE;
    this.#values[place] = undefined;
    this.#closeGap(place);
    return true;
  }

  /** By ascending number. */
  entries(): readonly (readonly [number, T])[] {
    const entries: [number, T][] = [];
    for (const [place, id] of this.#ids.entries()) {
      if (id !== FREE) entries.push([id, this.#values[place] as T]);
    }
    return entries.sort(([one], [other]) => one - other);
  }

  /** Where the number is, or would go. */
  #placeOf(id: number): number {
    const ids = this.#ids;
    const mask = ids.length - 1;
    let place = this.#homeOf(id);
    while (ids[place] !== id && ids[place] !== FREE) place = (place + 1) & mask;
    return place;
  }

  #homeOf(id: number): number {
    return (Math.imul(id, SPREAD) >>> 7) & (this.#ids.length - 1);
  }

  #put(id: number, value: T): void {
    const place = this.#placeOf(id);
    this.#ids[place] = id;
    this.#values[place] = value;
  }

  /** What stands behind a place that has become free moves there if it would be looked for there. */
  #closeGap(from: number): void {
    const ids = this.#ids;
    const mask = ids.length - 1;
    let gap = from;
    for (let place = (gap + 1) & mask; ids[place] !== FREE; place = (place + 1) & mask) {
      const home = this.#homeOf(ids[place]!);
      const strays = (place - home) & mask;
      if (strays < ((place - gap) & mask)) continue;
      ids[gap] = ids[place]!;
      this.#values[gap] = this.#values[place];
      ids[place] = FREE;
      this.#values[place] = undefined;
      gap = place;
    }
  }

  #grow(): void {
    const ids = this.#ids;
    const values = this.#values;
    this.#ids = new Array(2 * ids.length).fill(FREE);
    this.#values = new Array(2 * ids.length).fill(undefined);
    // By index: to walk entries would make a pair of each.
    for (let place = 0; place < ids.length; place++) {
      const id = ids[place]!;
      if (id !== FREE) this.#put(id, values[place] as T);
    }
  }
}
