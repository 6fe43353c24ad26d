/**
 * What one machine knows of one invocation: values, counts, absent data, fixed branches. Facts only
 * ever add up; messages carry them on, so that knowledge travels with the triggers that need it.
 */

import type { Fact, Facts } from "../protocol.ts";
import type { Value } from "../workflow/condition.ts";
import { type Item, MAX_WIDTH, parentItem, ROOT_ITEM } from "../workflow/item.ts";
import type { CountOf } from "../workflow/parts.ts";

const NOTHING: Facts = [];

export class Knowledge {
  /** How many items a list has; undefined when not known. A function for `partsOf`, made once. */
  readonly countOf: CountOf;
  /** Replaced, never changed, when something is learnt: messages may keep the list. */
  #facts: Facts;
  /** Made with the first fact: of most invocations there is none to know. */
  #index: Map<FactKey, Fact> | undefined;

  constructor() {
    this.countOf = (datum, item) => {
      const fact = this.#index?.get(key("count", datum, item));
      return fact?.tag === "count" ? fact.count : undefined;
    };
    this.#facts = NOTHING;
    this.#index = undefined;
  }

  get facts(): Facts {
    return this.#facts;
  }

  learn(facts: Facts): void {
    if (facts.length === 0 || facts === this.#facts) return;
    const index = this.#index ?? new Map<FactKey, Fact>();
    const news = facts.filter((fact) => !index.has(keyOf(fact)));
    if (news.length === 0) return;
    for (const fact of news) index.set(keyOf(fact), fact);
    this.#index = index;
    this.#facts =
      this.#facts.length === 0 && news.length === facts.length ? facts : [...this.#facts, ...news];
  }

  value(datum: number, item: Item): Value {
    const fact = this.#index?.get(key("value", datum, item));
    return fact?.tag === "value" ? fact.value : undefined;
  }

  /** Also if a foreach around the item was skipped. */
  absent(datum: number, item: Item): boolean {
    if (this.#index === undefined) return false;
    for (let at = item; ; at = parentItem(at)) {
      if (this.#index.has(key("absent", datum, at))) return true;
      if (at === ROOT_ITEM) return false;
    }
  }

  /** The outcome fixed for this item, or for the whole invocation; undefined: decide by conditions. */
  branch(vertex: number, item: Item): number | undefined {
    const fact =
      this.#index?.get(key("branch", vertex, item)) ??
      this.#index?.get(key("branch", vertex, ROOT_ITEM));
    return fact?.tag === "branch" ? fact.branch : undefined;
  }
}

/** A number for the whole invocation and items of one foreach, which is nearly all; else a text. */
type FactKey = number | string;

function keyOf(fact: Fact): FactKey {
  return key(fact.tag, fact.tag === "branch" ? fact.vertex : fact.datum, fact.item);
}

/** `subject`: a datum, or the vertex of a branch. */
function key(tag: Fact["tag"], subject: number, item: Item): FactKey {
  if (item > MAX_WIDTH) return `${tag} ${subject} ${item}`;
  return (subject * TAGS + TAG_ORDINALS[tag]) * (MAX_WIDTH + 1) + item;
}

const TAG_ORDINALS = { count: 0, value: 1, absent: 2, branch: 3 } as const satisfies Readonly<
  Record<Fact["tag"], number>
>;
const TAGS = 4;
