/** Event logs: what a line looks like, and what the reader says of wrong ones. */

import { test } from "uvu";
import * as assert from "uvu/assert";
import { eventHeader, formatHeader } from "../../analysis/event-header.ts";
import { EventNames, formatEvent } from "../../analysis/event-log.ts";
import { readEventLog } from "../../analysis/event-reader.ts";
import type { Event } from "../../core/events.ts";
import { workerNode } from "../../core/node.ts";
import { childItem } from "../../core/workflow/item.ts";
import { datum, event, planOf, task, workflow } from "./builder.ts";

const graph = workflow('say "hi"', [
  task("first", { writes: [datum("out", 1)] }),
  task("second", { reads: ["first.out"] }),
]);
const header = eventHeader({ seed: 7, config: { workers: 2 }, config_hash: "abc" }, [
  planOf(graph),
]);
const names = new EventNames(header.workflows);

async function readAll(lines: readonly string[], limit = 20): Promise<Event[]> {
  const log = await readEventLog(lines, { file: "run.ndjson", limit });
  const events: Event[] = [];
  for await (const each of log.events) events.push(each);
  return events;
}

async function messageOf(reading: Promise<unknown>): Promise<string> {
  try {
    await reading;
  } catch (error) {
    return (error as Error).message;
  }
  return "";
}

test("an event is written with names, and what has no value is left out", () => {
  const put = event("put", 1500, {
    node: workerNode(2),
    invocation: 12,
    task: 0,
    item: childItem(childItem(0, 0), 2),
    attempt: 1,
    container: 4,
    datum: 0,
    bytes: 0,
    wait_us: 20,
    why: "local",
  });
  assert.is(
    formatEvent(put, names),
    '{"time_us":1500,"node":"worker-3","kind":"put","workflow":"say \\"hi\\"","invocation":12,' +
      '"task":"first","item":"0.2","attempt":1,"container":4,"datum":"first.out","bytes":0,' +
      '"wait_us":20,"why":"local"}',
  );
});

test("a reader gives the header and the events that were written", async () => {
  const events = [
    event("arrival", 1),
    event("trigger", 2, { node: workerNode(0), task: 1, value: 0 }),
    event("stop", 3, { node: workerNode(0), plan: -1, invocation: -1, item: -1, container: 2 }),
  ];
  const lines = [formatHeader(header), ...events.map((each) => formatEvent(each, names))];
  const log = await readEventLog(lines, { file: "run.ndjson" });
  assert.equal(log.header, JSON.parse(JSON.stringify(header)));
  assert.equal(await readAll(lines), events);
});

test("events of two plans of one workflow keep their plan", async () => {
  const plans = [planOf(graph), planOf(graph, { id: 1, version: 2 })];
  const both = eventHeader({ seed: 1, config: {}, config_hash: "" }, plans);
  const events = [event("arrival", 1), event("arrival", 2, { plan: 1, invocation: 1 })];
  const text = events.map((each) => formatEvent(each, new EventNames(both.workflows)));
  assert.equal(await readAll([formatHeader(both), ...text]), events);
});

test("all problems are told at once, with their lines", async () => {
  const message = await messageOf(
    readAll([
      formatHeader(header),
      "{",
      '{"time_us":1,"node":"gateway","kind":"arrive"}',
      '{"node":"worker-0","kind":"arrival","colour":1}',
      '{"time_us":1.5,"node":"gateway","kind":"get","workflow":"say \\"hi\\"","task":"third"}',
      '{"time_us":1,"node":"gateway","kind":"arrival","workflow":"other","item":"0.x","why":"no"}',
    ]),
  );
  const wheres = message.split("\n").map((line) => line.slice(0, line.indexOf(": found")));
  assert.equal(wheres, [
    "run.ndjson:2",
    "run.ndjson:3: kind",
    "run.ndjson:4: colour",
    "run.ndjson:4: time_us",
    "run.ndjson:4: node",
    "run.ndjson:5: time_us",
    "run.ndjson:5: task",
    "run.ndjson:6: workflow",
    "run.ndjson:6: item",
    "run.ndjson:6: why",
  ]);
});

/** The first problem of a log with this header and these lines. */
async function firstWrong(lines: readonly string[], of: unknown = header): Promise<string> {
  const message = await messageOf(readAll([JSON.stringify(of), ...lines]));
  return message.split("\n")[0]!.replace("run.ndjson:", "");
}

