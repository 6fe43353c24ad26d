/** What a gateway remembers of its cluster's events, and what it forgets first. */

import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Event, type EventKind, NONE } from "../../core/events.ts";
import { RecentEvents } from "../../live/recent-events.ts";
import { eventAt } from "./events.ts";

function filled(limit: number, events: readonly Event[]): RecentEvents {
  const recent = new RecentEvents(limit);
  for (const event of events) recent.add(event);
  return recent;
}

/** Arrival, some triggers, and, unless it goes on, the finish. */
function invocation(id: number, triggers: number, isOver: boolean): readonly Event[] {
  const middle: EventKind[] = Array.from({ length: triggers }, () => "trigger");
  const kinds: EventKind[] = ["arrival", ...middle, ...(isOver ? (["finish"] as const) : [])];
  return kinds.map((kind, at) => eventAt(id * 100 + at, { kind, invocation: id }));
}

function count(recent: RecentEvents, id: number): number | undefined {
  return recent.of(id)?.length;
}

test("all events of an invocation are kept while there is room", () => {
  const recent = filled(100, [...invocation(0, 3, true), ...invocation(1, 2, false)]);
  assert.equal([count(recent, 0), count(recent, 1), recent.forgotten], [5, 3, 0]);
});

test("the invocation that ended first is forgotten first, and as a whole", () => {
  const recent = filled(10, [
    ...invocation(0, 1, false),
    ...invocation(1, 2, true),
    ...invocation(2, 4, true),
  ]);
  assert.equal([count(recent, 0), count(recent, 1), count(recent, 2)], [2, undefined, 6]);
  assert.is(recent.forgotten, 4);
});

test("one under way is never cut for others; when such fill the room, what is new is counted", () => {
  const recent = filled(10, [...invocation(0, 7, false), ...invocation(1, 3, false)]);
  assert.equal([count(recent, 0), count(recent, 1), recent.forgotten], [8, 2, 2]);
});

test("a late event of a forgotten invocation does not bring it back", () => {
  const recent = filled(4, [...invocation(0, 1, true), ...invocation(1, 2, true)]);
  recent.add(eventAt(900, { kind: "release", invocation: 0 }));
  assert.is(count(recent, 0), undefined);
});

test("events of no invocation take a quarter of the room at most", () => {
  const stops = Array.from({ length: 50 }, (_, at) => eventAt(at, { kind: "stop" }));
  const recent = filled(40, stops);
  const { length } = recent.log({ from: 0, to: 0 });
  assert.ok(length > 0 && length <= 10, `${length} are kept`);
  assert.is(length + recent.forgotten, 50);
});

test("a log is in the order of time, then node, then as each node said it", () => {
  const at = (time: number, node: number, value: number): Event =>
    eventAt(time, { kind: "trigger", invocation: 0, node, value });
  const said = [at(30, 2, 1), at(20, 3, 2), at(20, 3, 3), at(20, 2, 4), at(10, 4, 5)];
  const recent = filled(100, [eventAt(5, { kind: "arrival", invocation: 0 }), ...said]);
  const values = recent.log({ from: 0, to: 0 }).map(({ value }) => value);
  assert.equal(values, [NONE, 5, 4, 2, 3, 1]);
});

test("a log of some invocations has those, and what belongs to none", () => {
  const stop = eventAt(950, { kind: "stop" });
  const all = [0, 1, 2, 3].flatMap((id) => invocation(id, 0, true));
  const recent = filled(100, [...all, stop]);
  const ids = recent.log({ from: 1, to: 2 }).map(({ invocation }) => invocation);
  assert.equal(ids, [1, 1, 2, 2, NONE]);
});

test("what came after a number is told in the order in which it was heard of", () => {
  const recent = filled(100, [...invocation(1, 1, true), ...invocation(0, 1, true)]);
  const numbers = recent.since(2).map(({ number }) => number);
  assert.equal(numbers, [3, 4, 5, 6]);
});

test("a follower is told each further event until it lets go", () => {
  const recent = filled(100, invocation(0, 0, false));
  const heard: number[] = [];
  const unfollow = recent.follow(({ number }) => heard.push(number));
  recent.add(eventAt(1, { kind: "trigger", invocation: 0 }));
  unfollow();
  recent.add(eventAt(2, { kind: "trigger", invocation: 0 }));
  assert.equal(heard, [2]);
});

test.run();
