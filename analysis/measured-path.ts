/**
 * The critical path of an invocation as it was measured: the chain of activations whose times add up
 * to most. The plan's own critical path is what was expected; which branch a switch took and where the
 * data were slow is known only afterwards. A chain stays with one item of a foreach as long as it is in
 * its body: the longest first task of one item and the longest second task of another are no chain.
 * Times between activations count for nothing, so what the latency has more than this chain is what
 * scheduling took. Where a task ran again after a loss, beside others that had gone on from its first
 * run, time counts once: no chain is longer than the latency.
 */

import { NONE } from "../core/events.ts";
import { type Item, parentItem, ROOT_ITEM } from "../core/workflow/item.ts";
import type { PlanHeader } from "./event-header.ts";
import type { Span, Spans } from "./span.ts";

/** A chain up to some activation. */
interface Chain {
  length: number;
  /** When its last activation ended. */
  end: number;
}

export class MeasuredPath {
  /** Vertices, each after all it depends on. */
  readonly #order: readonly number[];
  /** Vertex to those it depends on. */
  readonly #before: readonly (readonly number[])[];
  /** Vertex to how many foreach it is in. */
  readonly #depths: readonly number[];
  /** The longest chain up to each vertex outside of all foreach, the same records each time. */
  readonly #outer: readonly Chain[];
  /** And up to those inside, by item. */
  readonly #inner: Map<Item, Chain>[];

  constructor({ tasks, edges, depths }: PlanHeader) {
    const before: number[][] = tasks.map(() => []);
    const after: number[][] = tasks.map(() => []);
    for (const [from, to] of edges) {
      before[to]!.push(from);
      after[from]!.push(to);
    }
    const waiting = before.map((list) => list.length);
    const order = waiting.flatMap((count, vertex) => (count === 0 ? [vertex] : []));
    for (let head = 0; head < order.length; head++) {
      for (const next of after[order[head]!]!) {
        waiting[next]!--;
        if (waiting[next] === 0) order.push(next);
      }
    }
    this.#order = order;
    this.#before = before;
    this.#depths = depths;
    this.#outer = tasks.map(() => ({ length: 0, end: 0 }));
    this.#inner = tasks.map(() => new Map());
  }

  /** The longest chain's sum, first queue to completion of each of its activations. */
  length(spans: Spans): number {
    let longest = 0;
    for (const vertex of this.#order) {
      if (this.#depths[vertex] === 0) {
        longest = Math.max(longest, this.#goOn(vertex, lastRun(spans.get(vertex, ROOT_ITEM))));
        continue;
      }
      this.#goOnInside(vertex, spans);
      for (const { length } of this.#inner[vertex]!.values()) longest = Math.max(longest, length);
    }
    return longest;
  }

  #goOn(vertex: number, span: Span | undefined): number {
    const chain = this.#outer[vertex]!;
    chain.length = timeAfter(0, span);
    chain.end = endOf(span, 0);
    for (const before of this.#before[vertex]!) {
      if (this.#depths[before] === 0) extend(chain, this.#outer[before]!, span);
      else for (const each of this.#inner[before]!.values()) extend(chain, each, span);
    }
    return chain.length;
  }

  #goOnInside(vertex: number, spans: Spans): void {
    const chains = this.#inner[vertex]!;
    const own = spans.ofItems(vertex);
    chains.clear();
    if (own !== undefined) {
      for (const [item, span] of own) chains.set(item, chainOf(lastRun(span)));
    }
    for (const before of this.#before[vertex]!) {
      const deeper = this.#depths[before]! - this.#depths[vertex]!;
      if (deeper < 0) {
        for (const [item, chain] of chains) {
          extend(chain, this.#around(before, item, -deeper), lastRun(own?.get(item)));
        }
        continue;
      }
      for (const [inner, from] of this.#inner[before]!) {
        const item = outwards(inner, deeper);
        let chain = chains.get(item);
        if (chain === undefined) {
          chain = chainOf(undefined);
          chains.set(item, chain);
        }
        extend(chain, from, lastRun(own?.get(item)));
      }
    }
  }

  /** The chain up to a vertex `levels` foreach further out than the item. */
  #around(vertex: number, item: Item, levels: number): Chain {
    if (this.#depths[vertex] === 0) return this.#outer[vertex]!;
    return this.#inner[vertex]!.get(outwards(item, levels)) ?? NO_CHAIN;
  }
}

const NO_CHAIN = chainOf(undefined);

/** The activation alone. */
function chainOf(span: Span | undefined): Chain {
  return { length: timeAfter(0, span), end: endOf(span, 0) };
}

/** `chain` becomes `from` with the activation after it, if that is longer. */
function extend(chain: Chain, from: Chain, span: Span | undefined): void {
  const length = from.length + timeAfter(from.end, span);
  if (length <= chain.length) return;
  chain.length = length;
  chain.end = endOf(span, from.end);
}

/** The last that ended. */
function lastRun(span: Span | undefined): Span | undefined {
  return span?.endedBy(Number.POSITIVE_INFINITY);
}

/** What the activation took after that moment; 0 if it did not run. */
function timeAfter(moment: number, span: Span | undefined): number {
  if (span === undefined || span.firstQueue === NONE) return 0;
  return Math.max(0, span.end - Math.max(span.firstQueue, moment));
}

function endOf(span: Span | undefined, before: number): number {
  return span === undefined || span.firstQueue === NONE ? before : Math.max(span.end, before);
}

function outwards(item: Item, levels: number): Item {
  let outer = item;
  for (let level = 0; level < levels; level++) outer = parentItem(outer);
  return outer;
}
