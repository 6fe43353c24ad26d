/** A study as one HTML page: a plot a metric, then all configurations as a table. */

import { escaped, htmlFigure, htmlPage, htmlTable } from "./html-page.ts";
import { plotSvg } from "./plot.ts";
import { plotTitle, studyPlot } from "./study-plot.ts";
import type { StudyEstimate, StudyMetric } from "./study-rows.ts";
import { intervalText, studyTable } from "./study-table.ts";

/** More rows than anybody reads; the CSV file has them. */
const MAX_ROWS = 500;

export interface StudyPage {
  readonly title: string;
  /** Of how many cells, from which file. */
  readonly about: string;
  readonly show: readonly StudyMetric[];
  readonly estimates: readonly StudyEstimate[];
  /** A line each. */
  readonly failures: readonly string[];
}

export async function studyHtml(page: StudyPage): Promise<string> {
  const { title, about, show, estimates, failures } = page;
  const shown = estimates.filter(({ metric }) => (show as readonly string[]).includes(metric));
  const body = [`<h1>${escaped(title)}</h1>`, `<p>${escaped(about)}</p>`];
  if (shown.length > 0) body.push(`<p>${escaped(intervalText(shown))}</p>`);
  if (failures.length > 0) {
    const items = failures.map((text) => `<li>${escaped(text)}</li>`);
    body.push("<h2>Cells that failed</h2>", `<ul>${items.join("")}</ul>`);
  }
  for (const metric of show) {
    const its = shown.filter((each) => each.metric === metric);
    if (its.length === 0) continue;
    const svg = await plotSvg(studyPlot(its));
    const heading = plotTitle(metric);
    body.push(`<section id="${metric}"><h2>${escaped(heading)}</h2>`);
    body.push(htmlFigure(heading, svg), "</section>");
  }
  if (shown.length > 0) {
    const { groups, rows } = studyTable(shown, show);
    const caption =
      rows.length > MAX_ROWS
        ? `The first ${MAX_ROWS} of ${rows.length}; all are in summary.csv.`
        : "";
    const table = htmlTable({ caption, groups, rows: rows.slice(0, MAX_ROWS) });
    body.push("<h2>All configurations</h2>", table);
  }
  return htmlPage(title, body);
}
