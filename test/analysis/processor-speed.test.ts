/** The speed and the pace of processors, in the header of an event log. */

import { test } from "uvu";
import * as assert from "uvu/assert";
import { processorHeader, processorIn, type SpeedChange } from "../../analysis/processor-speed.ts";
import type { Event } from "../../core/events.ts";
import type { Micros } from "../../core/units.ts";
import { recordedRun } from "../fixtures/recorded-run.ts";

const SPEEDS: readonly SpeedChange[] = [
  { at: 0, speed: 1 },
  { at: 100, speed: 0.5 },
  { at: 200, speed: 0.75 },
  { at: 300, speed: 1 },
];
const PACES: readonly SpeedChange[] = [
  { at: 0, speed: 1_000 },
  { at: 150, speed: 600 },
];
const NOTHING = { speeds: [], paces: [] };

function finishAt(time: number): Event {
  const { events } = recordedRun().log;
  return { ...events.at(-1)!, time: time as Micros };
}

function headerWith(told: Readonly<Record<string, unknown>>) {
  const { header } = recordedRun().log;
  return { ...header, config: { ...header.config, ...told } };
}

test("a header has what held while its events happened, and is read as it was written", () => {
  const events = [finishAt(160), finishAt(250)];
  const told = processorHeader({ speeds: SPEEDS, paces: PACES }, events);
  assert.equal(told, {
    processor_speed: [
      [100, 0.5],
      [200, 0.75],
    ],
    processor_pace: [[150, 600]],
  });
  assert.equal(processorIn(headerWith(told)), {
    speeds: SPEEDS.slice(1, 3),
    paces: PACES.slice(1),
  });
});

test("where nothing is known a header says nothing; a log without events has no speeds", () => {
  assert.equal(processorHeader(NOTHING, [finishAt(5)]), {});
  const told = processorHeader({ speeds: SPEEDS, paces: PACES }, []);
  assert.equal(told, { processor_speed: [], processor_pace: [] });
});

test("what is no list of speeds is none", () => {
  assert.equal(processorIn(recordedRun().log.header), NOTHING);
  for (const wrong of [3, [[0]], [[0, 0]], [[0, 1.5]]]) {
    const header = headerWith({ processor_speed: wrong });
    assert.equal(processorIn(header), NOTHING, JSON.stringify(wrong));
  }
});

test.run();
