/** An experiment's rows as tables, for a terminal and for the report alike. */

import { TIMEOUT } from "./client-view.ts";
import { type ExperimentName, experimentOf, type Mode } from "./experiment.ts";
import { type ExperimentRow, publishedFor, relativeError, systemOf } from "./experiment-rows.ts";
import type { System } from "./published.ts";
import { type Column, type ColumnGroup, number, type TableRow } from "./table.ts";

export interface ExperimentTable {
  readonly title: string;
  readonly groups: readonly ColumnGroup[];
  readonly rows: readonly TableRow[];
}

/** Rows of one experiment, of one mode: simulated, and live where that was asked for. */
export interface Part {
  readonly experiment: ExperimentName;
  readonly mode: Mode | undefined;
  readonly rows: readonly ExperimentRow[];
}

/** In the order in which they came. */
export function partsOf(rows: readonly ExperimentRow[]): readonly Part[] {
  const parts = new Map<string, Part & { rows: ExperimentRow[] }>();
  for (const row of rows) {
    const { experiment } = row;
    const mode = experiment === "e2e" ? row.mode : undefined;
    const key = `${experiment} ${mode}`;
    const part = parts.get(key) ?? { experiment, mode, rows: [] };
    part.rows.push(row);
    parts.set(key, part);
  }
  return [...parts.values()];
}

/** `End-to-end latency, co-run`. */
export function titleOf({ experiment, mode }: Omit<Part, "rows">): string {
  const how = mode === undefined ? "" : mode === "corun" ? ", co-run" : ", solo";
  return `${experimentOf(experiment).title}${how}`;
}

/** How the part was measured, for readers. */
export function protocolOf({ experiment, rows }: Part): string {
  const { protocol } = experimentOf(experiment);
  return liveIn(rows).length === 0 ? protocol : `${protocol} ${LIVE}`;
}

const LIVE =
  "Live: real daemons and functions, perhaps in shorter loops; these functions take other times " +
  "than those of the published runs, so compare the shape.";

export function tablesOf(part: Part): readonly ExperimentTable[] {
  switch (part.experiment) {
    case "schedule-overhead":
    case "data-overhead":
    case "e2e":
      return [byWorkflow(part)];
    case "tail":
      return [tails(part)];
    case "tail-bandwidth":
      return [...new Set(part.rows.map(({ workflow }) => workflow))].flatMap((workflow) =>
        (["sim", ...liveIn(part.rows)] as const).map((driver) => climb(part, workflow, driver)),
      );
    case "scalability":
      return [partitioning(part)];
    case "component":
      return [component(part)];
    default:
      return part.experiment satisfies never;
  }
}

export const SYSTEMS: readonly System[] = ["MasterSP+remote", "WorkerSP+FaaStore"];
const NAME: Column = { header: "workflow", align: "left" };
const BYTES_PER_MB = 1_000_000;

/** Both systems beside each other: simulated, live where there is, and published. */
function byWorkflow(part: Part): ExperimentTable {
  const metric = experimentOf(part.experiment).metrics[0]!;
  const rows = part.rows.filter((row) => row.metric === metric);
  const isPublished = rows.some((row) => publishedFor(row) !== undefined);
  const isLimited = rows.some(({ bandwidth_MBps }) => bandwidth_MBps !== undefined);
  const kinds: readonly Kind[] = ["ours", ...liveIn(rows), ...(isPublished ? PUBLISHED : [])];
  const shares = kinds.filter((kind) => kind !== "error");
  return {
    title: titleOf(part),
    groups: [
      { heading: "", columns: [NAME, ...(isLimited ? [{ header: "MB/s" }] : [])] },
      ...SYSTEMS.map((system) => ({ heading: `${system}, s`, columns: headed(kinds) })),
      { heading: "less", columns: headed(shares) },
    ],
    rows: places(rows).map((place) => [
      place.workflow,
      ...(isLimited ? [place.bandwidth] : []),
      ...SYSTEMS.flatMap((system) => kinds.map((kind) => cellText(kind, place, system))),
      ...shares.map((kind) => less(SYSTEMS.map((system) => valueAt(kind, place, system)))),
    ]),
  };
}

/** A column of each system. */
type Kind = "ours" | "live" | "published" | "error";
const PUBLISHED: readonly Kind[] = ["published", "error"];

function liveIn(rows: readonly ExperimentRow[]): readonly "live"[] {
  return rows.some(({ driver }) => driver === "live") ? ["live"] : [];
}

function headed(headers: readonly string[]): readonly Column[] {
  return headers.map((header) => ({ header }));
}

function valueAt(kind: Kind, place: Place, system: System): number | string | undefined {
  const row = place.of(system, { driver: kind === "live" ? "live" : "sim" });
  if (kind === "published") {
    const any = row ?? place.of(system, { driver: "live" });
    return any && publishedFor(any);
  }
  return kind === "error" ? row && relativeError(row) : row?.value;
}

function cellText(kind: Kind, place: Place, system: System): string {
  const value = valueAt(kind, place, system);
  return kind === "error" ? signed(value as number | undefined) : valueText(value);
}

interface Place {
  readonly workflow: string;
  readonly bandwidth: string;
  readonly rate: string;
  /** Simulated, of any metric, unless `which` says otherwise. */
  readonly of: (
    system: System,
    which?: { readonly metric?: string; readonly driver?: ExperimentRow["driver"] },
  ) => ExperimentRow | undefined;
}

