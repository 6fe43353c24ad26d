/**
 * Algorithm 1 and faasflow-plus on problems small enough to work out by hand.
 */

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { partition } from "../../../core/plan/partition.ts";
import { partitionPlus } from "../../../core/plan/partition-plus.ts";
import type { PartitionProblem } from "../../../core/plan/partition-problem.ts";

const test = suite("partition");

/** Tasks 0 -> 1 -> 2 of 1 s each, each writing so many bytes for the next, on two workers. */
function chain(outputs: readonly number[], changes: Partial<PartitionProblem> = {}) {
  const problem: PartitionProblem = {
    tasks: outputs.map((outputBytes) => ({
      runtime_s: 1,
      load_us: 0,
      scale: 1,
      outputBytes,
      quotaBytes: 100,
      virtual: false,
    })),
    edges: outputs.slice(1).map((_, from) => ({ from, to: from + 1 })),
    data: outputs.map((bytes, producer) => ({
      producer,
      bytes,
      readers: producer + 1 < outputs.length ? [producer + 1] : [],
    })),
    rooms: [10, 10],
    cores: 1,
    groupLimit: 10,
    bandwidth: 10,
    localSpeedup: 10,
    ...changes,
  };
  return problem;
}

test("a chain that fits ends in one group", () => {
  const result = partition(chain([20, 50, 0]));
  assert.equal(result.groupOf, [0, 0, 0]);
  assert.is(result.edgesInside, 2);
});

test("the critical path before counts each edge at full weight, after at a tenth", () => {
  const result = partition(chain([20, 50, 0]));
  assert.is(result.criticalPathBefore_s, 10);
  assert.ok(Math.abs(result.criticalPathAfter_s - 3.7) < 1e-9);
});

test("the dearest edge is merged first when the group limit allows one only", () => {
  assert.equal(partition(chain([20, 50, 0], { groupLimit: 2 })).groupOf, [0, 1, 1]);
});

test("of equally dear edges the one nearest to the start is merged first", () => {
  assert.equal(partition(chain([50, 50, 0], { groupLimit: 2 })).groupOf, [0, 0, 1]);
});

test("an edge whose output does not fit the quota is passed over for a cheaper one", () => {
  assert.equal(partition(chain([20, 301, 0])).groupOf, [0, 0, 1]);
});

test("an edge that needs the quota to the last byte fits", () => {
  assert.is(partition(chain([0, 300, 0])).chargedBytes, 300);
});

test("control vertices give no quota", () => {
  const problem = chain([20, 50, 0]);
  const tasks = problem.tasks.map((task, id) => ({ ...task, virtual: id === 1 }));
  assert.is(partition({ ...problem, tasks }).quotaBytes, 200);
});

test("no worker has room for two: every task stays alone", () => {
  assert.is(partition(chain([20, 50, 0], { rooms: [1, 1, 1] })).groupCount, 3);
});

test("a workflow that does not fit the workers gets a plan that says so", () => {
  const result = partition(chain([20, 50, 0], { rooms: [1, 1] }));
  assert.ok(result.overCommitted);
  assert.is(result.workerOf.length, 3);
});

test("a workflow without tasks has an empty partition", () => {
  const result = partition(chain([]));
  assert.is(result.groupCount, 0);
  assert.is(result.criticalPathAfter_s, 0);
});

/** Two independent chains: 0 -> 1 dear, 2 -> 3 cheap. Algorithm 1 cannot go on once the first is done. */
const TWO_CHAINS: PartitionProblem = {
  ...chain([50, 0, 10, 0]),
  edges: [
    { from: 0, to: 1 },
    { from: 2, to: 3 },
  ],
  data: [
    { producer: 0, bytes: 50, readers: [1] },
    { producer: 2, bytes: 10, readers: [3] },
  ],
};

test("Algorithm 1 leaves a chain off the longest path alone", () => {
  const problem = { ...TWO_CHAINS, localSpeedup: 1 };
  assert.equal(partition(problem).groupOf, [0, 0, 1, 2]);
});

test("faasflow-plus merges a chain off the longest path", () => {
  const problem = { ...TWO_CHAINS, localSpeedup: 1 };
  assert.equal(partitionPlus(problem).groupOf, [0, 0, 1, 1]);
});

test("faasflow-plus charges each producer that it puts beside a reader", () => {
  const problem = { ...TWO_CHAINS, localSpeedup: 1 };
  assert.is(partition(problem).chargedBytes, 50);
  assert.is(partitionPlus(problem).chargedBytes, 60);
});

test("faasflow-plus keeps to the quota", () => {
  const tasks = TWO_CHAINS.tasks.map((task) => ({ ...task, quotaBytes: 14 }));
  const result = partitionPlus({ ...TWO_CHAINS, tasks, localSpeedup: 1 });
  assert.equal(result.groupOf, [0, 0, 1, 2]);
});

test("faasflow-plus exchanges tasks where workers are full", () => {
  const base = chain([0, 0, 0], { rooms: [2, 2, 2], groupLimit: 2 });
  // The dearest datum brings 0 and 1 together; the two others weigh more than it.
  const data = [
    { producer: 0, bytes: 10, readers: [1] },
    { producer: 2, bytes: 9, readers: [0] },
    { producer: 2, bytes: 9, readers: [0] },
  ];
  const result = partitionPlus({ ...base, edges: [], data });
  assert.equal(result.groupOf, [0, 1, 0]);
});

test.run();
