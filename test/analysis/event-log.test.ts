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
  const events = [event("arrival", 1), event("arrival", 2, { plan: 1 })];
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
