/** The meter of what a host lets a virtual machine have of its processors. */

import { readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Micros } from "../../core/units.ts";
import { ProcessorMeter, type ProcessorTimes, processorTimes } from "../../live/processor-meter.ts";

/** Looks once a second; what was wanted and stolen in each. */
function metered(intervals: readonly (readonly [wanted: number, stolen: number])[]) {
  let now = 0;
  let times: ProcessorTimes = { wanted: 1_000, stolen: 400 };
  const clock = { now: () => now as Micros, after: () => () => undefined };
  const meter = new ProcessorMeter(clock, () => times);
  for (const [wanted, stolen] of intervals) {
    now += 1e6;
    times = { wanted: times.wanted + wanted, stolen: times.stolen + stolen };
    meter.look();
  }
  return meter.speeds;
}

test("the speed is the share of what was wanted that was had, told when it changes", () => {
  assert.equal(
    metered([
      [200, 0],
      [200, 50],
      [100, 25],
      [200, 0],
    ]),
    [
      { at: 0, speed: 1 },
      { at: 1e6, speed: 0.75 },
      { at: 3e6, speed: 1 },
    ],
  );
});

test("an interval in which hardly anything ran is told with the next", () => {
  assert.equal(
    metered([
      [200, 0],
      [3, 2],
      [97, 18],
    ]),
    [
      { at: 0, speed: 1 },
      { at: 1e6, speed: 0.8 },
    ],
  );
});

test("a machine that had nothing is slow, not without any speed", () => {
  assert.equal(metered([[200, 200]]), [{ at: 0, speed: 0.01 }]);
});

test("times are read as Linux writes them; guests are not counted twice", () => {
  const stat = "cpu  10 20 30 400 50 6 7 80 9 10\ncpu0 1 2 3 4 5 6 7 8 9 10\n";
  assert.equal(processorTimes(stat), { wanted: 10 + 20 + 30 + 6 + 7 + 80, stolen: 80 });
  assert.is(processorTimes("nothing of the kind"), undefined);
  if (process.platform === "linux") {
    assert.ok(processorTimes(readFileSync("/proc/stat", "utf8"))!.wanted > 0);
  }
});

test("where nothing can be read nothing is told", () => {
  const clock = { now: () => 0 as Micros, after: () => () => undefined };
  const meter = new ProcessorMeter(clock, () => undefined);
  meter.look();
  assert.equal(meter.speeds, []);
});

test.run();
