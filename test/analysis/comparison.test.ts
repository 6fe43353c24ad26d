/** Tables, CSV and the comparison of two configurations. */

import { test } from "uvu";
import * as assert from "uvu/assert";
import { comparisonText, reduction } from "../../analysis/comparison.ts";
import { metricsCsv } from "../../analysis/csv.ts";
import type { MetricRow, Unit } from "../../analysis/metric-rows.ts";
import { number, percent, table } from "../../analysis/table.ts";

function rowsOf(workflow: string, values: Readonly<Record<string, number>>): MetricRow[] {
  return Object.entries(values).map(([metric, value]) => {
    const unit: Unit = metric.startsWith("bytes") ? "B" : "s";
    return { workflow, scheme: "x", storage: "y", metric, unit, value, count: 10 };
  });
}

const before = {
  name: "MasterSP, remote store",
  rows: [
    ...rowsOf("genome", {
      e2e_mean: 20.5,
      schedule_overhead_mean: 1.5,
      data_overhead_mean: 120,
      bytes_local: 0,
      bytes_remote: 400_000_000,
    }),
    ...rowsOf("illegal_recognizer", { e2e_mean: 2, schedule_overhead_mean: 0.5 }),
    ...rowsOf("all", { makespan: 100 }),
  ],
};
const after = {
  name: "WorkerSP, FaaStore",
  rows: [
    ...rowsOf("genome", {
      e2e_mean: 10.25,
      schedule_overhead_mean: 0.3,
      data_overhead_mean: 12,
      bytes_local: 300_000_000,
      bytes_remote: 100_000_000,
    }),
    ...rowsOf("illegal_recognizer", { e2e_mean: 1, schedule_overhead_mean: 0.6 }),
  ],
};

test("numbers keep about three digits and never an exponent", () => {
  assert.equal([0, 0.0123, 0.5, 1.239, 12.34, 99.96, 12345.6, Number.NaN, undefined].map(number), [
    "0",
    "0.012",
    "0.500",
    "1.24",
    "12.3",
    "100",
    "12346",
    "-",
    "-",
  ]);
  assert.equal([0.501, -0.2, -0.001, undefined].map(percent), ["50%", "-20%", "0%", "-"]);
});

test("a table aligns numbers to the right and texts to the left, under their headings", () => {
  const groups = [
    { heading: "", columns: [{ header: "task", align: "left" as const }] },
    { heading: "latency", columns: [{ header: "p50", unit: "s" }, { header: "n" }] },
  ];
  assert.is(
    table(groups, [["a", "1.25", "3"], "line", ["longer", "10.5", "12"]]),
    [
      "┌────────┬───────────┐",
      "│        │ latency   │",
      "│ task   │ p50 s   n │",
      "├────────┼───────────┤",
      "│ a      │  1.25   3 │",
      "├────────┼───────────┤",
      "│ longer │  10.5  12 │",
      "└────────┴───────────┘",
    ].join("\n"),
  );
});

test("a reduction is relative to the first side", () => {
  assert.is(reduction({ before: 4, after: 1 }), 0.75);
  assert.is(reduction({ before: 0, after: 1 }), undefined);
  assert.is(reduction({ before: undefined, after: 1 }), undefined);
});

test("the comparison shows each workflow, sums up and fits 120 columns", () => {
  const text = comparisonText(before, after);
  const genome = text.split("\n").find((line) => line.includes("genome"));
  assert.match(genome!, /20\.5 +10\.3 +50% │/);
  assert.match(genome!, /1\.50 +0\.300 +80% │ +120 +12\.0 +90% │ +0 +300 │ +400 +100 +75% │/);
  assert.match(text, /mean of 2 workflows: latency 50% less, scheduling overhead 30% less/);
  assert.not.match(text, /│ all/);
  assert.ok(
    text.split("\n").every((line) => line.length <= 120),
    text,
  );
});

test("CSV has a header and quotes what needs it", () => {
  const [row] = rowsOf("a,b", { e2e_mean: 0.25 });
  assert.is(
    metricsCsv([row!]),
    'workflow,scheme,storage,metric,unit,value,count\n"a,b",x,y,e2e_mean,s,0.25,10\n',
  );
});

test.run();
