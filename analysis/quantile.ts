/**
 * Samples of one quantity, and their mean and quantiles. Eight bytes a sample.
 */

const FIRST_CAPACITY = 64;

export class Samples {
  #values: Float64Array;
  #count: number;
  #sorted: boolean;

  constructor() {
    this.#values = new Float64Array(FIRST_CAPACITY);
    this.#count = 0;
    this.#sorted = true;
  }

  get count(): number {
    return this.#count;
  }

  add(value: number): void {
    if (this.#count === this.#values.length) {
      const larger = new Float64Array(this.#count * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#count] = value;
    this.#count += 1;
    this.#sorted = false;
  }

  /** NaN without samples. */
  mean(): number {
    let sum = 0;
    for (let i = 0; i < this.#count; i++) sum += this.#values[i]!;
    return sum / this.#count;
  }

  /** See `quantile`. Sorts once after each `add`: ask when all samples are in. */
  quantile(share: number): number {
    const values = this.#values.subarray(0, this.#count);
    // A typed array sorts its numbers by value.
    if (!this.#sorted) values.sort();
    this.#sorted = true;
    return quantile(values, share);
  }
}

/**
 * Least and greatest; infinite without values. Of any number of them, where `Math.min(...values)` throws
 * from some 120,000 on.
 */
export function extentOf(values: readonly number[]): readonly [least: number, greatest: number] {
  let [least, greatest] = [Infinity, -Infinity];
  for (const value of values) {
    least = Math.min(least, value);
    greatest = Math.max(greatest, value);
  }
  return [least, greatest];
}

/**
 * The value below which `share` (0 to 1) of the ascending `sorted` lies, by linear interpolation at
 * (n - 1) * share (type 7 of Hyndman and Fan, Sample Quantiles in Statistical Packages, 1996).
 * NaN without values.
 */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  if (sorted.length === 0) return Number.NaN;
  const position = (sorted.length - 1) * share;
  const below = Math.floor(position);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (position - below) * (high - low);
}
