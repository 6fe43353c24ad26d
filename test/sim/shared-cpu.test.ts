/** Cores that functions and daemons share: who has how much of them, worked out by hand. */

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { SharedCpu } from "../../sim/shared-cpu.ts";
import { runOut } from "../fixtures/run-out.ts";

function started(cores: number, functions: number, daemons: number): SharedCpu<string> {
  const cpu = new SharedCpu<string>(cores);
  for (let at = 0; at < functions; at++) cpu.start(0, { work: 600, cap: 1, target: `f${at}` });
  for (let at = 0; at < daemons; at++) {
    cpu.start(0, { work: 600, cap: 1, target: `d${at}`, by: "daemon" });
  }
  return cpu;
}

const test = suite("shared cpu");

test("with cores to spare each job has one", () => {
  assert.equal(runOut(started(4, 2, 2)), ["f0@600", "f1@600", "d0@600", "d1@600"]);
});

test("all daemons together have what one function has", () => {
  // Two cores, three functions and the daemons: half a core each.
  assert.equal(runOut(started(2, 3, 2)).slice(0, 3), ["f0@1200", "f1@1200", "f2@1200"]);
  // The daemons had 300 each by then, and a core each from there on.
  assert.equal(runOut(started(2, 3, 2)).slice(3), ["d0@1500", "d1@1500"]);
});

test("what the functions leave is the daemons', and the other way round", () => {
  assert.equal(runOut(started(2, 0, 3)), ["d0@900", "d1@900", "d2@900"]);
  assert.equal(runOut(started(2, 3, 0)), ["f0@900", "f1@900", "f2@900"]);
  // One function has a core, three daemons the other one.
  assert.equal(runOut(started(2, 1, 3))[0], "f0@600");
});

test("a job that is stopped leaves its share, a daemon's too", () => {
  const cpu = new SharedCpu<string>(1);
  const daemon = cpu.start(0, { work: 100, cap: 1, target: "daemon", by: "daemon" });
  cpu.start(0, { work: 100, cap: 1, target: "function" });
  assert.ok(cpu.stop(100, daemon));
  assert.not.ok(cpu.stop(100, daemon));
  assert.equal(runOut(cpu), ["function@150"]);
  assert.is(cpu.busy(150), 150);
});

test("a short step of a daemon takes longer the more functions compute", () => {
  assert.is(started(2, 0, 0).slowdown(), 1);
  assert.is(started(2, 1, 5).slowdown(), 1);
  assert.is(started(2, 7, 5).slowdown(), 4);
  const slow = started(2, 7, 5);
  slow.setSpeed(0, 0.5);
  assert.is(slow.slowdown(), 8);
});

test.run();
