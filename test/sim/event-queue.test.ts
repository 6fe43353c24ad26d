/**
 * The event queue: order, cancellation, memory.
 */

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { EventQueue } from "../../sim/event-queue.ts";

const test = suite("event queue");

function targetsOf(queue: EventQueue): unknown[] {
  const targets: unknown[] = [];
  while (queue.pop()) targets.push(queue.target);
  return targets;
}

test("events come by time, and at one time in the order in which they were scheduled", () => {
  const queue = new EventQueue();
  for (const [value, time] of [30, 10, 20, 10, 30, 10].entries()) {
    queue.schedule(time, 0, value);
  }
  assert.equal(targetsOf(queue), [1, 3, 5, 2, 0, 4]);
});

test("an event for the current time comes after those scheduled for it before", () => {
  const queue = new EventQueue();
  queue.schedule(5, 0, 0);
  queue.schedule(5, 0, 1);
  queue.schedule(6, 0, 3);
  queue.pop();
  queue.schedule(5, 0, 2);
  assert.is(queue.peekTime(), 5);
  assert.equal(targetsOf(queue), [1, 2, 3]);
});

test("pop gives time, kind and target as they were scheduled", () => {
  const queue = new EventQueue();
  const target = { name: "worker" };
  queue.schedule(7, 3, target);
  assert.ok(queue.pop());
  assert.is(queue.time, 7);
  assert.is(queue.kind, 3);
  assert.is(queue.target, target);
});

test("a posted event comes in its turn, and the lane may grow and be swept around it", () => {
  const queue = new EventQueue();
  const expected: number[] = [];
  for (let value = 0; value < 300; value++) {
    if (value % 3 === 0) {
      queue.post(0, 1, value);
      expected.push(value);
    } else queue.cancel(queue.schedule(0, 1, value));
  }
  for (let value = 1_000; value < 1_500; value++) {
    queue.post(0, 1, value);
    expected.push(value);
  }
  queue.post(5, 1, 2_000);
  assert.is(queue.size, 601);
  assert.equal(targetsOf(queue), [...expected, 2_000]);
  queue.post(5, 4, "late");
  assert.ok(queue.pop());
  assert.equal([queue.time, queue.kind, queue.target], [5, 4, "late"]);
});

test("what waits outside comes before what was scheduled for its time after it", () => {
  const queue = new EventQueue();
  queue.schedule(5, 0, "before");
  const number = queue.drawNumber();
  queue.schedule(5, 0, "after");
  assert.not(queue.isFirst(number));
  queue.pop();
  assert.ok(queue.isFirst(number));
  queue.pop();
  queue.post(5, 0, "now");
  assert.ok(queue.isFirst(number));
});

test("an empty queue has no next time and gives nothing", () => {
  const queue = new EventQueue();
  assert.is(queue.peekTime(), Infinity);
  assert.not(queue.pop());
});

test("a cancelled event never comes, and is not the next time", () => {
  const queue = new EventQueue();
  const first = queue.schedule(1, 0, 1);
  queue.schedule(2, 0, 2);
  queue.cancel(first);
  assert.is(queue.peekTime(), 2);
  assert.equal(targetsOf(queue), [2]);
});

test("an event for the current time can be cancelled", () => {
  const queue = new EventQueue();
  const tokens = [0, 1, 2].map((value) => queue.schedule(0, 0, value));
  queue.cancel(tokens[0]!);
  queue.cancel(tokens[2]!);
  assert.is(queue.size, 1);
  assert.equal(targetsOf(queue), [1]);
});

test("cancelling twice, or after the event came, hits no other event in the same slot", () => {
  const queue = new EventQueue();
  const first = queue.schedule(1, 0, 1);
  queue.pop();
  const second = queue.schedule(2, 0, 2);
  queue.cancel(first);
  assert.is(queue.size, 1);
  queue.cancel(second);
  queue.cancel(second);
  queue.schedule(3, 0, 3);
  queue.cancel(second);
  assert.equal(targetsOf(queue), [3]);
});

test("an event in the past is a mistake", () => {
  const queue = new EventQueue();
  queue.schedule(5, 0, 0);
  queue.pop();
  assert.throws(() => queue.schedule(4, 0, 0));
  assert.throws(() => queue.schedule(Number.NaN, 0, 0));
  assert.throws(() => queue.schedule(Infinity, 0, 0));
});

test("the time cannot be moved past a pending event", () => {
  const queue = new EventQueue();
  queue.schedule(5, 0, 0);
  queue.moveTo(5);
  assert.throws(() => queue.moveTo(6));
});

test("cancelled events do not pile up behind one that is pending", () => {
  const queue = new EventQueue();
  queue.schedule(1, 0, 0);
  for (let index = 0; index < 100_000; index++) {
    queue.cancel(queue.schedule(1000 + index, 0, index));
  }
  assert.ok(queue.occupied < 200, `${queue.occupied} places taken`);
  assert.equal(targetsOf(queue), [0]);
});

test("targets of events that came or were cancelled can be collected", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const queue = new EventQueue();
  const references: WeakRef<object>[] = [];
  const scheduleOne = (time: number): number => {
    const target = { time };
    references.push(new WeakRef(target));
    return queue.schedule(time, 0, target);
  };
  scheduleOne(1);
  queue.schedule(2, 0, 0);
  queue.cancel(scheduleOne(3));
  queue.pop();
  queue.pop();
  // A WeakRef holds its target until the current turn ends.
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  assert.equal(
    references.map((reference) => reference.deref()),
    [undefined, undefined],
  );
});

test("order is kept over many growths of the heap and the lane", () => {
  const queue = new EventQueue();
  const count = 10_000;
  for (let index = 0; index < count; index++) {
    queue.schedule((index * 7919) % 1000, 0, index);
  }
  let before = { time: -1, index: -1 };
  let popped = 0;
  while (queue.pop()) {
    const { time } = queue;
    const index = queue.target as number;
    assert.ok(time > before.time || (time === before.time && index > before.index));
    before = { time, index };
    popped++;
  }
  assert.is(popped, count);
});

test.run();
