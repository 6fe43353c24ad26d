/** The experiments' cells and protocols, their rows, and how these stand beside the published figures. */

import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  type Choice,
  type EXPERIMENT_NAMES,
  experimentOf,
  type RunCell,
} from "../../analysis/experiment.ts";
import {
  cellRows,
  climbed,
  type ExperimentRow,
  experimentCsv,
  publishedFor,
  relativeError,
} from "../../analysis/experiment-rows.ts";
import { accuracies } from "../../analysis/experiment-summary.ts";
import { tablesOf } from "../../analysis/experiment-table.ts";
import { PUBLISHED } from "../../analysis/published.ts";

const PAPER: Choice = {
  mode: undefined,
  workflows: undefined,
  bandwidths_MBps: undefined,
  rates_per_min: undefined,
  tasks: undefined,
  partition: "faasflow",
  longRun: undefined,
};

function runsOf(
  name: (typeof EXPERIMENT_NAMES)[number],
  choice: Partial<Choice> = {},
): readonly RunCell[] {
  const cells = experimentOf(name).cells({ ...PAPER, ...choice });
  return cells.filter((cell) => cell.tag === "run");
}

const cells = suite("cells");

cells("eight workflows under two systems, each alone, make a solo experiment", () => {
  for (const name of ["schedule-overhead", "data-overhead", "e2e", "tail"] as const) {
    const runs = runsOf(name);
    assert.is(runs.length, 16, name);
    assert.ok(runs.every(({ workflows, mode }) => workflows.length === 1 && mode === "solo"));
  }
});

cells("the systems are MasterSP with raw plans and WorkerSP with the paper's partition", () => {
  const sides = new Set(runsOf("e2e").map(({ side }) => Object.values(side).join(" ")));
  assert.equal(
    [...sides],
    ["MasterSP+remote master-sp remote raw", "WorkerSP+FaaStore worker-sp faastore faasflow"],
  );
});

cells("co-run is one cell a system: all eight, closed loops of 120 s, started 5 s apart", () => {
  const runs = runsOf("e2e", { mode: "corun" });
  assert.is(runs.length, 2);
  for (const { workflows, protocol } of runs) {
    assert.is(workflows.length, 8);
    assert.ok(protocol.tag === "closed");
    assert.is(protocol.stagger_s, 5);
    assert.is(protocol.duration_s, 120);
  }
});

cells("scheduling overhead is measured over up to 103 runs or 180 s", () => {
  const { protocol } = runsOf("schedule-overhead")[0]!;
  assert.ok(protocol.tag === "closed");
  assert.is(protocol.requests, 103);
  assert.is(protocol.duration_s, 180);
});

cells("the tail is measured at 50 MB/s and 6 requests a minute, clients wait 60 s", () => {
  for (const { protocol, bandwidth_MBps } of runsOf("tail")) {
    assert.ok(protocol.tag === "open");
    assert.is(protocol.rate_per_min, 6);
    assert.is(protocol.patience.wait_s, 60);
    assert.is(bandwidth_MBps, 50);
  }
});

cells("lists of workflows, bandwidths and rates are multiplied out", () => {
  const choice = { workflows: ["genome"], bandwidths_MBps: [25, 50], rates_per_min: [2, 4, 6] };
  assert.is(runsOf("tail", choice).length, 2 * 3 * 2);
});

cells("tail-bandwidth climbs from 2 to 10 with genome and from 4 to 40 with video", () => {
  const ratesOf = (workflow: string): readonly number[] =>
    runsOf("tail-bandwidth", { workflows: [workflow], bandwidths_MBps: [25] }).flatMap(
      ({ protocol, side }) =>
        protocol.tag === "open" && side.scheme === "worker-sp" ? [protocol.rate_per_min] : [],
    );
  assert.equal(ratesOf("genome"), [2, 4, 6, 8, 10]);
  assert.is(ratesOf("video")[0], 4);
  assert.is(ratesOf("video").at(-1), 40);
});

const rows = suite("rows");

const TAIL = runsOf("tail", { workflows: ["video"] })[0]!;
const OF_VIDEO = { workflow: "video", scheme: "master-sp", storage: "remote", count: 2 } as const;
const SIMULATED = [
  { ...OF_VIDEO, metric: "cold_starts", unit: "1", value: 7 },
  { ...OF_VIDEO, metric: "e2e_mean", unit: "s", value: 99 },
] as const;

function tailRows(latencies_s: readonly number[], inVain: number): readonly ExperimentRow[] {
  const seen = [{ workflow: "video", clients: { latencies_s, inVain }, long: undefined }];
  return cellRows(TAIL, "sim", { rows: SIMULATED, seen });
}

function toldOf(of: readonly ExperimentRow[], metric: string): number | string | undefined {
  return of.find((row) => row.metric === metric)?.value;
}

