/**
 * Azure Functions Trace 2019, `invocations_per_function_md.anon.dNN.csv`: a day a file, a row a
 * function. Columns: `HashOwner`, `HashApp`, `HashFunction`, `Trigger`, and `1` to `1440`, how often
 * the function was invoked in that minute of the day.
 *
 * Source: github.com/Azure/AzurePublicDataset, AzureFunctionsDataset2019.md, revision 2 (CC-BY; cite
 * Shahrad et al., "Serverless in the Wild", USENIX ATC 2020). Counted there is when a function ended.
 */

import { shown } from "../core/workflow/line-problems.ts";
import type { ArrivalRows, RowOptions } from "./arrival-rows.ts";
import { randomStream } from "./random.ts";

const MICROS_PER_MINUTE = 60_000_000;

export function minuteRows(
  columns: readonly string[],
  options: RowOptions,
): ArrivalRows | undefined {
  const [app, func] = [columns.indexOf("HashApp"), columns.indexOf("HashFunction")];
  const first = columns.indexOf("1");
  if (app < 0 || func < 0 || first < 0) return undefined;
  let minutes = 1;
  while (columns[first + minutes] === `${minutes + 1}`) minutes += 1;
  return new MinuteRows({ app, func, first, minutes }, options);
}

type Columns = Readonly<Record<"app" | "func" | "first" | "minutes", number>>;

class MinuteRows implements ArrivalRows {
  readonly format = "Azure Functions Trace 2019, invocations a minute";
  readonly hasFunctions = true;
  readonly hasWorkflows = false;
  readonly countsMinutes = true;
  readonly begin = 0;
  readonly end: number;
  readonly early = 0;
  readonly #columns: Columns;
  readonly #options: RowOptions;
  readonly #counts: Float64Array;

  constructor(columns: Columns, options: RowOptions) {
    this.end = columns.minutes * MICROS_PER_MINUTE;
    this.#columns = columns;
    this.#options = options;
    this.#counts = new Float64Array(columns.minutes);
  }

  read(cells: readonly string[], line: number): void {
    const { table, within, seed } = this.#options;
    const { app, func, first } = this.#columns;
    const total = this.#count(cells, line);
    if (total === undefined) return;
    const id = table.source(cells[app]!, cells[func]!);
    const source = table.sources[id]!;
    source.count += total;
    if (total === 0 || !source.chosen) return;
    // By what the row says: the same times wherever it stands in the file.
    const name = `${seed}/${cells.slice(0, first).join()}/${total}`;
    const row = within === "poisson" ? randomStream(name)() : undefined;
    this.#spread(id, row);
  }

  /** Of the whole row. Undefined: a cell is wrong. */
  #count(cells: readonly string[], line: number): number | undefined {
    const { first, minutes } = this.#columns;
    let total = 0;
    let sound = true;
    for (let minute = 0; minute < minutes; minute++) {
      const text = cells[first + minute]!;
      const count = text === "0" ? 0 : wholeNumber(text);
      if (total + count <= Number.MAX_SAFE_INTEGER) {
        this.#counts[minute] = count;
        total += count;
        continue;
      }
      sound = false;
      const expected = "how often it was invoked in that minute, a whole number";
      const path = `minute ${minute + 1}`;
      this.#options.problems.add({ line, path, found: shown(text), expected, next: "" });
    }
    return sound ? total : undefined;
  }

  /** A Poisson process, given how many arrive in a minute, has them there uniformly. */
  #spread(id: number, row: number | undefined): void {
    const { table, window } = this.#options;
    const first = Math.floor(window.from / MICROS_PER_MINUTE);
    for (let minute = first; minute < this.#counts.length; minute++) {
      const count = this.#counts[minute]!;
      const begin = minute * MICROS_PER_MINUTE;
      if (begin >= window.to) return;
      if (count === 0 || !table.fits(count)) continue;
      // A stream a minute, so that a window has the arrivals that the whole has there.
      const random = row === undefined ? undefined : randomStream(`${row}/${minute}`);
      for (let k = 0; k < count; k++) {
        const share = random === undefined ? k / count : random();
        table.keep(id, begin + Math.floor(share * MICROS_PER_MINUTE));
      }
    }
  }
}

/** NaN: something else. */
function wholeNumber(text: string): number {
  return /^\d+$/.test(text) ? Number(text) : Number.NaN;
}