function lineOf(fields: Readonly<Record<string, unknown>>): string {
  const at = { time_us: 1, node: "worker-1", workflow: 'say "hi"', invocation: 0 };
  return JSON.stringify({ ...at, ...fields });
}

test("numbers and names that the header does not have are problems of their lines", async () => {
  const put = { kind: "put", task: "first", datum: "first.out", bytes: 1, why: "local" };
  assert.is(await firstWrong([lineOf(put)]), "");
  const wrong: readonly (readonly [Readonly<Record<string, unknown>>, RegExp])[] = [
    [{ ...put, plan: 7 }, /^2: plan: found 7; expected a plan of the header: 0/],
    [{ ...put, task: 5 }, /^2: task: found 5; expected a task that the header names/],
    [{ ...put, task: "third" }, /^2: task: found "third"/],
    [{ ...put, datum: 0 }, /^2: datum: found 0; expected a datum that the header names/],
    [{ ...put, datum: undefined }, /^2: datum: found nothing; expected what this `put` is of/],
    [
      { ...put, workflow: undefined, task: undefined, datum: undefined },
      /^2: workflow: found nothing/,
    ],
    [{ ...put, item: "-" }, /^2: item: found "-"/],
    [{ ...put, part: "-" }, /^2: part: found "-"/],
    [{ kind: "arrival", invocation: undefined }, /^2: invocation: found nothing/],
  ];
  for (const [fields, expected] of wrong) {
    assert.match(await firstWrong([lineOf(fields)]), expected, JSON.stringify(fields));
  }
});

test("a trigger names a vertex that it waits for: who walks back comes to an end", async () => {
  const trigger = { kind: "trigger", task: "second" };
  assert.is(await firstWrong([lineOf({ ...trigger, value: 0 })]), "");
  assert.is(await firstWrong([lineOf(trigger)]), "");
  for (const value of [1, 99]) {
    const expected = new RegExp(`^2: value: found ${value}; expected the number of a vertex`);
    assert.match(await firstWrong([lineOf({ ...trigger, value })]), expected);
  }
});

test("an invocation keeps its plan", async () => {
  const other = workflow("other", [task("alone")]);
  const both = eventHeader({ seed: 1, config: {}, config_hash: "" }, [
    planOf(graph),
    planOf(other, { id: 1 }),
  ]);
  const lines = [lineOf({ kind: "arrival" }), lineOf({ kind: "arrival", workflow: "other" })];
  const expected =
    /^3: workflow: found other, plan 1; expected say "hi", plan 0, as of invocation 0/;
  assert.match(await firstWrong(lines, both), expected);
});

test("a header whose numbers do not fit together is refused, all of them at once", async () => {
  const [plan] = header.workflows;
  const of = (change: Partial<typeof plan>) => ({ ...header, workflows: [{ ...plan, ...change }] });
  const circle = of({ edges: [...plan!.edges, [1, 0]] });
  assert.match(
    await firstWrong([], circle),
    /^1: workflows\.0\.edges: found a circle; expected none/,
  );
  const edges = [[0, 9]] as const;
  const wrong = of({ task_count: 3, depths: [0], criticalPath: [8], edges });
  const message = await messageOf(readAll([JSON.stringify(wrong)]));
  const paths = message.split("\n").map((line) => line.split(" ")[1]);
  assert.equal(
    paths,
    ["task_count:", "depths:", "criticalPath.0:", "edges.0:"].map((path) => `workflows.0.${path}`),
  );
  const twice = { ...header, workflows: [plan, plan] };
  assert.match(await firstWrong([], twice), /^1: workflows\.1\.plan: found 0 again/);
});

test("problems beyond the limit are counted", async () => {
  const message = await messageOf(readAll([formatHeader(header), ...Array(5).fill("?")], 2));
  assert.is(message.split("\n").length, 3);
  assert.match(message, /and 3 more$/);
});

test("a header of another version is a problem of line 1", async () => {
  const wrong = formatHeader(header).replace('"version":1', '"version":2');
  assert.match(await messageOf(readAll([wrong])), /^run.ndjson:1: version: .*1/);
  assert.match(await messageOf(readAll([])), /^run.ndjson:1: found an empty file/);
});

test.run();
