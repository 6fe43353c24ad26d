/** Rows of a study: means over seeds, what tells configurations apart, the page. */

import { test } from "uvu";
import * as assert from "uvu/assert";
import { logTicks } from "../../analysis/plot.ts";
import { studyHtml } from "../../analysis/study-page.ts";
import { studyPlot } from "../../analysis/study-plot.ts";
import { estimates, type Settings, type StudyRow, studyCsv } from "../../analysis/study-rows.ts";
import { dimensionsOf, intervalText, studyTable } from "../../analysis/study-table.ts";
import { table } from "../../analysis/table.ts";

const SETTINGS: Settings = { workflows: "video", scheme: "worker-sp", storage: "faastore" };

function rowOf(value: number | string, seed: string, settings: Settings = {}): StudyRow {
  const base = { workflow: "video", scheme: "worker-sp", storage: "faastore", count: 10 };
  const row = { ...base, metric: "e2e_mean", unit: "s" as const, value, seed };
  return { ...row, settings: { ...SETTINGS, ...settings } };
}

const ROWS = [25, 50].flatMap((bandwidth_MBps) =>
  ["1", "2", "3"].map((seed) => rowOf(bandwidth_MBps + Number(seed), seed, { bandwidth_MBps })),
);

test("seeds of one configuration are samples of one mean, and others are apart", () => {
  const means = estimates(ROWS);
  assert.equal(
    means.map(({ mean, n, settings }) => [settings.bandwidth_MBps, mean, n]),
    [
      [25, 27, 3],
      [50, 52, 3],
    ],
  );
});

test("texts such as hashes are no samples", () => {
  assert.is(estimates([rowOf("3af0", "1")]).length, 0);
});

test("a table has a column for what differs and none for what does not", () => {
  const means = estimates(ROWS);
  assert.equal(dimensionsOf(means), ["bandwidth_MBps"]);
  assert.equal(studyTable(means, ["e2e_mean"]).rows, [
    ["25", "27.0 ± 2.48", "3"],
    ["50", "52.0 ± 2.48", "3"],
  ]);
});

test("a partition that follows from the storage mode is no dimension of its own, another is", () => {
  const sides = [
    rowOf(1, "1", { storage: "faastore", partition: "faasflow-plus" }),
    rowOf(1, "1", { storage: "remote", partition: "raw" }),
  ];
  assert.equal(dimensionsOf(estimates(sides)), ["storage"]);
  const third = rowOf(1, "1", { storage: "faastore", partition: "faasflow" });
  assert.equal(dimensionsOf(estimates([...sides, third])), ["storage", "partition"]);
});

test("two workflows of one name have a row and a place in the plot each, told by their files", () => {
  const sides = ["a.yaml", "b.yaml"].map((workflows, index) =>
    rowOf(index + 1, "1", { workflows }),
  );
  const means = estimates(sides);
  assert.equal(dimensionsOf(means), ["workflows"]);
  assert.equal(studyTable(means, ["e2e_mean"]).rows, [
    ["a.yaml", "1.00", "1"],
    ["b.yaml", "2.00", "1"],
  ]);
  const { values } = studyPlot(means).data as { values: readonly { x: string }[] };
  assert.equal(
    values.map(({ x }) => x),
    ["a.yaml", "b.yaml"],
  );
});

test("how many seeds there are is said, and that one seed tells nothing", () => {
  assert.match(intervalText(estimates(ROWS)), /over 3 seeds.*95% confidence.*Student's t/);
  assert.match(intervalText(estimates(ROWS.slice(0, 1))), /One seed/);
  assert.match(intervalText(estimates(ROWS.slice(0, 4))), /1 to 3 seeds/);
});

test("a study may have more estimates than a call takes arguments", () => {
  const one = estimates(ROWS.slice(0, 3))[0]!;
  const many = Array.from({ length: 200_000 }, (_, invocations) => {
    return { ...one, settings: { ...SETTINGS, invocations } };
  });
  assert.match(intervalText(many), /over 3 seeds/);
  const { groups, rows } = studyTable(many, ["e2e_mean"]);
  assert.is(table(groups, rows).split("\n").length, 200_000 + 4);
  assert.equal(logTicks(many.map(({ mean }) => mean)).at(-1), 50);
});

test("CSV has the settings, the seed and the metric of each row", () => {
  const [header, first] = studyCsv(ROWS).split("\n");
  assert.match(
    header!,
    /^workflows,scheme,.*,bandwidth_MBps,.*,seed,workflow,metric,unit,value,count$/,
  );
  assert.match(first!, /^video,worker-sp,faastore,.*,25,.*,1,video,e2e_mean,s,26,10$/);
});

test("the page has a plot with a bar for each interval, the table, and what failed", async () => {
  const html = await studyHtml({
    title: "Links <1>",
    about: "6 cells",
    show: ["e2e_mean"],
    estimates: estimates(ROWS),
    failures: ["seed=4: broken"],
  });
  assert.match(html, /<h1>Links &lt;1&gt;<\/h1>/);
  assert.match(html, /<svg[\s\S]+bandwidth, MB\/s[\s\S]+<\/svg>/);
  assert.is(html.match(/aria-roledescription="rule mark"/g)?.length, 2);
  assert.match(html, /27\.0 ± 2\.48/);
  assert.match(html, /seed=4: broken/);
});

test("what one seed measured is a plot without bars", async () => {
  const rows = ROWS.filter(({ seed }) => seed === "1");
  const page = { title: "t", about: "a", show: ["e2e_mean"] as const, failures: [] };
  const html = await studyHtml({ ...page, estimates: estimates(rows) });
  assert.not.match(html, /aria-roledescription="rule mark"/);
  assert.match(html, /aria-roledescription="point"/);
});

test.run();
