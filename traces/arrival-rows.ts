/** What a format of foreign arrivals is to the one who reads a file of it, and what it is given. */

import type { LineProblems } from "../core/workflow/line-problems.ts";
import type { ArrivalTable } from "./arrival-table.ts";

/** Reads the rows of one file into the table. A wrong row is noted as a problem and left out. */
export interface ArrivalRows {
  /** What people call the format. */
  readonly format: string;
  /** Whether rows have an app and a function, by which to choose. */
  readonly hasFunctions: boolean;
  /** Whether rows name a workflow. */
  readonly hasWorkflows: boolean;
  /** Whether only the number of arrivals a minute is known, and their times are made. */
  readonly countsMinutes: boolean;
  /** When the file begins on its own clock, in microseconds; undefined: with its first arrival. */
  readonly begin: number | undefined;
  /** When it ends; undefined: with its last arrival. */
  readonly end: number | undefined;
  /** Arrivals that are asked for, but were before the file begins: no trace has them. */
  readonly early: number;
  /** As many cells as the file has columns. */
  read(cells: readonly string[], line: number): void;
}

/** How arrivals are spread in a minute. */
export type Within = "poisson" | "even";

export interface RowOptions {
  readonly table: ArrivalTable;
  readonly problems: LineProblems;
  /** A time with its unit, in microseconds. */
  readonly readTime: (text: string) => number | undefined;
  readonly within: Within;
  /** Of what is left to chance. */
  readonly seed: string;
  /** Microseconds from the file's beginning: what is outside need not be made. */
  readonly window: Window;
}

export interface Window {
  readonly from: number;
  /** Infinity: to the end of the file. */
  readonly to: number;
}

/** Of the file's columns; undefined: the file is of another format. */
export type RowReader = (
  columns: readonly string[],
  options: RowOptions,
) => ArrivalRows | undefined;

const NUMBER = /^\s*[+-]?\d+\.?\d*(?:[eE][+-]?\d+)?\s*$/;

/** A number in decimal notation; undefined: something else. */
export function cellNumber(text: string): number | undefined {
  return NUMBER.test(text) ? Number(text) : undefined;
}

/** Whole microseconds; undefined: beyond what a number can count. */
export function wholeMicros(micros: number): number | undefined {
  const whole = Math.round(micros);
  return Number.isSafeInteger(whole) ? whole : undefined;
}
