/** What `faasflow simulate` prints: one run, a line a workflow, and what identifies it. */

import type { Part } from "./attribution.ts";
import { counted } from "./count-text.ts";
import type { CsvRow } from "./csv.ts";
import { WHOLE_RUN } from "./metric-rows.ts";
import { type ColumnGroup, number, percent, table } from "./table.ts";

/** What a reader needs to run it again. */
export interface RunFacts {
  readonly scheme: string;
  readonly storage: string;
  readonly partition: string;
  readonly workers: number;
  readonly profile: string;
  /** What makes the same run again; undefined: a live run, which nothing does. */
  readonly again: { readonly seed: string; readonly configHash: string } | undefined;
  /** Control messages; undefined: not counted. */
  readonly messages: number | undefined;
  /** How often the event log breaks an invariant; undefined: nobody looked. They are told elsewhere. */
  readonly violations: number | undefined;
}

const GROUPS: readonly ColumnGroup[] = [
  { heading: "", columns: [{ header: "workflow", align: "left" }, { header: "finished" }] },
  {
    heading: "end-to-end latency, s",
    columns: [{ header: "mean" }, { header: "p50" }, { header: "p95" }, { header: "p99" }],
  },
  { heading: "overhead, s", columns: [{ header: "schedule" }, { header: "data" }] },
  { heading: "MB", columns: [{ header: "local" }, { header: "remote" }] },
  { heading: "", columns: [{ header: "cold starts" }] },
];

const PARTS: readonly ColumnGroup[] = [
  { heading: "", columns: [{ header: "workflow", align: "left" }] },
  {
    heading: "where a mean invocation's latency went",
    columns: [
      { header: "scheduling" },
      { header: "queueing" },
      { header: "cold start" },
      { header: "get" },
      { header: "execution" },
      { header: "put" },
    ],
  },
];

const BYTES_PER_MB = 1_000_000;

export function runText(rows: readonly CsvRow[], facts: RunFacts): string {
  const names = [...new Set(rows.map(({ workflow }) => workflow))].filter((n) => n !== WHOLE_RUN);
  const value = (workflow: string, metric: string): number | undefined => {
    const row = rows.find((each) => each.workflow === workflow && each.metric === metric);
    return typeof row?.value === "number" ? row.value : undefined;
  };
  const megabytes = (bytes: number | undefined): string =>
    number(bytes === undefined ? undefined : bytes / BYTES_PER_MB);
  const runs = names.map((name) => [
    name,
    finishedText(value(name, "invocations_finished"), value(name, "invocations_started")),
    ...["e2e_mean", "e2e_p50", "e2e_p95", "e2e_p99"].map((metric) => number(value(name, metric))),
    number(value(name, "schedule_overhead_mean")),
    number(value(name, "data_overhead_mean")),
    megabytes(value(name, "bytes_local")),
    megabytes(value(name, "bytes_remote")),
    `${value(name, "cold_starts") ?? 0}`,
  ]);
  const parts = names.map((name) => [name, ...partCells((metric) => value(name, metric))]);
  const aborted = rows.filter(({ metric }) => metric.startsWith("aborted."));
  const whole = rows.some(({ workflow }) => workflow === WHOLE_RUN) ? WHOLE_RUN : (names[0] ?? "");
  const { again } = facts;
  const hash = rows.find(({ metric }) => metric === "event_log_hash")?.value;
  return [
    `${facts.scheme}, ${facts.storage}, partition ${facts.partition}, ` +
      `${counted(facts.workers, "worker")}, profile ${facts.profile}`,
    table(GROUPS, runs),
    table(PARTS, parts),
    ...aborted.map(
      ({ workflow, metric, value: count }) =>
        `${workflow}: ${count} aborted, ${metric.slice("aborted.".length)}`,
    ),
    [
      `makespan ${number(value(whole, "makespan"))} s${messagesText(facts)}`,
      ...(again === undefined
        ? []
        : [`seed ${again.seed}, config ${again.configHash}, event log ${hash ?? "-"}`]),
      ...checkedText(facts),
    ].join("; "),
  ].join("\n");
}

function checkedText({ violations }: RunFacts): readonly string[] {
  if (violations === undefined) return [];
  if (violations === 0) return ["its invariants were checked, none is broken"];
  return [`its invariants were checked: ${counted(violations, "violation")}`];
}

function messagesText({ messages }: RunFacts): string {
  return messages === undefined ? "" : `, ${counted(messages, "control message")}`;
}

function finishedText(finished: number | undefined, started: number | undefined): string {
  return finished === started ? `${finished ?? 0}` : `${finished ?? 0} of ${started ?? 0}`;
}

/** What each column adds up; all parts are in one of them, so the shares make 100%. */
const COLUMN_PARTS: readonly (readonly Part[])[] = [
  ["trigger", "assign", "tail"],
  ["queueing", "retry"],
  ["cold_start"],
  ["get"],
  ["execution"],
  ["put"],
];

function partCells(value: (metric: string) => number | undefined): readonly string[] {
  const total = value("e2e_mean");
  return COLUMN_PARTS.map((parts) => {
    const means = parts.map((part) => value(`part_${part}_mean`));
    if (total === undefined || means.some((mean) => mean === undefined)) return percent(undefined);
    return percent(means.reduce<number>((sum, mean) => sum + (mean ?? 0), 0) / total);
  });
}
