/**
 * Lists of (time, entry) that stand together in chunks, so that to go through a list of thousands is
 * to read on and not to jump about. A list is its latest chunk; all share one pool.
 */

import { grownFloats, grownIntegers } from "./event-table.ts";

/** The empty list, and the end of one. */
export const NO_CHUNK = -1;

const SHIFT = 5;
/** Places of a chunk. */
const CHUNK = 1 << SHIFT;
const FIRST_CHUNKS = 64;

export class EventChunks {
  // By place.
  times = new Float64Array(FIRST_CHUNKS * CHUNK);
  entries = new Int32Array(FIRST_CHUNKS * CHUNK);

  // By chunk.
  #filled = new Int32Array(FIRST_CHUNKS);
  /** The chunk after it in its list, or among the free ones. */
  #next = new Int32Array(FIRST_CHUNKS);
  #free = NO_CHUNK;
  #chunkCount = 0;

  /** Puts an event into a list; gives the list as it is now. */
  add(list: number, time: number, entry: number): number {
    const isFull = list === NO_CHUNK || this.#filled[list] === CHUNK;
    const chunk = isFull ? this.#newChunk(list) : list;
    const place = (chunk << SHIFT) + this.#filled[chunk]!++;
    this.times[place] = time;
    this.entries[place] = entry;
    return chunk;
  }

  /** A chunk's events are in the places from here ... */
  firstOf(chunk: number): number {
    return chunk << SHIFT;
  }

  /** ... to before here. */
  endOf(chunk: number): number {
    return (chunk << SHIFT) + this.#filled[chunk]!;
  }

  nextOf(chunk: number): number {
    return this.#next[chunk]!;
  }

  /** Gives a chunk back; gives the next one. */
  free(chunk: number): number {
    const next = this.#next[chunk]!;
    this.#next[chunk] = this.#free;
    this.#free = chunk;
    return next;
  }

  #newChunk(next: number): number {
    const chunk = this.#free === NO_CHUNK ? this.#unusedChunk() : this.#free;
    if (chunk === this.#free) this.#free = this.#next[chunk]!;
    this.#filled[chunk] = 0;
    this.#next[chunk] = next;
    return chunk;
  }

  #unusedChunk(): number {
    if (this.#chunkCount === this.#filled.length) {
      this.times = grownFloats(this.times);
      this.entries = grownIntegers(this.entries);
      this.#filled = grownIntegers(this.#filled);
      this.#next = grownIntegers(this.#next);
    }
    return this.#chunkCount++;
  }
}
