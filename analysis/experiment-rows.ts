/**
 * What a cell measured, as rows; and rows beside the published figures.
 */

import { type ClientsOf, largestSeen, meanSeen, quantileSeen, TIMEOUT } from "./client-view.ts";
import { type CsvRow, csv } from "./csv.ts";
import type { Cell, ExperimentName, Mode, RunCell } from "./experiment.ts";
import type { Unit } from "./metric-rows.ts";
import { publishedValue, type System } from "./published.ts";

/** A row of `simulate`, and of which cell it is. Value `timeout`: it timed out. */
export interface ExperimentRow extends CsvRow {
  readonly experiment: ExperimentName;
  readonly driver: "sim" | "live";
  readonly mode?: Mode;
  readonly partition?: string;
  readonly rate_per_min?: number;
  readonly bandwidth_MBps?: number;
}

/** Measures cells, on whatever it is the driver of. */
export interface Driver {
  readonly name: ExperimentRow["driver"];
  measure(cell: Cell): Promise<readonly ExperimentRow[]>;
}

/** What one workflow's clients saw in the protocol's run, and in the long one beside it. */
export interface Seen {
  readonly workflow: string;
  readonly clients: ClientsOf;
  readonly long: ClientsOf | undefined;
}

/**
 * Rows of a cell. Where clients have a time limit, latencies are what they saw: `e2e_*`, `timeouts`,
 * and in an open loop `tail_paper`; `long_p50`, `long_p95`, `long_p99` are of the long run.
 */
export function cellRows(
  cell: RunCell,
  driver: ExperimentRow["driver"],
  measured: { readonly rows: readonly CsvRow[]; readonly seen: readonly Seen[] },
): readonly ExperimentRow[] {
  const { scheme, storage, partition } = cell.side;
  const { patience } = cell.protocol;
  const seen = measured.seen.flatMap(({ workflow, clients, long }) => [
    ...seenRows({ workflow, scheme, storage }, cell, clients),
    ...(long === undefined ? [] : longRows({ workflow, scheme, storage }, long)),
  ]);
  const kept = measured.rows.filter(({ metric }) => !metric.startsWith("e2e_"));
  const rows = patience === undefined ? measured.rows : [...seen, ...kept];
  const rate = cell.protocol.tag === "open" ? cell.protocol.rate_per_min : undefined;
  return rows.map((row) => ({
    ...row,
    experiment: cell.experiment,
    driver,
    mode: cell.mode,
    partition,
    ...(rate === undefined ? {} : { rate_per_min: rate }),
    ...(cell.bandwidth_MBps === undefined ? {} : { bandwidth_MBps: cell.bandwidth_MBps }),
  }));
}

type Named = Pick<CsvRow, "workflow" | "scheme" | "storage">;

function seenRows(named: Named, cell: RunCell, clients: ClientsOf): readonly CsvRow[] {
  const most = cell.protocol.patience?.inVain ?? Infinity;
  const count = clients.latencies_s.length + clients.inVain;
  const row = (metric: string, unit: Unit, value: number | string): CsvRow => ({
    ...named,
    metric,
    unit,
    value,
    count,
  });
  const isOpen = cell.protocol.tag === "open";
  return [
    ...(isOpen ? [row("tail_paper", "s", largestSeen(clients))] : []),
    row("e2e_mean", "s", meanSeen(clients, isOpen ? 1 : most)),
    row("e2e_p50", "s", quantileSeen(clients, 0.5)),
    row("e2e_p95", "s", quantileSeen(clients, 0.95)),
    row("e2e_p99", "s", quantileSeen(clients, 0.99)),
    row("timeouts", "1", clients.inVain),
  ];
}

function longRows(named: Named, long: ClientsOf): readonly CsvRow[] {
  const count = long.latencies_s.length + long.inVain;
  const row = (metric: string, value: number | string): CsvRow => ({
    ...named,
    metric,
    unit: "s",
    value,
    count,
  });
  return [
    row("long_p50", quantileSeen(long, 0.5)),
    row("long_p95", quantileSeen(long, 0.95)),
    row("long_p99", quantileSeen(long, 0.99)),
  ];
}

/**
 * `tail-bandwidth` climbs from rate to rate and ends at the first timeout: what would come after it
 * counts as timed out. Other rows are as they were.
 */
export function climbed(rows: readonly ExperimentRow[]): readonly ExperimentRow[] {
  const ends = new Map<string, number>();
  const isTail = (row: ExperimentRow): boolean =>
    row.experiment === "tail-bandwidth" && row.metric === "tail_paper";
  for (const row of rows) {
    if (!isTail(row) || row.value !== TIMEOUT) continue;
    ends.set(ladderOf(row), Math.min(ends.get(ladderOf(row)) ?? Infinity, row.rate_per_min!));
  }
  return rows.map((row) =>
    isTail(row) && row.rate_per_min! > (ends.get(ladderOf(row)) ?? Infinity)
      ? { ...row, value: TIMEOUT }
      : row,
  );
}

function ladderOf(row: ExperimentRow): string {
  const { driver, workflow, scheme, storage, partition, bandwidth_MBps } = row;
  return [driver, workflow, scheme, storage, partition, bandwidth_MBps].join(" ");
}

/** What the paper compares; undefined: neither of the two. */
export function systemOf({
  scheme,
  storage,
}: Pick<CsvRow, "scheme" | "storage">): System | undefined {
  if (scheme === "master-sp" && storage === "remote") return "MasterSP+remote";
  if (scheme === "worker-sp" && storage === "faastore") return "WorkerSP+FaaStore";
  return undefined;
}

/** The published figure of the same cell, in the row's unit; undefined: there is none. */
export function publishedFor(row: ExperimentRow): number | undefined {
  const asMeasured = row.mode !== "corun" && row.bandwidth_MBps === undefined;
  const plain = row.experiment === "scalability" || row.experiment === "component";
  if (!asMeasured && !plain) return undefined;
  const system = plain ? undefined : systemOf(row);
  if (!plain && system === undefined) return undefined;
  return publishedValue({ workflow: row.workflow, system, metric: row.metric });
}

/**
 * Ours / published - 1; undefined: there is no such number. None of a live run: its functions are
 * others, on another machine, so only the shape of the figures compares.
 */
export function relativeError(row: ExperimentRow): number | undefined {
  const published = publishedFor(row);
  if (published === undefined || typeof row.value !== "number" || row.driver === "live") {
    return undefined;
  }
  return row.value / published - 1;
}

const COLUMNS = [
  ...["experiment", "driver", "mode", "workflow", "scheme", "storage", "partition"],
  ...["rate_per_min", "bandwidth_MBps", "metric", "unit", "value", "count"],
  ...["published", "relative_error"],
];

/** With a header line; each line ends in a line feed. */
export function experimentCsv(rows: readonly ExperimentRow[]): string {
  return csv(
    COLUMNS,
    rows.map((row) => ({
      ...row,
      published: publishedFor(row),
      relative_error: relativeError(row),
    })),
  );
}
