/** Chance for functions whose data must be the same each time. */

/** A whole number from 0 to below the limit. */
export type Draw = (limit: number) => number;

/** xorshift with 32 bits. The same seed gives the same numbers. */
export function drawer(seed: number): Draw {
  let state = Math.imul(seed, 0x9e3779b1) | 1;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}
