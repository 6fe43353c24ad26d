/** The clock of a daemon. */

import { test } from "uvu";
import * as assert from "uvu/assert";
import { type ClockPair, originOf } from "../../live/clock.ts";

const ORIGIN_MS = 1_795_000_000_000.25;

/** Time moves on by `step_ms` at each look, and by `heldUp` more at the look of that number. */
function clocks(step_ms: number, heldUp: ReadonlyMap<number, number>): ClockPair {
  let looks = 0;
  let time_ms = 7;
  const look = (): number => {
    time_ms += step_ms + (heldUp.get(looks++) ?? 0);
    return time_ms;
  };
  return { monotonic_ms: look, wall_ms: () => Math.floor(ORIGIN_MS + look()) };
}

test("the origin is found from a wall clock that knows milliseconds only", () => {
  const found = originOf(clocks(0.0005, new Map()));
  assert.ok(Math.abs(found - ORIGIN_MS) < 0.01, `${found - ORIGIN_MS}`);
});

test("a process that is held up between two looks finds the same origin", () => {
  const heldUp = new Map([
    [1, 464],
    [2, 30],
    [4, 0.7],
    [11, 70],
  ]);
  const found = originOf(clocks(0.0005, heldUp));
  assert.ok(Math.abs(found - ORIGIN_MS) < 0.01, `${found - ORIGIN_MS}`);
});

test("one that is held up at every look finds it to within a hold-up, and ends", () => {
  const found = originOf(clocks(3, new Map()));
  assert.ok(Math.abs(found - ORIGIN_MS) < 3, `${found - ORIGIN_MS}`);
});

test.run();
