/** A comparison of runs with their twins as tables, for a terminal. */

import { counted } from "./count-text.ts";
import { type ColumnGroup, number, type TableRow, table } from "./table.ts";
import {
  type CellComparison,
  isOff,
  type MetricComparison,
  QUANTITIES,
  type Quantity,
  type TwinCell,
} from "./twin-cells.ts";
import {
  cellNames,
  cellText,
  FACT_TITLES,
  QUANTITY_TITLES,
  signed,
  type TwinComparison,
} from "./twin-comparison.ts";
import type { Contrast } from "./twin-contrasts.ts";
import { STATISTICS, type Statistic } from "./twin-statistics.ts";

/** A table, and what is said above and below it. */
export interface TwinTable {
  readonly title: string;
  readonly groups: readonly ColumnGroup[];
  readonly rows: readonly TableRow[];
  readonly note: string;
}

export interface TwinAbout {
  readonly profile: string;
  readonly seed: string;
}

export function twinText(comparison: TwinComparison, { profile, seed }: TwinAbout): string {
  const { cells, violations } = comparison;
  const invocations = cells.reduce((sum, each) => sum + each.invocations, 0);
  const { common } = cellNames(cells.map(({ cell }) => cell));
  const verdict =
    violations.length === 0
      ? "All within the tolerances."
      : `${violations.length} beyond the tolerances: see below.`;
  return [
    `${counted(invocations, "invocation")} live, each with its twin (profile ${profile}, seed ${seed}): ${common}`,
    ...twinTables(comparison).map(({ title, groups, rows, note }) =>
      [title, table(groups, rows), ...(note === "" ? [] : [note])].join("\n"),
    ),
    ...cells.flatMap(cautions),
    verdict,
  ].join("\n\n");
}

export function twinTables(comparison: TwinComparison): readonly TwinTable[] {
  const { cells, contrasts } = comparison;
  const { of } = cellNames(cells.map(({ cell }) => cell));
  return [
    latencyTable(cells, of),
    distanceTable(cells, of),
    partsTable(cells, of),
    factsTable(cells, of),
    ...(contrasts.length > 0 ? [contrastTable(contrasts, of)] : []),
  ];
}

/** What a reader should know of a cell before trusting its figures. */
export function cautions(compared: CellComparison): readonly string[] {
  const { cell, unfinished, mishaps } = compared;
  const name = cellText(cell);
  const lines: string[] = [];
  if (unfinished > 0) {
    lines.push(
      `${name}: ${counted(unfinished, "invocation")} did not finish on both sides: left out.`,
    );
  }
  if (mishaps > 0) {
    lines.push(
      `${name}: ${mishaps} times an attempt failed or a worker left, live; no twin has that.`,
    );
  }
  return lines;
}

/** What a table calls a cell. */
type NameOf = (cell: TwinCell) => string;

const CELL: ColumnGroup = {
  heading: "",
  columns: [{ header: "cell", align: "left" }, { header: "runs" }, { header: "inv." }],
};

const ERROR = [{ header: "live" }, { header: "twin" }, { header: "error" }, { header: "noise" }];
const SHOWN = ["mean", "p50", "p95"] as const satisfies readonly Statistic[];

function metric(cell: CellComparison, quantity: Quantity, name: Statistic): MetricComparison {
  return cell.metrics.find((each) => each.quantity === quantity && each.statistic === name)!;
}

/** An error beyond its limit bears an exclamation mark. */
function errorText(compared: MetricComparison): string {
  return `${signed(compared.error)}${isOff(compared) ? "!" : ""}`;
}

function milli(micros: number): string {
  return number(micros / 1_000);
}

function latencyTable(cells: readonly CellComparison[], of: NameOf): TwinTable {
  const groups = SHOWN.map((name) => ({ heading: `${name}, ms`, columns: ERROR }));
  const rows = cells.map((cell) => [
    ...[of(cell.cell), `${cell.runs.length}`, `${cell.invocations}`],
    ...SHOWN.flatMap((name) => {
      const { live, twin, noise, ...rest } = metric(cell, "e2e", name);
      return [
        milli(live),
        milli(twin),
        errorText({ live, twin, noise, ...rest }),
        signed(noise).slice(1),
      ];
    }),
  ]);
  return {
    title: "End-to-end latency",
    groups: [CELL, ...groups],
    rows,
    note:
      "error: (twin - live) / live, ! if beyond both tolerance and noise. noise: live's own; of several " +
      "runs the largest difference between two, of one half the 95% interval of its bootstrap.",
  };
}

