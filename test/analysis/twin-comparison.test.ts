/** Runs held against twins by hand: cells, noise, limits, facts, contrasts. */

import { test } from "uvu";
import * as assert from "uvu/assert";
import { ByteCounts } from "../../analysis/metrics.ts";
import type { ComparedRun, CompareOptions, Tolerances } from "../../analysis/twin-cells.ts";
import { cellNames, compareTwins, type TwinComparison } from "../../analysis/twin-comparison.ts";
import { type InvocationFacts, type RunFacts, runFacts } from "../../analysis/twin-invocations.ts";
import { twinTables, twinText } from "../../analysis/twin-text.ts";
import { workerNode } from "../../core/node.ts";
import { ROOT_ITEM } from "../../core/workflow/item.ts";
import { recordedRun } from "../fixtures/recorded-run.ts";

const CONFIGURATION = {
  ...{ scheme: "worker-sp", storage: "faastore", partition: "faasflow-plus" },
  ...{ workers: 2, bandwidth: undefined, bus: "durable", load: "one by one" },
};
const PLAN = {
  ...{ plan: 0, workflow: "hand", tasks: ["one", "two"], task_count: 2, depths: [0, 0] },
  ...{ edges: [[0, 1] as const], data: ["one.out"], workers: 2, criticalPath: [0, 1] },
};
const TOLERANCES: Tolerances = {
  latency: { mean: 0.05 },
  parts: { mean: 0.05 },
  exact: { owners: 0, tiers: 0, bytes: 0, cold_starts: 0 },
  noise: 1,
};

interface Change {
  readonly worker?: number;
  readonly tier?: string;
  readonly bytes?: number;
}

/** All of its time is execution. */
function facts(invocation: number, latency: number, change: Change = {}): InvocationFacts {
  const { worker = 0, tier = "local", bytes = 100 } = change;
  const times = { queue: 0, dispatch: 0, start: 0, execute: latency, end: latency };
  return {
    ...{ invocation, plan: 0, latency },
    parts: [0, 0, 0, latency, 0, 0],
    bytes: new ByteCounts(),
    activations: [{ task: 0, item: ROOT_ITEM, node: workerNode(worker), ...times }],
    transfers: [{ key: "put one one.out", tier, bytes }],
  };
}

function runOf(invocations: readonly InvocationFacts[], coldStarts = 1): RunFacts {
  return {
    invocations,
    arrivals: invocations.map(({ invocation, plan }) => ({ invocation, plan })),
    coldStarts: new Map([[0, coldStarts]]),
    mishaps: 0,
  };
}

/** Latencies of both sides; `change`: what the twin's invocations have otherwise. */
function run(
  name: string,
  live: readonly number[],
  twin: readonly number[],
  { configuration = CONFIGURATION, change = {} as Change } = {},
): ComparedRun {
  return {
    ...{ name, configuration, plans: [PLAN] },
    live: runOf(live.map((latency, id) => facts(id, latency))),
    twin: runOf(twin.map((latency, id) => facts(id, latency, change))),
  };
}

function compare(
  runs: readonly ComparedRun[],
  changes: Partial<CompareOptions> = {},
): TwinComparison {
  return compareTwins(runs, { tolerances: TOLERANCES, warmUp: 0, uniform: () => 0.5, ...changes });
}

test("a twin that is as long as live violates nothing", () => {
  const { violations, cells } = compare([run("a", [100, 110, 120], [110, 120, 100])]);
  assert.equal(violations, []);
  assert.is(cells[0]!.ks, 0);
  assert.ok(cells[0]!.mape > 0.1);
});

test("an error beyond tolerance and noise is told with both sides, its size and what was allowed", () => {
  const { violations } = compare([run("a", [100_000, 100_000], [120_000, 120_000])]);
  assert.is(
    violations[0],
    "hand, worker-sp, faastore, 2 workers, durable, one by one: mean of end-to-end: twin 120 ms, " +
      "live 100 ms, off by +20.0%, more than 5.0% (live's own noise: 0.0%)",
  );
  assert.match(violations[1]!, /mean of execution: .* of the mean latency/);
  assert.is(violations.length, 2);
});

test("an error within what repeats of live differ by is none", () => {
  const runs = [run("a", [100, 100], [110, 110]), run("b", [120, 120], [110, 110])];
  const { cells, violations } = compare(runs);
  assert.equal(violations, []);
  assert.is(cells.length, 1);
  assert.is(cells[0]!.noiseFrom, "repeats");
  assert.ok(Math.abs(cells[0]!.metrics[0]!.noise - 20 / 110) < 1e-12);
});

test("noise times its factor is what counts", () => {
  const runs = [run("a", [100, 100], [140, 140]), run("b", [120, 120], [140, 140])];
  assert.ok(compare(runs).violations.length > 0);
  assert.equal(compare(runs, { tolerances: { ...TOLERANCES, noise: 2 } }).violations, []);
});

test("runs of another configuration are another cell, however alike their names", () => {
  const master = { ...CONFIGURATION, scheme: "master-sp" };
  const runs = [run("a", [100], [100]), run("a", [100], [100], { configuration: master })];
  assert.equal(
    compare(runs).cells.map(({ cell }) => cell.scheme),
    ["worker-sp", "master-sp"],
  );
});

