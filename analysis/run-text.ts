/** What `faasflow simulate` prints: one run, a line a workflow, and what identifies it. */

import type { Part } from "./attribution.ts";
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
  readonly seed: string;
  readonly configHash: string;
  /** Control messages; undefined: not counted. */
  readonly messages: number | undefined;
  /** Whether the event log was held against the invariants; what was found is told elsewhere. */
  readonly checked: boolean;
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
  const hash = rows.find(({ metric }) => metric === "event_log_hash")?.value;
  return [
    `${facts.scheme}, ${facts.storage}, partition ${facts.partition}, ` +
      `${facts.workers} workers, profile ${facts.profile}`,
    table(GROUPS, runs),
    table(PARTS, parts),
    ...aborted.map(
      ({ workflow, metric, value: count }) =>
        `${workflow}: ${count} aborted, ${metric.slice("aborted.".length)}`,
    ),
    `makespan ${number(value(whole, "makespan"))} s${messagesText(facts)}; ` +
      `seed ${facts.seed}, config ${facts.configHash}, event log ${hash ?? "-"}` +
      (facts.checked ? "; its invariants were checked" : ""),
  ].join("\n");
}

function messagesText({ messages }: RunFacts): string {
  return messages === undefined ? "" : `, ${messages} control messages`;
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
