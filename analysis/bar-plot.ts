/** Bars side by side: a group a workflow, both systems, published (paler) beside ours. */

import { TIMEOUT } from "./client-view.ts";
import { type Experiment, experimentOf } from "./experiment.ts";
import { type ExperimentRow, publishedFor, systemOf } from "./experiment-rows.ts";
import { type Part, SYSTEMS } from "./experiment-table.ts";
import { logarithmic, logTicks, type PlotSpec } from "./plot.ts";
import type { System } from "./published.ts";

type Who = "published" | "ours" | "live";

/** Readable on light and on dark. */
const COLOURS: Readonly<Record<System, Readonly<Record<Who, string>>>> = {
  "MasterSP+remote": { published: "#e8b894", ours: "#d9772b", live: "#a04f12" },
  "WorkerSP+FaaStore": { published: "#a3c6e6", ours: "#3f86c9", live: "#4a5fb0" },
};
const BAR_PX = 20;
const GAP_PX = 28;
const LEAST_GROUP_PX = 64;
const HEIGHT_PX = 280;
/** Of each of several panels. */
const LOW_PX = 180;

/** A panel each bandwidth and rate, all with the same scales. */
export function barPlot(part: Part): PlotSpec {
  const experiment = experimentOf(part.experiment);
  const rows = part.rows.filter((row) => row.metric === experiment.metrics[0]);
  const places = new Map<string, ExperimentRow[]>();
  for (const row of rows) {
    places.set(placeOf(row), [...(places.get(placeOf(row)) ?? []), row]);
  }
  const bars = rows.flatMap(barsOf);
  const frame: Frame = {
    experiment,
    ticks: logTicks(bars.flatMap(({ value }) => value ?? [])),
    who: (["published", "ours", "live"] as const).filter((who) =>
      bars.some((bar) => bar.who === who),
    ),
    height: places.size > 1 ? LOW_PX : HEIGHT_PX,
  };
  return { vconcat: [...places].map(([place, of]) => panel(frame, place, of)), spacing: 24 };
}

/** What the panels have in common. */
interface Frame {
  readonly experiment: Experiment;
  readonly ticks: readonly number[];
  readonly who: readonly Who[];
  readonly height: number;
}

function panel(
  { experiment, ticks, who, height }: Frame,
  place: string,
  rows: readonly ExperimentRow[],
) {
  const series = SYSTEMS.flatMap((system) =>
    who.map((each) => ({ name: `${system}, ${each}`, colour: COLOURS[system][each] })),
  );
  const names = series.map(({ name }) => name);
  const workflows = new Set(rows.map(({ workflow }) => workflow));
  const x = {
    field: "workflow",
    type: "nominal",
    sort: null,
    title: "workflow",
    axis: { labelAngle: 0, labelExpr: "split(datum.label, '_')", labelLimit: 0 },
  } as const;
  const xOffset = { field: "series", sort: names, scale: { domain: names } } as const;
  const y = { type: "quantitative", ...logarithmic(ticks) } as const;
  const least = { datum: ticks[0]! };
  const bars = rows.flatMap(barsOf);
  const timeouts = {
    transform: [{ filter: "!isValid(datum.value)" }],
    mark: { type: "text" as const, angle: 270, align: "left" as const, dx: 4 },
    encoding: { x, xOffset, y: { ...y, ...least }, text: { field: "text" } },
  };
  const title = `${experiment.title.toLowerCase()}, s (logarithmic)`;
  return {
    ...(place === "" ? {} : { title: place }),
    data: { values: bars },
    width: workflows.size * (Math.max(series.length * BAR_PX, LEAST_GROUP_PX) + GAP_PX),
    height,
    layer: [
      {
        transform: [{ filter: "isValid(datum.value)" }],
        mark: { type: "bar" as const },
        encoding: {
          x,
          xOffset,
          y: { ...y, field: "value", title },
          y2: least,
          color: {
            field: "series",
            type: "nominal" as const,
            scale: { domain: names, range: series.map(({ colour }) => colour) },
          },
        },
      },
      ...(bars.every(({ text }) => text === "") ? [] : [timeouts]),
    ],
  };
}

/** `50 MB/s, 6 requests a minute`; empty where neither is set. */
function placeOf({ bandwidth_MBps, rate_per_min }: ExperimentRow): string {
  const bandwidth = bandwidth_MBps === undefined ? [] : [`${bandwidth_MBps} MB/s`];
  const rate = rate_per_min === undefined ? [] : [`${rate_per_min} requests a minute`];
  return [...bandwidth, ...rate].join(", ");
}

interface Bar {
  readonly workflow: string;
  readonly series: string;
  readonly who: Who;
  readonly value: number | undefined;
  /** Where there is no bar. */
  readonly text: string;
}

function barsOf(row: ExperimentRow): readonly Bar[] {
  const system = systemOf(row);
  if (system === undefined) return [];
  const bar = (who: Who, value: number | string): Bar => ({
    workflow: row.workflow,
    series: `${system}, ${who}`,
    who,
    value: typeof value === "number" ? value : undefined,
    text: value === TIMEOUT ? TIMEOUT : "",
  });
  if (row.driver === "live") return [bar("live", row.value)];
  const published = publishedFor(row);
  const first = published === undefined ? [] : [bar("published", published)];
  return [...first, bar("ours", row.value)];
}