test("a warm-up leaves out the first arrivals of figures of time, not of facts", () => {
  const one = run("a", [900, 100, 100], [100, 100, 100]);
  const { cells, violations } = compare([one], { warmUp: 1 });
  assert.is(cells[0]!.invocations, 2);
  assert.is(cells[0]!.facts[0]!.compared, 3);
  assert.equal(violations, []);
});

test("invocations that did not finish on both sides are counted and left out", () => {
  const one = run("a", [100, 100, 100], [100, 100]);
  const { cells } = compare([one]);
  assert.is(cells[0]!.invocations, 2);
  assert.is(cells[0]!.unfinished, 1);
  assert.match(
    twinText(compare([one]), { profile: "p", seed: "1" }),
    /1 invocation did not finish/,
  );
});

test("a run of which nothing finished on both sides is a violation, not a silence", () => {
  const { violations } = compare([run("a", [100], [])]);
  assert.match(violations[0]!, /no invocation finished both live and in the twin/);
});

for (const [fact, change, found] of [
  ["workers of activations", { worker: 1 }, "one: live worker-1, twin worker-2"],
  ["tiers of gets and puts", { tier: "remote" }, "put one one.out: live local, twin remote"],
  ["bytes of gets and puts", { bytes: 99 }, "put one one.out: live 100 B, twin 99 B"],
] as const) {
  test(`${fact}: each difference counts, and the first are shown`, () => {
    const { violations } = compare([run("a", [100, 100], [100, 100], { change })]);
    assert.is(violations.length, 1);
    const text = `${fact}: 2 of 2 differ (invocation 0, ${found}; invocation 1, ${found})`;
    assert.ok(violations[0]!.endsWith(text), violations[0]);
  });
}

test("cold starts are those of the whole run", () => {
  const one = run("a", [100], [100]);
  const { violations } = compare([{ ...one, twin: runOf(one.twin.invocations, 3) }]);
  assert.match(violations[0]!, /cold starts: 2 of 3 differ \(live 1 containers, twin 3\)$/);
});

test("a fact whose tolerance is not stated is not checked", () => {
  const tolerances = { ...TOLERANCES, exact: {} };
  const changed = run("a", [100], [100], { change: { worker: 1 } });
  assert.equal(compare([changed], { tolerances }).violations, []);
});

const REMOTE = { ...CONFIGURATION, storage: "remote", partition: "raw" };

test("what a storage policy is worth must have live's sign in the twin", () => {
  const right = [run("a", [100], [90]), run("b", [200], [260], { configuration: REMOTE })];
  const wrong = [run("a", [100], [104]), run("b", [110], [100], { configuration: REMOTE })];
  const loose = { tolerances: { ...TOLERANCES, latency: {}, parts: {} } };
  assert.equal(compare(right, loose).violations, []);
  const { contrasts, violations } = compare(wrong, loose);
  assert.is(contrasts[0]!.what, "storage");
  assert.is(violations.length, 1);
  assert.match(violations[0]!, /live \+10\.0% in the median latency, twin -3\.8%: the other way/);
});

test("a difference within live's own noise has no sign to be wrong about", () => {
  const runs = [
    run("a", [90], [104]),
    run("b", [110], [104]),
    run("c", [105], [100], { configuration: REMOTE }),
  ];
  const loose = { tolerances: { ...TOLERANCES, latency: {}, parts: {} } };
  const { contrasts, violations } = compare(runs, loose);
  assert.equal(
    contrasts.map(({ isClear, ok }) => [isClear, ok]),
    [[false, true]],
  );
  assert.equal(violations, []);
});

test("cells that differ in scheme and storage at once are no contrast", () => {
  const other = { ...REMOTE, scheme: "master-sp" };
  const runs = [run("a", [100], [100]), run("b", [100], [100], { configuration: other })];
  assert.equal(compare(runs).contrasts, []);
});

test("a table's cells are named by what tells them apart", () => {
  const cells = [CONFIGURATION, REMOTE].map((each) => ({ workflow: "hand", ...each }));
  const { common, of } = cellNames(cells);
  assert.is(common, "worker-sp, 2 workers, durable, one by one");
  assert.equal(cells.map(of), ["hand, faastore", "hand, remote"]);
});

test("every table has as many cells a row as columns", () => {
  const runs = [run("a", [100], [90]), run("b", [200], [260], { configuration: REMOTE })];
  const tables = twinTables(compare(runs));
  assert.is(tables.length, 5);
  for (const { groups, rows } of tables) {
    const columns = groups.flatMap((group) => group.columns).length;
    for (const row of rows) if (row !== "line") assert.is(row.length, columns);
  }
});

test("the parts of each invocation add up to its latency", () => {
  for (const configuration of [0, 1, 2, 3]) {
    const { log } = recordedRun({ configuration });
    const { invocations, arrivals } = runFacts(log.header.workflows, log.events);
    assert.is(invocations.length, 10);
    assert.is(arrivals.length, 10);
    for (const { parts, latency } of invocations) {
      assert.is(
        parts.reduce((sum, part) => sum + part, 0),
        latency,
      );
    }
  }
});

test.run();
