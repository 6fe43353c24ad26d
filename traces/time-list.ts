/**
 * A plain list of arrivals, in any order: one column of times, and `workflow` if there are several.
 * `at_s`, `at_ms` and `at_us` are numbers, since whenever; `at` has its unit with it (`1.2 s`), or is
 * a date and time as in ISO 8601, with its zone (`2026-01-31T10:00:00.25Z`);
 * one of the two in all of a file.
 */

import { shown } from "../core/workflow/line-problems.ts";
import { type ArrivalRows, cellNumber, type RowOptions, wholeMicros } from "./arrival-rows.ts";

interface Unit {
  readonly expected: string;
  /** NaN: it is not one. */
  readonly micros: (text: string, options: RowOptions) => number;
}

const numberOf = (expected: string, factor: number): Unit => {
  const micros = (text: string): number => (cellNumber(text) ?? Number.NaN) * factor;
  return { expected, micros };
};

const UNITS: ReadonlyMap<string, Unit> = new Map([
  ["at_s", numberOf("a number of seconds", 1_000_000)],
  ["at_ms", numberOf("a number of milliseconds", 1_000)],
  ["at_us", numberOf("a number of microseconds", 1)],
  [
    "at",
    {
      expected: "`1.2 s` or `2026-01-31T10:00:00Z`; for plain numbers name it at_s, at_ms or at_us",
      micros: (text, { readTime }) => readTime(text) ?? instant(text),
    },
  ],
]);

export function timeRows(columns: readonly string[], options: RowOptions): ArrivalRows | undefined {
  const [name, another] = columns.filter((column) => UNITS.has(column));
  if (name === undefined || another !== undefined) return undefined;
  const [at, workflow] = [columns.indexOf(name), columns.indexOf("workflow")];
  return new TimeRows({ at, name, workflow }, options);
}

interface Columns {
  readonly at: number;
  /** Of the column of times. */
  readonly name: string;
  /** Below 0: there is none. */
  readonly workflow: number;
}

class TimeRows implements ArrivalRows {
  readonly format = "list of times";
  readonly hasFunctions = false;
  readonly hasWorkflows: boolean;
  readonly countsMinutes = false;
  readonly begin = undefined;
  readonly end = undefined;
  readonly early = 0;
  readonly #columns: Columns;
  readonly #unit: Unit;
  readonly #options: RowOptions;
  /** Of the column `at`, what its first time is and on which line. */
  #first: { readonly isDate: boolean; readonly line: number } | undefined;

  constructor(columns: Columns, options: RowOptions) {
    this.hasWorkflows = columns.workflow >= 0;
    this.#columns = columns;
    this.#unit = UNITS.get(columns.name)!;
    this.#options = options;
    this.#first = undefined;
  }

  read(cells: readonly string[], line: number): void {
    const { table, problems } = this.#options;
    const { at, name, workflow } = this.#columns;
    const { expected, micros } = this.#unit;
    const time = wholeMicros(micros(cells[at]!, this.#options));
    if (time === undefined) {
      problems.add({ line, path: name, found: shown(cells[at]!), expected, next: "" });
    } else if (name === "at") this.#checkKind(cells[at]!, line);
    const named = workflow < 0 ? "" : cells[workflow]!;
    if (workflow >= 0 && named === "") {
      const wanted = "the name of a workflow";
      problems.add({ line, path: "workflow", found: "nothing", expected: wanted, next: "" });
    } else if (time !== undefined) {
      table.add(table.source("", named), time);
    }
  }

  /** Between `1.2 s` and a date lie decades. */
  #checkKind(text: string, line: number): void {
    const isDate = INSTANT.test(text);
    this.#first ??= { isDate, line };
    if (isDate === this.#first.isDate) return;
    const kind = isDate ? "a time such as `1.2 s`" : "a date and time";
    const expected = `${kind}, as on line ${this.#first.line}`;
    this.#options.problems.add({ line, path: "at", found: shown(text), expected, next: "" });
  }
}

const INSTANT = /^\s*(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d+)?\s?(Z|[+-]\d\d:\d\d)\s*$/;

/** Microseconds since 1970. A `Date` has only milliseconds. */
function instant(text: string): number {
  const [, day, time, fraction = "0", zone] = INSTANT.exec(text) ?? [];
  return Date.parse(`${day}T${time}${zone}`) * 1_000 + Number(fraction) * 1_000_000;
}
