/** `--fault` texts to faults. What the command line says of wrong ones is in test/cli. */

import { test } from "uvu";
import * as assert from "uvu/assert";
import { readFaults } from "../../sim/fault-flags.ts";
import { type Faults, NO_FAULTS } from "../../sim/faults.ts";
import { seconds } from "../fixtures/scenario.ts";

function read(...texts: readonly string[]): Faults {
  const problems: string[] = [];
  const faults = readFaults(texts, 7, problems);
  assert.equal(problems, []);
  return faults;
}

function problemsOf(...texts: readonly string[]): readonly string[] {
  const problems: string[] = [];
  readFaults(texts, 7, problems);
  return problems;
}

test("a worker is down once at a time, and slow once at a time", () => {
  const down = problemsOf("crash=worker-1@5s+10s", "crash=worker-1@7s");
  assert.match(down.join("\n"), /two spans of crash of worker-1 overlap/);
  const slow = problemsOf("slow=worker-2@0s..9s*0.5", "slow=worker-2@8s..10s*0.2");
  assert.match(slow.join("\n"), /two spans of slow of worker-2 overlap/);
  assert.equal(problemsOf("crash=worker-1@5s+1s", "crash=worker-1@7s", "crash=worker-2@7s"), []);
});

test("a worker leaves once", () => {
  assert.equal(problemsOf("leave=worker-3@5s", "leave=worker-1@1s", "leave=worker-3@9s"), [
    "--fault: worker-3 leaves twice. Give leave once for each worker.",
  ]);
  assert.equal(problemsOf("leave=worker-3@5s", "leave=worker-1@5s"), []);
});

test("no text, no fault", () => {
  assert.equal(read(), NO_FAULTS);
});

test("worker-3 is worker 2 of the run, times have units, a return is counted from the crash", () => {
  assert.equal(read("crash=worker-3@5s").crashes, [{ worker: 2, at: seconds(5), back: undefined }]);
  assert.equal(read("crash=worker-1@1.5s+500ms").crashes, [
    { worker: 0, at: seconds(1.5), back: seconds(2) },
  ]);
});

test("spans, speeds and lists of workers", () => {
  const span = { from: seconds(0.25), to: seconds(60) };
  assert.equal(read("slow=worker-2@250ms..60s*0.5").slow, [{ worker: 1, ...span, speed: 0.5 }]);
  assert.equal(read("partition=worker-1,worker-7@250ms..1min").partitions, [
    { workers: [0, 6], ...span },
  ]);
});

test("a worker leaves once, a master may crash again and again", () => {
  assert.equal(read("leave=worker-3@5s").departures, [{ worker: 2, at: seconds(5) }]);
  const times = [seconds(1), seconds(0.002)];
  assert.equal(read("master-crash=1s", "master-crash=2ms").masterCrashes, times);
  assert.is(problemsOf("leave=worker-9@5s", "master-crash=worker-1@5s").length, 2);
});

test("shares are percentages below 100%", () => {
  assert.is(read("loss=1.5%").loss, 0.015);
  assert.is(read("duplication=99%").duplication, 0.99);
  assert.is(read("store-errors=0%").storeErrors, 0);
  assert.is(read("execution-errors=10%").executionErrors, 0.1);
  const { delayed, delay } = read("delay=5%*20ms");
  assert.equal([delayed, delay], [0.05, seconds(0.02)]);
  for (const text of ["loss=100%", "loss=-1%", "loss=1", "loss=%", "loss=1e1%", "loss"]) {
    assert.is(problemsOf(text).length, 1, text);
  }
});

test("several crashes add up; what a run has once can be given once", () => {
  assert.is(read("crash=worker-1@1s", "crash=worker-2@2s", "detection=1s").crashes.length, 2);
  assert.is(problemsOf("loss=1%", "loss=2%").length, 1);
});

test("what has no effect by itself is a problem", () => {
  assert.is(problemsOf("detection=1s").length, 1);
  assert.is(problemsOf("no-redelivery").length, 1);
  assert.is(read("no-redelivery", "loss=1%").redelivery, undefined);
});

test("every problem of every text is told", () => {
  assert.is(
    problemsOf("slow=worker-9@5s..3s*0", "crush=worker-1@1s", "crash=worker-0@1s").length,
    5,
  );
});

test.run();
