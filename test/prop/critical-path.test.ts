/**
 * The longest path kept up to date against the longest path found anew, while weights go up and down.
 * Times are small whole numbers, so that paths are often equally long.
 */

import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  CriticalPath,
  dagOf,
  longestPath,
  type WeightedGraph,
} from "../../core/workflow/critical-path.ts";

const test = suite("critical path");

/** Up to 40 vertices: more than a word of marks. */
const MOST = 40;
const time = fc.nat(4);
const anyGraph = fc.integer({ min: 2, max: MOST }).chain((count) =>
  fc.record({
    runtimes: fc.array(time, { minLength: count, maxLength: count }),
    edges: fc.uniqueArray(anyEdge(count), {
      minLength: 1,
      maxLength: 3 * count,
      selector: ({ from, to }) => from * MOST + to,
    }),
  }),
);
const anyChanges = fc.array(fc.array(fc.tuple(fc.nat(), time), { maxLength: 6 }), { maxLength: 8 });

function anyEdge(count: number): fc.Arbitrary<{ readonly from: number; readonly to: number }> {
  return fc
    .tuple(fc.nat(count - 1), fc.nat(count - 1))
    .filter(([a, b]) => a !== b)
    .map(([a, b]) => ({ from: Math.min(a, b), to: Math.max(a, b) }));
}

test("after weights have changed the path and all distances are those found anew", () => {
  fc.assert(
    fc.property(anyGraph, anyChanges, ({ runtimes, edges }, changes) => {
      const dag = dagOf(runtimes.length, edges);
      const weights = edges.map((_, edge) => edge % 3);
      const path = new CriticalPath(dag, { runtimes, weights });
      for (const batch of changes) {
        for (const [pick, weight] of batch) {
          weights[pick % edges.length] = weight;
          path.setWeight(pick % edges.length, weight);
        }
        path.update();
        const graph: WeightedGraph = { runtimes, edges, weights };
        assert.equal(path.path(), longestPath(graph));
        const anew = new CriticalPath(dag, graph);
        assert.equal(path.distances, anew.distances);
        assert.ok(path.rival() >= anew.rival());
      }
    }),
    { numRuns: 500 },
  );
});

test.run();
