/**
 * A page that needs nothing else: no scripts, nothing loaded from anywhere. Light or dark as the
 * reader's system has it.
 */

import { type ColumnGroup, type TableRow, titled } from "./table.ts";

/** `body`: HTML, piece by piece. */
export function htmlPage(title: string, body: readonly string[]): string {
  return [
    "<!doctype html>",
    '<html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<link rel="icon" href="data:,">',
    `<title>${escaped(title)}</title>`,
    `<style>${STYLE}</style></head><body><main>`,
    ...body,
    "</main></body></html>",
    "",
  ].join("\n");
}

export interface HtmlTable {
  /** Empty: none. */
  readonly caption: string;
  readonly groups: readonly ColumnGroup[];
  readonly rows: readonly TableRow[];
}

export function htmlTable({ caption, groups, rows }: HtmlTable): string {
  const columns = groups.flatMap((group) => group.columns);
  const headings = groups.map(
    ({ heading, columns: { length } }) => `<th colspan="${length}">${escaped(heading)}</th>`,
  );
  const isGrouped = groups.some(({ heading }) => heading !== "");
  const body = rows
    .filter((row) => row !== "line")
    .map((row) => row.map((cell, i) => `<td${aligned(columns[i]?.align)}>${escaped(cell)}</td>`));
  return [
    '<div class="wide"><table>',
    caption === "" ? "" : `<caption>${escaped(caption)}</caption>`,
    "<thead>",
    isGrouped ? `<tr class="groups">${headings.join("")}</tr>` : "",
    `<tr>${columns.map((each) => `<th${aligned(each.align)}>${escaped(titled(each))}</th>`).join("")}</tr>`,
    "</thead><tbody>",
    ...body.map((cells) => `<tr>${cells.join("")}</tr>`),
    "</tbody></table></div>",
  ].join("\n");
}

export function htmlFigure(title: string, svg: string): string {
  return `<figure role="img" aria-label="${escaped(title)}">${svg}</figure>`;
}

export function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

function aligned(align: "left" | "right" | undefined): string {
  return align === "left" ? ' class="name"' : "";
}

const STYLE = `
:root { color-scheme: light dark; --ink: #1d2329; --paper: #fdfdfc; --line: #d6d9dd; --soft: #5b6570; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e7ea; --paper: #15191d; --line: #3a424a; --soft: #a3adb7; }
}
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1040px; margin: 0 auto; padding: 24px 20px 64px; }
h1 { font-size: 26px; margin: 8px 0; }
h2 { font-size: 20px; margin: 40px 0 8px; }
p { max-width: 75ch; margin: 8px 0; }
section > p, nav a { color: var(--soft); }
nav { display: flex; flex-wrap: wrap; gap: 4px 16px; margin: 16px 0; }
figure { margin: 16px 0; overflow-x: auto; }
figure svg { max-width: 100%; height: auto; }
.wide { overflow-x: auto; margin: 16px 0; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 14px; }
caption { text-align: left; padding: 8px 0; color: var(--soft); }
th, td { padding: 3px 12px; text-align: right; white-space: nowrap; }
th { font-weight: 600; border-bottom: 1px solid var(--line); }
.groups th { text-align: center; border-bottom: 0; }
.name { text-align: left; }
tbody tr:nth-child(even) { background: color-mix(in srgb, var(--ink) 5%, transparent); }
`;
