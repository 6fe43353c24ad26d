/** The line of pools that wait for memory: who is next that so much would do for. */

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { MemoryLine } from "../../../core/container/memory-line.ts";

const test = suite("line of pools that wait for memory");

/** All of a round, or so many of it. */
function round(line: MemoryLine, most: number): readonly number[] {
  const pools: number[] = [];
  line.beginRound();
  for (let pool = line.next(most); pool >= 0; pool = line.next(most)) pools.push(pool);
  return pools;
}

test("a round passes over those who need more than there is", () => {
  const line = new MemoryLine();
  for (const [pool, need] of [
    [4, 20],
    [2, 10],
    [7, 30],
    [1, 10],
  ] as const) {
    line.enter(pool, need);
  }
  assert.equal([round(line, 9), round(line, 10), round(line, 20)], [[], [2, 1], [4, 2, 1]]);
  assert.equal(round(line, Infinity), [4, 2, 7, 1]);
  assert.equal([line.hasFor(9), line.hasFor(10)], [false, true]);
});

test("who needs something else keeps the place; who leaves and comes back is the last", () => {
  const line = new MemoryLine();
  for (const pool of [0, 1, 2]) line.enter(pool, 10);
  line.enter(0, 30);
  line.leave(1);
  line.enter(1, 10);
  assert.equal(round(line, Infinity), [0, 2, 1]);
  assert.equal(round(line, 10), [2, 1]);
});

test("an empty line is for nobody, however much there is", () => {
  const line = new MemoryLine();
  line.enter(3, 1);
  line.leave(3);
  line.leave(5);
  assert.equal([line.hasFor(Infinity), round(line, Infinity)], [false, []]);
});

test("a round ends with who was in line when it began, also when places are closed up meanwhile", () => {
  const line = new MemoryLine();
  for (let pool = 0; pool < 8; pool++) line.enter(pool, 10);
  line.beginRound();
  const seen: number[] = [];
  for (let pool = line.next(10); pool >= 0; pool = line.next(10)) {
    seen.push(pool);
    line.leave(pool);
    line.enter(pool + 100, 10);
  }
  assert.equal(seen, [0, 1, 2, 3, 4, 5, 6, 7]);
  assert.equal(round(line, 10), [100, 101, 102, 103, 104, 105, 106, 107]);
});

test.run();
