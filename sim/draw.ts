/**
 * Chance, drawn at an invocation's arrival and before anything is scheduled: so the schemes meet the
 * same invocations, and what was drawn can be written down and replayed. Each kind of value has a
 * stream of its own; a fixed quantity draws nothing.
 */

import { type Graph, OTHERWISE, OUTSIDE } from "../core/workflow/graph.ts";
import { childItem, type Item, MAX_WIDTH, partOf, ROOT_ITEM } from "../core/workflow/item.ts";
import { type CountOf, widthOf } from "../core/workflow/parts.ts";
import { type Recorded, recordedAt } from "../core/workflow/recorded.ts";
import { expected, type Quantity } from "../core/workflow/spec.ts";
import type { Stream, Streams } from "./streams.ts";

/** Whether anything of the workflow is left to chance. */
export function isRandom(graph: Graph): boolean {
  const varies = (quantity: Quantity): boolean => quantity.tag !== "fixed";
  return (
    graph.vertices.some(
      ({ task, cases }) =>
        (task !== undefined && (varies(task.compute) || varies(task.sleep))) ||
        cases.some(({ probability }) => probability !== undefined),
    ) ||
    graph.data.some(
      ({ spec }) => varies(spec.size) || (spec.items !== undefined && varies(spec.items.count)),
    )
  );
}

/**
 * `known`, and beside it what chance decides for the invocation: vertices in order, then their
 * items, then their data. What is known draws nothing.
 */
export function drawRecorded(graph: Graph, known: Recorded, streams: Streams): Recorded {
  return new Draw(graph, known, streams).recorded();
}

type Table = Map<number, number | Map<Item, number>>;

class Draw {
  readonly #graph: Graph;
  readonly #known: Recorded;
  readonly #streams: Streams;
  readonly #drawn: { compute: Table; sleep: Table; bytes: Table; counts: Table; branches: Table };
  readonly #countOf: CountOf;

  constructor(graph: Graph, known: Recorded, streams: Streams) {
    this.#graph = graph;
    this.#known = known;
    this.#streams = streams;
    this.#drawn = {
      compute: tableOf(known.compute),
      sleep: tableOf(known.sleep),
      bytes: tableOf(known.bytes),
      counts: tableOf(known.counts),
      branches: tableOf(known.branches),
    };
    this.#countOf = (datum, item) =>
      graph.data[datum]!.spec.items && countOf(graph, this.#drawn, datum, item);
  }

  recorded(): Recorded {
    for (const [datum, { producer }] of this.#graph.data.entries()) {
      if (producer === OUTSIDE) this.#datum(datum, ROOT_ITEM);
    }
    for (const vertex of this.#graph.order) {
      for (const item of this.#itemsOf(this.#graph.vertices[vertex]!.scope)) {
        this.#vertex(vertex, item);
      }
    }
    return this.#drawn;
  }

  #vertex(id: number, item: Item): void {
    const { task, cases, writes } = this.#graph.vertices[id]!;
    if (task !== undefined) {
      this.#value(this.#drawn.compute, { subject: id, item }, task.compute, "compute");
      this.#value(this.#drawn.sleep, { subject: id, item }, task.sleep, "sleep");
    }
    const decided = recordedAt(this.#known.branches, id, item) !== undefined;
    if (!decided && cases.some(({ probability }) => probability !== undefined)) {
      const shares = cases.map(({ probability }) => probability ?? 0);
      note(this.#drawn.branches, { subject: id, item }, pick(shares, this.#stream("branches")));
    }
    for (const datum of writes) this.#datum(datum, item);
  }

  #datum(datum: number, item: Item): void {
    const { spec } = this.#graph.data[datum]!;
    if (spec.items === undefined) {
      this.#value(this.#drawn.bytes, { subject: datum, item }, spec.size, "bytes");
      return;
    }
    this.#value(this.#drawn.counts, { subject: datum, item }, spec.items.count, "counts");
    if (spec.size.tag === "fixed") return;
    const count = Math.min(this.#countOf(datum, item) ?? 0, MAX_WIDTH);
    for (let part = 0; part < count; part++) {
      const at = { subject: datum, item: childItem(item, part) };
      this.#value(this.#drawn.bytes, at, spec.size, "bytes");
    }
  }

  #value(
    table: Table,
    at: { readonly subject: number; readonly item: Item },
    quantity: Quantity,
    stream: string,
  ): void {
    if (quantity.tag === "fixed" || recordedAt(table, at.subject, at.item) !== undefined) return;
    note(table, at, Math.max(0, Math.round(this.#stream(stream).draw(quantity))));
  }

  /** Every item of the scope, at the widths drawn so far. */
  #itemsOf(scope: number): readonly Item[] {
    if (scope === 0) return [ROOT_ITEM];
    const { parent, foreach } = this.#graph.scopes[scope]!;
    return this.#itemsOf(parent).flatMap((item) => {
      const width = widthOf(this.#graph, { vertex: foreach, item }, this.#countOf) ?? 0;
      return Array.from({ length: Math.min(width, MAX_WIDTH) }, (_, part) => childItem(item, part));
    });
  }

  #stream(name: string): Stream {
    return this.#streams.stream(`${name}/${this.#graph.name}`);
  }
}

/** The case whose share the draw falls into; what the shares leave is `OTHERWISE`. */
function pick(shares: readonly number[], stream: Stream): number {
  let left = stream.uniform();
  for (const [index, share] of shares.entries()) {
    if (left < share) return index;
    left -= share;
  }
  return OTHERWISE;
}

function note(
  table: Table,
  at: { readonly subject: number; readonly item: Item },
  value: number,
): void {
  const items = table.get(at.subject);
  if (typeof items === "object") items.set(at.item, value);
  else if (items === undefined) table.set(at.subject, new Map([[at.item, value]]));
}

function tableOf(values: Recorded["bytes"]): Table {
  return new Map(
    [...values].map(([id, value]) => [id, typeof value === "object" ? new Map(value) : value]),
  );
}

/** The part's bytes, as recorded, else as the spec says. */
export function bytesOf(graph: Graph, recorded: Recorded, datum: number, part: Item): number {
  const known = recordedAt(recorded.bytes, datum, part);
  if (known !== undefined) return known;
  const { spec } = graph.data[datum]!;
  const size = spec.items?.sizes[partOf(part)];
  return size ?? Math.round(expected(spec.size));
}

/** How many items the list has, as recorded, else as the spec says. */
export function countOf(graph: Graph, recorded: Recorded, datum: number, item: Item): number {
  const { items } = graph.data[datum]!.spec;
  const known = recordedAt(recorded.counts, datum, item);
  return known ?? Math.round(expected(items!.count));
}
