/** Who comes before whom by parents. */

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Ancestry } from "../../workflows/ancestry.ts";

const test = suite("ancestry");

/** 0 -> 1 -> 2 -> 3, 1 -> 4 -> 3, and 5 alone. */
const ancestry = new Ancestry([[], [0], [1], [2, 4], [1], []]);

test("a level is one more than the highest of the parents", () => {
  assert.equal(
    [0, 1, 2, 3, 4, 5].map((task) => ancestry.levelOf(task)),
    [0, 1, 2, 3, 2, 0],
  );
});

test("who comes before whom", () => {
  const pairs = [0, 1, 2, 3, 4, 5].flatMap((one) =>
    [0, 1, 2, 3, 4, 5].flatMap((other) =>
      ancestry.comesBefore(one, other) ? [`${one}${other}`] : [],
    ),
  );
  assert.equal(pairs, ["01", "02", "03", "04", "12", "13", "14", "23", "43"]);
});

test("of those wanted the nearest on each way back", () => {
  const nearest = (task: number, wanted: readonly number[]) =>
    ancestry.nearest(task, { least: 0, isWanted: (met) => wanted.includes(met) });
  assert.equal(nearest(3, [0, 1]), [1]);
  assert.equal([...nearest(3, [0, 2, 1])].sort(), [1, 2]);
  assert.equal(nearest(1, [2, 3]), []);
});

test("tasks in a circle come before each other and themselves; what is behind has no level", () => {
  const circle = new Ancestry([[1], [0], [1], []]);
  assert.equal(
    [circle.comesBefore(0, 1), circle.comesBefore(1, 0), circle.comesBefore(0, 2)],
    [true, true, true],
  );
  assert.equal([circle.comesBefore(2, 0), circle.comesBefore(3, 2)], [false, false]);
  assert.equal([circle.levelOf(2), circle.levelOf(3)], [Infinity, 0]);
});

test.run();
