/**
 * A metric of a study as small multiples: the numeric setting with the most values along x, a colour
 * a system (scheme, storage, partition), a panel for each combination of the rest. Bars are
 * confidence intervals.
 */

import { logarithmic, logTicks, type PlotSpec } from "./plot.ts";
import { extentOf } from "./quantile.ts";
import type { StudyEstimate, StudyMetric } from "./study-rows.ts";
import {
  type Dimension,
  dimensionsOf,
  dimensionTitle,
  METRIC_TITLES,
  readable,
  unitText,
  valueAt,
} from "./study-table.ts";

const SYSTEM: readonly Dimension[] = ["scheme", "storage", "partition"];
const COLOURS = ["#3f86c9", "#d9772b", "#4f9a52", "#c2539b", "#8a6fd1", "#8c8c3e"];
/** Beyond this between least and largest value the axis is logarithmic. */
const WIDE = 20;
const PAGE_PX = 880;

/** `shown`: estimates of one metric, at least one. */
export function studyPlot(shown: readonly StudyEstimate[]): PlotSpec {
  const layout = layoutOf(shown);
  const means = shown.map(({ mean, unit }) => readable(mean, unit));
  const [least, greatest] = extentOf(means);
  const isWide = greatest > WIDE * least && least > 0;
  const ticks = logTicks(
    shown.map(({ mean, high = mean, unit }) => readable(high, unit)).concat(means),
  );
  // No metric is negative, though the interval around a mean can be.
  const floor = isWide ? ticks[0]! : 0;
  const values = shown.map((each) => pointOf(each, layout, floor));
  const unit = unitText(shown[0]!.unit);
  const y = {
    type: "quantitative",
    title: unit === "" ? null : unit,
    ...(isWide ? logarithmic(ticks) : { scale: { zero: true } }),
  };
  const texts = (field: "colour" | "column" | "row") => [
    ...new Set(values.map((each) => each[field])),
  ];
  const isNumeric = values.every(({ x }) => typeof x === "number");
  const x = {
    field: "x",
    type: isNumeric ? "quantitative" : "nominal",
    title: layout.x === undefined ? null : dimensionTitle(layout.x),
    ...(isNumeric ? { scale: { zero: false }, axis: { tickCount: 5 } } : { sort: null }),
  };
  const color = {
    field: "colour",
    type: "nominal",
    scale: { domain: texts("colour"), range: COLOURS },
    ...(layout.colour.length === 0 ? { legend: null } : {}),
  };
  const encoding = { x, color, y: { ...y, field: "value" } };
  const bars = { x, color, y: { ...y, field: "low" }, y2: { field: "high" } };
  const columns = texts("column");
  const facet = (field: "column" | "row") => {
    return { field, type: "nominal", sort: texts(field), title: null };
  };
  return {
    data: { values },
    facet: { column: facet("column"), row: facet("row") },
    spec: {
      width: Math.max(90, Math.min(420, Math.floor(PAGE_PX / columns.length) - 24)),
      height: columns.length > 2 ? 170 : 240,
      layer: [
        ...(isNumeric ? [{ mark: { type: "line", strokeWidth: 1.5 }, encoding }] : []),
        { mark: { type: "rule", strokeWidth: 2 }, encoding: bars, transform: [HAS_BAR] },
        { mark: { type: "point", size: 20, filled: true }, encoding },
      ],
    },
  } as PlotSpec;
}

const HAS_BAR = { filter: "isValid(datum.low)" };

export function plotTitle(metric: StudyMetric): string {
  const title = METRIC_TITLES[metric];
  return `${title.slice(0, 1).toUpperCase()}${title.slice(1)}`;
}

/** Which dimension is shown how. */
interface Layout {
  readonly x: Dimension | undefined;
  readonly colour: readonly Dimension[];
  readonly column: readonly Dimension[];
  readonly row: readonly Dimension[];
}

function layoutOf(shown: readonly StudyEstimate[]): Layout {
  const dimensions = dimensionsOf(shown);
  const values = (name: Dimension) => new Set(shown.map((each) => valueAt(each, name)));
  const isNumeric = (name: Dimension): boolean =>
    [...values(name)].every((value) => typeof value === "number");
  // By the number of values; the first of equals.
  const byValues = (names: readonly Dimension[]): readonly Dimension[] =>
    names.toSorted((one, other) => values(other).size - values(one).size);
  const system = dimensions.filter((name) => SYSTEM.includes(name));
  const others = dimensions.filter((name) => !SYSTEM.includes(name));
  const x = byValues(others.filter(isNumeric))[0] ?? byValues(others)[0];
  const rest = byValues(others.filter((name) => name !== x));
  const colour = system.length > 0 ? system : rest.slice(-1);
  const [column, ...row] = rest.filter((name) => !colour.includes(name));
  return { x, colour, column: column === undefined ? [] : [column], row };
}

interface Point {
  readonly x: string | number;
  readonly colour: string;
  readonly column: string;
  readonly row: string;
  readonly value: number;
  readonly low: number | undefined;
  readonly high: number | undefined;
}

/** `floor`: bars end there. */
function pointOf(each: StudyEstimate, layout: Layout, floor: number): Point {
  const { unit, mean, low, high } = each;
  const text = (names: readonly Dimension[]): string =>
    names.map((name) => labelled(name, valueAt(each, name))).join(", ");
  const end = (value: number | undefined): number | undefined =>
    value === undefined ? undefined : Math.max(readable(value, unit), floor);
  return {
    x: layout.x === undefined ? "" : valueAt(each, layout.x),
    colour: text(layout.colour),
    column: text(layout.column),
    row: text(layout.row),
    value: readable(mean, unit),
    low: end(low),
    high: end(high),
  };
}

/** `bandwidth, MB/s 25`; names speak for themselves. */
function labelled(name: Dimension, value: string | number): string {
  if (typeof value !== "number") return value;
  const [header, unit] = dimensionTitle(name).split(", ");
  return unit === undefined ? `${value} ${header}` : `${value} ${unit}`.replace(" /", "/");
}
