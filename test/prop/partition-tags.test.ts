/**
 * Placement and tags fit together, for any workflow and any partition.
 */

import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { PAPER_CLUSTER } from "../../core/plan/contract.ts";
import type { Plan } from "../../core/plan/plan.ts";
import { makePlan } from "../../core/plan/planner.ts";
import { compile } from "../../core/workflow/compile.ts";
import { anyWorkflow } from "../fixtures/partition/arbitrary.ts";

const test = suite("placement and tags");

const anyPlan: fc.Arbitrary<Plan> = fc
  .record({
    spec: anyWorkflow,
    method: fc.constantFrom("faasflow", "faasflow-plus", "raw"),
    workers: fc.integer({ min: 1, max: 7 }),
    workerCapacity: fc.constantFrom(6, 30, 96),
    groupLimit: fc.constantFrom(3, 100),
  })
  .map(({ spec, method, workers, workerCapacity, groupLimit }) => {
    const cluster = { ...PAPER_CLUSTER, workers, workerCapacity, groupLimit };
    const graph = compile(spec);
    return makePlan({ id: 0, version: 1, graph, method, storage: "faastore", cluster });
  });

test("every datum tagged local has all its readers on its producer's worker", () => {
  fc.assert(
    fc.property(anyPlan, (plan) => {
      const unreadable = plan.graph.data.filter(
        ({ producer, readers }, id) =>
          plan.tagOf[id] === "local" &&
          readers.some((reader) => plan.workerOf[reader] !== plan.workerOf[producer]),
      );
      assert.equal(unreadable, []);
    }),
    { numRuns: 500 },
  );
});

test("every vertex is on a worker that exists, with all of its group", () => {
  fc.assert(
    fc.property(anyPlan, (plan) => {
      assert.ok(plan.workerOf.every((worker) => worker >= 0 && worker < plan.quotaOf.length));
      const places = new Set(plan.groupOf.map((group, id) => `${group} ${plan.workerOf[id]}`));
      assert.is(places.size, plan.groupCount);
    }),
    { numRuns: 300 },
  );
});

test.run();
