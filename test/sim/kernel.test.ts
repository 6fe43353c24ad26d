/** The kernel: order of steps, background steps, fluid models that change. */

import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Micros } from "../../core/units.ts";
import { Kernel, type Step } from "../../sim/kernel.ts";
import { SharedRate } from "../../sim/shared-rate.ts";

const us = (time: number): Micros => time as Micros;

function recorder(kernel: Kernel): { readonly log: string[]; note(name: string): Step } {
  const log: string[] = [];
  return { log, note: (name) => ({ step: () => void log.push(`${kernel.now} ${name}`) }) };
}

const toTheEnd = (kernel: Kernel): void => kernel.run(() => kernel.isIdle);

test("steps are taken by time, and at one time in the order in which they were asked for", () => {
  const kernel = new Kernel();
  const { log, note } = recorder(kernel);
  kernel.at(us(20), note("late"));
  kernel.at(us(10), note("first"));
  kernel.at(us(10), note("second"));
  kernel.after(us(5), note("soon"));
  toTheEnd(kernel);
  assert.equal(log, ["5 soon", "10 first", "10 second", "20 late"]);
  assert.is(kernel.steps, 4);
});

test("a step asked for now comes after those that were asked for this time before", () => {
  const kernel = new Kernel();
  const { log, note } = recorder(kernel);
  kernel.at(us(10), {
    step: () => {
      log.push(`${kernel.now} outer begins`);
      kernel.after(us(0), note("inner"));
      log.push(`${kernel.now} outer ends`);
    },
  });
  kernel.at(us(10), note("next"));
  toTheEnd(kernel);
  assert.equal(log, ["10 outer begins", "10 outer ends", "10 next", "10 inner"]);
});

test("a cancelled step is not taken", () => {
  const kernel = new Kernel();
  const { log, note } = recorder(kernel);
  const token = kernel.timer(us(10), note("cancelled"));
  kernel.at(us(11), note("kept"));
  kernel.cancel(token);
  toTheEnd(kernel);
  assert.equal(log, ["11 kept"]);
});

test("background steps are taken while a run goes on, and keep none alive", () => {
  const kernel = new Kernel();
  const { log, note } = recorder(kernel);
  kernel.background(us(5), note("background"));
  kernel.background(us(100), note("never"));
  kernel.at(us(10), note("last"));
  assert.not.ok(kernel.isIdle);
  toTheEnd(kernel);
  assert.equal(log, ["5 background", "10 last"]);
  assert.ok(kernel.isIdle);
});

test("what a background step asks for keeps the run alive", () => {
  const kernel = new Kernel();
  const { log, note } = recorder(kernel);
  kernel.background(us(5), { step: () => void kernel.after(us(50), note("awaited")) });
  kernel.at(us(10), note("last"));
  toTheEnd(kernel);
  assert.equal(log, ["10 last", "55 awaited"]);
});

test("a run asks whether it is over when it is told to, not after each step", () => {
  const kernel = new Kernel();
  const { log, note } = recorder(kernel);
  let asked = 0;
  kernel.at(us(1), note("first"));
  kernel.at(us(2), { step: () => kernel.reconsider() });
  kernel.at(us(3), note("never"));
  kernel.run(() => ++asked === 2);
  assert.equal(log, ["1 first"]);
  assert.is(asked, 2);
  assert.not.ok(kernel.isIdle);
});

test("at one time models and steps come in the order in which their times were set", () => {
  const kernel = new Kernel();
  const { log, note } = recorder(kernel);
  const bus = new SharedRate<Step>({ rate: 1_000_000 });
  const watch = kernel.watch(bus);
  const start = (name: string): void => {
    bus.start(kernel.now, { bytes: 10, target: note(name) });
    watch.touch();
  };
  kernel.at(us(10), note("before"));
  kernel.at(us(0), { step: () => start("moved") });
  kernel.at(us(1), { step: () => void kernel.at(us(10), note("after")) });
  toTheEnd(kernel);
  assert.equal(log, ["10 before", "10 moved", "10 after"]);
});

test("a step in the past is a mistake", () => {
  const kernel = new Kernel();
  kernel.at(us(10), { step: () => void kernel.at(us(9), { step: () => undefined }) });
  assert.throws(() => toTheEnd(kernel), /past/);
});

test("a fluid model has one pending event, moved when its jobs change", () => {
  const kernel = new Kernel();
  const { log, note } = recorder(kernel);
  const disk = new SharedRate<Step>({ rate: 1_000_000 });
  const watch = kernel.watch(disk);
  const start = (bytes: number, name: string): void => {
    disk.start(kernel.now, { bytes, target: note(name) });
    watch.touch();
  };
  kernel.at(us(0), { step: () => start(100, "hundred") });
  // Both have half the rate from 50 on: 50 bytes left each take 100 us.
  kernel.at(us(50), { step: () => start(50, "fifty") });
  toTheEnd(kernel);
  assert.equal(log, ["150 hundred", "150 fifty"]);
});

test("a job begun by the end of another in the same model is served", () => {
  const kernel = new Kernel();
  const disk = new SharedRate<Step>({ rate: 1_000_000 });
  const watch = kernel.watch(disk);
  let left = 3;
  const job: Step = {
    step: () => {
      left--;
      if (left === 0) return;
      disk.start(kernel.now, { bytes: 10, target: job });
      watch.touch();
    },
  };
  kernel.at(us(0), {
    step: () => {
      disk.start(kernel.now, { bytes: 10, target: job });
      watch.touch();
    },
  });
  toTheEnd(kernel);
  assert.is(kernel.now, 30);
});

test.run();
