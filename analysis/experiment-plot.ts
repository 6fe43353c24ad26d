/**
 * The plots of the experiments, in the manner of the paper's figures: bars side by side for latencies
 * and overheads, lines over the rate for tails, lines over the size for partitioning. Published
 * figures are paler than ours.
 */

import { barPlot } from "./bar-plot.ts";
import { type ExperimentRow, publishedFor } from "./experiment-rows.ts";
import { type Part, partsOf, titleOf } from "./experiment-table.ts";
import { logarithmic, logTicks, type PlotSpec, plotSvg } from "./plot.ts";
import { ratePlot } from "./rate-plot.ts";

export interface ExperimentPlot {
  /** `e2e-corun`: a file name without its ending. */
  readonly name: string;
  readonly title: string;
  readonly svg: string;
}

export async function experimentPlots(
  rows: readonly ExperimentRow[],
): Promise<readonly ExperimentPlot[]> {
  const plots: ExperimentPlot[] = [];
  for (const part of partsOf(rows)) {
    const name = part.mode === undefined ? part.experiment : `${part.experiment}-${part.mode}`;
    plots.push({ name, title: titleOf(part), svg: await plotSvg(specOf(part)) });
  }
  return plots;
}

function specOf(part: Part): PlotSpec {
  switch (part.experiment) {
    case "schedule-overhead":
    case "data-overhead":
    case "e2e":
    case "tail":
      return barPlot(part);
    case "tail-bandwidth":
      return ratePlot(part);
    case "scalability":
      return growth(part);
    case "component":
      return small(part);
    default:
      return part.experiment satisfies never;
  }
}

/** Readable on light and on dark. */
const WHO = { domain: ["published", "ours"], range: ["#98a1a9", "#3f86c9"] };
const WHO_AND_LIVE = { domain: [...WHO.domain, "live"], range: [...WHO.range, "#4f9a52"] };
const HEIGHT_PX = 280;
const BYTES_PER_MB = 1_000_000;

/** Two panels over the number of tasks: CPU time and memory. */
function growth(part: Part): PlotSpec {
  const sizes = [...new Set(part.rows.flatMap(sizesOf).map(({ tasks }) => tasks))];
  const x = {
    field: "tasks",
    type: "quantitative",
    title: "tasks (logarithmic)",
    scale: { type: "log", domain: [Math.min(...sizes), Math.max(...sizes)], nice: false },
    axis: { values: [10, 100, 1_000, 10_000, 100_000], format: "~s" },
  };
  const of = (metric: string, title: string, scaled: (values: readonly number[]) => object) => {
    const values = part.rows.flatMap((row) => (row.metric === metric ? sizesOf(row) : []));
    const y = { field: "value", type: "quantitative", title };
    return {
      width: 340,
      height: HEIGHT_PX,
      data: { values },
      mark: { type: "line", point: true },
      encoding: {
        x,
        y: { ...y, ...scaled(values.map(({ value }) => value)) },
        color: { field: "who", type: "nominal", scale: WHO },
      },
    };
  };
  return {
    hconcat: [
      of("partition_cpu", "core-seconds (logarithmic)", (values) => logarithmic(logTicks(values))),
      of("partition_memory", "peak memory, MB", () => ({ axis: { tickCount: 5 } })),
    ],
    spacing: 40,
  } as PlotSpec;
}

interface Size {
  readonly tasks: number;
  readonly who: "published" | "ours" | "live";
  /** Megabytes, of what is in bytes. */
  readonly value: number;
}

function sizesOf(row: ExperimentRow): readonly Size[] {
  const tasks = Number(row.workflow.split(":")[1] ?? 0);
  const scale = row.unit === "B" ? BYTES_PER_MB : 1;
  const published = publishedFor(row);
  return [
    ...(published === undefined
      ? []
      : [{ tasks, who: "published", value: published / scale } as const]),
    { tasks, who: row.driver === "live" ? "live" : "ours", value: Number(row.value) / scale },
  ];
}

function small(part: Part): PlotSpec {
  const of = (metric: string, title: string) => ({
    width: 120,
    height: 200,
    data: {
      values: part.rows.flatMap((row) => (row.metric === metric ? sizesOf(row) : [])),
    },
    mark: { type: "bar" } as const,
    encoding: {
      x: {
        field: "who",
        type: "nominal",
        sort: null,
        title: "of one engine",
        axis: { labelAngle: 0 },
      },
      y: { field: "value", type: "quantitative", title, axis: { tickCount: 5 } },
      color: {
        field: "who",
        type: "nominal",
        scale: WHO_AND_LIVE,
        legend: null,
      },
    },
  });
  return {
    hconcat: [of("engine_cores", "CPU, cores"), of("engine_memory", "memory, MB")],
    spacing: 60,
  } as PlotSpec;
}
