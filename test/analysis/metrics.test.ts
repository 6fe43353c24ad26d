/** Metrics and the attribution of latency, on runs small enough to reckon by hand. */

import { test } from "uvu";
import * as assert from "uvu/assert";
import { PARTS } from "../../analysis/attribution.ts";
import { planHeader } from "../../analysis/event-header.ts";
import { metricRows } from "../../analysis/metric-rows.ts";
import { Metrics } from "../../analysis/metrics.ts";
import { quantile, Samples } from "../../analysis/quantile.ts";
import { type Event, GATEWAY_LOST } from "../../core/events.ts";
import { workerNode } from "../../core/node.ts";
import type { Micros } from "../../core/units.ts";
import { childItem } from "../../core/workflow/item.ts";
import { activation, datum, event, inOrder, planOf, task, workflow } from "./builder.ts";

const chain = workflow("chain", [
  task("first", { writes: [datum("out", 100)] }),
  task("second", { reads: ["first.out"] }),
]);
const chainPlan = planOf(chain, { criticalPath: [0, 1] });

/** First: triggered 10, queued 15, dispatched 30, runs 40 to 70, ends 80; second 100 to 200. */
function chainEvents(invocation: number): Event[] {
  const first = { node: workerNode(0), task: 0, attempt: 1, container: 7, invocation };
  const second = { node: workerNode(1), task: 1, attempt: 1, container: 8, invocation };
  return inOrder([
    event("arrival", 0, { invocation }),
    event("cold-start", 20, { node: workerNode(0), task: 0, container: 7, invocation: -1 }),
    ...activation(
      0,
      { trigger: 10, queue: 15, dispatch: 30, start: 40, execute: 70, complete: 80 },
      first,
    ).map((e): Event => (e.kind === "dispatch" ? { ...e, why: "cold" } : e)),
    event("put", 76, { ...first, datum: 0, bytes: 100, wait_us: 6, why: "local" }),
    event("put", 80, { ...first, datum: 0, bytes: 100, wait_us: 4, why: "remote" }),
    ...activation(
      1,
      { trigger: 100, queue: 110, start: 125, execute: 200 },
      { ...second, value: 0 },
    ),
    event("get", 120, { ...second, datum: 0, bytes: 100, wait_us: 10, why: "remote" }),
    event("finish", 205, { invocation, wait_us: 205 }),
  ]);
}

function measured(events: readonly Event[], skip = 0): Metrics {
  const metrics = new Metrics({ plans: [planHeader(chainPlan)], skip });
  for (const each of events) metrics.add(each);
  return metrics;
}

test("quantiles interpolate linearly between the two samples around them (type 7)", () => {
  assert.is(quantile([1, 2, 3, 4], 0.5), 2.5);
  assert.is(quantile([10, 20, 30, 40, 50], 0.95), 48);
  assert.is(quantile([5], 0.99), 5);
  assert.ok(Number.isNaN(quantile([], 0.5)));
});

test("samples keep all values however many are added", () => {
  const samples = new Samples();
  for (let i = 1000; i >= 0; i--) samples.add(i);
  assert.is(samples.count, 1001);
  assert.is(samples.mean(), 500);
  assert.is(samples.quantile(0.25), 250);
});

test("latency is finish minus arrival", () => {
  assert.is(measured(chainEvents(0)).workflows[0]!.latencies.mean(), 205);
});

test("scheduling overhead is latency minus the critical path's tasks from queue to completion", () => {
  assert.is(measured(chainEvents(0)).workflows[0]!.scheduleOverhead, 205 - (80 - 15) - (200 - 110));
});

test("data overhead adds the longest get of an activation and all its puts", () => {
  const events = chainEvents(0);
  const get = events.find(({ kind }) => kind === "get")!;
  events.splice(events.indexOf(get), 0, { ...get, wait_us: 7 });
  assert.is(measured(events).workflows[0]!.dataOverhead, 6 + 4 + 10);
});

