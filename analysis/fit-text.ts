/** A calibration as text: the values with their ranges, and each figure before and after. */

import type { System } from "./published.ts";
import { number, type TableRow, table } from "./table.ts";

export interface CalibratedCell {
  readonly workflow: string;
  readonly system: System;
  readonly metric: string;
  readonly published: number;
  readonly ours: number;
}

export interface Compared {
  readonly cells: readonly CalibratedCell[];
  readonly computeFactors: ReadonlyMap<string, number>;
}

export interface CalibratedValue {
  readonly name: string;
  readonly before: string;
  readonly after: string;
  readonly low: string;
  readonly high: string;
  readonly atBound: boolean;
  readonly sensitivity: number;
}

export interface Calibration {
  /** The systems whose figures were fitted; those of the others are predicted. */
  readonly fitted: readonly System[];
  readonly before: Compared;
  readonly after: Compared;
  readonly values: readonly CalibratedValue[];
}

export function calibrationText(calibration: Calibration): string {
  const { fitted, after } = calibration;
  const systems = [...new Set(after.cells.map(({ system }) => system))];
  const predicted = systems.filter((system) => !fitted.includes(system));
  return [
    `Fitted: the figures of ${fitted.join(" and ")}.` +
      (predicted.length > 0 ? ` Predicted: those of ${predicted.join(" and ")}.` : ""),
    valueTable(calibration.values),
    cellTable(calibration),
    summaryTable(calibration),
    factorText(after),
  ].join("\n\n");
}

function valueTable(values: readonly CalibratedValue[]): string {
  const rows = values.map(
    (value): TableRow => [
      value.name,
      value.before,
      value.after,
      `${value.low} .. ${value.high}`,
      value.atBound ? "at a bound" : "",
      number(value.sensitivity),
    ],
  );
  const columns = [
    { header: "value", align: "left" },
    { header: "before" },
    { header: "after" },
    { header: "range" },
    { header: "", align: "left" },
    { header: "moves" },
  ] as const;
  const told =
    "moves: by how many allowances (5%, 15%, 20%) the figures move together for 1% of it";
  return `${table([{ heading: "", columns }], rows)}\n${told}`;
}

function cellTable({ fitted, before, after }: Calibration): string {
  const rows = after.cells.map(
    (cell, index): TableRow => [
      cell.metric,
      cell.workflow,
      cell.system,
      fitted.includes(cell.system) ? "fitted" : "predicted",
      number(cell.published),
      number(cell.ours),
      signed(before.cells[index]!),
      signed(cell),
    ],
  );
  rows.sort((one, other) => order(one[0]!) - order(other[0]!));
  const columns = [
    { header: "metric", align: "left" },
    { header: "workflow", align: "left" },
    { header: "system", align: "left" },
    { header: "", align: "left" },
    { header: "published", unit: "s" },
    { header: "ours", unit: "s" },
    { header: "off before" },
    { header: "off after" },
  ] as const;
  return table([{ heading: "", columns }], rows);

  function order(metric: string): number {
    return after.cells.findIndex((cell) => cell.metric === metric);
  }
}

/** |ours / published - 1|: mean and greatest, by metric and system. */
function summaryTable({ fitted, before, after }: Calibration): string {
  const metrics = [...new Set(after.cells.map(({ metric }) => metric))];
  const systems = [...new Set(after.cells.map(({ system }) => system))];
  const rows = metrics.flatMap((metric) =>
    systems.map((system): TableRow => {
      const its = ({ cells }: Compared): string => {
        const errors = cells
          .filter((cell) => cell.metric === metric && cell.system === system)
          .map((cell) => Math.abs(cell.ours / cell.published - 1));
        const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
        return `${precise(mean)}, at most ${precise(Math.max(...errors))}`;
      };
      return [
        metric,
        system,
        fitted.includes(system) ? "fitted" : "predicted",
        its(before),
        its(after),
      ];
    }),
  );
  const columns = [
    { header: "metric", align: "left" },
    { header: "system", align: "left" },
    { header: "", align: "left" },
    { header: "mean error before", align: "left" },
    { header: "after", align: "left" },
  ] as const;
  return table([{ heading: "", columns }], rows);
}

function factorText({ computeFactors }: Compared): string {
  const each = [...computeFactors].map(([workflow, factor]) => `${workflow} ${factor.toFixed(3)}`);
  return (
    "Compute times, each application's times this factor, so that its latency under\n" +
    `WorkerSP+FaaStore is the published one: ${each.join(", ")}.`
  );
}

function signed({ ours, published }: CalibratedCell): string {
  const error = ours / published - 1;
  return `${error > 0 ? "+" : ""}${precise(error)}`;
}

function precise(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}