function distanceTable(cells: readonly CellComparison[], of: NameOf): TwinTable {
  return {
    title: "Distributions",
    groups: [
      { heading: "", columns: [{ header: "cell", align: "left" }] },
      { heading: "p99, ms", columns: ERROR },
      { heading: "", columns: [{ header: "MAPE" }] },
      { heading: "KS distance", columns: [{ header: "twin" }, { header: "noise" }] },
    ],
    rows: cells.map((cell) => {
      const p99 = metric(cell, "e2e", "p99");
      return [
        of(cell.cell),
        ...[milli(p99.live), milli(p99.twin), errorText(p99), signed(p99.noise).slice(1)],
        signed(cell.mape).slice(1),
        ...[number(cell.ks), number(cell.ksNoise)],
      ];
    }),
    note:
      "MAPE: of the latency, invocation by invocation. KS noise: the distance between live's own runs; " +
      "of one run what two samples of one distribution reach once in twenty times.",
  };
}

function partsTable(cells: readonly CellComparison[], of: NameOf): TwinTable {
  const parts = QUANTITIES.filter((quantity) => quantity !== "e2e");
  return {
    title: "Where a mean invocation's latency went, ms",
    groups: [
      {
        heading: "",
        columns: [
          { header: "cell", align: "left" },
          { header: "", align: "left" },
        ],
      },
      { heading: "", columns: parts.map((part) => ({ header: QUANTITY_TITLES[part] })) },
    ],
    rows: cells.flatMap((cell, index): readonly TableRow[] => {
      const means = (text: (compared: MetricComparison) => string): readonly string[] =>
        parts.map((part) => text(metric(cell, part, "mean")));
      return [
        ...(index === 0 ? [] : ["line" as const]),
        [of(cell.cell), "live", ...means(({ live }) => milli(live))],
        ["", "twin", ...means(({ twin }) => milli(twin))],
        ["", "error", ...means(errorText)],
      ];
    }),
    note: "error: as a share of live's mean latency.",
  };
}

function factsTable(cells: readonly CellComparison[], of: NameOf): TwinTable {
  const pair = [{ header: "live" }, { header: "twin" }];
  const facts = cells[0]?.facts.filter(({ fact }) => fact !== "cold_starts") ?? [];
  return {
    title: "What must be the same",
    groups: [
      { heading: "", columns: [{ header: "cell", align: "left" }] },
      {
        heading: "differing of compared",
        columns: facts.map(({ fact }) => ({ header: FACT_TITLES[fact] })),
      },
      { heading: "local, MB", columns: pair },
      { heading: "remote, MB", columns: pair },
      { heading: "cold starts", columns: pair },
    ],
    rows: cells.map(({ cell, facts: its, bytes, coldStarts }) => [
      of(cell),
      ...its
        .filter(({ fact }) => fact !== "cold_starts")
        .map(({ compared, differing }) => `${differing} of ${compared}`),
      ...[bytes.live.local, bytes.twin.local].map(megabytes),
      ...[bytes.live.remote, bytes.twin.remote].map(megabytes),
      ...[`${coldStarts.live}`, `${coldStarts.twin}`],
    ]),
    note: "Bytes of a mean invocation; cold starts of all.",
  };
}

function megabytes(bytes: number): string {
  return number(bytes / 1_000_000);
}

function contrastTable(contrasts: readonly Contrast[], of: NameOf): TwinTable {
  return {
    title: "What a scheme or a storage policy is worth: median latency of B against A",
    groups: [
      {
        heading: "",
        columns: [
          { header: "A", align: "left" },
          { header: "B", align: "left" },
          { header: "live" },
          { header: "noise" },
          { header: "twin" },
          { header: "sign", align: "left" },
        ],
      },
    ],
    rows: contrasts.map(({ what, one, other, live, twin, noise, isClear, ok }) => [
      of(one),
      other[what],
      ...[signed(live), signed(noise).slice(1), signed(twin)],
      isClear ? (ok ? "right" : "wrong!") : "not clear live",
    ]),
    note: "",
  };
}

/** All of it, for programs; times in microseconds, errors and noise as shares. */
export function twinJson(comparison: TwinComparison, about: TwinAbout): string {
  return JSON.stringify({ about, ...comparison });
}

/** Statistics of all quantities of a cell, a row each: for a page. */
export function metricTable(compared: CellComparison): TwinTable {
  return {
    title: cellText(compared.cell),
    groups: [
      { heading: "", columns: [{ header: "part", align: "left" }] },
      ...STATISTICS.map((name) => ({ heading: `${name}, ms`, columns: ERROR })),
    ],
    rows: QUANTITIES.map((quantity) => [
      QUANTITY_TITLES[quantity],
      ...STATISTICS.flatMap((name) => {
        const its = metric(compared, quantity, name);
        return [milli(its.live), milli(its.twin), errorText(its), signed(its.noise).slice(1)];
      }),
    ]),
    note: "",
  };
}
