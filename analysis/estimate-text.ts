/** A calibration from live runs as text: what was estimated, and how far off the trial was. */

import { counted } from "./count-text.ts";
import type { Estimates } from "./estimate.ts";
import type { Estimated } from "./estimate-robust.ts";
import { number, percent, type TableRow, table } from "./table.ts";

/** Runs that were set up alike: what live and the twin came to. */
export interface TrialRow {
  readonly workflow: string;
  readonly scheme: string;
  readonly storage: string;
  readonly bandwidth: number | undefined;
  readonly load: string;
  readonly invocations: number;
  readonly mean: TrialPair;
  readonly p50: TrialPair;
  readonly p95: TrialPair;
  readonly noise: number | undefined;
  readonly local: TrialPair;
  readonly remote: TrialPair;
  readonly coldStarts: TrialPair;
}

export interface TrialPair {
  readonly live: number;
  readonly sim: number;
}

export interface LiveCalibration {
  readonly logs: number;
  readonly estimates: Estimates;
  /** What was held back, in words. */
  readonly heldBack: string;
  readonly trial: readonly TrialRow[];
}

export function liveCalibrationText(of: LiveCalibration): string {
  return [
    `Measured from ${counted(of.logs, "log")}.`,
    estimateTable(of.estimates),
    `Held back, then simulated: ${of.heldBack}.`,
    trialTable(of.trial),
    summaryText(of.trial),
  ].join("\n\n");
}

function estimateTable(estimates: Estimates): string {
  const { cores, get, put, coldStart, functions } = estimates;
  const ms = 1e3;
  const row = (name: string, of: Estimated | undefined, scale = ms): TableRow => {
    if (of === undefined) return [name, "-", "-", "0"];
    return [name, number(of.value / scale), number(of.spread / scale), `${of.count}`];
  };
  const rate = (name: string, of: Estimates["get"]): TableRow => {
    const value = of === undefined ? undefined : of.rate / 1e6;
    return [name, value === Infinity ? "unlimited" : number(value), "", `${of?.count ?? 0}`];
  };
  const cold = coldStart && {
    value: coldStart.median,
    spread: coldStart.median * coldStart.sigma,
    count: coldStart.count,
  };
  const columns = [
    { header: "quantity", align: "left" as const },
    { header: "value" },
    { header: "spread" },
    { header: "n" },
  ];
  const rows: readonly TableRow[] = [
    row("cores for all jobs", cores, 1),
    row("cold start, ms of a core", cold),
    row("set-up of an activation, ms", estimates.setUp),
    row("local get or put, ms", estimates.operation),
    row("remote get, ms of a core", get?.fixed),
    rate("remote get, MB/s a core", get),
    row("remote put, ms of a core", put?.fixed),
    rate("remote put, MB/s a core", put),
    row("control message, ms", estimates.message),
    row("engine, a further message, ms", estimates.request),
    row("start of a container, ms of a loop", estimates.spawn),
    row("an activation unseen, ms of a core", estimates.activation),
    row("a message unseen, ms of a core", estimates.handling),
    row("input stored, ms", estimates.intake),
    ["functions", `${functions.size}`, "", ""],
  ];
  return table([{ heading: "", columns }], rows);
}

function trialTable(rows: readonly TrialRow[]): string {
  const left = (header: string) => ({ header, align: "left" as const });
  const setting = ["workflow", "scheme", "storage", "link MB/s", "load"].map(left);
  const groups = [
    { heading: "", columns: [...setting, { header: "n" }] },
    { heading: "mean, s", columns: [{ header: "live" }, { header: "sim" }, { header: "error" }] },
    { heading: "error", columns: [{ header: "p50" }, { header: "p95" }] },
    { heading: "", columns: [{ header: "live's noise" }] },
    { heading: "MB, sim for live", columns: [{ header: "local" }, { header: "remote" }] },
    { heading: "", columns: [{ header: "cold starts" }] },
  ];
  const cells = rows.map(
    (row): TableRow => [
      row.workflow,
      row.scheme,
      row.storage,
      row.bandwidth === undefined ? "-" : number(row.bandwidth / 1e6),
      row.load,
      `${row.invocations}`,
      number(row.mean.live),
      number(row.mean.sim),
      signed(row.mean),
      signed(row.p50),
      signed(row.p95),
      percent(row.noise),
      same(row.local, 1e6),
      same(row.remote, 1e6),
      same(row.coldStarts),
    ],
  );
  return table(groups, cells);
}

function summaryText(rows: readonly TrialRow[]): string {
  const size = (of: (row: TrialRow) => TrialPair): string => {
    const errors = told.map((row) => Math.abs(errorOf(of(row)))).sort((a, b) => a - b);
    const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
    return `${percent(mean)} on average, at most ${percent(errors.at(-1))}`;
  };
  if (rows.length === 0) return "Nothing was held back.";
  // Where nothing finished, live or simulated, there is no error.
  const told = rows.filter((row) => Number.isFinite(errorOf(row.mean)));
  if (told.length === 0) return "Nothing that was held back finished.";
  return [
    ...(told.length < rows.length ? [`Of ${told.length} of ${counted(rows.length, "row")}:`] : []),
    `Error of the mean: ${size((row) => row.mean)}; of p50: ${size((row) => row.p50)};`,
    `of p95: ${size((row) => row.p95)}.`,
  ].join(" ");
}

function errorOf({ live, sim }: TrialPair): number {
  return sim / live - 1;
}

function signed(pair: TrialPair): string {
  const error = 100 * errorOf(pair);
  if (!Number.isFinite(error)) return "-";
  return `${error >= 0 ? "+" : ""}${error.toFixed(1)}%`;
}

function same({ live, sim }: TrialPair, scale = 1): string {
  return live === sim ? "equal" : `${number(sim / scale)} for ${number(live / scale)}`;
}
