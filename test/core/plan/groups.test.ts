/**
 * Where groups of tasks go, and what limits them.
 */

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Groups, type GroupsInput } from "../../../core/plan/groups.ts";

const test = suite("groups");

interface Input extends Omit<GroupsInput, "loads" | "loadLimits"> {
  /** By task: what it computes, in each window or in the only one. No load, so no limit on it, unless stated. */
  readonly loads?: readonly (number | readonly number[])[];
  readonly loadLimits?: readonly number[];
}

function groupsOf({ loads = [], loadLimits, ...input }: Input): Groups {
  const values = Float64Array.from(loads.flat());
  return new Groups({
    ...input,
    loads: { windows: loadLimits?.length ?? 0, values },
    loadLimits: loadLimits && Float64Array.from(loadLimits),
  });
}

function workers(groups: Groups, count: number): readonly number[] {
  return Array.from({ length: count }, (_, task) => groups.workerOf(task));
}

test("tasks are spread, each onto the worker with most room, ties to the lowest", () => {
  const groups = groupsOf({ scales: [3, 3, 3], rooms: [9, 12, 9], groupLimit: 10 });
  assert.equal(workers(groups, 3), [1, 0, 1]);
});

test("the largest tasks are spread first", () => {
  const groups = groupsOf({ scales: [1, 9, 5], rooms: [10, 10], groupLimit: 10 });
  assert.equal(workers(groups, 3), [1, 0, 1]);
});

test("a grown group goes to the worker with the least room that suffices", () => {
  const groups = groupsOf({ scales: [3, 3], rooms: [20, 19, 6, 7], groupLimit: 10 });
  assert.equal(workers(groups, 2), [0, 1]);
  assert.is(groups.bestFit(0, 1), 2);
});

test("the groups' own room counts for the worker they are on", () => {
  const groups = groupsOf({ scales: [4, 4], rooms: [8, 7], groupLimit: 10 });
  assert.is(groups.bestFit(0, 1), 0);
});

test("two groups that no worker has room for do not fit", () => {
  const groups = groupsOf({ scales: [4, 4], rooms: [7, 7], groupLimit: 10 });
  assert.not(groups.fits(0, 1));
  assert.is(groups.bestFit(0, 1), -1);
});

test("groups beyond the limit on tasks are not within it", () => {
  const groups = groupsOf({ scales: [1, 1, 1], rooms: [9], groupLimit: 2 });
  const pair = groups.merge(0, 1, 0);
  assert.not(groups.withinLimits(pair, 2));
  assert.is(groups.bestFit(pair, 2), -1);
});

test("groups are numbered by their first task", () => {
  const groups = groupsOf({ scales: [1, 1, 1, 1], rooms: [9], groupLimit: 9 });
  groups.merge(1, 3, 0);
  assert.equal(groups.numbered(), { groupOf: [0, 1, 2, 1], groupCount: 3 });
});

test("tasks that do not fit are spread evenly and said to be too many", () => {
  const groups = groupsOf({ scales: [3, 3, 3, 3, 3, 3], rooms: [6, 6], groupLimit: 9 });
  assert.ok(groups.overCommitted);
  assert.equal(workers(groups, 6), [0, 1, 0, 1, 0, 1]);
});

test("groups still form on over-committed workers", () => {
  const groups = groupsOf({ scales: [3, 3, 3, 3, 3, 3], rooms: [6, 6], groupLimit: 9 });
  assert.ok(groups.fits(0, 2));
});

test("a task takes the place of another only if it fits once that is gone", () => {
  const groups = groupsOf({ scales: [5, 4, 1], rooms: [5, 5], groupLimit: 9 });
  assert.equal(workers(groups, 3), [0, 1, 1]);
  assert.ok(groups.canReplace(1, 0));
  assert.not(groups.canReplace(0, 1));
});

test("a task is spread onto a worker that it does not load beyond the limit, if that has room", () => {
  const input = { scales: [3, 1, 1], loads: [0, 5, 5], loadLimits: [5], groupLimit: 9 };
  assert.equal(workers(groupsOf({ ...input, rooms: [9, 20] }), 3), [1, 1, 0]);
  assert.equal(workers(groupsOf({ ...input, rooms: [0, 20] }), 3), [1, 1, 1]);
});

test("groups that no worker may be loaded with do not fit, whatever its room", () => {
  const groups = groupsOf({
    scales: [1, 1],
    loads: [3, 3],
    rooms: [9, 9],
    groupLimit: 9,
    loadLimits: [5],
  });
  assert.not(groups.fits(0, 1));
  groups.raiseLoadLimits(Float64Array.of(6));
  assert.ok(groups.fits(0, 1));
});

test("a grown group goes where it does not load the worker beyond the limit, though another fits best", () => {
  const input = { scales: [2, 2, 4], loads: [2, 2, 5], rooms: [30, 29, 9], groupLimit: 9 };
  assert.is(groupsOf({ ...input, rooms: [4, 5, 6] }).bestFit(0, 1), 0);
  const groups = groupsOf({ ...input, rooms: [4, 6, 5], loadLimits: [5] });
  assert.equal(workers(groups, 3), [2, 0, 1]);
  assert.is(groups.bestFit(0, 1), 0);
  assert.is(groups.bestFit(0, 2), -1);
});

test("moves and exchanges load no worker beyond the limit", () => {
  const input = { scales: [1, 1, 1], rooms: [9, 9], groupLimit: 9 };
  const groups = groupsOf({ ...input, loads: [4, 5, 1], loadLimits: [5] });
  assert.equal(workers(groups, 3), [0, 1, 0]);
  assert.not(groups.canMove(2, 1));
  assert.not(groups.canReplace(1, 2));
  assert.ok(groups.canMove(2, 0));
});

test("each window has its limit: what one has to spare is of no use in another", () => {
  const input = { scales: [1, 1, 1], rooms: [9, 9, 9], groupLimit: 9, loadLimits: [5, 5] };
  const groups = groupsOf({
    ...input,
    loads: [
      [4, 0],
      [0, 4],
      [2, 3],
    ],
  });
  assert.ok(groups.withinLimits(0, 1));
  assert.not(groups.withinLimits(0, 2));
  assert.not(groups.withinLimits(1, 2));
  const both = groups.merge(0, 1, 0);
  assert.not(groups.canMove(2, both));
  groups.raiseLoadLimits(Float64Array.of(6, 5));
  assert.not(groups.canMove(2, both));
  groups.raiseLoadLimits(Float64Array.of(0, 7));
  assert.ok(groups.canMove(2, both));
});

test("the limit is what the spread loads, where that is more", () => {
  const input = { scales: [1, 1, 1], rooms: [9, 9], groupLimit: 9 };
  const groups = groupsOf({ ...input, loads: [4, 4, 4], loadLimits: [5] });
  assert.equal(workers(groups, 3), [0, 1, 0]);
  assert.ok(groups.fits(1, 2));
  assert.not(groups.fits(groups.merge(1, 2, 1), 0));
});

test.run();