test("bytes are told apart by tier and direction", () => {
  const { getLocal, getRemote, putLocal, putRemote } = measured(chainEvents(0)).workflows[0]!.bytes;
  assert.equal([getLocal, getRemote, putLocal, putRemote], [0, 100, 100, 100]);
});

test("each part of the latency covers its stretch of the chain, and the parts add up", () => {
  const { parts } = measured(chainEvents(0)).workflows[0]!;
  const expected = {
    trigger: 10 + 20,
    assign: 5 + 10,
    retry: 0,
    queueing: 5,
    cold_start: 10,
    get: 10 + 15,
    execution: 30 + 75,
    put: 10,
    tail: 5,
  };
  assert.equal(Object.fromEntries(PARTS.map((part, i) => [part, parts[i]])), expected);
  assert.is(
    [...parts].reduce((sum, part) => sum + part, 0),
    205,
  );
});

test("storing the inputs before an invocation is taken up is data, not scheduling", () => {
  const events = chainEvents(0).map(
    (each): Event =>
      each.kind === "arrival" ? { ...each, time: 8 as Micros, wait_us: 8, value: 6 } : each,
  );
  const [before, after] = [chainEvents(0), inOrder(events)].map(
    (log) => measured(log).workflows[0]!,
  );
  assert.is(after!.latencies.mean(), before!.latencies.mean());
  assert.is(after!.scheduleOverhead, before!.scheduleOverhead - 6);
  assert.is(after!.dataOverhead, before!.dataOverhead + 6);
  const [trigger, put] = [PARTS.indexOf("trigger"), PARTS.indexOf("put")];
  assert.is(after!.parts[trigger], before!.parts[trigger]! - 6);
  assert.is(after!.parts[put], before!.parts[put]! + 6);
});

test("a retry's part runs from the first queue to the queue of the attempt that completed", () => {
  const base = { node: workerNode(0), task: 0 };
  const events = [
    event("arrival", 0),
    event("trigger", 10, base),
    event("queue", 10, { ...base, attempt: 1 }),
    event("dispatch", 20, { ...base, attempt: 1, container: 1, why: "warm" }),
    event("start", 20, { ...base, attempt: 1, container: 1 }),
    event("fail", 50, { ...base, attempt: 1, container: 1, why: "error" }),
    event("retry", 50, { ...base, attempt: 2, wait_us: 10 }),
    ...activation(0, { trigger: 60, execute: 90 }, { attempt: 2 }).slice(1),
    ...activation(1, { trigger: 90, execute: 100 }, { value: 0 }),
    event("finish", 100, { wait_us: 100 }),
  ];
  const workflow = measured(events).workflows[0]!;
  assert.is(workflow.parts[PARTS.indexOf("retry")], 50);
  assert.is(
    workflow.parts.reduce((sum, part) => sum + part, 0),
    100,
  );
  assert.is(workflow.retries, 1);
});