rows("are those of simulate, with the cell's rate and bandwidth", () => {
  const row = tailRows([4, 5], 0).find(({ metric }) => metric === "tail_paper")!;
  assert.equal(row, {
    workflow: "video",
    scheme: "master-sp",
    storage: "remote",
    metric: "tail_paper",
    unit: "s",
    value: 5,
    count: 2,
    experiment: "tail",
    driver: "sim",
    mode: "solo",
    partition: "raw",
    rate_per_min: 6,
    bandwidth_MBps: 50,
  });
});

rows("latencies are what clients saw, the rest what the cluster did", () => {
  const told = tailRows([4, 6], 0);
  assert.is(toldOf(told, "e2e_mean"), 5);
  assert.is(toldOf(told, "cold_starts"), 7);
  assert.is(told.filter(({ metric }) => metric === "e2e_mean").length, 1);
});

rows("one request in vain makes the tail a timeout, and is counted", () => {
  const told = tailRows([4, 6], 1);
  assert.is(toldOf(told, "tail_paper"), "timeout");
  assert.is(toldOf(told, "timeouts"), 1);
});

rows(
  "a climb that timed out counts as timed out at every higher rate of its line, only there",
  () => {
    const at = (rate_per_min: number, bandwidth_MBps: number, value: number | string) => ({
      ...tailRows([1], 0)[0]!,
      ...({ experiment: "tail-bandwidth", rate_per_min, bandwidth_MBps, value } as const),
    });
    const climb = [at(2, 25, 5), at(4, 25, "timeout"), at(6, 25, 7), at(6, 50, 8)];
    assert.equal(
      climbed(climb).map(({ value }) => value),
      [5, "timeout", "timeout", 8],
    );
  },
);

const published = suite("published");

/** As if our figure were `factor` times the published one. */
function scaledRow(
  factor: number,
  workflow: string,
  system: "MasterSP+remote" | "WorkerSP+FaaStore",
) {
  const figure = PUBLISHED.find(
    (each) => each.workflow === workflow && each.system === system && each.metric === "e2e_mean",
  )!;
  const isMaster = system === "MasterSP+remote";
  const row: ExperimentRow = {
    ...{ workflow, scheme: isMaster ? "master-sp" : "worker-sp" },
    ...{ storage: isMaster ? "remote" : "faastore", metric: "e2e_mean", unit: "s" },
    ...{ value: figure.value * factor, count: 10, experiment: "e2e", driver: "sim", mode: "solo" },
  };
  return row;
}

published("there are 16 figures a metric of the two systems, and those of the components", () => {
  assert.is(PUBLISHED.length, 3 * 16 + 2 * 5 + 2);
});

published("only solo runs over the unlimited link have a published figure", () => {
  const row = scaledRow(1, "genome", "MasterSP+remote");
  assert.is(publishedFor(row), 5.2863);
  assert.is(publishedFor({ ...row, mode: "corun" }), undefined);
  assert.is(publishedFor({ ...row, bandwidth_MBps: 50 }), undefined);
  assert.is(publishedFor({ ...row, storage: "faastore" }), undefined);
});

published("the error is relative to the published figure, and there is none of a timeout", () => {
  const row = scaledRow(0.9, "genome", "MasterSP+remote");
  assert.ok(Math.abs(relativeError(row)! + 0.1) < 1e-9);
  assert.is(relativeError({ ...row, value: "timeout" }), undefined);
});

published("the summary has mean, worst and the pairs in the right order", () => {
  const [accuracy] = accuracies([
    scaledRow(1.1, "genome", "MasterSP+remote"),
    scaledRow(1, "genome", "WorkerSP+FaaStore"),
    scaledRow(0.5, "video", "MasterSP+remote"),
    scaledRow(1, "video", "WorkerSP+FaaStore"),
  ]);
  assert.is(accuracy?.cells, 4);
  assert.ok(Math.abs(accuracy!.mean - 0.15) < 1e-9);
  assert.ok(Math.abs(accuracy!.worst - 0.5) < 1e-9);
  assert.is(accuracy?.worstCell, "video, MasterSP+remote");
  assert.is(accuracy?.ordered, 1);
  assert.is(accuracy?.pairs, 2);
});

published("CSV has the published figure and the error beside each value", () => {
  const [header, line] = experimentCsv([scaledRow(2, "genome", "MasterSP+remote")]).split("\n");
  assert.match(header!, /value,count,published,relative_error$/);
  assert.match(line!, /,10,5\.2863,1$/);
});

published("a table has a line a workflow, and as many cells as columns", () => {
  const part = [
    scaledRow(1, "genome", "MasterSP+remote"),
    scaledRow(1, "video", "WorkerSP+FaaStore"),
  ];
  const [shown] = tablesOf({ experiment: "e2e", mode: "solo", rows: part });
  const columns = shown!.groups.flatMap((group) => group.columns);
  assert.is(shown!.rows.length, 2);
  for (const row of shown!.rows) assert.is(row.length, columns.length);
});

cells.run();
rows.run();
published.run();
