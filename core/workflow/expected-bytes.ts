/**
 * How much a datum is expected to weigh: what plans reckon with and drawings show.
 */

import type { Datum, Graph } from "./graph.ts";
import { expected } from "./spec.ts";

/** Bytes of all that one invocation is expected to write, or bring, under this name. */
export function expectedBytes(graph: Graph, datum: Datum): number {
  const { size, items } = datum.spec;
  const producer = graph.vertices[datum.producer];
  const inBody = producer !== undefined && producer.scope !== 0;
  const writers = inBody ? producer.task!.container.instances : 1;
  if (items === undefined) return Math.round(writers * expected(size));
  if (items.sizes.length > 0) return writers * items.sizes.reduce((sum, part) => sum + part, 0);
  return Math.round(writers * expected(size) * expected(items.count));
}
