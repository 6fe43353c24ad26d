/** Chance in traces. The one door to seedrandom here; generator: alea (Baagøe), 53 bits a draw. */

import seedrandom from "seedrandom";

/** Draws from 0 to below 1; the same name gives the same draws in every run. */
export function randomStream(name: string): () => number {
  return seedrandom.alea(name).double;
}
