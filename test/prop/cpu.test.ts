/**
 * The CPU against a plain simulator of the same computations.
 */

import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Cpu } from "../../sim/cpu.ts";
import type { JobHandle } from "../../sim/job-table.ts";

interface PlainJob {
  readonly id: number;
  readonly cap: number;
  left: number;
  share: number;
}

type Ends = { readonly id: number; readonly time: number }[];

const scenario = fc.record({
  cores: fc.oneof(fc.integer({ min: 1, max: 16 }), fc.constantFrom(0.5, 2.5)),
  speed: fc.constantFrom(1, 0.5, 0.3),
  steps: fc.array(
    fc.record({
      wait: fc.oneof(fc.constant(0), fc.nat(20_000)),
      act: fc.constantFrom("start", "start", "start", "start", "stop", "speed"),
      work: fc.oneof(fc.constantFrom(0, 1, 10_000), fc.nat(100_000)),
      cap: fc.constantFrom(1, 1, 1, 0.25, 2, 8),
      speed: fc.constantFrom(1, 0.7, 0.1),
      which: fc.nat(1000),
    }),
    { minLength: 1, maxLength: 60, size: "max" },
  ),
});
type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never;

/** Raises every share together until the cores are used up; those at their cap stay behind. */
function fill(cores: number, jobs: readonly PlainJob[]): void {
  for (const job of jobs) job.share = 0;
  let left = cores;
  let open = [...jobs];
  while (open.length > 0 && left > 1e-12) {
    const room = Math.min(...open.map((job) => job.cap - job.share), left / open.length);
    for (const job of open) job.share += room;
    left -= room * open.length;
    open = open.filter((job) => job.cap - job.share > 1e-12);
  }
}

function plainRun(input: Scenario): { ends: Ends; busy: number } {
  let speed: number = input.speed;
  let jobs: PlainJob[] = [];
  const ends: Ends = [];
  let now = 0;
  let started = 0;
  let busy = 0;
  const runTo = (until: number): void => {
    for (;;) {
      fill(input.cores, jobs);
      let next = Infinity;
      for (const job of jobs) {
        const none = job.left <= 1e-3;
        next = Math.min(next, none ? now : now + Math.ceil(job.left / (job.share * speed) - 1e-5));
      }
      const time = Math.min(next, until);
      if (time === Infinity) return;
      for (const job of jobs) {
        job.left -= job.share * speed * (time - now);
        busy += job.share * (time - now);
      }
      now = time;
      for (const job of jobs) if (job.left <= 1e-3) ends.push({ id: job.id, time: now });
      jobs = jobs.filter((job) => job.left > 1e-3);
      if (next > until) return;
    }
  };
  for (const step of input.steps) {
    runTo(now + step.wait);
    if (step.act === "start") {
      jobs.push({ id: started++, cap: step.cap, left: step.work, share: 0 });
    } else if (step.act === "stop" && started > 0) {
      jobs = jobs.filter((job) => job.id !== step.which % started);
    } else if (step.act === "speed") {
      speed = step.speed;
    }
  }
  runTo(Infinity);
  return { ends, busy };
}

function cpuRun(input: Scenario): { ends: Ends; busy: number } {
  const cpu = new Cpu<number>({ cores: input.cores, speed: input.speed });
  const ends: Ends = [];
  const handles: JobHandle[] = [];
  let now = 0;
  const runTo = (until: number): void => {
    while (cpu.nextTime() <= until && cpu.nextTime() < Infinity) {
      now = cpu.nextTime();
      for (;;) {
        const id = cpu.takeDone(now);
        if (id === undefined) break;
        ends.push({ id, time: now });
      }
    }
    if (until < Infinity) now = until;
  };
  for (const step of input.steps) {
    runTo(now + step.wait);
    if (step.act === "start") {
      handles.push(cpu.start(now, { work: step.work, cap: step.cap, target: handles.length }));
    } else if (step.act === "stop" && handles.length > 0) {
      cpu.stop(now, handles[step.which % handles.length]!);
    } else if (step.act === "speed") {
      cpu.setSpeed(now, step.speed);
    }
  }
  runTo(Infinity);
  return { ends, busy: cpu.busy(now) };
}

const test = suite("cpu");

test("every computation ends within 2 microseconds of the plain simulator's end", () => {
  fc.assert(
    fc.property(scenario, (input) => {
      const ours = cpuRun(input).ends.sort((one, other) => one.id - other.id);
      const plain = plainRun(input).ends.sort((one, other) => one.id - other.id);
      assert.equal(
        ours.map((end) => end.id),
        plain.map((end) => end.id),
      );
      for (const [index, end] of ours.entries()) {
        const difference = Math.abs(end.time - plain[index]!.time);
        assert.ok(difference <= 2, `${end.id}: ${end.time}, plain ${plain[index]!.time}`);
      }
    }),
    { numRuns: 300 },
  );
});

test("busy is the plain sum of shares over time", () => {
  fc.assert(
    fc.property(scenario, (input) => {
      const ours = cpuRun(input).busy;
      const plain = plainRun(input).busy;
      // An end may differ by a microsecond of all cores.
      assert.ok(Math.abs(ours - plain) <= 2 * input.cores * input.steps.length, `${ours} ${plain}`);
    }),
    { numRuns: 300 },
  );
});

test("computations end by time, then in the order of starting", () => {
  fc.assert(
    fc.property(scenario, (input) => {
      const { ends } = cpuRun(input);
      for (let index = 1; index < ends.length; index++) {
        const before = ends[index - 1]!;
        const end = ends[index]!;
        assert.ok(before.time < end.time || (before.time === end.time && before.id < end.id));
      }
    }),
    { numRuns: 300 },
  );
});

test.run();
