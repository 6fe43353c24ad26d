/** Who takes over the groups of lost workers. */

import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Plan } from "../../../core/plan/plan.ts";
import { relocate } from "../../../core/plan/relocate.ts";
import type { Bytes } from "../../../core/units.ts";
import { planOf, task, workflow } from "../../analysis/builder.ts";

const test = suite("relocate");

const TASKS = 12;
const WORKERS = 4;
const graph = workflow(
  "w",
  Array.from({ length: TASKS }, (_, id) => task(`t${id}`)),
);
/** Two tasks a group, groups over the workers in turn. */
const groupOf = graph.vertices.map((_, id) => Math.floor(id / 2));
const plan: Plan = planOf(graph, {
  groupOf,
  groupCount: TASKS / 2,
  workerOf: groupOf.map((group) => group % WORKERS),
  quotaOf: Array.from({ length: WORKERS }, () => 0 as Bytes),
});

test("with nobody lost everything stays", () => {
  assert.equal(relocate(plan, []), plan.workerOf);
});

test("only what was on a lost worker moves, to one that is left", () => {
  const after = relocate(plan, [1, 2]);
  for (const [vertex, worker] of plan.workerOf.entries()) {
    if (worker === 0 || worker === 3) assert.is(after[vertex], worker);
    else assert.ok(after[vertex] === 0 || after[vertex] === 3);
  }
});

test("a group moves as a whole", () => {
  const after = relocate(plan, [0, 1]);
  const places = new Set(after.map((worker, vertex) => `${groupOf[vertex]} ${worker}`));
  assert.is(places.size, TASKS / 2);
});

test("a further loss moves nothing that is on a worker that lives", () => {
  const before = relocate(plan, [1]);
  const after = relocate(plan, [1, 2]);
  for (const [vertex, worker] of before.entries()) {
    if (worker !== 2) assert.is(after[vertex], worker);
  }
});

test("with no worker left the plan stays as it was", () => {
  assert.equal(relocate(plan, [0, 1, 2, 3]), plan.workerOf);
});

test.run();