/** Each workflow, bandwidth and rate once, in the order in which they came. */
function places(rows: readonly ExperimentRow[]): readonly Place[] {
  const groups = new Map<string, ExperimentRow[]>();
  for (const row of rows) {
    const key = `${row.workflow} ${row.bandwidth_MBps} ${row.rate_per_min}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()].map((group) => ({
    workflow: group[0]!.workflow,
    bandwidth: `${group[0]!.bandwidth_MBps ?? "-"}`,
    rate: `${group[0]!.rate_per_min ?? "-"}`,
    of: (system, { metric, driver = "sim" } = {}) =>
      group.find(
        (row) =>
          systemOf(row) === system &&
          row.driver === driver &&
          (metric === undefined || row.metric === metric),
      ),
  }));
}

const LONG = ["long_p50", "long_p95", "long_p99"] as const;

function tails(part: Part): ExperimentTable {
  const metrics = ["tail_paper", "timeouts", ...LONG];
  const rows = part.rows.filter(({ metric }) => metrics.includes(metric));
  const hasLong = rows.some(({ metric }) => metric === "long_p50");
  const live = liveIn(rows);
  const columns = ["tail", "in vain", ...(hasLong ? ["p50", "p95", "p99"] : []), ...live];
  return {
    title: titleOf(part),
    groups: [
      { heading: "", columns: [NAME, { header: "MB/s" }, { header: "a min" }] },
      ...SYSTEMS.map((system) => ({ heading: `${system}, s`, columns: headed(columns) })),
    ],
    rows: places(rows).map(({ workflow, bandwidth, rate, of }) => [
      ...[workflow, bandwidth, rate],
      ...SYSTEMS.flatMap((system) => {
        const vain = of(system, { metric: "timeouts" });
        return [
          valueText(of(system, { metric: "tail_paper" })?.value),
          vain === undefined ? "-" : `${vain.value} of ${vain.count}`,
          ...(hasLong ? LONG.map((metric) => valueText(of(system, { metric })?.value)) : []),
          ...live.map((driver) => valueText(of(system, { metric: "tail_paper", driver })?.value)),
        ];
      }),
    ]),
  };
}

/** A line a rate, a column a bandwidth. */
function climb(part: Part, workflow: string, driver: ExperimentRow["driver"]): ExperimentTable {
  const rows = part.rows.filter((row) => row.metric === "tail_paper" && row.workflow === workflow);
  const bandwidths = [...new Set(rows.map(({ bandwidth_MBps }) => bandwidth_MBps))];
  const rates = [...new Set(rows.map(({ rate_per_min }) => rate_per_min!))];
  const value = (rate: number, system: System, bandwidth: number | undefined): string =>
    valueText(
      rows.find(
        (row) =>
          row.rate_per_min === rate && row.bandwidth_MBps === bandwidth && systemOf(row) === system,
      )?.value,
    );
  return {
    title: `${titleOf(part)}: ${workflow}${driver === "live" ? ", live" : ""}, s`,
    groups: [
      { heading: "", columns: [{ header: "requests a min" }] },
      ...SYSTEMS.map((system) => ({
        heading: `${system}, at MB/s`,
        columns: bandwidths.map((bandwidth) => ({ header: `${bandwidth ?? "-"}` })),
      })),
    ],
    rows: rates.map((rate) => [
      `${rate}`,
      ...SYSTEMS.flatMap((system) => bandwidths.map((each) => value(rate, system, each))),
    ]),
  };
}

/** On machines and in languages of their own: no error, only the two beside each other. */
function partitioning(part: Part): ExperimentTable {
  const names = [...new Set(part.rows.map(({ workflow }) => workflow))];
  const beside: readonly Column[] = [{ header: "ours" }, { header: "published" }];
  return {
    title: titleOf(part),
    groups: [
      { heading: "", columns: [NAME] },
      { heading: "core-seconds", columns: beside },
      { heading: "peak memory, MB", columns: beside },
    ],
    rows: names.map((name) => [
      name,
      ...["partition_cpu", "partition_memory"].flatMap((metric) => {
        const row = part.rows.find((each) => each.workflow === name && each.metric === metric);
        return [scaled(row?.unit, row?.value), scaled(row?.unit, row && publishedFor(row))];
      }),
    ]),
  };
}

function component(part: Part): ExperimentTable {
  const names: readonly (readonly [metric: string, name: string])[] = [
    ["engine_cores", "CPU, cores"],
    ["engine_memory", "memory, MB"],
  ];
  const drivers = ["sim", ...liveIn(part.rows)] as const;
  const headers = drivers.map((driver) => (driver === "sim" ? "ours" : "live"));
  return {
    title: titleOf(part),
    groups: [
      { heading: "", columns: [{ header: "of one worker's engine", align: "left" }] },
      { heading: "", columns: headed([...headers, "published"]) },
    ],
    rows: names.map(([metric, name]) => {
      const rows = drivers.map((driver) =>
        part.rows.find((row) => row.metric === metric && row.driver === driver),
      );
      const published = rows[0] && publishedFor(rows[0]);
      return [
        name,
        ...rows.map((row) => scaled(row?.unit, row?.value)),
        scaled(rows[0]?.unit, published),
      ];
    }),
  };
}

function scaled(unit: string | undefined, value: number | string | undefined): string {
  return valueText(unit === "B" && typeof value === "number" ? value / BYTES_PER_MB : value);
}

function valueText(value: number | string | undefined): string {
  return typeof value === "string" ? (value === TIMEOUT ? TIMEOUT : value) : number(value);
}

/** `+12%`, `-3%`. */
function signed(share: number | undefined): string {
  if (share === undefined || !Number.isFinite(share)) return "-";
  const percent = Math.round(share * 100) + 0;
  return `${percent > 0 ? "+" : ""}${percent}%`;
}

/** How much smaller the second is. */
function less([before, after]: readonly (number | string | undefined)[]): string {
  if (typeof before !== "number" || typeof after !== "number" || before === 0) return "-";
  return `${Math.round((1 - after / before) * 100) + 0}%`;
}
