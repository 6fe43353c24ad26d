/**
 * Plain text tables for a terminal: light lines, numbers to the right, the unit in the header.
 */

export interface Column {
  readonly header: string;
  /** `s`, `MB`; none: a plain number or text. */
  readonly unit?: string;
  readonly align?: "left" | "right";
}

/** Columns under one heading; an empty heading leaves the space above them blank. */
export interface ColumnGroup {
  readonly heading: string;
  readonly columns: readonly Column[];
}

/** A row of cells, or a line across. */
export type TableRow = readonly string[] | "line";

/** Cells are texts made already, see `number`. Ends without a line end. */
export function table(groups: readonly ColumnGroup[], rows: readonly TableRow[]): string {
  const columns = groups.flatMap((group) => group.columns);
  const cells = rows.filter((row) => row !== "line");
  const widths = columns.map((column, i) =>
    cells.reduce((most, row) => Math.max(most, (row[i] ?? "").length), titled(column).length),
  );
  widenForHeadings(groups, widths);
  const layout: Layout = { groups, widths };
  const lines = [border(layout, "┌", "┬", "┐")];
  if (groups.some(({ heading }) => heading !== "")) lines.push(headings(layout));
  lines.push(line(layout, columns.map(titled)), border(layout, "├", "┼", "┤"));
  for (const row of rows) {
    lines.push(row === "line" ? border(layout, "├", "┼", "┤") : line(layout, row));
  }
  lines.push(border(layout, "└", "┴", "┘"));
  return lines.join("\n");
}

/** About three significant digits, never an exponent: `0.012`, `4.31`, `128`; `-` for no number. */
export function number(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return "-";
  const size = Math.abs(value);
  if (size >= 99.95 || value === 0) return value.toFixed(0);
  if (size >= 9.995) return value.toFixed(1);
  return value.toFixed(size >= 0.9995 ? 2 : 3);
}

/** `37%`; `-` for no number. */
export function percent(share: number | undefined): string {
  if (share === undefined || !Number.isFinite(share)) return "-";
  return `${Math.round(share * 100) + 0}%`;
}

interface Layout {
  readonly groups: readonly ColumnGroup[];
  /** By column. */
  readonly widths: readonly number[];
}

/** Between two columns of one group. */
const GAP = "  ";

/** The header with its unit. */
export function titled({ header, unit }: Column): string {
  return unit === undefined ? header : `${header} ${unit}`.trim();
}

/** A heading that is wider than its columns widens the first of them. */
function widenForHeadings(groups: readonly ColumnGroup[], widths: number[]): void {
  let first = 0;
  for (const { heading, columns } of groups) {
    const width = groupWidth(widths.slice(first, first + columns.length));
    if (heading.length > width) widths[first]! += heading.length - width;
    first += columns.length;
  }
}

function groupWidth(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, 0) + GAP.length * (widths.length - 1);
}

function perGroup(layout: Layout, cell: (group: ColumnGroup, first: number) => string): string[] {
  let first = 0;
  return layout.groups.map((group) => {
    const text = cell(group, first);
    first += group.columns.length;
    return text;
  });
}

function widthsOf(layout: Layout, group: ColumnGroup, first: number): readonly number[] {
  return layout.widths.slice(first, first + group.columns.length);
}

function border(layout: Layout, left: string, middle: string, right: string): string {
  const parts = perGroup(layout, (group, first) =>
    "─".repeat(groupWidth(widthsOf(layout, group, first)) + 2),
  );
  return `${left}${parts.join(middle)}${right}`;
}

function headings(layout: Layout): string {
  const parts = perGroup(layout, (group, first) =>
    group.heading.padEnd(groupWidth(widthsOf(layout, group, first))),
  );
  return `│ ${parts.join(" │ ")} │`;
}

function line(layout: Layout, cells: readonly string[]): string {
  const parts = perGroup(layout, (group, first) =>
    group.columns
      .map(({ align }, i) => {
        const cell = cells[first + i] ?? "";
        const width = layout.widths[first + i]!;
        return align === "left" ? cell.padEnd(width) : cell.padStart(width);
      })
      .join(GAP),
  );
  return `│ ${parts.join(" │ ")} │`;
}
