/** Which configuration meets its goals, and by how much another does not. */

import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  adviceText,
  type Goal,
  judged,
  missOf,
  missText,
  type Sample,
} from "../../analysis/advice.ts";

const GOAL: Goal = { metric: "e2e_p99", unit: "s", relation: "<", limit: 5 };
const CANDIDATE = { workers: 3, bandwidth_MBps: 25 };

function sampleOf(values: Readonly<Record<string, number>>): Sample {
  const base = { workflow: "video", scheme: "worker-sp", storage: "faastore", count: 10 } as const;
  const rows = Object.entries(values).map(([metric, value]) => {
    return { ...base, metric, unit: "s" as const, value };
  });
  return { rows, wrong: [] };
}

test("a goal is met if the worst seed meets it", () => {
  const [good, bad] = [sampleOf({ e2e_p99: 4 }), sampleOf({ e2e_p99: 6 })];
  assert.is(judged(CANDIDATE, [GOAL], [good]).meets, true);
  const both = judged(CANDIDATE, [GOAL], [good, bad]);
  assert.equal([both.meets, both.worst], [false, [6]]);
  assert.ok(Math.abs(missOf(both, [GOAL]) - 0.2) < 1e-12);
});

test("a value at the limit meets <= and not <", () => {
  const samples = [sampleOf({ e2e_p99: 5 })];
  assert.is(judged(CANDIDATE, [GOAL], samples).meets, false);
  assert.is(judged(CANDIDATE, [{ ...GOAL, relation: "<=" }], samples).meets, true);
});

test("all goals are to be met", () => {
  const other: Goal = { metric: "data_overhead_mean", unit: "s", relation: "<", limit: 1 };
  const samples = [sampleOf({ e2e_p99: 4, data_overhead_mean: 2 })];
  assert.is(judged(CANDIDATE, [GOAL, other], samples).meets, false);
});

test("latencies of those that finished count for nothing where others were aborted", () => {
  const tried = judged(CANDIDATE, [GOAL], [sampleOf({ e2e_p99: 4, invocations_aborted: 2 })]);
  assert.equal([tried.meets, tried.why], [false, "2 invocations aborted"]);
});

test("a run that broke, or has no such value, does not meet the goal", () => {
  const broken = judged(CANDIDATE, [GOAL], [{ rows: [], wrong: ["it broke"] }]);
  assert.equal([broken.meets, broken.why, broken.worst], [false, "it broke", [undefined]]);
  assert.is(missOf(broken, [GOAL]), Infinity);
  assert.is(judged(CANDIDATE, [GOAL], [sampleOf({})]).meets, false);
});

test("a miss is never 0%, nor thousands of percent", () => {
  const goal: Goal = { ...GOAL, limit: 20 };
  const told = (value: number): string => {
    const tried = [judged(CANDIDATE, [goal], [sampleOf({ e2e_p99: value })])];
    const rest = { cheapest: undefined, dearer: [], all: 1, seeds: 1 };
    const text = adviceText({ settings: {}, goals: [goal], tried, ...rest });
    return text.match(/25 │ +(\S+ +\S+) │/)?.[1] ?? text;
  };
  assert.equal([20.003, 20, 27, 90_000].map(told), [
    "20.003    +<1%",
    "20      +0",
    "27.0    +35%",
    "90000   x4500",
  ]);
  const shares = [0.00015, 0, 0.35, 4518.37];
  assert.equal(shares.map(missText), [
    "less than 1% beyond",
    "right at the limit",
    "35% beyond",
    "4519 times the limit",
  ]);
});

test("a dearer neighbour that does not meet the goal is pointed out", () => {
  const cheapest = judged(CANDIDATE, [GOAL], [sampleOf({ e2e_p99: 4 })]);
  const dearer = judged({ ...CANDIDATE, workers: 4 }, [GOAL], [sampleOf({ e2e_p99: 6 })]);
  const advice = { settings: {}, goals: [GOAL], tried: [cheapest], cheapest, all: 2, seeds: 1 };
  assert.match(adviceText({ ...advice, dearer: [dearer] }), /Beware: 4 workers, 25 MB\/s/);
  assert.not.match(adviceText({ ...advice, dearer: [cheapest] }), /Beware/);
});

test.run();
