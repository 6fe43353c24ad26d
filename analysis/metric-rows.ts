/**
 * Metrics as rows, one a workflow and metric: what tables, CSV files and comparisons are made of.
 */

import { workerName } from "../core/node.ts";
import { PARTS } from "./attribution.ts";
import type { ByteCounts, Metrics, WorkflowMetrics } from "./metrics.ts";

/** `s`, `B`, or `1` for counts and shares. */
export type Unit = "s" | "B" | "1";

export interface MetricRow {
  /** A workflow, or `all` for what concerns the run as a whole. */
  readonly workflow: string;
  readonly scheme: string;
  readonly storage: string;
  readonly metric: string;
  readonly unit: Unit;
  readonly value: number;
  /** How many invocations the value is taken over. */
  readonly count: number;
}

export interface Configuration {
  readonly scheme: string;
  readonly storage: string;
  /** What rows about the whole run bear for a workflow; `WHOLE_RUN` if left out. */
  readonly run?: string;
}

/** The workflow name of rows that concern the whole run. */
export const WHOLE_RUN = "all";

/** Means are left out where no invocation finished: there is no such number. */
export function metricRows(metrics: Metrics, configuration: Configuration): readonly MetricRow[] {
  const { scheme, storage, run: workflow = WHOLE_RUN } = configuration;
  const rows: MetricRow[] = [];
  let finished = 0;
  for (const one of metrics.workflows) {
    finished += one.finished;
    const base = { workflow: one.workflow, scheme, storage, count: one.finished };
    for (const value of valuesOf(one)) {
      if (Number.isFinite(value[2])) rows.push(rowOf(base, value));
    }
  }
  const run = { workflow, scheme, storage, count: finished };
  const makespan = metrics.makespan;
  rows.push(rowOf(run, ["makespan", "s", makespan / MICROS]));
  if (makespan === 0) return rows;
  for (const [index, { busy, execution }] of metrics.workers.entries()) {
    const name = workerName(index);
    rows.push(rowOf(run, [`utilisation.${name}`, "1", busy / makespan]));
    rows.push(rowOf(run, [`executing_mean.${name}`, "1", execution / makespan]));
  }
  return rows;
}

const MICROS = 1_000_000;

type Value = readonly [metric: string, unit: Unit, value: number];

/** No spread, which would give each row a hidden class of its own. */
function rowOf(
  {
    workflow,
    scheme,
    storage,
    count,
  }: Pick<MetricRow, "workflow" | "scheme" | "storage" | "count">,
  [metric, unit, value]: Value,
): MetricRow {
  return { workflow, scheme, storage, count, metric, unit, value };
}

function valuesOf(workflow: WorkflowMetrics): readonly Value[] {
  const { finished, latencies, parts } = workflow;
  const aborted = [...workflow.aborted.values()].reduce((sum, count) => sum + count, 0);
  const mean = (sum: number): number => sum / finished;
  return [
    ["e2e_mean", "s", latencies.mean() / MICROS],
    ["e2e_p50", "s", latencies.quantile(0.5) / MICROS],
    ["e2e_p95", "s", latencies.quantile(0.95) / MICROS],
    ["e2e_p99", "s", latencies.quantile(0.99) / MICROS],
    ["schedule_overhead_mean", "s", mean(workflow.scheduleOverhead) / MICROS],
    ["data_overhead_mean", "s", mean(workflow.dataOverhead) / MICROS],
    ...byteValues(workflow.bytes, mean),
    ["cold_starts", "1", workflow.coldStarts],
    ["invocations_started", "1", workflow.started],
    ["invocations_finished", "1", finished],
    ["invocations_aborted", "1", aborted],
    ...[...workflow.aborted].map(([why, count]): Value => [`aborted.${why}`, "1", count]),
    ["activations", "1", workflow.activations],
    ["retries", "1", workflow.retries],
    ["spills", "1", workflow.spills],
    ...PARTS.map((part, i): Value => [`part_${part}_mean`, "s", mean(parts[i]!) / MICROS]),
  ];
}

/** Of a mean invocation. */
function byteValues(bytes: ByteCounts, mean: (sum: number) => number): readonly Value[] {
  return [
    ["bytes_local", "B", mean(bytes.getLocal + bytes.putLocal)],
    ["bytes_remote", "B", mean(bytes.getRemote + bytes.putRemote)],
    ["bytes_get_local", "B", mean(bytes.getLocal)],
    ["bytes_get_remote", "B", mean(bytes.getRemote)],
    ["bytes_put_local", "B", mean(bytes.putLocal)],
    ["bytes_put_remote", "B", mean(bytes.putRemote)],
  ];
}
