/** The remote store against the formulas in its head, with round numbers. Times in milliseconds. */

import { test } from "uvu";
import * as assert from "uvu/assert";
import { seconds } from "../fixtures/scenario.ts";
import { type Asked, roundProfile, StoreBench } from "../fixtures/store-bench.ts";

const MEGABYTE = 1_000_000;
/** At 10 MB/s. */
const MEGABYTE_MS = 100;

function timesOf(profile: Parameters<typeof roundProfile>[0], ...asked: readonly Asked[]) {
  const bench = new StoreBench(roundProfile(profile));
  for (const each of asked) bench.ask(each);
  return bench.times();
}

/** A request: in the container, there and back, a look-up or a record at the server. */
const LOOK_UP = 2 + 2 * 1 + 10;
const RECORD = 2 + 2 * 1 + 20;

test("a get takes its look-up, its record, and bytes / link", () => {
  assert.equal(timesOf({}, { kind: "get", bytes: MEGABYTE }), [LOOK_UP + RECORD + MEGABYTE_MS]);
});

test("JSON is looked for twice, expanded while it moves, and read twice in the container", () => {
  const slow = roundProfile({ expand: 5e6 }, { body: 50e6 });
  const bench = new StoreBench(slow);
  bench.ask({ kind: "get", bytes: MEGABYTE, content: "text" });
  assert.equal(bench.times(), [2 * LOOK_UP + RECORD + 200 + 2 * 20]);
  const fast = new StoreBench(roundProfile({ expand: 20e6 }, { body: 50e6 }));
  fast.ask({ kind: "get", bytes: MEGABYTE, content: "text" });
  assert.equal(fast.times(), [2 * LOOK_UP + RECORD + MEGABYTE_MS + 2 * 20]);
});

test("a look-up of what was never stored takes two requests, moves nothing and is not recorded", () => {
  assert.equal(timesOf({}, { kind: "get", stored: false, bytes: MEGABYTE }), [2 * LOOK_UP]);
});

test("a put takes the revision's look-up, its own request, the slower of upload and intake, commit", () => {
  const requests = LOOK_UP + 2 + 2;
  const put = { kind: "put", bytes: MEGABYTE } as const;
  for (const [rate, slower] of [
    [20e6, MEGABYTE_MS],
    [5e6, 200],
  ] as const) {
    assert.equal(timesOf({ disk: rate }, put), [requests + slower + 50]);
    const text = { ...put, content: "text" } as const;
    assert.equal(timesOf({ compress_text: rate }, text), [requests + slower + 50]);
    const filler = { ...put, content: "filler" } as const;
    assert.equal(timesOf({ compress_filler: rate }, filler), [requests + slower + 50]);
  }
});

test("notes are look-ups and records, one after another", () => {
  const notes = { lookUps: 1, records: 3 };
  assert.equal(timesOf({}, { kind: "notes", notes }), [LOOK_UP + 3 * RECORD]);
});

test("requests of one container go through its thread one after another", () => {
  const bench = new StoreBench(roundProfile());
  const thread = bench.thread();
  bench.ask({ thread });
  bench.ask({ thread });
  const [first, second] = bench.times();
  assert.is(first, LOOK_UP + RECORD);
  assert.is(second, first! + 2 * 2);
});

test("the server's cores are shared: two gets on one core take twice as long", () => {
  const bench = new StoreBench(roundProfile({}, { cores: 1 }));
  bench.ask({});
  bench.ask({});
  const expected = 2 * (2 + 2) + 2 * (10 + 20);
  assert.equal(bench.times(), [expected, expected]);
});

test("two bodies share the storage node's link; one each way do not", () => {
  const one = LOOK_UP + RECORD + MEGABYTE_MS;
  const get: Asked = { bytes: MEGABYTE };
  assert.equal(timesOf({}, get, { ...get, worker: 2 }), [one + 100, one + 100]);
  const [got] = timesOf({}, get, { ...get, kind: "put", worker: 2, invocation: 2 });
  assert.is(got, one);
});

