/** The speed of processors, in the header of an event log. */

import { test } from "uvu";
import * as assert from "uvu/assert";
import { type SpeedChange, speedHeader, speedsIn } from "../../analysis/processor-speed.ts";
import type { Event } from "../../core/events.ts";
import type { Micros } from "../../core/units.ts";
import { recordedRun } from "../fixtures/recorded-run.ts";

const SPEEDS: readonly SpeedChange[] = [
  { at: 0, speed: 1 },
  { at: 100, speed: 0.5 },
  { at: 200, speed: 0.75 },
  { at: 300, speed: 1 },
];

function finishAt(time: number): Event {
  const { events } = recordedRun().log;
  return { ...events.at(-1)!, time: time as Micros };
}

function headerWith(processor_speed: unknown) {
  const { header } = recordedRun().log;
  return { ...header, config: { ...header.config, processor_speed } };
}

test("a header has what held while its events happened, and is read as it was written", () => {
  const events = [finishAt(150), finishAt(250)];
  const { processor_speed } = speedHeader(SPEEDS, events);
  assert.equal(processor_speed, [
    [100, 0.5],
    [200, 0.75],
  ]);
  assert.equal(speedsIn(headerWith(processor_speed)), SPEEDS.slice(1, 3));
});

test("where nothing is known a header says nothing; a log without events has no speeds", () => {
  assert.equal(speedHeader([], [finishAt(5)]), {});
  assert.equal(speedHeader(SPEEDS, []), { processor_speed: [] });
});

test("what is no list of speeds is none", () => {
  assert.equal(speedsIn(recordedRun().log.header), []);
  for (const wrong of [3, [[0]], [[0, 0]], [[0, 1.5]]]) {
    assert.equal(speedsIn(headerWith(wrong)), [], JSON.stringify(wrong));
  }
});

test.run();
