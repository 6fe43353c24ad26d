/** A study as a table: a row a configuration, a column a setting that differs, and its metrics. */

import { extentOf } from "./quantile.ts";
import {
  type Setting,
  type StudyEstimate,
  type StudyMetric,
  type StudyRow,
  variedIn,
} from "./study-rows.ts";
import { type ColumnGroup, number, type TableRow } from "./table.ts";

const BYTES_PER_MB = 1_000_000;

/** What a metric is called, without its unit. */
export const METRIC_TITLES: Readonly<Record<StudyMetric, string>> = {
  e2e_mean: "mean end-to-end latency",
  e2e_p50: "median end-to-end latency",
  e2e_p95: "95th percentile of the end-to-end latency",
  e2e_p99: "99th percentile of the end-to-end latency",
  schedule_overhead_mean: "mean scheduling overhead",
  data_overhead_mean: "mean data overhead",
  bytes_local: "bytes through local stores, of a mean invocation",
  bytes_remote: "bytes through the remote store, of a mean invocation",
  cold_starts: "cold starts",
  spills: "spills",
  retries: "retries",
  invocations_aborted: "invocations aborted",
  makespan: "makespan",
};

const SETTING_TITLES: Readonly<
  Partial<Record<Dimension, readonly [header: string, unit: string]>>
> = {
  bandwidth_MBps: ["bandwidth", "MB/s"],
  rate_per_min: ["rate", "/min"],
  duration_s: ["duration", "s"],
  warm_up: ["warm-up", ""],
  at_limit: ["at limit", ""],
};

/** A setting, or the workflow that a row is about. */
export type Dimension = Setting | "workflow";

export function dimensionTitle(dimension: Dimension): string {
  const [header, unit] = SETTING_TITLES[dimension] ?? [dimension, ""];
  return unit === "" ? header : `${header}, ${unit}`;
}

export function valueAt(
  { settings, workflow }: StudyEstimate,
  dimension: Dimension,
): string | number {
  return dimension === "workflow" ? workflow : (settings[dimension] ?? "-");
}

/** What tells the estimates apart: the workflow, and settings that differ. */
export function dimensionsOf(all: readonly StudyEstimate[]): readonly Dimension[] {
  const workflows = new Set(all.map(({ workflow }) => workflow));
  const together = all.some(({ settings }) => `${settings.workflows}`.includes(" "));
  const asNamed = !together && !haveNamesakes(all);
  const varied = variedIn(all).filter(
    (name) => (name !== "workflows" || !asNamed) && (name !== "partition" || !followsStorage(all)),
  );
  return workflows.size > 1 ? ["workflow", ...varied] : varied;
}

/** Whether one name is that of workflows from several places, such as two files. */
function haveNamesakes(all: readonly StudyEstimate[]): boolean {
  const pairs = all.map(({ settings, workflow }) => `${workflow} ${settings.workflows}`);
  return new Set(pairs).size > new Set(all.map(({ workflow }) => workflow)).size;
}

/** Whether the storage mode says the partition, as it does by default. */
function followsStorage(all: readonly StudyEstimate[]): boolean {
  const pairs = all.map(({ settings: { storage, partition } }) => `${storage} ${partition}`);
  const storages = all.map(({ settings }) => settings.storage);
  return new Set(pairs).size === new Set(storages).size;
}

/** Megabytes of what is in bytes. */
export function readable(value: number, unit: StudyRow["unit"]): number {
  return unit === "B" ? value / BYTES_PER_MB : value;
}

export function unitText(unit: StudyRow["unit"]): string {
  return { s: "s", B: "MB", "1": "" }[unit];
}

export interface StudyTable {
  readonly groups: readonly ColumnGroup[];
  readonly rows: readonly TableRow[];
}

/** `shown`: of the metrics that the study shows. */
export function studyTable(
  shown: readonly StudyEstimate[],
  metrics: readonly StudyMetric[],
): StudyTable {
  const dimensions = dimensionsOf(shown);
  const configurations = new Map<string, StudyEstimate[]>();
  for (const each of shown) {
    const key = JSON.stringify(dimensions.map((name) => valueAt(each, name)));
    const group = configurations.get(key);
    if (group === undefined) configurations.set(key, [each]);
    else group.push(each);
  }
  const unitOf = (metric: StudyMetric) => shown.find((each) => each.metric === metric)?.unit ?? "1";
  const columns = dimensions.map((name) => {
    const [header, unit] = SETTING_TITLES[name] ?? [name, ""];
    const isNumber = shown.some((each) => typeof valueAt(each, name) === "number");
    return { header, unit, align: isNumber ? ("right" as const) : ("left" as const) };
  });
  const groups: ColumnGroup[] = [
    ...(columns.length === 0 ? [] : [{ heading: "", columns }]),
    {
      heading: "",
      columns: metrics.map((metric) => ({ header: metric, unit: unitText(unitOf(metric)) })),
    },
    { heading: "", columns: [{ header: "seeds" }] },
  ];
  const rows = [...configurations.values()].map((group) => {
    const cells = metrics.map((metric) =>
      estimateText(group.find((each) => each.metric === metric)),
    );
    const n = Math.max(...group.map((each) => each.n));
    return [...dimensions.map((name) => `${valueAt(group[0]!, name)}`), ...cells, `${n}`];
  });
  return { groups, rows };
}

/** `4.31 ± 0.12`: the mean, and half the confidence interval. */
function estimateText(each: StudyEstimate | undefined): string {
  if (each === undefined) return "-";
  const mean = number(readable(each.mean, each.unit));
  if (each.high === undefined) return mean;
  return `${mean} ± ${number(readable(each.high - each.mean, each.unit))}`;
}

/** What the `±` of the table and the bars of the plots mean. */
export function intervalText(shown: readonly StudyEstimate[]): string {
  const [least, most] = extentOf(shown.map(({ n }) => n));
  if (most < 2) return "One seed each: nothing is known of how far chance moves these values.";
  const seeds = least === most ? `${most}` : `${least} to ${most}`;
  return (
    `Means over ${seeds} seeds; ± and bars are 95% confidence intervals of the mean ` +
    "(Student's t; one seed has none)."
  );
}
