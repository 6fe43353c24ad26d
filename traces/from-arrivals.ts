/** A foreign file of arrivals, read line by line whatever its size: two Azure data sets, or a list. */

import { type LineProblem, LineProblems, shown } from "../core/workflow/line-problems.ts";
import type { ArrivalRows, RowOptions, RowReader } from "./arrival-rows.ts";
import { invocationRows } from "./azure-invocations.ts";
import { minuteRows } from "./azure-minutes.ts";
import { timeRows } from "./time-list.ts";

const FORMATS: readonly RowReader[] = [invocationRows, minuteRows, timeRows];
const MOST_PROBLEMS = 100;

export interface ArrivalFileOptions extends Omit<RowOptions, "problems"> {
  /** What problems call the file. */
  readonly file: string;
}

/** What was found out about the file; its arrivals are in the table. */
export interface ArrivalFile {
  /** Undefined: its columns are of no format that is known. */
  readonly rows: ArrivalRows | undefined;
  readonly problems: LineProblems;
}

/** Reads all lines into the table. Never throws over what is in them. */
export function readArrivalFile(lines: Iterable<string>, options: ArrivalFileOptions): ArrivalFile {
  const problems = new LineProblems(options.file, MOST_PROBLEMS);
  let columns: readonly string[] = [];
  let rows: ArrivalRows | undefined;
  let line = 0;
  for (const text of lines) {
    line += 1;
    if (line === 1) {
      columns = (cellsOf(text) ?? []).map((name) => name.trim());
      rows = rowsOf(columns, { ...options, problems });
      if (rows === undefined) problems.add(unknownColumns(text));
      if (rows === undefined) break;
      continue;
    }
    const cells = text === "" ? undefined : cellsOf(text);
    if (cells?.length === columns.length) rows?.read(cells, line);
    else if (text !== "") problems.add(wrongShape(line, cells, columns.length));
  }
  if (line === 0) problems.add(unknownColumns(""));
  return { rows, problems };
}

function rowsOf(columns: readonly string[], options: RowOptions): ArrivalRows | undefined {
  if (new Set(columns).size < columns.length) return undefined;
  for (const open of FORMATS) {
    const rows = open(columns, options);
    if (rows !== undefined) return rows;
  }
  return undefined;
}

/**
 * None of these formats has a comma or a quote in a cell, so that quotes, which some programs put
 * around every text, can go. Undefined: one has.
 */
function cellsOf(line: string): readonly string[] | undefined {
  const cells = line.split(",");
  if (!line.includes('"')) return cells;
  const bare = cells.map((cell) => (/^"[^"]*"$/.test(cell) ? cell.slice(1, -1) : cell));
  return bare.some((cell) => cell.includes('"')) ? undefined : bare;
}

function wrongShape(
  line: number,
  cells: readonly string[] | undefined,
  columns: number,
): LineProblem {
  const wrong = { line, path: "", next: "" };
  if (cells === undefined) {
    return { ...wrong, found: "a quoted cell with a comma or a quote in it", expected: "none" };
  }
  const found = `${cells.length} cell${cells.length === 1 ? "" : "s"}`;
  return { ...wrong, found, expected: `${columns}, as on the first line` };
}

function unknownColumns(text: string): LineProblem {
  const next = /^"?HashOwner/.test(text)
    ? "Of the data set of 2019 take a file invocations_per_function_md.anon.dNN.csv."
    : "Name the columns on the first line, each once, with commas between them.";
  return {
    line: 1,
    path: "",
    found: text === "" ? "nothing" : shown(text),
    expected:
      "the columns app, func, end_timestamp and duration (Azure 2021); HashApp, HashFunction and 1, " +
      "2, ... (Azure 2019); or one of at, at_s, at_ms and at_us, and perhaps workflow (a list)",
    next,
  };
}
