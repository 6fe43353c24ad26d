/** The Perfetto trace: its slices, lanes and arrows. */

import { test } from "uvu";
import * as assert from "uvu/assert";
import { planHeader } from "../../analysis/event-header.ts";
import { PerfettoWriter } from "../../analysis/perfetto.ts";
import type { Event } from "../../core/events.ts";
import { workerNode } from "../../core/node.ts";
import { activation, datum, event, inOrder, planOf, task, workflow } from "./builder.ts";

const graph = workflow("pair", [
  task("first", { writes: [datum("out", 100)] }),
  task("second", { reads: ["first.out"] }),
]);
const [node, other] = [workerNode(0), workerNode(1)];

interface TraceEvent {
  readonly ph: string;
  readonly name: string;
  readonly cat: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur: number;
  readonly id: number;
  readonly args: Readonly<Record<string, unknown>>;
}

function traced(events: readonly Event[]): TraceEvent[] {
  const writer = new PerfettoWriter([planHeader(planOf(graph))]);
  const text = events.map((each) => writer.add(each)).join("") + writer.finish();
  return JSON.parse(text).traceEvents;
}

/** `first` on worker 1 with a cold start, `second` on worker 2, from `at` on. */
function pair(invocation: number, at: number, container = invocation): Event[] {
  const first = { node, task: 0, attempt: 1, container, invocation };
  const second = { node: other, task: 1, attempt: 1, container, invocation };
  return inOrder([
    event("arrival", at, { invocation }),
    event("cold-start", at + 12, { node, task: 0, container, invocation: -1 }),
    event("ready", at + 25, { node, task: 0, container, invocation: -1, wait_us: 13 }),
    ...activation(
      0,
      { trigger: at + 10, dispatch: at + 30, execute: at + 60, complete: at + 70 },
      first,
    ),
    event("put", at + 66, { ...first, datum: 0, bytes: 100, wait_us: 6, why: "local" }),
    event("put", at + 70, { ...first, datum: 0, bytes: 100, wait_us: 4, why: "remote" }),
    ...activation(
      1,
      { trigger: at + 80, queue: at + 81, dispatch: at + 90, start: at + 99, execute: at + 120 },
      {
        ...second,
        value: 0,
      },
    ),
    event("get", at + 99, { ...second, datum: 0, bytes: 100, wait_us: 9, why: "remote" }),
    event("finish", at + 130, { invocation, wait_us: 130 }),
  ]).sort(
    (a, b) =>
      a.time - b.time ||
      Number(b.kind === "put" || b.kind === "get") - Number(a.kind === "put" || a.kind === "get"),
  );
}

/** Slices of one lane nest or are disjoint. */
function assertLanes(trace: readonly TraceEvent[]): void {
  const slices = trace.filter(({ ph }) => ph === "X");
  for (const a of slices) {
    assert.ok(a.dur >= 0);
    for (const b of slices) {
      if (a === b || a.pid !== b.pid || a.tid !== b.tid || a.ts > b.ts) continue;
      const disjoint = a.ts + a.dur <= b.ts;
      const nested = b.ts + b.dur <= a.ts + a.dur || (a.ts === b.ts && a.dur <= b.dur);
      assert.ok(disjoint || nested, `${JSON.stringify(a)} overlaps ${JSON.stringify(b)}`);
    }
  }
}

test("each stretch of an activation is a slice of its own category", () => {
  const slices = traced(pair(0, 0)).filter(({ ph }) => ph === "X");
  const shown = slices.map(({ cat, name, pid, ts, dur }) => [cat, name, pid, ts, dur]);
  const [one, two] = [node + 1, other + 1];
  assert.equal(shown, [
    ["cold start", "cold start", one, 12, 13],
    ["queueing", "first", one, 10, 20],
    ["execution", "execution", one, 30, 30],
    ["put", "put local", one, 60, 6],
    ["put", "put remote", one, 66, 4],
    ["activation", "first", one, 30, 40],
    ["queueing", "second", two, 81, 9],
    ["get", "get", two, 90, 9],
    ["execution", "execution", two, 99, 21],
    ["activation", "second", two, 90, 30],
  ]);
});

test("an arrow goes from the end of the triggering activation to the queue of the triggered one", () => {
  const trace = traced(pair(0, 0));
  const [start] = trace.filter(({ ph }) => ph === "s");
  const [end] = trace.filter(({ ph }) => ph === "f");
  assert.equal([start!.pid, start!.ts], [node + 1, 69]);
  assert.equal([end!.pid, end!.ts], [other + 1, 81]);
  assert.is(start!.id, end!.id);
});

test("with many invocations at once lanes nest, arrows have both ends, invocations begin and end", () => {
  const events = inOrder([0, 1, 2, 3, 4].flatMap((i) => pair(i, i * 17)));
  const trace = traced(events);
  assertLanes(trace);
  const of = (phase: string): number[] =>
    trace
      .filter(({ ph }) => ph === phase)
      .map(({ id }) => id)
      .sort();
  assert.is(of("s").length, 5);
  assert.equal(of("s"), of("f"));
  assert.equal(of("b"), of("e"));
  const named = new Set(
    trace.filter(({ name }) => name === "thread_name").map(({ pid, tid }) => `${pid}/${tid}`),
  );
  for (const { ph, pid, tid } of trace) {
    if (ph === "X" || ph === "s" || ph === "f") assert.ok(named.has(`${pid}/${tid}`));
  }
});

test("an attempt that fails, or is cut off by the end of the log, is drawn up to there", () => {
  const run = { node, task: 0, attempt: 1, container: 3 };
  const events = [
    event("arrival", 0),
    event("trigger", 1, { node, task: 0 }),
    event("queue", 1, { ...run, container: -1 }),
    event("dispatch", 2, { ...run, why: "warm" }),
    event("start", 2, run),
    event("fail", 5, { ...run, why: "error" }),
    event("queue", 5, { ...run, container: -1, attempt: 2 }),
    event("dispatch", 6, { ...run, attempt: 2, why: "warm" }),
    event("late", 9, { node }),
  ];
  const trace = traced(events);
  const drawn = trace.filter(({ cat, ph }) => cat === "activation" && ph === "X");
  assert.equal(
    drawn.map(({ ts, dur, args }) => [ts, dur, args["why"]]),
    [
      [2, 3, "error"],
      [6, 3, "warm"],
    ],
  );
  assert.is(
    trace.filter(({ ph }) => ph === "b").length,
    trace.filter(({ ph }) => ph === "e").length,
  );
});

test("an empty log is a trace without events", () => {
  assert.equal(traced([]), []);
});

test.run();
