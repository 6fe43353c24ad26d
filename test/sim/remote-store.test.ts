/** The remote store against the formulas in its head, with round numbers. Times in milliseconds. */

import { test } from "uvu";
import * as assert from "uvu/assert";
import { ContainerThread } from "../../sim/container-thread.ts";
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

test("a get takes n (request in the container + 2 latency + request at the server) + bytes / link", () => {
  const n = 2;
  const expected = n * (2 + 2 * 1 + 10) + MEGABYTE_MS;
  assert.equal(timesOf({}, { kind: "get", bytes: MEGABYTE }), [expected]);
});

test("a get of JSON is expanded at the server and read in the container", () => {
  const profile = roundProfile({ expand: 20e6 }, { serialise: 50e6 });
  const bench = new StoreBench(profile);
  bench.ask({ kind: "get", bytes: MEGABYTE, content: "text" });
  assert.equal(bench.times(), [2 * (2 + 2 + 10) + 50 + MEGABYTE_MS + 20]);
});

test("a look-up of what was never stored takes its requests and moves nothing", () => {
  assert.equal(timesOf({}, { kind: "get", stored: false, bytes: MEGABYTE }), [3 * (2 + 2 + 10)]);
});

test("a put takes (1 + requests) (container + 2 latency) + requests + upload + intake + commit", () => {
  const both = (1 + 1) * (2 + 2);
  const binary = { intake_binary: 20e6 };
  assert.equal(timesOf(binary, { kind: "put", bytes: MEGABYTE }), [
    both + 10 + MEGABYTE_MS + 50 + 50,
  ]);
  const text = { intake_text: 5e6 };
  assert.equal(timesOf(text, { kind: "put", bytes: MEGABYTE, content: "text" }), [
    both + 10 + MEGABYTE_MS + 200 + 50,
  ]);
  const filler = { intake_filler: 100e6 };
  assert.equal(timesOf(filler, { kind: "put", bytes: MEGABYTE, content: "filler" }), [
    both + 10 + MEGABYTE_MS + 10 + 50,
  ]);
});

test("records are written one request each", () => {
  assert.equal(timesOf({}, { kind: "records", records: 3 }), [3 * (2 + 2 + 20)]);
});

test("log records go with every get and put", () => {
  const logged = { log_records: 1 };
  assert.equal(timesOf(logged, { kind: "get" }), [3 * (2 + 2) + 2 * 10 + 20]);
  assert.equal(timesOf(logged, { kind: "put" }), [3 * (2 + 2) + 10 + 20 + 50]);
});

test("requests of one container go through its thread one after another", () => {
  const thread = new ContainerThread();
  const [first, second] = timesOf({}, { thread }, { thread });
  assert.is(first, 2 * (2 + 2 + 10));
  assert.is(second, first! + 2 * 2);
});

test("the server's cores are shared: two look-ups on one core take twice as long", () => {
  const expected = 2 * (2 + 2) + 2 * 2 * 10;
  assert.equal(timesOf({ cores: 1 }, {}, {}), [expected, expected]);
});

test("two bodies share the storage node's link; one each way do not", () => {
  const one = 2 * (2 + 2 + 10) + MEGABYTE_MS;
  const get: Asked = { bytes: MEGABYTE };
  assert.equal(timesOf({}, get, { ...get, worker: 2 }), [one + 100, one + 100]);
  const [got] = timesOf({}, get, { ...get, kind: "put", worker: 2, invocation: 2 });
  assert.is(got, one);
});

/** Only bodies take time: how many were moved over the link, until all were answered. */
function bodiesMoved(document: "shared" | "per-datum", invocations: readonly number[]): number {
  const none = seconds(0);
  const store = { document, request: none, commit: none };
  const bench = new StoreBench(roundProfile(store, { latency: none, request: none }));
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

test("writers of two invocations do not conflict", () => {
  assert.is(bodiesMoved("shared", [1, 2, 3]), 3);
  assert.is(bodiesMoved("shared", [1, 1, 2]), 4);
});

test("writers one after another do not conflict", () => {
  const bench = new StoreBench(roundProfile({ document: "shared" }));
  const put: Asked = { kind: "put", bytes: MEGABYTE };
  bench.ask(put);
  bench.askAt(seconds(1), put);
  const [first, second] = bench.times();
  assert.is(second! - 1000, first!);
});

test("connections are given in the order of asking, and never more than there are", () => {
  const bench = new StoreBench(roundProfile({ connections: 2, request: seconds(0.1) }));
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
  assert.equal(bench.answers, [{ at: 2 * 14_000, ok: false }]);
});

test("an abort gives no answer, frees the link and the connection for who waits", () => {
  const bench = new StoreBench(roundProfile({ connections: 1 }));
  const first = bench.ask({ bytes: 100 * MEGABYTE });
  bench.ask({ bytes: MEGABYTE, worker: 2 });
  bench.kernel.at(seconds(1), { step: () => first.abort() });
  const [aborted, second] = bench.times();
  assert.is(aborted, undefined);
  assert.is(second, 1000 + 2 * 10 + MEGABYTE_MS + 1);
});

test("an abort of one that waits for a connection leaves the connection to the next", () => {
  const bench = new StoreBench(roundProfile({ connections: 1 }));
  bench.ask({ bytes: MEGABYTE });
  const waiting = bench.ask({ bytes: MEGABYTE });
  bench.ask({ bytes: MEGABYTE });
  bench.kernel.at(seconds(0.05), { step: () => waiting.abort() });
  const [first, aborted, third] = bench.times();
  assert.is(aborted, undefined);
  assert.is(third! - first!, 2 * 10 + MEGABYTE_MS);
});

test("an abort twice, or after the answer, changes nothing", () => {
  const bench = new StoreBench(roundProfile({ connections: 1 }));
  const first = bench.ask({});
  const second = bench.ask({});
  bench.ask({});
  bench.kernel.at(seconds(0.03), {
    step: () => {
      first.abort();
      second.abort();
      second.abort();
    },
  });
  const [one, two, three] = bench.times();
  assert.equal([one, two], [28, undefined]);
  assert.is(three, 30 + 2 * 10 + 1);
});

test.run();