/** Only bodies take time: how many were moved over the link, until all were answered. */
function bodiesMoved(document: "shared" | "per-datum", invocations: readonly number[]): number {
  const none = seconds(0);
  const store = { look_up: none, commit: none };
  const bench = new StoreBench(roundProfile(store, { document, latency: none, request: none }));
  for (const invocation of invocations) bench.ask({ kind: "put", bytes: MEGABYTE, invocation });
  return Math.max(...bench.times().map((time) => time!)) / MEGABYTE_MS;
}

for (const writers of [1, 2, 3, 5, 10]) {
  test(`${writers} equal writers of one document at once move n (n + 1) / 2 bodies`, () => {
    const one = Array.from({ length: writers }, () => 1);
    assert.is(bodiesMoved("shared", one), (writers * (writers + 1)) / 2);
    assert.is(bodiesMoved("per-datum", one), writers);
  });
}

test("the updater takes its time for each write, stored or refused", () => {
  const none = seconds(0);
  const free = { latency: none, request: none, document: "shared" } as const;
  const bench = new StoreBench(roundProfile({ look_up: none }, free));
  for (let writer = 0; writer < 3; writer++) bench.ask({ kind: "put" });
  // Three turns: one is stored; two: one is stored; one.
  assert.equal(bench.times(), [50, 4 * 50, 6 * 50]);
});

test("writers of two invocations do not conflict", () => {
  assert.is(bodiesMoved("shared", [1, 2, 3]), 3);
  assert.is(bodiesMoved("shared", [1, 1, 2]), 4);
});

test("writers one after another do not conflict", () => {
  const bench = new StoreBench(roundProfile({}, { document: "shared" }));
  const put: Asked = { kind: "put", bytes: MEGABYTE };
  bench.ask(put);
  bench.askAt(seconds(1), put);
  const [first, second] = bench.times();
  assert.is(second! - 1000, first!);
});

test("connections are given in the order of asking, and never more than there are", () => {
  const bench = new StoreBench(roundProfile({ connections: 2, look_up: seconds(0.18) }));
  for (let index = 0; index < 6; index++) bench.askAt(seconds(index * 0.001), {});
  const times = bench.times().map((time) => time!);
  assert.equal(
    times,
    times.toSorted((a, b) => a - b),
  );
  // In twos: the first pair as if alone, each next pair 200 ms of service later.
  assert.equal(
    times.map((time, index) => Math.round(time - times[index % 2]!)),
    [0, 0, 200, 200, 400, 400],
  );
});

test("a request that fails is answered so, after its look-ups, and moves no body", () => {
  const bench = new StoreBench(roundProfile());
  bench.ask({ bytes: MEGABYTE, fails: true });
  bench.times();
  assert.equal(bench.answers, [{ at: (LOOK_UP + RECORD) * 1000, ok: false }]);
});

test("an abort gives no answer, frees the link and the connection for who waits", () => {
  const bench = new StoreBench(roundProfile({ connections: 1 }));
  const first = bench.ask({ bytes: 100 * MEGABYTE });
  bench.ask({ bytes: MEGABYTE, worker: 2 });
  bench.kernel.at(seconds(1), { step: () => first.abort() });
  const [aborted, second] = bench.times();
  assert.is(aborted, undefined);
  assert.is(second, 1000 + 10 + 20 + MEGABYTE_MS + 1);
});

test("an abort of one that waits for a connection leaves the connection to the next", () => {
  const bench = new StoreBench(roundProfile({ connections: 1 }));
  bench.ask({ bytes: MEGABYTE });
  const waiting = bench.ask({ bytes: MEGABYTE });
  bench.ask({ bytes: MEGABYTE });
  bench.kernel.at(seconds(0.05), { step: () => waiting.abort() });
  const [first, aborted, third] = bench.times();
  assert.is(aborted, undefined);
  assert.is(third! - first!, 10 + 20 + MEGABYTE_MS);
});

test("an abort twice, or after the answer, changes nothing", () => {
  const bench = new StoreBench(roundProfile({ connections: 1 }));
  const first = bench.ask({});
  const second = bench.ask({});
  bench.ask({});
  bench.kernel.at(seconds(0.04), {
    step: () => {
      first.abort();
      second.abort();
      second.abort();
    },
  });
  const [one, two, three] = bench.times();
  assert.equal([one, two], [LOOK_UP + RECORD, undefined]);
  assert.is(three, 40 + 10 + 20 + 1);
});

test.run();
