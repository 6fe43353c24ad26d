/**
 * A shared rate: equal shares of bytes a second.
 */

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { SharedRate } from "../../sim/shared-rate.ts";

const MB = 1_000_000;

function runOut(disk: SharedRate<string>): string[] {
  const ends: string[] = [];
  while (disk.nextTime() < Infinity) {
    const now = disk.nextTime();
    for (let name = disk.takeDone(now); name !== undefined; name = disk.takeDone(now)) {
      ends.push(`${name}@${now}`);
    }
  }
  return ends;
}

const test = suite("shared rate");

test("one transfer has all of it, two have half each", () => {
  const disk = new SharedRate<string>({ rate: 100 * MB });
  disk.start(0, { bytes: 100 * MB, target: "a" });
  disk.start(500_000, { bytes: 100 * MB, target: "b" });
  // b has 50 MB left when a ends at 1.5 s.
  assert.equal(runOut(disk), ["a@1500000", "b@2000000"]);
});

test("a transfer with a cap leaves the rest to the others", () => {
  const disk = new SharedRate<string>({ rate: 100 * MB });
  disk.start(0, { bytes: 10 * MB, cap: 10 * MB, target: "slow" });
  disk.start(0, { bytes: 90 * MB, target: "fast" });
  assert.equal(runOut(disk), ["slow@1000000", "fast@1000000"]);
});

test("without a limit everything is done at once", () => {
  const bus = new SharedRate<string>({ rate: Infinity });
  bus.start(9, { bytes: 1e12, target: "a" });
  assert.equal(runOut(bus), ["a@9"]);
});

test("a rate of 0 stops everything until it is set again", () => {
  const disk = new SharedRate<string>({ rate: 1 * MB });
  disk.start(0, { bytes: 10, target: "a" });
  disk.setRate(5, 0);
  assert.is(disk.nextTime(), Infinity);
  disk.setRate(100, 5 * MB);
  assert.equal(runOut(disk), ["a@101"]);
});

test("moved counts the bytes of ended and of stopped transfers", () => {
  const disk = new SharedRate<string>({ rate: 1 * MB });
  const first = disk.start(0, { bytes: 1000, target: "a" });
  disk.stop(400, first);
  disk.start(1000, { bytes: 100, target: "b" });
  runOut(disk);
  assert.is(disk.moved(5000), 500);
});

test("a thousand equal transfers end together, in the order of starting", () => {
  const disk = new SharedRate<string>({ rate: 1 * MB });
  const expected: string[] = [];
  for (let index = 0; index < 1000; index++) {
    disk.start(0, { bytes: 7, target: `${index}` });
    expected.push(`${index}@7000`);
  }
  assert.equal(runOut(disk), expected);
});

test.run();
