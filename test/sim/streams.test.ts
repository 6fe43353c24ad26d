/**
 * Seeded streams: repeatable, independent, of the stated distributions.
 */

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { fixed } from "../../core/workflow/spec.ts";
import { type Stream, Streams } from "../../sim/streams.ts";

const DRAWS = 100_000;
/** Of seed 1, stream "arrivals". */
const PINNED = [0.04029754347129122, 0.44617755988467356, 0.4487737769691482];

function draws(count: number, draw: () => number): number[] {
  return Array.from({ length: count }, draw);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[values.length >> 1]!;
}

const test = suite("streams");

test("the same seed and name give the same draws", () => {
  const first = new Streams(7).stream("arrivals");
  const second = new Streams(7).stream("arrivals");
  assert.equal(
    draws(100, () => first.uniform()),
    draws(100, () => second.uniform()),
  );
});

test("the draws of a seed stay what they are from version to version", () => {
  const stream = new Streams(1).stream("arrivals");
  assert.equal(
    draws(3, () => stream.uniform()),
    PINNED,
  );
});

test("another seed or another name gives other draws", () => {
  const first = new Streams(7).stream("arrivals").uniform();
  assert.is.not(first, new Streams(8).stream("arrivals").uniform());
  assert.is.not(first, new Streams(7).stream("sizes").uniform());
});

test("a draw from one stream shifts no other", () => {
  const alone = new Streams(7);
  const expected = draws(10, () => alone.stream("sizes").uniform());
  const both = new Streams(7);
  const mixed = draws(10, () => {
    both.stream("arrivals").uniform();
    return both.stream("sizes").uniform();
  });
  assert.equal(mixed, expected);
});

test("a stream is made once for its name", () => {
  const streams = new Streams(7);
  assert.is(streams.stream("sizes"), streams.stream("sizes"));
});

test("a fixed quantity draws nothing", () => {
  const drawn = new Streams(7).stream("sizes");
  const untouched = new Streams(7).stream("sizes");
  assert.is(drawn.draw(fixed(42)), 42);
  assert.is(drawn.uniform(), untouched.uniform());
});

test("uniform draws are from 0 to below 1", () => {
  const stream = new Streams(7).stream("sizes");
  const values = draws(DRAWS, () => stream.uniform());
  assert.ok(values.every((value) => value >= 0 && value < 1));
  assert.ok(Math.abs(mean(values) - 0.5) < 0.005);
});

test("exponential draws have the mean asked for and are never below 0", () => {
  const stream = new Streams(7).stream("sizes");
  const values = draws(DRAWS, () => stream.exponential(20));
  assert.ok(values.every((value) => value >= 0 && value < Infinity));
  assert.ok(Math.abs(mean(values) / 20 - 1) < 0.02);
});

test("lognormal draws have the median and the sigma asked for", () => {
  const stream = new Streams(7).stream("sizes");
  const logs = draws(DRAWS, () => Math.log(stream.lognormal(20, 0.5)));
  assert.ok(Math.abs(median(logs) - Math.log(20)) < 0.01);
  const centre = mean(logs);
  const deviation = Math.sqrt(mean(logs.map((value) => (value - centre) ** 2)));
  assert.ok(Math.abs(deviation - 0.5) < 0.01);
});

test("a pick takes each of a list as often", () => {
  const stream = new Streams(7).stream("sizes");
  const counts = [0, 0, 0];
  for (let index = 0; index < 30_000; index++) counts[stream.pick([0, 1, 2])]!++;
  assert.ok(counts.every((count) => Math.abs(count - 10_000) < 400));
  assert.throws(() => stream.pick([]));
});

test("a quantity is drawn from its own distribution", () => {
  const both = (name: string): { one: Stream; other: Stream } => ({
    one: new Streams(7).stream(name),
    other: new Streams(7).stream(name),
  });
  const uniform = both("uniform");
  const between = uniform.one.draw({ tag: "uniform", min: 10, max: 20 });
  assert.is(between, 10 + 10 * uniform.other.uniform());
  const exponential = both("exponential");
  const waited = exponential.one.draw({ tag: "exponential", mean: 3 });
  assert.is(waited, exponential.other.exponential(3));
  const lognormal = both("lognormal");
  const sized = lognormal.one.draw({ tag: "lognormal", median: 3, sigma: 1 });
  assert.is(sized, lognormal.other.lognormal(3, 1));
  const empirical = both("empirical");
  const picked = empirical.one.draw({ tag: "empirical", values: [1, 2, 3] });
  assert.is(picked, empirical.other.pick([1, 2, 3]));
});

test.run();
