/** How far ours are from the published figures, and what `faasflow experiment` prints. */

import { counted } from "./count-text.ts";
import { experimentOf } from "./experiment.ts";
import { type ExperimentRow, relativeError, systemOf } from "./experiment-rows.ts";
import { partsOf, protocolOf, SYSTEMS, tablesOf, titleOf } from "./experiment-table.ts";
import { publishedValue } from "./published.ts";
import { percent, table } from "./table.ts";

/** Of one metric, over all its cells that have a published figure. */
export interface Accuracy {
  readonly metric: string;
  readonly cells: number;
  /** Mean and largest |ours / published - 1|. */
  readonly mean: number;
  readonly worst: number;
  readonly worstCell: string;
  /** Workflows in which the same system is the smaller one, of so many. */
  readonly ordered: number;
  readonly pairs: number;
}

/** What is simulated; what is measured on this machine is not comparable. */
const COMPARED: Readonly<Record<string, string>> = {
  e2e_mean: "end-to-end latency",
  schedule_overhead_mean: "scheduling overhead",
  data_overhead_mean: "data overhead",
};

/** A metric counts in the experiment that is about it, elsewhere it is a by-product. */
export function accuracies(rows: readonly ExperimentRow[]): readonly Accuracy[] {
  return Object.keys(COMPARED).flatMap((metric) => {
    const cells = rows.filter(
      (row) =>
        row.metric === metric &&
        row.driver === "sim" &&
        experimentOf(row.experiment).metrics[0] === metric &&
        relativeError(row) !== undefined,
    );
    const errors = cells.map((row) => Math.abs(relativeError(row)!));
    if (errors.length === 0) return [];
    const worst = Math.max(...errors);
    const { workflow, scheme, storage } = cells[errors.indexOf(worst)]!;
    const orders = [...new Set(cells.map((row) => row.workflow))].flatMap((name) =>
      isOrdered(cells.filter((row) => row.workflow === name)),
    );
    return [
      {
        metric,
        cells: cells.length,
        mean: errors.reduce((sum, error) => sum + error, 0) / errors.length,
        worst,
        worstCell: `${workflow}, ${systemOf({ scheme, storage })}`,
        ordered: orders.filter((ordered) => ordered).length,
        pairs: orders.length,
      },
    ];
  });
}

/** Of one workflow; nothing if one of the two systems is missing. */
function isOrdered(cells: readonly ExperimentRow[]): readonly boolean[] {
  const [before, after] = SYSTEMS.map((system) => cells.find((row) => systemOf(row) === system));
  if (before === undefined || after === undefined) return [];
  const { workflow, metric } = before;
  const [first, second] = SYSTEMS.map((system) => publishedValue({ workflow, system, metric })!);
  return [before.value > after.value === first! > second!];
}

/** `end-to-end latency: 16 cells, off by 3% on average, 13% at most (genome, MasterSP+remote); ...` */
export function accuracyText(accuracy: Accuracy): string {
  const { metric, cells, mean, worst, worstCell, ordered, pairs } = accuracy;
  return (
    `${COMPARED[metric]}: ${counted(cells, "cell")}, off by ${percent(mean)} on average, ` +
    `${percent(worst)} at most (${worstCell}); order of the systems right in ${ordered} of ${pairs}`
  );
}

export function experimentText(rows: readonly ExperimentRow[]): string {
  const lines = partsOf(rows).flatMap((part) => [
    titleOf(part),
    protocolOf(part),
    ...tablesOf(part).flatMap(({ title, groups, rows: cells }) => [
      ...(title === titleOf(part) ? [] : [title]),
      table(groups, cells),
    ]),
    "",
  ]);
  const summary = accuracies(rows).map(accuracyText);
  if (summary.length > 0) summary.unshift("Ours against the published figures:");
  return [...lines, ...summary].join("\n").trimEnd();
}
