/**
 * What one machine knows of one invocation: values, counts, absent data, fixed branches. Facts only
 * ever add up; messages carry them on, so that knowledge travels with the triggers that need it.
 */

import type { Fact, Facts } from "../protocol.ts";
import type { Value } from "../workflow/condition.ts";
import { type Item, MAX_WIDTH, parentItem, ROOT_ITEM } from "../workflow/item.ts";
import type { CountOf } from "../workflow/parts.ts";

const NOTHING: Facts = [];
/** So many facts are looked through. */
const FEW = 8;

export class Knowledge {
  /** How many items a list has; undefined when not known. A function for `partsOf`, made once. */
  readonly countOf: CountOf;
  /** Replaced, never changed, when something is learnt: messages may keep the list. */
  #facts: Facts;
  /** Made once there are more than a few: of most invocations there is little to know. */
  #index: Map<FactKey, Fact> | undefined;
  /** Whether any of them says that something is absent. */
  #lacks: boolean;

  constructor() {
    this.countOf = (datum, item) => {
      const fact = this.#find("count", datum, item);
      return fact?.tag === "count" ? fact.count : undefined;
    };
    this.#facts = NOTHING;
    this.#index = undefined;
    this.#lacks = false;
  }

  get facts(): Facts {
    return this.#facts;
  }

  learn(facts: Facts): void {
    if (facts.length === 0 || facts === this.#facts) return;
    const news = facts.filter(
      (fact) => this.#find(fact.tag, subjectOf(fact), fact.item) === undefined,
    );
    if (news.length === 0) return;
    this.#lacks ||= news.some(({ tag }) => tag === "absent");
    this.#facts =
      this.#facts.length === 0 && news.length === facts.length ? facts : [...this.#facts, ...news];
    if (this.#index === undefined && this.#facts.length <= FEW) return;
    const missing = this.#index === undefined ? this.#facts : news;
    this.#index ??= new Map();
    for (const fact of missing) {
      this.#index.set(key(fact.tag, subjectOf(fact), fact.item), fact);
    }
  }

  value(datum: number, item: Item): Value {
    const fact = this.#find("value", datum, item);
    return fact?.tag === "value" ? fact.value : undefined;
  }

  /** Also if a foreach around the item was skipped. */
  absent(datum: number, item: Item): boolean {
    if (!this.#lacks) return false;
    for (let at = item; ; at = parentItem(at)) {
      if (this.#find("absent", datum, at) !== undefined) return true;
      if (at === ROOT_ITEM) return false;
    }
  }

  /** The outcome fixed for this item, or for the whole invocation; undefined: decide by conditions. */
  branch(vertex: number, item: Item): number | undefined {
    const fact = this.#find("branch", vertex, item) ?? this.#find("branch", vertex, ROOT_ITEM);
    return fact?.tag === "branch" ? fact.branch : undefined;
  }

  /** What was learnt last, if a fact came twice in one list. */
  #find(tag: Fact["tag"], subject: number, item: Item): Fact | undefined {
    if (this.#index !== undefined) return this.#index.get(key(tag, subject, item));
    for (let place = this.#facts.length - 1; place >= 0; place--) {
      const fact = this.#facts[place]!;
      if (fact.tag === tag && fact.item === item && subjectOf(fact) === subject) return fact;
    }
    return undefined;
  }
}

/** A number for the whole invocation and items of one foreach, which is nearly all; else a text. */
type FactKey = number | string;

function subjectOf(fact: Fact): number {
  return fact.tag === "branch" ? fact.vertex : fact.datum;
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
