/** The speed and the pace of processors, in the header of an event log. */

import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  processorHeader,
  processorIn,
  type SpeedChange,
  Steps,
  speedsOf,
  usualPace,
} from "../../analysis/processor-speed.ts";
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

test("cores are as fast as their pace is beside the usual one, and as they are there", () => {
  const run = { speeds: SPEEDS, paces: PACES };
  const speeds = [
    { at: 0, speed: 1.25 },
    { at: 100, speed: 0.625 },
    { at: 150, speed: 0.375 },
    { at: 200, speed: 0.5625 },
    { at: 300, speed: 0.75 },
  ];
  assert.equal(speedsOf(run, 800), speeds);
  assert.is(usualPace([run, NOTHING]), 800);
});

test("without a usual pace, and in logs that do not tell theirs, cores are there or not", () => {
  assert.is(usualPace([{ speeds: SPEEDS, paces: [] }]), undefined);
  assert.equal(speedsOf({ speeds: SPEEDS, paces: PACES }, undefined), SPEEDS);
  assert.equal(speedsOf({ speeds: SPEEDS, paces: [] }, 800), SPEEDS);
});

test("a mean goes by time; before the first change all is as usual", () => {
  const steps = new Steps(SPEEDS);
  assert.is(steps.mean({ from: 50, to: 150 }), 0.75);
  assert.is(steps.mean({ from: 150, to: 350 }), (25 + 75 + 50) / 200);
  assert.is(steps.mean({ from: 250, to: 250 }), 0.75);
  assert.is(steps.at(-1), 1);
});

test.run();
