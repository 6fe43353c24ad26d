/** What is going on in a cluster, from its events. */

import { test } from "uvu";
import * as assert from "uvu/assert";
import type { EventKind } from "../../core/events.ts";
import { Activity } from "../../live/activity.ts";
import { eventAt } from "./events.ts";

/** One activation (task 0) that met these events, and what it does now. */
function stateAfter(...kinds: readonly EventKind[]): string | undefined {
  const activity = new Activity();
  activity.add(eventAt(0, { kind: "arrival", invocation: 7 }));
  kinds.forEach((kind, at) => {
    activity.add(eventAt(at, { kind, invocation: 7, task: 0, attempt: 1 }));
  });
  return activity.list()[0]?.state;
}

test("an activation goes from queued over reading and running to writing, and is gone", () => {
  assert.is(stateAfter("queue"), "queued");
  assert.is(stateAfter("queue", "dispatch"), "reading");
  assert.is(stateAfter("queue", "dispatch", "get", "start"), "running");
  assert.is(stateAfter("queue", "dispatch", "get", "start", "execute"), "writing");
  assert.is(stateAfter("queue", "dispatch", "get", "start", "execute", "complete"), undefined);
});

test("one whose attempt failed waits for the next, or is gone", () => {
  assert.is(stateAfter("queue", "dispatch", "start", "fail", "retry"), "retrying");
  assert.is(stateAfter("queue", "dispatch", "start", "fail"), undefined);
});

test("with its invocation an activation is gone, and what is said of it later is ignored", () => {
  assert.is(stateAfter("queue", "dispatch", "abort"), undefined);
  assert.is(stateAfter("queue", "dispatch", "abort", "start"), undefined);
});

test("what a lost worker ran is not counted any more", () => {
  const activity = new Activity();
  activity.add(eventAt(0, { kind: "arrival", invocation: 7 }));
  activity.add(eventAt(1, { kind: "queue", invocation: 7, task: 0, node: 2 }));
  activity.add(eventAt(2, { kind: "queue", invocation: 7, task: 1, node: 3 }));
  activity.add(eventAt(3, { kind: "lost", node: 0, value: 0 }));
  assert.equal(
    activity.list().map(({ task }) => task),
    [1],
  );
});

test("activations are counted by state, items of one task apart", () => {
  const activity = new Activity();
  activity.add(eventAt(0, { kind: "arrival", invocation: 7 }));
  for (const item of [1, 2, 3]) {
    activity.add(eventAt(1, { kind: "queue", invocation: 7, task: 0, item }));
  }
  activity.add(eventAt(2, { kind: "dispatch", invocation: 7, task: 0, item: 2 }));
  assert.equal(activity.counts(), { queued: 2, reading: 1, running: 0, writing: 0, retrying: 0 });
});

test.run();
