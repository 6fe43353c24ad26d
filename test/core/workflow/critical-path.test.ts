/**
 * The longest path: lengths, ties, and weights that change.
 */

import { test } from "uvu";
import * as assert from "uvu/assert";
import { CriticalPath, dagOf, longestPath } from "../../../core/workflow/critical-path.ts";

/** 0 -> 1 -> 3 and 0 -> 2 -> 3. */
const DIAMOND = [
  { from: 0, to: 1 },
  { from: 0, to: 2 },
  { from: 1, to: 3 },
  { from: 2, to: 3 },
];

test("the longest path counts runtimes and weights", () => {
  const path = longestPath({ runtimes: [1, 1, 5, 1], edges: DIAMOND, weights: [1, 2, 1, 3] });
  assert.equal(path, { length: 12, vertices: [0, 2, 3], edges: [1, 3] });
});

test("of equally long paths the one with the larger greatest edge wins", () => {
  const path = longestPath({ runtimes: [1, 1, 1, 1], edges: DIAMOND, weights: [2, 1, 2, 3] });
  assert.equal(path.vertices, [0, 2, 3]);
});

test("equally long paths with equal greatest edges go by the first in topological order", () => {
  const path = longestPath({ runtimes: [1, 1, 1, 1], edges: DIAMOND, weights: [1, 3, 3, 1] });
  assert.equal(path.vertices, [0, 1, 3]);
});

test("the path ends at the first of equally distant sinks", () => {
  const edges = [
    { from: 0, to: 2 },
    { from: 0, to: 1 },
  ];
  assert.is(longestPath({ runtimes: [1, 1, 1], edges, weights: [1, 1] }).vertices[1], 2);
});

test("an empty graph has an empty path", () => {
  const path = longestPath({ runtimes: [], edges: [], weights: [] });
  assert.equal(path, { length: 0, vertices: [], edges: [] });
});

test("a lowered weight moves the longest path to the other branch", () => {
  const path = new CriticalPath(dagOf(4, DIAMOND), {
    runtimes: [1, 1, 1, 1],
    weights: [1, 5, 1, 1],
  });
  path.setWeight(1, 0);
  path.update();
  assert.equal(path.path().vertices, [0, 1, 3]);
});

test("a raised weight moves the longest path to its branch", () => {
  const path = new CriticalPath(dagOf(4, DIAMOND), {
    runtimes: [1, 1, 1, 1],
    weights: [1, 5, 1, 1],
  });
  path.setWeight(2, 9);
  path.update();
  assert.equal(path.path(), { length: 13, vertices: [0, 1, 3], edges: [0, 2] });
});

test("no other path is longer than the rival", () => {
  const path = new CriticalPath(dagOf(4, DIAMOND), {
    runtimes: [1, 1, 1, 1],
    weights: [1, 5, 1, 1],
  });
  assert.is(path.rival(), 5);
});

test("a cycle is a mistake", () => {
  const edges = [
    { from: 0, to: 1 },
    { from: 1, to: 0 },
  ];
  assert.throws(() => longestPath({ runtimes: [1, 1], edges, weights: [1, 1] }), /cycle/);
});

test.run();
