/** The meter of how fast a core is while one has it. */

import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Micros } from "../../core/units.ts";
import { PaceMeter, PaceProbe } from "../../live/pace-meter.ts";

/** Looks once a second; what was measured each time. */
function metered(measured: readonly number[]): PaceMeter {
  let now = 0;
  const left = [...measured];
  const clock = { now: () => now as Micros, after: () => () => undefined };
  const meter = new PaceMeter(clock, () => left.shift()!);
  for (const _ of measured) {
    now += 1e6;
    meter.look();
  }
  return meter;
}

test("paces are averages of two seconds, the last of what there is", () => {
  assert.equal(metered([1_000, 500, 800]).paces, [
    { at: 0, speed: 1_000 },
    { at: 2e6, speed: 650 },
  ]);
  assert.equal(metered([]).paces, []);
});

test("a probe takes the best of three loops", () => {
  let now = 0;
  // Milliseconds that the clock goes on by, at each look.
  const left = [0, 0.02, 0, 0.006, 0, 0.012];
  const probe = new PaceProbe(() => {
    now += left.shift()!;
    return now;
  });
  assert.is(Math.round(probe.measure()), 1_000);
});

test("a clock that stands still tells no pace without end", () => {
  assert.ok(Number.isFinite(new PaceProbe(() => 0).measure()));
  assert.ok(new PaceProbe().measure() > 0);
});

test.run();
