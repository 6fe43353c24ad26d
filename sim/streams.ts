/**
 * Seeded randomness: one named stream a concern, so that a draw added to one shifts no other.
 *
 * The one door to seedrandom. Generator: alea (Baagøe), 53 bits a draw.
 */

import seedrandom from "seedrandom";
import { invariant } from "../core/invariant.ts";
import type { Quantity } from "../core/workflow/spec.ts";

export class Streams {
  readonly #seed: string | number;
  readonly #streams = new Map<string, Stream>();

  constructor(seed: string | number) {
    this.#seed = seed;
  }

  /** The stream of that name, which begins the same in every run with this seed. */
  stream(name: string): Stream {
    let stream = this.#streams.get(name);
    if (stream === undefined) {
      stream = new Stream(`${this.#seed}/${name}`);
      this.#streams.set(name, stream);
    }
    return stream;
  }
}

export class Stream {
  readonly #seed: string;
  /** Seeded when first drawn from: most streams of a run never are. */
  #next: (() => number) | undefined;

  constructor(seed: string) {
    this.#seed = seed;
    this.#next = undefined;
  }

  /** From 0 to below 1. */
  uniform(): number {
    this.#next ??= seedrandom.alea(this.#seed).double;
    return this.#next();
  }

  /** The unit of `mean`; 0 or more. */
  exponential(mean: number): number {
    return -mean * Math.log(1 - this.uniform());
  }

  /** The unit of `median`; `sigma` is the deviation of the logarithm. Box and Muller, 1958. */
  lognormal(median: number, sigma: number): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return median * Math.exp(sigma * radius * Math.cos(2 * Math.PI * this.uniform()));
  }

  /** One of the list, each as likely. Asserts that there is one. */
  pick<T>(list: readonly T[]): T {
    invariant(list.length > 0, "a pick needs something to pick from");
    return list[Math.floor(this.uniform() * list.length)]!;
  }

  /** A value of the quantity, in its unit. A fixed one draws nothing. */
  draw(quantity: Quantity): number {
    switch (quantity.tag) {
      case "fixed":
        return quantity.value;
      case "uniform":
        return quantity.min + (quantity.max - quantity.min) * this.uniform();
      case "exponential":
        return this.exponential(quantity.mean);
      case "lognormal":
        return this.lognormal(quantity.median, quantity.sigma);
      case "empirical":
        return this.pick(quantity.values);
      default:
        return quantity satisfies never;
    }
  }
}
