/** From an event log to a trace. */

import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Event } from "../../core/events.ts";
import { workerNode } from "../../core/node.ts";
import { childItem } from "../../core/workflow/item.ts";
import { TraceRecorder } from "../../traces/from-events.ts";
import { formatTraceEntry, readTrace, TRACE_HEADER } from "../../traces/record.ts";
import { activation, datum, event, task, workflow } from "../analysis/builder.ts";

const graph = workflow(
  "video",
  [
    task("split", { writes: [datum("pieces", 10, 2), datum("names", 1, 3)] }),
    task("work", { reads: ["split.pieces"], writes: [datum("piece", 10)] }),
    task("merge", { reads: ["work.piece", "split.names", "input.clip"] }),
  ],
  {
    inputs: [datum("clip", 9)],
    steps: [
      { tag: "task", task: "split" },
      {
        tag: "foreach",
        name: "each",
        over: "split.pieces",
        steps: [{ tag: "task", task: "work" }],
      },
      { tag: "task", task: "merge" },
    ],
  },
);
const idOf = (name: string): number => graph.data.findIndex((each) => each.name === name);
const node = workerNode(0);

function ran(of: number, invocation: number, over: { readonly item?: number }): Event[] {
  const events = activation(of, { trigger: 1, execute: 2 }, { invocation, ...over });
  return events.map((each) =>
    each.kind === "execute" ? { ...each, cpu_us: 100 + of, value: 50 } : each,
  );
}

function put(name: string, invocation: number, fields: Parameters<typeof event>[2]): Event {
  return event("put", 2, { node, invocation, datum: idOf(name), wait_us: 1, ...fields });
}

function invocationEvents(invocation: number, at: number): Event[] {
  const [first, second] = [childItem(0, 0), childItem(0, 1)];
  const writer = { task: 0, why: "remote" };
  const foreach = graph.vertices.findIndex(({ kind }) => kind === "foreach");
  return [
    event("arrival", at, { invocation }),
    ...ran(0, invocation, {}),
    put("split.pieces", invocation, { ...writer, part: first, bytes: 11 }),
    put("split.pieces", invocation, { ...writer, part: first, bytes: 11, why: "local" }),
    put("split.pieces", invocation, { ...writer, part: second, bytes: 12 }),
    put("split.names", invocation, { ...writer, part: first, bytes: 5 }),
    event("expand", at + 2, { node, invocation, task: foreach, value: 2 }),
    ...ran(1, invocation, { item: first }),
    ...ran(1, invocation, { item: second }),
    put("work.piece", invocation, { task: 1, item: second, part: second, bytes: 22, why: "local" }),
    event("get", at + 3, { node, invocation, datum: idOf("input.clip"), task: 2, bytes: 9 }),
  ];
}

test("an invocation's work becomes one record, and reading it gives the same entry", async () => {
  const recorder = new TraceRecorder(new Map([[0, graph]]));
  for (const each of invocationEvents(0, 40)) assert.equal(recorder.add(each), []);
  const [entry] = recorder.add(event("finish", 90));
  const line = formatTraceEntry(entry!, graph);
  assert.equal(JSON.parse(line), {
    at_us: 40,
    workflow: "video",
    compute_us: { split: 100, work: { 0: 101, 1: 101 } },
    sleep_us: { split: 50, work: { 0: 50, 1: 50 } },
    bytes: {
      "split.pieces": { 0: 11, 1: 12 },
      "split.names": { 0: 5 },
      "work.piece": { 1: 22 },
      "input.clip": 9,
    },
    counts: { "split.pieces": 2, "split.names": 1 },
  });
  const workflows = new Map([["video", graph]]);
  for await (const read of readTrace([TRACE_HEADER, line], { file: "t", workflows })) {
    assert.equal({ ...read, invocation: 0 }, entry);
  }
});

test("records come in order of arrival, whichever invocation ends first", () => {
  const recorder = new TraceRecorder(new Map([[0, graph]]));
  recorder.add(event("arrival", 1, { invocation: 5 }));
  recorder.add(event("arrival", 2, { invocation: 6 }));
  recorder.add(event("arrival", 3, { invocation: 7 }));
  assert.equal(recorder.add(event("finish", 4, { invocation: 6 })), []);
  const times = recorder.add(event("abort", 5, { invocation: 5 })).map(({ at }) => at);
  assert.equal(times, [1, 2]);
  assert.equal(
    recorder.finish().map(({ at }) => at),
    [3],
  );
});

test("what a failed attempt wrote is not recorded", () => {
  const recorder = new TraceRecorder(new Map([[0, graph]]));
  recorder.add(event("arrival", 1));
  recorder.add(put("split.pieces", 0, { task: 0, part: childItem(0, 7), bytes: 1, why: "remote" }));
  recorder.add(event("fail", 2, { node, task: 0, attempt: 1, why: "error" }));
  recorder.add(put("split.pieces", 0, { task: 0, part: childItem(0, 0), bytes: 2, why: "remote" }));
  const [entry] = recorder.add(event("finish", 3));
  assert.equal(entry!.recorded.bytes, new Map([[idOf("split.pieces"), new Map([[1, 2]])]]));
});

test("a switch's choice is recorded, otherwise included", () => {
  const chooser = workflow("w", [task("a"), task("b")], {
    steps: [
      {
        tag: "switch",
        name: "which",
        cases: [
          {
            when: { tag: "literal", value: true },
            probability: undefined,
            steps: [{ tag: "task", task: "a" }],
          },
        ],
        otherwise: [{ tag: "task", task: "b" }],
      },
    ],
  });
  const vertex = chooser.vertices.findIndex(({ kind }) => kind === "switch");
  const recorder = new TraceRecorder(new Map([[0, chooser]]));
  recorder.add(event("arrival", 1));
  recorder.add(event("branch", 2, { node, task: vertex, value: 1 }));
  const [entry] = recorder.add(event("finish", 3));
  assert.equal(JSON.parse(formatTraceEntry(entry!, chooser)).branches, { which: "otherwise" });
});

test.run();
