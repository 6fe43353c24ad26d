/**
 * The events of a cluster as its gateway remembers them, by invocation, up to a number of events.
 * Whole invocations are forgotten, the one that ended first before all others: what is kept of an
 * invocation is kept complete, as long as those in flight alone do not fill the room.
 */

import { type Event, NONE } from "../core/events.ts";

export interface Recorded {
  /** From 1, in the order in which the gateway heard of them: what a stream goes on from. */
  readonly number: number;
  readonly event: Event;
}

/** Invocations from `from` to `to`, both included. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** Of the room, most that events of no invocation take: container starts and ends, losses. */
const OUTSIDE_SHARE = 0.25;

export class RecentEvents {
  readonly #limit: number;
  /** In the order of their arrivals. */
  readonly #kept: Map<number, Recorded[]>;
  readonly #open: Set<number>;
  /** In the order in which they ended. */
  readonly #ended: Set<number>;
  readonly #followers: Set<(recorded: Recorded) => void>;
  #outside: Recorded[];
  #count: number;
  #number: number;
  #forgotten: number;

  constructor(limit: number) {
    this.#limit = limit;
    this.#kept = new Map();
    this.#open = new Set();
    this.#ended = new Set();
    this.#followers = new Set();
    this.#outside = [];
    this.#count = 0;
    this.#number = 0;
    this.#forgotten = 0;
  }

  /** Events that came and are not here any more. */
  get forgotten(): number {
    return this.#forgotten;
  }

  add(event: Event): void {
    const { invocation, kind } = event;
    if (kind === "arrival" && !this.#kept.has(invocation)) {
      this.#kept.set(invocation, []);
      this.#open.add(invocation);
    }
    const recorded: Recorded = { number: ++this.#number, event };
    this.#keep(recorded);
    if ((kind === "finish" || kind === "abort") && this.#open.delete(invocation)) {
      this.#ended.add(invocation);
    }
    for (const follow of [...this.#followers]) follow(recorded);
  }

  /** Whether it is under way. */
  isOpen(invocation: number): boolean {
    return this.#open.has(invocation);
  }

  /** In the order in which they were heard of; undefined: nothing is known of it any more. */
  of(invocation: number): readonly Recorded[] | undefined {
    return this.#kept.get(invocation);
  }

  /** All after this number, of whatever invocation, as they were heard of. */
  since(number: number): readonly Recorded[] {
    const all = [...this.#kept.values(), this.#outside].flat();
    return all.filter((each) => each.number > number).sort((a, b) => a.number - b.number);
  }

  /** By time, then node, then as each node said them; with them those of no invocation. */
  log({ from, to }: Range): readonly Event[] {
    const wanted = [...this.#kept].filter(([id]) => id >= from && id <= to);
    return [...wanted.map(([, events]) => events), this.#outside]
      .flat()
      .sort(
        ({ event: a, number: i }, { event: b, number: j }) =>
          a.time - b.time || a.node - b.node || i - j,
      )
      .map(({ event }) => event);
  }

  /** Tells every further event, until the function that it gives is called. */
  follow(follower: (recorded: Recorded) => void): () => void {
    this.#followers.add(follower);
    return () => this.#followers.delete(follower);
  }

  #keep(recorded: Recorded): void {
    const { invocation } = recorded.event;
    const events = invocation === NONE ? this.#outside : this.#kept.get(invocation);
    while (this.#count >= this.#limit && this.#ended.size > 0) this.#forgetOldest();
    // Of an invocation that was forgotten, or no room is left.
    if (events === undefined || this.#count >= this.#limit) {
      this.#forgotten++;
      return;
    }
    events.push(recorded);
    this.#count++;
    if (invocation === NONE && events.length > this.#limit * OUTSIDE_SHARE) this.#halveOutside();
  }

  #forgetOldest(): void {
    const [oldest] = this.#ended;
    const events = this.#kept.get(oldest!) ?? [];
    this.#ended.delete(oldest!);
    this.#kept.delete(oldest!);
    this.#count -= events.length;
    this.#forgotten += events.length;
  }

  #halveOutside(): void {
    const half = Math.ceil(this.#outside.length / 2);
    this.#outside = this.#outside.slice(half);
    this.#count -= half;
    this.#forgotten += half;
  }
}
