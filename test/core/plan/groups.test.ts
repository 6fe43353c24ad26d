/**
 * Where groups of tasks go, and what limits them.
 */

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Groups } from "../../../core/plan/groups.ts";

const test = suite("groups");

function workers(groups: Groups, count: number): readonly number[] {
  return Array.from({ length: count }, (_, task) => groups.workerOf(task));
}

test("tasks are spread, each onto the worker with most room, ties to the lowest", () => {
  const groups = new Groups({ scales: [3, 3, 3], rooms: [9, 12, 9], groupLimit: 10 });
  assert.equal(workers(groups, 3), [1, 0, 1]);
});

test("the largest tasks are spread first", () => {
  const groups = new Groups({ scales: [1, 9, 5], rooms: [10, 10], groupLimit: 10 });
  assert.equal(workers(groups, 3), [1, 0, 1]);
});

test("a grown group goes to the worker with the least room that suffices", () => {
  const groups = new Groups({ scales: [3, 3], rooms: [20, 19, 6, 7], groupLimit: 10 });
  assert.equal(workers(groups, 2), [0, 1]);
  assert.is(groups.bestFit(0, 1), 2);
});

test("the groups' own room counts for the worker they are on", () => {
  const groups = new Groups({ scales: [4, 4], rooms: [8, 7], groupLimit: 10 });
  assert.is(groups.bestFit(0, 1), 0);
});

test("two groups that no worker has room for do not fit", () => {
  const groups = new Groups({ scales: [4, 4], rooms: [7, 7], groupLimit: 10 });
  assert.not(groups.fits(0, 1));
  assert.is(groups.bestFit(0, 1), -1);
});

test("groups beyond the limit on tasks are not within it", () => {
  const groups = new Groups({ scales: [1, 1, 1], rooms: [9], groupLimit: 2 });
  const pair = groups.merge(0, 1, 0);
  assert.not(groups.withinLimit(pair, 2));
});

test("groups are numbered by their first task", () => {
  const groups = new Groups({ scales: [1, 1, 1, 1], rooms: [9], groupLimit: 9 });
  groups.merge(1, 3, 0);
  assert.equal(groups.numbered(), { groupOf: [0, 1, 2, 1], groupCount: 3 });
});

test("tasks that do not fit are spread evenly and said to be too many", () => {
  const groups = new Groups({ scales: [3, 3, 3, 3, 3, 3], rooms: [6, 6], groupLimit: 9 });
  assert.ok(groups.overCommitted);
  assert.equal(workers(groups, 6), [0, 1, 0, 1, 0, 1]);
});

test("groups still form on over-committed workers", () => {
  const groups = new Groups({ scales: [3, 3, 3, 3, 3, 3], rooms: [6, 6], groupLimit: 9 });
  assert.ok(groups.fits(0, 2));
});

test("a task takes the place of another only if both then fit", () => {
  const groups = new Groups({ scales: [5, 4, 1], rooms: [5, 5], groupLimit: 9 });
  assert.equal(workers(groups, 3), [0, 1, 1]);
  assert.not(groups.canExchange(1, 0, 1));
  assert.ok(new Groups({ scales: [5, 5], rooms: [5, 5], groupLimit: 9 }).canExchange(0, 1, 0));
});

test.run();