test("the chain is walked back through a foreach to its slowest body", () => {
  const graph = workflow(
    "wide",
    [
      task("split", { writes: [datum("pieces", 10, 2)] }),
      task("work", { reads: ["split.pieces"], writes: [datum("piece", 10)] }),
      task("merge", { reads: ["work.piece"] }),
    ],
    {
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
  const foreach = graph.vertices.findIndex(({ kind }) => kind === "foreach");
  const close = graph.vertices.findIndex(({ kind }) => kind === "close");
  const [fast, slow] = [childItem(0, 0), childItem(0, 1)];
  const events = inOrder([
    event("arrival", 0),
    ...activation(0, { trigger: 1, execute: 11 }),
    event("expand", 12, { node: workerNode(0), task: foreach, value: 2 }),
    ...activation(1, { trigger: 13, execute: 20 }, { item: fast, container: 5, value: foreach }),
    ...activation(1, { trigger: 14, execute: 60 }, { item: slow, container: 6, value: foreach }),
    ...activation(2, { trigger: 63, execute: 70 }, { value: close }),
    event("finish", 71, { wait_us: 71 }),
  ]);
  const metrics = new Metrics({ plans: [planHeader(planOf(graph, { criticalPath: [0, 1, 2] }))] });
  for (const each of events) metrics.add(each);
  const { parts, scheduleOverhead } = metrics.workflows[0]!;
  assert.is(parts[PARTS.indexOf("execution")], 10 + 46 + 7);
  assert.is(parts[PARTS.indexOf("trigger")], 1 + 1 + 2 + 3);
  assert.is(
    parts.reduce((sum, part) => sum + part, 0),
    71,
  );
  assert.is(scheduleOverhead, 71 - 10 - 46 - 7);
});

test("the critical path stays with one item of a foreach as long as it is in its body", () => {
  const graph = workflow(
    "wide",
    [
      task("split", { writes: [datum("pieces", 10, 2)] }),
      task("cut", { reads: ["split.pieces"], writes: [datum("piece", 10)] }),
      task("glue", { reads: ["cut.piece"] }),
    ],
    {
      steps: [
        { tag: "task", task: "split" },
        {
          tag: "foreach",
          name: "each",
          over: "split.pieces",
          steps: [
            { tag: "task", task: "cut" },
            { tag: "task", task: "glue" },
          ],
        },
      ],
    },
  );
  const foreach = graph.vertices.findIndex(({ kind }) => kind === "foreach");
  const [one, other] = [childItem(0, 0), childItem(0, 1)];
  const events = inOrder([
    event("arrival", 0),
    ...activation(0, { trigger: 0, execute: 10 }),
    event("expand", 10, { node: workerNode(0), task: foreach, value: 2 }),
    ...activation(1, { trigger: 10, execute: 50 }, { item: one, value: foreach }),
    ...activation(2, { trigger: 51, execute: 56 }, { item: one, value: 1 }),
    ...activation(1, { trigger: 10, execute: 15 }, { item: other, value: foreach }),
    ...activation(2, { trigger: 16, execute: 58 }, { item: other, value: 1 }),
    event("finish", 60, { wait_us: 60 }),
  ]);
  const metrics = new Metrics({ plans: [planHeader(planOf(graph))] });
  for (const each of events) metrics.add(each);
  assert.is(metrics.workflows[0]!.scheduleOverhead, 60 - 10 - 5 - 42);
});

/** The first task runs again after a loss, beside the second, which went on from its first run. */
function againEvents(rerun: readonly Event[]): Event[] {
  return inOrder([
    event("arrival", 0),
    ...activation(0, { trigger: 0, execute: 20 }),
    ...rerun,
    ...activation(1, { trigger: 21, execute: 95 }, { node: workerNode(1), value: 0 }),
    event("finish", 100, { wait_us: 100 }),
  ]);
}

for (const [name, rerun] of [
  ["has ended", activation(0, { trigger: 30, execute: 90 })],
  ["has not", activation(0, { trigger: 30, execute: 99 }).slice(0, 3)],
] as const) {
  test(`no part is negative where a task was run again after a loss and ${name}`, () => {
    const { parts, scheduleOverhead } = measured(againEvents(rerun)).workflows[0]!;
    assert.is(scheduleOverhead >= 0, true, `${scheduleOverhead}`);
    assert.is(parts[PARTS.indexOf("execution")], 20 + 74);
    assert.is(parts[PARTS.indexOf("trigger")], 1);
    assert.is(parts[PARTS.indexOf("tail")], 5);
    assert.is(
      parts.reduce((sum, part) => sum + part, 0),
      100,
    );
  });
}

test("a skipped task costs nothing and passes the chain on", () => {
  const events = [
    event("arrival", 0),
    ...activation(0, { trigger: 5, execute: 50 }),
    event("skip", 55, { node: workerNode(1), task: 1 }),
    event("finish", 60, { wait_us: 60 }),
  ];
  const { parts, scheduleOverhead } = measured(events).workflows[0]!;
  assert.is(scheduleOverhead, 60 - 45);
  assert.is(parts[PARTS.indexOf("trigger")], 5 + 5);
  assert.is(
    parts.reduce((sum, part) => sum + part, 0),
    60,
  );
});

test("the first invocations of a workflow are left out when they are warm-up", () => {
  const { started, finished, coldStarts } = measured([...chainEvents(0), ...chainEvents(1)], 1)
    .workflows[0]!;
  assert.equal([started, finished, coldStarts], [1, 1, 1]);
});

test("an aborted invocation is counted by its reason and measured nowhere else", () => {
  const workflow = measured([event("arrival", 0), event("abort", 9, { why: "timeout" })])
    .workflows[0]!;
  assert.equal([...workflow.aborted], [["timeout", 1]]);
  assert.is(workflow.latencies.count, 0);
});

test("a worker is busy while at least one of its containers executes", () => {
  const overlapping = [
    event("arrival", 0),
    ...activation(0, { trigger: 0, execute: 50 }),
    ...activation(1, { trigger: 30, execute: 80 }),
    event("finish", 100),
  ];
  const metrics = measured(inOrder(overlapping));
  assert.equal(metrics.workers[0], { busy: 80, execution: 100 });
  assert.equal(metrics.workers[1], { busy: 0, execution: 0 });
  assert.is(metrics.makespan, 100);
});

test("after the loss of a gateway nothing runs, and what arrives again has arrived once", () => {
  const lost = event("lost", 60, { plan: -1, invocation: -1, value: GATEWAY_LOST });
  const again = chainEvents(0).map((each) => ({ ...each, time: (each.time + 60) as Micros }));
  const begun = chainEvents(0).filter(({ time }) => time <= 50);
  const metrics = measured([...begun, lost, ...again]);
  const { started, finished } = metrics.workflows[0]!;
  assert.equal([started, finished], [1, 1]);
  // From 40 to the loss at 60, then 30 of the first task and 75 of the second.
  assert.equal(
    metrics.workers.map(({ busy }) => busy),
    [20 + 30, 75],
  );
});

test("a cancelled execution ends when its container is stopped", () => {
  const run = { node: workerNode(0), task: 0, container: 3, attempt: 1 };
  const events = [
    event("arrival", 0),
    event("start", 10, run),
    event("abort", 20, { why: "timeout" }),
    event("fail", 30, { ...run, why: "cancelled" }),
    event("start", 90, { ...run, invocation: 1 }),
    event("stop", 95, { ...run, invocation: -1, why: "timeout" }),
  ];
  assert.is(measured(events).workers[0]!.busy, 25);
});

test("rows carry value, unit and the number of invocations", () => {
  const rows = metricRows(measured(chainEvents(0)), { scheme: "worker-sp", storage: "faastore" });
  const row = (metric: string): unknown => rows.find((each) => each.metric === metric);
  const base = { workflow: "chain", scheme: "worker-sp", storage: "faastore", count: 1 };
  assert.equal(row("e2e_p99"), { ...base, metric: "e2e_p99", unit: "s", value: 0.000205 });
  assert.equal(row("bytes_remote"), { ...base, metric: "bytes_remote", unit: "B", value: 200 });
  assert.equal(row("cold_starts"), { ...base, metric: "cold_starts", unit: "1", value: 1 });
});

test("a workflow of which nothing finished has no mean", () => {
  const rows = metricRows(measured([event("arrival", 0)]), { scheme: "a", storage: "b" });
  assert.not.ok(rows.some(({ metric }) => metric.startsWith("e2e")));
  assert.ok(rows.every(({ value }) => Number.isFinite(value)));
});

test.run();
