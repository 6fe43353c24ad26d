/** Metric rows as CSV. The only file that knows csv-stringify. */

import { stringify } from "csv-stringify/sync";
import type { MetricRow } from "./metric-rows.ts";

const METRIC_COLUMNS = [
  "workflow",
  "scheme",
  "storage",
  "metric",
  "unit",
  "value",
  "count",
] as const;

/** A row with a text for a value: a hash, say. */
export type CsvRow = Omit<MetricRow, "value"> & { readonly value: number | string };

/** With a header line; each line ends in a line feed. */
export function metricsCsv(rows: readonly CsvRow[]): string {
  return stringify([...rows], { header: true, columns: [...METRIC_COLUMNS] });
}

/** Any table: `columns` names the fields of each record, in order. */
export function csv(
  columns: readonly string[],
  records: readonly Readonly<Record<string, string | number | undefined>>[],
): string {
  return stringify([...records], { header: true, columns: [...columns] });
}
