/**
 * Two configurations beside each other, workflow by workflow: the table that shows what a scheme
 * and a storage policy are worth.
 */

import { type MetricRow, WHOLE_RUN } from "./metric-rows.ts";
import { type Column, type ColumnGroup, number, percent, type TableRow, table } from "./table.ts";

/** One side: the rows of its run and what to call it. */
export interface Side {
  /** `MasterSP, remote store`. */
  readonly name: string;
  readonly rows: readonly MetricRow[];
}

/** Metrics of one workflow on both sides; undefined: that side has none. */
export interface ComparedWorkflow {
  readonly workflow: string;
  readonly latency: Pair;
  readonly scheduleOverhead: Pair;
  readonly dataOverhead: Pair;
  readonly local: Pair;
  readonly remote: Pair;
}

/** `before` and `after` in seconds, or in bytes for `local` and `remote`. */
export interface Pair {
  readonly before: number | undefined;
  readonly after: number | undefined;
}

/** Workflows of either side, in the order of `before`. */
function compareSides(before: Side, after: Side): readonly ComparedWorkflow[] {
  const names = new Set([...before.rows, ...after.rows].map(({ workflow }) => workflow));
  names.delete(WHOLE_RUN);
  return [...names].map((workflow) => {
    const pair = (metric: string): Pair => ({
      before: metricOf(before, workflow, metric),
      after: metricOf(after, workflow, metric),
    });
    return {
      workflow,
      latency: pair("e2e_mean"),
      scheduleOverhead: pair("schedule_overhead_mean"),
      dataOverhead: pair("data_overhead_mean"),
      local: pair("bytes_local"),
      remote: pair("bytes_remote"),
    };
  });
}

/** How much less `after` is, as a share of `before`; undefined where there is no such number. */
export function reduction({ before, after }: Pair): number | undefined {
  if (before === undefined || after === undefined || before === 0) return undefined;
  return (before - after) / before;
}

/** The table, what A and B stand for above it, and a line that sums up below. */
export function comparisonText(before: Side, after: Side): string {
  const compared = compareSides(before, after);
  const rows: TableRow[] = compared.map((each) => [each.workflow, ...cellsOf(each)]);
  const mean = (metric: ComparedMetric): string => percent(meanReduction(compared, metric));
  const summary =
    `B against A, mean of ${compared.length} workflow${compared.length === 1 ? "" : "s"}: ` +
    `latency ${less(meanReduction(compared, "latency"))}, ` +
    `scheduling overhead ${less(meanReduction(compared, "scheduleOverhead"))}, ` +
    `data overhead ${less(meanReduction(compared, "dataOverhead"))}.`;
  const means = [
    ["mean", "", "", mean("latency"), "", "", mean("scheduleOverhead")],
    ["", "", mean("dataOverhead"), "", "", "", mean("remote")],
  ].flat();
  const body = compared.length > 1 ? [...rows, "line" as const, means] : rows;
  return [
    `A: ${before.name}`,
    `B: ${after.name}`,
    table(GROUPS, body),
    "Means of an invocation; less: how much smaller B is than A.",
    summary,
  ].join("\n");
}

type ComparedMetric = Exclude<keyof ComparedWorkflow, "workflow">;

const PAIR: readonly Column[] = [{ header: "A" }, { header: "B" }, { header: "less" }];

const GROUPS: readonly ColumnGroup[] = [
  { heading: "", columns: [{ header: "workflow", align: "left" }] },
  { heading: "latency, s", columns: PAIR },
  { heading: "scheduling ovhd, s", columns: PAIR },
  { heading: "data overhead, s", columns: PAIR },
  { heading: "local, MB", columns: [{ header: "A" }, { header: "B" }] },
  { heading: "remote, MB", columns: PAIR },
];

const BYTES_PER_MB = 1_000_000;

function cellsOf(compared: ComparedWorkflow): readonly string[] {
  const { latency, scheduleOverhead, dataOverhead, local, remote } = compared;
  const times = [latency, scheduleOverhead, dataOverhead].flatMap((pair) => [
    number(pair.before),
    number(pair.after),
    percent(reduction(pair)),
  ]);
  const sizes = [megabytes(local.before), megabytes(local.after)];
  const remotes = [megabytes(remote.before), megabytes(remote.after), percent(reduction(remote))];
  return [...times, ...sizes, ...remotes];
}

function megabytes(bytes: number | undefined): string {
  return number(bytes === undefined ? undefined : bytes / BYTES_PER_MB);
}

/** Of the workflows that have one: each counts the same, however long it runs. */
function meanReduction(
  compared: readonly ComparedWorkflow[],
  metric: ComparedMetric,
): number | undefined {
  const shares = compared.map((each) => reduction(each[metric])).filter((s) => s !== undefined);
  if (shares.length === 0) return undefined;
  return shares.reduce((sum, share) => sum + share, 0) / shares.length;
}

function less(share: number | undefined): string {
  if (share === undefined) return "not comparable";
  return share >= 0 ? `${percent(share)} less` : `${percent(-share)} more`;
}

function metricOf(side: Side, workflow: string, metric: string): number | undefined {
  return side.rows.find((row) => row.workflow === workflow && row.metric === metric)?.value;
}
