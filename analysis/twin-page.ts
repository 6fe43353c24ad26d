/** A comparison of runs with their twins as one HTML page. */

import { escaped, htmlFigure, htmlPage, htmlTable } from "./html-page.ts";
import { plotSvg } from "./plot.ts";
import {
  type CellComparison,
  type ComparedRun,
  type InvocationPair,
  pairsOf,
} from "./twin-cells.ts";
import { cellText, type TwinComparison } from "./twin-comparison.ts";
import { curvesPlot, ganttPlot, MAX_ROWS, typicalPair } from "./twin-plots.ts";
import { cautions, metricTable, type TwinAbout, type TwinTable, twinTables } from "./twin-text.ts";

export interface TwinPage {
  readonly runs: readonly ComparedRun[];
  readonly warmUp: number;
  readonly about: TwinAbout;
}

export async function twinHtml(
  comparison: TwinComparison,
  { runs, warmUp, about }: TwinPage,
): Promise<string> {
  const { cells, violations } = comparison;
  const verdict = violations.map((line) => `<li>${escaped(line)}</li>`);
  const body = [
    "<h1>Live runs and their twins</h1>",
    `<p>Simulated with profile ${escaped(about.profile)}, seed ${escaped(about.seed)}, from the ` +
      "arrivals, bytes, counts and branches of the recorded runs.</p>",
    ...(verdict.length === 0
      ? ["<p>All within the tolerances.</p>"]
      : ["<h2>Beyond the tolerances</h2>", `<ul>${verdict.join("")}</ul>`]),
    ...twinTables(comparison).flatMap(tableHtml),
  ];
  for (const cell of cells) {
    const its = runs.filter(({ name }) => cell.runs.includes(name));
    body.push(...(await sectionOf(cell, its, warmUp)));
  }
  return htmlPage("FaaSFlow: live runs and their twins", body);
}

function tableHtml({ title, groups, rows, note }: TwinTable): readonly string[] {
  return [
    `<h2>${escaped(title)}</h2>`,
    htmlTable({ caption: "", groups, rows }),
    ...(note === "" ? [] : [`<p>${escaped(note)}</p>`]),
  ];
}

async function sectionOf(
  compared: CellComparison,
  runs: readonly ComparedRun[],
  warmUp: number,
): Promise<readonly string[]> {
  const { workflow } = compared.cell;
  const { groups, rows } = metricTable(compared);
  const byRun = runs.map((run) => ({ run, pairs: pairsOf(run, workflow, warmUp) }));
  const pairs = byRun.flatMap((each) => each.pairs);
  const typical = typicalPair(pairs);
  const html = [
    `<h2>${escaped(cellText(compared.cell))}</h2>`,
    ...cautions(compared).map((line) => `<p>${escaped(line)}</p>`),
    htmlTable({ caption: "", groups, rows }),
  ];
  if (typical === undefined) return html;
  const { run } = byRun.find((each) => each.pairs.includes(typical))!;
  const plan = run.plans.find(({ plan: id }) => id === typical.live.plan)!;
  const [curves, gantt] = [
    await plotSvg(curvesPlot(pairs)),
    await plotSvg(ganttPlot(typical, plan)),
  ];
  html.push(htmlFigure("Distribution of the latency, live and twin", curves));
  html.push(`<p>${escaped(ganttCaption(typical, run.name))}</p>`);
  html.push(htmlFigure("One invocation, live and twin", gantt));
  return html;
}

function ganttCaption({ live, twin }: InvocationPair, name: string): string {
  const some =
    live.activations.length > MAX_ROWS
      ? ` The first ${MAX_ROWS} of ${live.activations.length} activations.`
      : "";
  const [ours, theirs] = [live.latency, twin.latency].map((time) => (time / 1_000).toFixed(1));
  return `Invocation ${live.invocation} of ${name}, the median of live: ${ours} ms, its twin ${theirs} ms.${some}`;
}
