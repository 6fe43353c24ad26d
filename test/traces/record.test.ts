/** The trace format: reading, writing, problems. */

import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Graph } from "../../core/workflow/graph.ts";
import { childItem } from "../../core/workflow/item.ts";
import { recordedAt } from "../../core/workflow/recorded.ts";
import { formatTraceEntry, readTrace, TRACE_HEADER, type TraceEntry } from "../../traces/record.ts";
import { datum, task, workflow } from "../analysis/builder.ts";

const graph = workflow(
  "video",
  [
    task("split", { writes: [datum("pieces", 10, 2)] }),
    task("work", { reads: ["split.pieces"], writes: [datum("piece", 10)] }),
    task("merge", { reads: ["work.piece"] }),
    task("alarm"),
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
      {
        tag: "switch",
        name: "loud",
        cases: [
          {
            when: { tag: "literal", value: true },
            probability: undefined,
            steps: [{ tag: "task", task: "alarm" }],
          },
        ],
        otherwise: [],
      },
    ],
  },
);
const workflows: ReadonlyMap<string, Graph> = new Map([["video", graph]]);

async function readAll(lines: readonly string[], limit = 20): Promise<TraceEntry[]> {
  const entries: TraceEntry[] = [];
  for await (const entry of readTrace(lines, { file: "t.ndjson", workflows, limit })) {
    entries.push(entry);
  }
  return entries;
}

async function messageOf(lines: readonly string[], limit = 20): Promise<string> {
  try {
    await readAll(lines, limit);
  } catch (error) {
    return (error as Error).message;
  }
  return "";
}

const FULL =
  '{"at_us":5,"workflow":"video","compute_us":{"split":7,"work":{"0":1,"1":2}},' +
  '"sleep_us":{"merge":3},"bytes":{"split.pieces":{"0":10,"1":20}},"counts":{"split.pieces":2},' +
  '"branches":{"loud":"otherwise"}}';

test("a trace of nothing but its header is told, and where it ends", async () => {
  const told = await messageOf([TRACE_HEADER, "", ""]);
  assert.match(
    told,
    /^t\.ndjson:3: found the end; expected an arrival\. There is nothing to replay/,
  );
});

test("a record is read into ids, by item where it says so", async () => {
  const [entry] = await readAll([TRACE_HEADER, FULL]);
  const { recorded } = entry!;
  const pieces = graph.data.findIndex(({ name }) => name === "split.pieces");
  const loud = graph.vertices.findIndex(({ kind }) => kind === "switch");
  assert.is(entry!.at, 5);
  assert.is(recordedAt(recorded.compute, 0, 0), 7);
  assert.is(recordedAt(recorded.compute, 1, childItem(0, 1)), 2);
  assert.is(recordedAt(recorded.compute, 1, childItem(0, 2)), undefined);
  assert.is(recordedAt(recorded.bytes, pieces, childItem(0, 0)), 10);
  assert.is(recordedAt(recorded.counts, pieces, 0), 2);
  assert.is(recordedAt(recorded.branches, loud, 0), -1);
  assert.is(recordedAt(recorded.sleep, 0, 0), undefined);
});

test("writing what was read gives the same line", async () => {
  const [entry] = await readAll([TRACE_HEADER, FULL]);
  assert.is(formatTraceEntry(entry!, graph), FULL);
  const bare = '{"at_us":5,"workflow":"video"}';
  const [short] = await readAll([TRACE_HEADER, bare]);
  assert.is(formatTraceEntry(short!, graph), bare);
});

test("all problems are told at once, each with its line and place", async () => {
  const message = await messageOf([
    TRACE_HEADER,
    "{",
    '{"at_us":-1,"workflow":"video","colour":1}',
    '{"at_us":9,"workflow":"vidoe"}',
    '{"at_us":8,"workflow":"video","compute_us":{"splt":1,"loud":1},"bytes":{"split.piece":1}}',
    '{"at_us":9,"workflow":"video","branches":{"loud":1},"sleep_us":{"work":{"x":1}}}',
  ]);
  const wheres = message.split("\n").map((line) => line.slice(0, line.indexOf(": found")));
  assert.equal(wheres, [
    "t.ndjson:2",
    "t.ndjson:3: colour",
    "t.ndjson:3: at_us",
    "t.ndjson:4: workflow",
    "t.ndjson:5: at_us",
    "t.ndjson:5: compute_us.splt",
    "t.ndjson:5: compute_us.loud",
    "t.ndjson:5: bytes.split.piece",
    "t.ndjson:6: sleep_us.work",
    "t.ndjson:6: branches.loud",
  ]);
  assert.match(message, /Did you mean "video"\?/);
});

test("records are read as they are asked for", async () => {
  let lines = 0;
  const endless = (function* () {
    yield TRACE_HEADER;
    for (;;) {
      lines += 1;
      yield `{"at_us":${lines},"workflow":"video"}`;
    }
  })();
  for await (const entry of readTrace(endless, { file: "t", workflows })) {
    if (entry.at === 3) break;
  }
  assert.is(lines, 3);
});

test("a file without the header is refused at line 1, and problems beyond the limit are counted", async () => {
  assert.match(await messageOf(['{"at_us":5}']), /^t.ndjson:1: found .*expected the header/);
  assert.match(await messageOf([]), /^t.ndjson:1: found nothing/);
  assert.match(await messageOf([TRACE_HEADER, "?", "?", "?"], 1), /\nand 2 more$/);
});

test.run();
