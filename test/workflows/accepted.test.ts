/** What the checker accepts, the compiler compiles, and each read's producer comes first there. */

import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { compile } from "../../core/workflow/compile.ts";
import { namesIn } from "../../core/workflow/condition.ts";
import type { Graph } from "../../core/workflow/graph.ts";
import { parseWorkflow } from "../../workflows/load.ts";

const TASKS = ["a", "b", "c", "d", "e"];
const task = fc.constantFrom(...TASKS);
const datum = fc.tuple(task, fc.constantFrom("x", "l")).map((parts) => parts.join("."));

const { step } = fc.letrec<{ step: unknown; steps: unknown[] }>((tie) => ({
  steps: fc.array(tie("step"), { minLength: 1, maxLength: 3 }) as fc.Arbitrary<unknown[]>,
  step: fc.oneof(
    { maxDepth: 3 },
    task,
    fc.record({ parallel: tie("steps") }),
    fc.record({ foreach: fc.record({ over: datum, steps: tie("steps") }) }),
    fc.record({
      switch: fc.record({
        cases: fc.tuple(fc.record({ when: datum, steps: tie("steps") })),
        otherwise: tie("steps"),
      }),
    }),
  ),
}));

const file = fc.record({
  faasflow: fc.constant(1),
  name: fc.constant("any"),
  tasks: fc
    .array(
      fc.record({
        reads: fc.oneof(fc.constant([]), fc.uniqueArray(datum, { maxLength: 2 })),
        after: fc.oneof(
          { weight: 6, arbitrary: fc.constant([]) },
          fc.uniqueArray(task, { maxLength: 1 }),
        ),
        writes: fc.constant({ x: 1, l: { size: 1, items: 2 } }),
      }),
      { minLength: TASKS.length, maxLength: TASKS.length },
    )
    .map((list) => Object.fromEntries(list.map((fields, index) => [TASKS[index]!, fields]))),
  steps: fc.array(step, { maxLength: 4 }),
});

/** For each vertex, all those that come before it. */
function ancestors(graph: Graph): readonly ReadonlySet<number>[] {
  const sets = graph.vertices.map(() => new Set<number>());
  for (const id of graph.order) {
    for (const edge of graph.vertices[id]!.inEdges) {
      const { from } = graph.edges[edge]!;
      if (from < 0) continue;
      sets[id]!.add(from);
      for (const earlier of sets[from]!) sets[id]!.add(earlier);
    }
  }
  return sets;
}

test("accepted specs compile, and nothing is read before it is written", () => {
  let accepted = 0;
  fc.assert(
    fc.property(file, (data) => {
      const result = parseWorkflow(JSON.stringify(data));
      if (!result.ok) return;
      accepted++;
      const graph = compile(result.spec);
      const before = ancestors(graph);
      const ids = new Map(graph.data.map(({ name, producer }) => [name, producer]));
      for (const [id, vertex] of graph.vertices.entries()) {
        const conditions = vertex.cases.flatMap(({ when }) => namesIn(when));
        const needed = [
          ...vertex.reads.map((read) => graph.data[read.datum]!.producer),
          ...conditions.map((name) => ids.get(name)!),
          ...(vertex.over >= 0 ? [graph.data[vertex.over]!.producer] : []),
        ];
        for (const producer of needed) assert.ok(before[id]!.has(producer), vertex.name);
      }
    }),
    { numRuns: 3000 },
  );
  assert.ok(accepted > 30, `only ${accepted} accepted`);
});

test.run();
