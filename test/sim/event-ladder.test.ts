/**
 * The ladder of far events: what a take gives, and how much.
 */

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { EventHeap } from "../../sim/event-heap.ts";
import { EventLadder } from "../../sim/event-ladder.ts";
import { EventTable } from "../../sim/event-table.ts";

const test = suite("event ladder");

const KIND = 0;

class Setting {
  readonly events = new EventTable();
  readonly ladder = new EventLadder(this.events);
  readonly heap = new EventHeap(this.events);
  /** Nothing earlier is left. */
  #from = 0;

  constructor(times: readonly number[]) {
    for (const time of times) this.putBack(time);
  }

  putBack(time: number): void {
    this.ladder.putBack(time, this.events.add(KIND, time));
    this.#from = Math.min(this.#from, time);
  }

  add(time: number): void {
    this.ladder.add(time, this.events.add(KIND, time));
  }

  /** The times of what comes next, in no order: after what came before, and before `start`. */
  pour(): number[] {
    this.ladder.pour(this.heap);
    const times = Array.from({ length: this.heap.size }, (_, index) => this.heap.timeAt(index));
    this.heap.clear();
    const { start } = this.ladder;
    for (const time of times) assert.ok(time >= this.#from && time < start, `${time}`);
    this.#from = start;
    return times;
  }

  /** One pour after another until nothing is left. */
  pours(): number[][] {
    const pours: number[][] = [];
    while (this.ladder.size > 0) pours.push(this.pour());
    return pours;
  }
}

function sorted(times: readonly number[]): number[] {
  return [...times].sort((one, other) => one - other);
}

/** Times from 0 to a second, all different, in no order. */
const SPREAD = Array.from({ length: 10_000 }, (_, index) => ((index * 7919) % 10_000) * 100);
/** A little over thirty years. */
const FAR = 1e15;

test("few events come at once, and then nothing is far", () => {
  const setting = new Setting([30, 10, 20]);
  assert.equal(sorted(setting.pour()), [10, 20, 30]);
  assert.is(setting.ladder.start, Infinity);
});

test("many come a few at a time", () => {
  const pours = new Setting(SPREAD).pours();
  assert.ok(pours.every((times) => times.length <= 64));
  assert.equal(sorted(pours.flat()), sorted(SPREAD));
});

test("one event in thirty years does not make the pours of the others larger", () => {
  const pours = new Setting([FAR, ...SPREAD]).pours();
  assert.ok(pours.every((times) => times.length <= 64));
  assert.equal(pours.at(-1), [FAR]);
});

test("events of one time come at once, however many", () => {
  const equal = new Array(5000).fill(2e6);
  assert.equal(new Setting([...SPREAD, ...equal]).pours().at(-1), equal);
});

test("what comes between the end of a rung and that of the bucket above comes in between", () => {
  const setting = new Setting([...SPREAD, FAR]);
  setting.pour();
  for (const time of [1e14, 2e6, 1e9]) setting.add(time);
  assert.equal(setting.pours().flat().slice(-4), [2e6, 1e9, 1e14, FAR]);
});

test("what is too early for the bucket that was cut is not lost", () => {
  const setting = new Setting([...SPREAD, 1e9]);
  do setting.pour();
  while (setting.ladder.start < 1e6);
  for (let index = 0; index < 200; index++) setting.putBack(10 + index);
  const poured = setting.pour();
  assert.ok(setting.ladder.start < 1000, "only the earliest were poured");
  for (const time of [1000, 500_000]) setting.add(time);
  const rest = setting.pours().flatMap(sorted);
  assert.equal(rest, sorted(rest));
  assert.is(poured.length + rest.length, 203);
});

test("a rung of what is too early for its bucket ends where that bucket does", () => {
  // One in 100 us from 1 s on, and a gap before: buckets of 4,096 us.
  const late = Array.from({ length: 1000 }, (_, index) => 1_000_000 + 100 * index);
  const setting = new Setting([...Array.from({ length: 1000 }, (_, index) => index), ...late]);
  do setting.pour();
  while (setting.ladder.start < 1_000_000);
  // They fill the gap: buckets of 65,536 us, of which the last one would end later.
  const end = setting.ladder.start;
  for (let index = 0; index < 100; index++) setting.putBack(1000 + 10_000 * index);
  setting.putBack(end - 1);
  setting.pour();
  setting.add(end + 5000);
  const rest = setting.pours();
  assert.ok(rest.some((times) => times.includes(end + 5000)));
});

test("a sweep releases cancelled events of every rung, and no other", () => {
  const events = new EventTable();
  const ladder = new EventLadder(events);
  const heap = new EventHeap(events);
  const cancelled: number[] = [];
  for (const [index, time] of [...SPREAD, FAR].entries()) {
    const entry = events.add(KIND, time);
    ladder.putBack(time, entry);
    if (index % 2 === 1) cancelled.push(events.tokenOf(entry));
  }
  assert.is(ladder.pour(heap), 0);
  const first = heap.size;
  heap.clear();
  for (const token of cancelled) assert.ok(events.cancel(token));
  ladder.sweep();
  const left = ladder.size;
  assert.ok(left <= 5001 && left >= 5001 - first);
  let poured = 0;
  while (ladder.size > 0) {
    assert.is(ladder.pour(heap), 0);
    poured += heap.size;
    heap.clear();
  }
  assert.is(poured, left);
});

test.run();
