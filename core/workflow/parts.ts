/**
 * Which parts of a datum a reader reads, and which item of an outer scope an item belongs to.
 */

import { type Graph, OUTSIDE, type Read } from "./graph.ts";
import { childItem, type Item, parentItem, partOf, ROOT_ITEM } from "./item.ts";

/** How many items the list `datum` has, written by the producer's item `item`; undefined: unknown. */
export type CountOf = (datum: number, item: Item) => number | undefined;

/** The item of scope `to`, which is around `from` or the same, that `item` of scope `from` lies in. */
export function itemIn(graph: Graph, item: Item, span: { from: number; to: number }): Item {
  if (span.from === span.to) return item;
  let outer = item;
  for (let depth = depthOf(graph, span.from); depth > depthOf(graph, span.to); depth--) {
    outer = parentItem(outer);
  }
  return outer;
}

/** The scope a datum's producer runs in; that of the whole invocation for its inputs. */
export function datumScope(graph: Graph, datum: number): number {
  const { producer } = graph.data[datum]!;
  return producer === OUTSIDE ? 0 : graph.vertices[producer]!.scope;
}

/** How many bodies the foreach starts for `item` of its own scope; undefined: not known yet. */
export function widthOf(
  graph: Graph,
  foreach: { readonly vertex: number; readonly item: Item },
  countOf: CountOf,
): number | undefined {
  const { over, scope } = graph.vertices[foreach.vertex]!;
  const to = datumScope(graph, over);
  return countOf(over, itemIn(graph, foreach.item, { from: scope, to }));
}

/**
 * The parts of `read.datum` that vertex `reader` reads as `item`. A list whose count nobody
 * learnt, because its producer was skipped, has none.
 */
export function partsOf(
  graph: Graph,
  read: Read,
  reader: { readonly vertex: number; readonly item: Item },
  countOf: CountOf,
): readonly Item[] {
  if (read.how !== "all") return [onePartOf(graph, read, reader)];
  const scope = graph.vertices[reader.vertex]!.scope;
  const producerScope = datumScope(graph, read.datum);
  const shared = sharedScope(graph, scope, producerScope);
  const base = itemIn(graph, reader.item, { from: scope, to: shared });
  const wholes = expand(graph, base, { from: shared, to: producerScope }, countOf);
  if (graph.data[read.datum]!.spec.items === undefined) return wholes;
  const parts: Item[] = [];
  for (const whole of wholes) addChildren(parts, whole, countOf(read.datum, whole) ?? 0);
  return parts;
}

/** The part, where the reader reads just one: not of a read of `all`. */
export function onePartOf(
  graph: Graph,
  { datum, how }: Read,
  { vertex, item }: { readonly vertex: number; readonly item: Item },
): Item {
  if (item === ROOT_ITEM && how === "same") return item;
  const from = graph.vertices[vertex]!.scope;
  const whole = itemIn(graph, item, { from, to: datumScope(graph, datum) });
  if (how === "same") return whole;
  const walked = itemIn(graph, item, { from, to: walkingScope(graph, from, datum) });
  return childItem(whole, partOf(walked));
}

/** The scope at or around `scope` whose foreach walks `datum`. */
export function walkingScope(graph: Graph, scope: number, datum: number): number {
  let at = scope;
  while (graph.vertices[graph.scopes[at]!.foreach]!.over !== datum) at = graph.scopes[at]!.parent;
  return at;
}

/** The innermost scope around both. */
export function sharedScope(graph: Graph, one: number, other: number): number {
  let a = one;
  let b = other;
  while (a !== b) {
    if (depthOf(graph, a) >= depthOf(graph, b)) a = graph.scopes[a]!.parent;
    else b = graph.scopes[b]!.parent;
  }
  return a;
}

/** All items of scope `to` inside `item` of scope `from`. */
function expand(
  graph: Graph,
  item: Item,
  span: { readonly from: number; readonly to: number },
  countOf: CountOf,
): readonly Item[] {
  if (span.from === span.to) return [item];
  const { parent, foreach } = graph.scopes[span.to]!;
  const items: Item[] = [];
  for (const outer of expand(graph, item, { from: span.from, to: parent }, countOf)) {
    addChildren(items, outer, widthOf(graph, { vertex: foreach, item: outer }, countOf) ?? 0);
  }
  return items;
}

function addChildren(items: Item[], item: Item, count: number): void {
  for (let part = 0; part < count; part++) items.push(childItem(item, part));
}

function depthOf(graph: Graph, scope: number): number {
  return graph.scopes[scope]!.depth;
}
