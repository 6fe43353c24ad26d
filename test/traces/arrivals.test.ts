/** Synthetic arrivals and their merging. */

import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Micros } from "../../core/units.ts";
import { fixedArrivals, mergeArrivals, poissonArrivals } from "../../traces/arrivals.ts";

const count = (n: number) => ({ tag: "count", count: n }) as const;
const duration = (n: number) => ({ tag: "duration", duration: n as Micros }) as const;
const times = (arrivals: Iterable<{ at: number }>): number[] => [...arrivals].map(({ at }) => at);

test("a fixed rate starts at once and adds up no rounding error", () => {
  const arrivals = times(fixedArrivals({ workflow: "a", rate: 3, extent: count(7) }));
  assert.equal(arrivals, [0, 333_334, 666_667, 1_000_000, 1_333_334, 1_666_667, 2_000_000]);
});

test("a duration leaves out what arrives at its end", () => {
  const loop = { workflow: "a", rate: 2, extent: duration(1_000_000) };
  assert.equal(times(fixedArrivals(loop)), [0, 500_000]);
});

test("Poisson inter-arrival times follow the inverse of the exponential distribution", () => {
  const draws = [0, 0.5, 1 - Math.exp(-2)];
  const random = (): number => draws.shift()!;
  const loop = { workflow: "a", rate: 1, extent: count(3) };
  assert.equal(times(poissonArrivals(loop, random)), [0, 693_148, 2_693_148]);
  assert.is(draws.length, 0);
});

test("a Poisson process has the mean inter-arrival time of its rate", () => {
  let state = 1;
  const random = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
  const loop = { workflow: "a", rate: 10, extent: duration(1_000_000_000) };
  const arrivals = times(poissonArrivals(loop, random));
  assert.ok(Math.abs(arrivals.length - 10_000) < 300, `${arrivals.length}`);
});

test("merged streams are in order of time, ties in the order of the streams", () => {
  const streams = ["a", "b"].map((workflow) =>
    fixedArrivals({ workflow, rate: workflow === "a" ? 1 : 2, extent: count(3) }),
  );
  const merged = [...mergeArrivals(streams)].map(({ at, workflow }) => `${workflow}${at / 1e6}`);
  assert.equal(merged, ["a0", "b0", "b0.5", "a1", "b1", "a2"]);
});

test("an endless stream is merged as it is asked for", () => {
  const endless = fixedArrivals({ workflow: "a", rate: 1, extent: count(Infinity) });
  assert.is(mergeArrivals([endless]).next().value!.at, 0);
});

test.run();
