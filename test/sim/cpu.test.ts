/**
 * The CPU of a worker: shares worked out by hand.
 */

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Cpu } from "../../sim/cpu.ts";
import { runOut } from "../fixtures/run-out.ts";

const test = suite("cpu");

test("with cores to spare each computation has its cap", () => {
  const cpu = new Cpu<string>({ cores: 8 });
  cpu.start(0, { work: 1000, cap: 1, target: "one" });
  cpu.start(0, { work: 1000, cap: 4, target: "four" });
  cpu.start(0, { work: 1000, cap: 0.5, target: "half" });
  assert.equal(runOut(cpu), ["four@250", "one@1000", "half@2000"]);
});

test("too many computations share the cores equally", () => {
  const cpu = new Cpu<string>({ cores: 2 });
  for (const target of ["a", "b", "c", "d"]) cpu.start(0, { work: 100, cap: 1, target });
  assert.equal(runOut(cpu), ["a@200", "b@200", "c@200", "d@200"]);
});

test("what a capped computation leaves goes to the others", () => {
  const cpu = new Cpu<string>({ cores: 4 });
  cpu.start(0, { work: 1000, cap: 1, target: "one" });
  cpu.start(0, { work: 3000, cap: 8, target: "eight" });
  assert.equal(runOut(cpu), ["one@1000", "eight@1000"]);
});

test("a slow node takes longer and its cores are busy for longer", () => {
  const cpu = new Cpu<string>({ cores: 1, speed: 0.5 });
  cpu.start(0, { work: 100, cap: 1, target: "a" });
  assert.equal(runOut(cpu), ["a@200"]);
  assert.is(cpu.busy(1000), 200);
});

test("a node that becomes slow in between finishes the rest slowly", () => {
  const cpu = new Cpu<string>({ cores: 1 });
  cpu.start(0, { work: 100, cap: 1, target: "a" });
  cpu.setSpeed(50, 0.25);
  assert.equal(runOut(cpu), ["a@250"]);
});

test("busy counts cores in use, up to the time asked for", () => {
  const cpu = new Cpu<string>({ cores: 4 });
  cpu.start(0, { work: 1000, cap: 1, target: "a" });
  const second = cpu.start(0, { work: 10_000, cap: 2, target: "b" });
  assert.is(cpu.busy(500), 1500);
  cpu.takeDone(1000);
  assert.is(cpu.busy(1500), 4000);
  assert.ok(cpu.stop(1500, second));
  assert.is(cpu.busy(9000), 4000);
});

test("a stopped computation is never given, and stopping it again has no effect", () => {
  const cpu = new Cpu<string>({ cores: 1 });
  const first = cpu.start(0, { work: 100, cap: 1, target: "a" });
  cpu.start(0, { work: 100, cap: 1, target: "b" });
  assert.ok(cpu.stop(100, first));
  assert.not(cpu.stop(100, first));
  assert.equal(runOut(cpu), ["b@150"]);
});

test("no work is done at once, on a worker without cores too", () => {
  const cpu = new Cpu<string>({ cores: 0 });
  cpu.start(5, { work: 0, cap: 1, target: "none" });
  cpu.start(5, { work: 1, cap: 1, target: "some" });
  assert.equal(runOut(cpu), ["none@5"]);
  assert.is(cpu.nextTime(), Infinity);
});

test("many distinct caps, one after another, leave nothing behind", () => {
  const cpu = new Cpu<string>({ cores: 1 });
  let now = 0;
  for (let index = 1; index <= 1000; index++) {
    cpu.start(now, { work: 10, cap: index / 1000, target: "a" });
    const next = cpu.nextTime();
    assert.is(next, now + Math.ceil(10 / (index / 1000) - 1e-6));
    assert.is(cpu.takeDone(next), "a");
    now = next;
  }
  assert.is(cpu.size, 0);
});

test("a cap of 0 and work that never ends are mistakes", () => {
  const cpu = new Cpu<string>({ cores: 1 });
  assert.throws(() => cpu.start(0, { work: 1, cap: 0, target: "a" }));
  assert.throws(() => cpu.start(0, { work: Infinity, cap: 1, target: "a" }));
});

test.run();
