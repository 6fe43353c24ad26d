/**
 * Joins: what each vertex of an invocation has heard so far. A join is a set of in-edges, never a
 * counter: an answer that comes twice changes nothing.
 */

/** `waiting` for answers, `fired` once one was taken and all are in, `done` when it has passed that on. */
export type JoinStatus = "waiting" | "fired" | "done" | "skipped";

/** In-edges that fit the bits of a small integer; a join with more keeps a list of such. */
const BITS = 30;

export class Join {
  status: JoinStatus;
  /** Whether any answer was `taken`. */
  taken: boolean;
  #size: number;
  #bits: number;
  #takenBits: number;
  /** Of in-edges beyond the first `BITS`: so many in each word, what was heard and what was taken. */
  #moreBits: number[] | undefined;
  #moreTaken: number[] | undefined;

  constructor() {
    this.status = "waiting";
    this.taken = false;
    this.#size = 0;
    this.#bits = 0;
    this.#takenBits = 0;
    this.#moreBits = undefined;
    this.#moreTaken = undefined;
  }

  /** Notes the answer of in-edge `slot` (plus a stride a part, at a close); false if it was there. */
  hear(slot: number, taken: boolean): boolean {
    if (slot >= BITS ? !this.#hearMore(slot, taken) : !this.#hearFirst(slot, taken)) return false;
    if (taken) this.taken = true;
    this.#size++;
    return true;
  }

  #hearFirst(slot: number, taken: boolean): boolean {
    const bit = 1 << slot;
    if ((this.#bits & bit) !== 0) return false;
    this.#bits |= bit;
    if (taken) this.#takenBits |= bit;
    return true;
  }

  #hearMore(slot: number, taken: boolean): boolean {
    this.#moreBits ??= [];
    this.#moreTaken ??= [];
    const word = Math.floor(slot / BITS) - 1;
    const bit = 1 << (slot % BITS);
    while (this.#moreBits.length <= word) {
      this.#moreBits.push(0);
      this.#moreTaken.push(0);
    }
    if ((this.#moreBits[word]! & bit) !== 0) return false;
    this.#moreBits[word]! |= bit;
    if (taken) this.#moreTaken[word]! |= bit;
    return true;
  }

  /** What in-edge `slot` answered; undefined: nothing yet. */
  heard(slot: number): boolean | undefined {
    const word = Math.floor(slot / BITS) - 1;
    const bit = 1 << (slot % BITS);
    const bits = word < 0 ? this.#bits : (this.#moreBits?.[word] ?? 0);
    if ((bits & bit) === 0) return undefined;
    const takenBits = word < 0 ? this.#takenBits : this.#moreTaken![word]!;
    return (takenBits & bit) !== 0;
  }

  /** How many different answers are in. */
  get size(): number {
    return this.#size;
  }
}
