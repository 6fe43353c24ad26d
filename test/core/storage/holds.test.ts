/** Who keeps a local datum, and who lets go of it. */

import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Plan } from "../../../core/plan/plan.ts";
import { holdsOf } from "../../../core/storage/holds.ts";
import type { Step } from "../../../core/workflow/spec.ts";
import { datum, planOf, task, workflow } from "../../analysis/builder.ts";

const test = suite("holds");

const one = (name: string): Step => ({ tag: "task", task: name });

/** Of datum `name`: the count, and the vertices that let go of it with how they would read it. */
function holds(plan: Plan, name: string, worker = 0): readonly [number, readonly string[]] {
  const { count, releasedBy } = holdsOf(plan.graph, plan.workerOf, worker);
  const id = plan.graph.data.findIndex((each) => each.name === name);
  const by = releasedBy.flatMap((reads, vertex) =>
    reads
      .filter((read) => read.datum === id)
      .map(({ how }) => `${plan.graph.vertices[vertex]!.name} ${how}`),
  );
  return [count[id]!, by];
}

const list = task("list", { writes: [datum("items", 10, 3), datum("name", 10)] });

test("each reader on the worker holds it once; readers elsewhere hold nothing", () => {
  const reader = (name: string) => task(name, { reads: ["list.name"] });
  const graph = workflow("w", [list, reader("a"), reader("b"), reader("far")]);
  const plan = planOf(graph, { workerOf: [0, 0, 0, 1] });
  assert.equal(holds(plan, "list.name"), [2, ["a same", "b same"]]);
  assert.equal(holds(plan, "list.name", 1), [1, ["far same"]]);
});

test("the item that a foreach body walks is held by that body alone", () => {
  const body = task("body", { reads: ["list.items"] });
  const steps: Step[] = [
    one("list"),
    { tag: "foreach", name: "each", over: "list.items", steps: [one("body")] },
  ];
  const plan = planOf(workflow("w", [list, body], { steps }));
  assert.equal(holds(plan, "list.items"), [1, ["body item"]]);
});

test("what every foreach body reads is held by the close of that foreach", () => {
  const body = task("body", { reads: ["list.name"] });
  const steps: Step[] = [
    one("list"),
    { tag: "foreach", name: "each", over: "list.items", steps: [one("body")] },
  ];
  const plan = planOf(workflow("w", [list, body], { steps }));
  assert.equal(holds(plan, "list.name"), [1, ["each-close same"]]);
});

test("a list that each body of an outer foreach walks is held, whole, by the outer close", () => {
  const rows = task("rows", { writes: [datum("items", 10, 2)] });
  const cell = task("cell", { reads: ["list.items"] });
  const steps: Step[] = [
    one("list"),
    one("rows"),
    {
      tag: "foreach",
      name: "row",
      over: "rows.items",
      steps: [{ tag: "foreach", name: "column", over: "list.items", steps: [one("cell")] }],
    },
  ];
  const plan = planOf(workflow("w", [list, rows, cell], { steps }));
  assert.equal(holds(plan, "list.items"), [1, ["row-close all"]]);
});

test("what bodies of one foreach wrote, bodies of another hold by their close", () => {
  const first = task("first", { writes: [datum("out", 10)] });
  const second = task("second", { reads: ["first.out"] });
  const steps: Step[] = [
    one("list"),
    { tag: "foreach", name: "f", over: "list.items", steps: [one("first")] },
    { tag: "foreach", name: "g", over: "list.items", steps: [one("second")] },
  ];
  const plan = planOf(workflow("w", [list, first, second], { steps }));
  assert.equal(holds(plan, "first.out"), [1, ["g-close all"]]);
});

test("a task that gathers what the bodies wrote holds it itself", () => {
  const body = task("body", { writes: [datum("out", 10)] });
  const merge = task("merge", { reads: ["body.out"] });
  const steps: Step[] = [
    one("list"),
    { tag: "foreach", name: "each", over: "list.items", steps: [one("body")] },
    one("merge"),
  ];
  const plan = planOf(workflow("w", [list, body, merge], { steps }));
  assert.equal(holds(plan, "body.out"), [1, ["merge all"]]);
});

test.run();
