/** Where the master sends a task. */

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Candidates, choose } from "../../../core/plan/choose.ts";
import type { Tag } from "../../../core/plan/plan.ts";
import { datum, planOf, task, workflow } from "../../analysis/builder.ts";

const test = suite("choose");

const graph = workflow("w", [task("a", { writes: [datum("out", 1)] })]);

function candidates(tag: Tag, loads: readonly (readonly [number, number])[]): Candidates {
  return {
    plan: planOf(graph, { tagOf: [tag] }),
    workerOf: [2],
    load: loads.map(([assigned, reported]) => ({ assigned, reported })),
    away: new Set(),
  };
}

const busy = [
  [2, 0],
  [1, 5],
  [1, 4],
  [1, 4],
] as const;

test("a task whose data may be in a worker's memory goes where the plan says", () => {
  assert.is(choose(0, candidates("local", busy)), 2);
  assert.is(choose(0, { ...candidates("both", busy), workerOf: [0] }), 0);
});

test("else to the worker with the fewest assigned, then fewest reported, then lowest number", () => {
  assert.is(choose(0, candidates("remote", busy)), 2);
});

test("a worker that is away is not chosen", () => {
  assert.is(choose(0, { ...candidates("remote", busy), away: new Set([2]) }), 3);
});

test("with everybody away it is the plan's worker", () => {
  assert.is(choose(0, { ...candidates("remote", busy), away: new Set([0, 1, 2, 3]) }), 2);
});

test.run();
