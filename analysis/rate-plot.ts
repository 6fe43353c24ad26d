/** Simulated tails over the rate: a panel a workflow, a line a bandwidth and system. */

import { TIMEOUT } from "./client-view.ts";
import { type ExperimentRow, systemOf } from "./experiment-rows.ts";
import { type Part, SYSTEMS } from "./experiment-table.ts";
import type { PlotSpec } from "./plot.ts";

const WAIT_S = 60;
const HEIGHT_PX = 280;

export function ratePlot(part: Part): PlotSpec {
  const rows = part.rows.filter(
    (row) => row.metric === "tail_paper" && row.driver === "sim" && systemOf(row),
  );
  const bandwidths = [...new Set(rows.map((row) => bandwidthText(row)))];
  const panels = [...new Set(rows.map(({ workflow }) => workflow))].map((workflow) =>
    panel(
      workflow,
      rows.filter((row) => row.workflow === workflow),
      bandwidths,
    ),
  );
  return { hconcat: panels, spacing: 40, resolve: { scale: { color: "shared" } } };
}

const BANDWIDTH_COLOURS = ["#c2539b", "#d9772b", "#4f9a52", "#3f86c9", "#8a6fd1", "#8c8c3e"];

function bandwidthText({ bandwidth_MBps }: ExperimentRow): string {
  return bandwidth_MBps === undefined ? "unlimited" : `${bandwidth_MBps} MB/s`;
}

function panel(
  workflow: string,
  rows: readonly ExperimentRow[],
  bandwidths: readonly string[],
): Extract<PlotSpec, { hconcat: unknown }>["hconcat"][number] {
  const points = rows.map((row) => ({
    rate: row.rate_per_min!,
    tail: row.value === TIMEOUT ? WAIT_S : row.value,
    bandwidth: bandwidthText(row),
    system: systemOf(row)!,
    ended: row.value === TIMEOUT,
  }));
  // Of the rates that timed out, only the first of each line.
  const shown = points.filter(
    (point) =>
      !point.ended ||
      !points.some(
        (other) =>
          other.ended &&
          other.rate < point.rate &&
          other.bandwidth === point.bandwidth &&
          other.system === point.system,
      ),
  );
  const rates = points.map(({ rate }) => rate);
  const ends: number[] = [Math.min(...rates), Math.max(...rates)];
  const range = BANDWIDTH_COLOURS.slice(0, Math.max(1, bandwidths.length));
  const encoding = {
    x: {
      field: "rate",
      type: "quantitative",
      title: "requests a minute",
      scale: { domain: ends, nice: false },
    },
    y: { field: "tail", type: "quantitative", title: "tail latency, s (timeout at 60 s)" },
    color: {
      field: "bandwidth",
      type: "ordinal",
      scale: { domain: [...bandwidths], range },
      legend: { symbolType: "square" },
    },
    strokeDash: {
      field: "system",
      type: "nominal",
      scale: { domain: [...SYSTEMS], range: DASHES },
    },
  } as const;
  const { strokeDash: _, ...plain } = encoding;
  return {
    title: workflow,
    width: 360,
    height: HEIGHT_PX,
    data: { values: shown },
    layer: [
      { mark: { type: "line", strokeWidth: 1.5 }, encoding },
      {
        mark: { type: "point", size: 18, filled: true },
        encoding: plain,
        transform: [{ filter: "!datum.ended" }],
      },
      {
        mark: { type: "point", shape: "cross", size: 70, filled: true, angle: 45 },
        encoding: plain,
        transform: [{ filter: "datum.ended" }],
      },
    ],
  };
}

const DASHES = [
  [5, 4],
  [1, 0],
];
