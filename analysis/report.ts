/** Experiments as one HTML page: tables, and plots as inline SVG. */

import { experimentPlots } from "./experiment-plot.ts";
import type { ExperimentRow } from "./experiment-rows.ts";
import { accuracies, accuracyText } from "./experiment-summary.ts";
import { partsOf, protocolOf, tablesOf, titleOf } from "./experiment-table.ts";
import { escaped, htmlFigure, htmlPage, htmlTable } from "./html-page.ts";

/** What a reader needs to get the same numbers again. */
export interface About {
  readonly profile: string;
  readonly seed: string;
}

export async function reportHtml(rows: readonly ExperimentRow[], about: About): Promise<string> {
  const plots = await experimentPlots(rows);
  const sections = partsOf(rows).map((part, index) => {
    const { name, title, svg } = plots[index]!;
    return [
      `<section id="${name}">`,
      `<h2>${escaped(title)}</h2>`,
      `<p>${escaped(protocolOf(part))}</p>`,
      htmlFigure(title, svg),
      ...tablesOf(part).map(({ title: caption, ...rest }) =>
        htmlTable({ caption: caption === titleOf(part) ? "" : caption, ...rest }),
      ),
      "</section>",
    ].join("\n");
  });
  const links = plots.map(({ name, title }) => `<a href="#${name}">${escaped(title)}</a>`);
  const summary = accuracies(rows).map((each) => `<li>${escaped(accuracyText(each))}</li>`);
  return htmlPage("FaaSFlow: the paper's experiments", [
    "<h1>The paper's experiments</h1>",
    `<p>Simulated with profile ${escaped(about.profile)}, seed ${escaped(about.seed)}, beside the ` +
      "figures that the FaaSFlow paper (Li et al., ASPLOS'22) and its v1 artifact give for the " +
      "authors' 1+7 cluster.</p>",
    `<nav>${links.join("")}</nav>`,
    ...(summary.length === 0
      ? []
      : ["<h2>Ours against the published figures</h2>", `<ul>${summary.join("")}</ul>`]),
    ...sections,
  ]);
}
