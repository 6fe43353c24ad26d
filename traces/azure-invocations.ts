/**
 * Azure Functions Invocation Trace 2021: a row an invocation, in no order; two weeks of some 120
 * apps, 2 million rows, 305 MB. Columns: `app`; `func`, unique within its app only;
 * `end_timestamp` and `duration`, both in seconds.
 *
 * Source: github.com/Azure/AzurePublicDataset, AzureFunctionsInvocationTrace2021.md, revision 1
 * (CC-BY; cite Zhang et al., "Faster and Cheaper Serverless Computing on Harvested Resources",
 * SOSP 2021). The times there are not those of production: they count from the trace's beginning.
 */

import { shown } from "../core/workflow/line-problems.ts";
import { type ArrivalRows, cellNumber, type RowOptions, wholeMicros } from "./arrival-rows.ts";

const MICROS_PER_SECOND = 1_000_000;

export function invocationRows(
  columns: readonly string[],
  options: RowOptions,
): ArrivalRows | undefined {
  const [app, func] = [columns.indexOf("app"), columns.indexOf("func")];
  const [end, duration] = [columns.indexOf("end_timestamp"), columns.indexOf("duration")];
  if (app < 0 || func < 0 || end < 0 || duration < 0) return undefined;
  return new InvocationRows({ app, func, end, duration }, options);
}

type Columns = Readonly<Record<"app" | "func" | "end" | "duration", number>>;

class InvocationRows implements ArrivalRows {
  readonly format = "Azure Functions Invocation Trace 2021";
  readonly hasFunctions = true;
  readonly hasWorkflows = false;
  readonly countsMinutes = false;
  readonly begin = 0;
  readonly end = undefined;
  readonly #columns: Columns;
  readonly #options: RowOptions;
  #early: number;

  constructor(columns: Columns, options: RowOptions) {
    this.#columns = columns;
    this.#options = options;
    this.#early = 0;
  }

  get early(): number {
    return this.#early;
  }

  /** The arrival is when the invocation began. */
  read(cells: readonly string[], line: number): void {
    const { table } = this.#options;
    const { app, func } = this.#columns;
    const end = this.#seconds(cells[this.#columns.end]!, line, "end_timestamp");
    const duration = this.#seconds(cells[this.#columns.duration]!, line, "duration");
    if (end === undefined || duration === undefined) return;
    const source = table.source(cells[app]!, cells[func]!);
    if (end < duration && table.sources[source]!.chosen) this.#early += 1;
    table.add(source, end - duration);
  }

  #seconds(text: string, line: number, path: "end_timestamp" | "duration"): number | undefined {
    const seconds = cellNumber(text);
    const micros = seconds === undefined ? undefined : wholeMicros(seconds * MICROS_PER_SECOND);
    if (micros !== undefined && micros >= 0) return micros;
    const expected = "a number of seconds, 0 or more";
    this.#options.problems.add({ line, path, found: shown(text), expected, next: "" });
    return undefined;
  }
}
