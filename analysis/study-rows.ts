/**
 * What a study measured, as rows: each of one cell, workflow and metric; and over the seeds, their
 * means with confidence intervals.
 */

import { type Estimate, estimate } from "./confidence.ts";
import { type CsvRow, csv } from "./csv.ts";
import type { Unit } from "./metric-rows.ts";

/** What a cell is set to, in the order of the columns. */
export const SETTINGS = [
  "workflows",
  "scheme",
  "storage",
  "partition",
  "workers",
  "bandwidth_MBps",
  "profile",
  "rate_per_min",
  "arrivals",
  "clients",
  "duration_s",
  "invocations",
  "warm_up",
  "at_limit",
  "fault",
] as const;
export type Setting = (typeof SETTINGS)[number];

/** What does not apply is left out. */
export type Settings = { readonly [S in Setting]?: string | number };

/** A row of `simulate`, and of which cell it is. */
export interface StudyRow extends CsvRow {
  readonly settings: Settings;
  readonly seed: string;
}

/** One metric of one workflow over the seeds. */
export interface StudyEstimate extends Estimate {
  readonly settings: Settings;
  readonly workflow: string;
  readonly metric: string;
  readonly unit: Unit;
}

/** Metrics that a study can show and a goal can be about. */
export const STUDY_METRICS = [
  "e2e_mean",
  "e2e_p50",
  "e2e_p95",
  "e2e_p99",
  "schedule_overhead_mean",
  "data_overhead_mean",
  "bytes_local",
  "bytes_remote",
  "cold_starts",
  "spills",
  "retries",
  "invocations_aborted",
  "makespan",
] as const;
export type StudyMetric = (typeof STUDY_METRICS)[number];

/** In the order in which they first occur. */
export function estimates(rows: readonly StudyRow[]): readonly StudyEstimate[] {
  const groups = new Map<string, { readonly first: StudyRow; readonly samples: number[] }>();
  // The rows of a cell share their settings.
  const texts = new Map<Settings, string>();
  for (const row of rows) {
    if (typeof row.value !== "number") continue;
    const text = texts.get(row.settings) ?? JSON.stringify(row.settings);
    texts.set(row.settings, text);
    const key = `${text} ${row.workflow} ${row.metric}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { first: row, samples: [row.value] });
    else group.samples.push(row.value);
  }
  return [...groups.values()].map(({ first, samples }) => {
    const { settings, workflow, metric, unit } = first;
    return { settings, workflow, metric, unit, ...estimate(samples) };
  });
}

/** Settings that differ among the rows: what the study is about. */
export function variedIn(rows: readonly { readonly settings: Settings }[]): readonly Setting[] {
  return SETTINGS.filter((name) => new Set(rows.map(({ settings }) => settings[name])).size > 1);
}

export function studyCsv(rows: readonly StudyRow[]): string {
  const columns = [...SETTINGS, "seed", "workflow", "metric", "unit", "value", "count"];
  return csv(
    columns,
    rows.map(({ settings, ...row }) => ({ ...settings, ...row })),
  );
}

/** `low` and `high` are the ends of the 95% confidence interval, `n` is the number of seeds. */
export function estimatesCsv(all: readonly StudyEstimate[]): string {
  const columns = [...SETTINGS, "workflow", "metric", "unit", "mean", "low", "high", "n"];
  return csv(
    columns,
    all.map(({ settings, ...each }) => ({ ...settings, ...each })),
  );
}
