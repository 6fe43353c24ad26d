/** The flags of `trace from-arrivals`, read as text, so that all that is wrong with them is told at once. */

import * as Argument from "effect/cli/Argument";
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Result from "effect/Result";
import { quoted } from "../core/workflow/problem.ts";
import { resolveWorkflow } from "../workflows/load.ts";
import { readQuantity } from "../workflows/quantity.ts";
import type { ArrivalRows, Window, Within } from "./arrival-rows.ts";

const text = (name: string, description: string): Flag.Flag<Option.Option<string>> =>
  Flag.String(name).pipe(Flag.optional, Flag.withDescription(description));

export const FROM_ARRIVALS_FLAGS = {
  file: Argument.String("file").pipe(
    Argument.withDescription(
      "CSV: Azure Functions Invocation Trace 2021 (app, func, end_timestamp, duration); Azure " +
        "Functions Trace 2019 (HashApp, HashFunction, 1 .. 1440); or a list of times (at_s, at_ms, " +
        "at_us, or at: `1.2 s`, `2026-01-31T10:00:00Z`), with a column workflow or without",
    ),
  ),
  workflow: Flag.String("workflow").pipe(
    Flag.atLeast(0),
    Flag.withDescription(
      "repeatable: what arrives. Of several, the file's functions, those that arrive most first, " +
        "take one in turn. Default: what the column workflow says",
    ),
  ),
  app: text("app", "only the functions of this app"),
  function: text("function", "only this function"),
  from: text("from", "where the window begins, which the trace has at 0, such as 2h; default 0"),
  for: text("for", "how long the window is, such as 1h; default: to the end of the file"),
  speed: text("speed", "how many times faster time runs, such as 10; default 1"),
  within: text(
    "within",
    "of counts a minute: poisson (default), a Poisson process with just that many, or even",
  ),
  seed: text("seed", "of what is left to chance; default 1"),
  out: Flag.String("out").pipe(
    Flag.optional,
    Flag.withMetavar("FILE"),
    Flag.withDescription("where to; default: standard output"),
  ),
};

type TextFlag = "app" | "function" | "from" | "for" | "speed" | "within" | "seed" | "out";

export type FromArrivalsInput = Readonly<Record<TextFlag, Option.Option<string>>> & {
  readonly file: string;
  readonly workflow: readonly string[];
};

/** What was asked for. Where a problem was found, the default stands in. */
export interface FromArrivals {
  readonly file: string;
  /** Workflows as they were asked for: by name or by file. */
  readonly references: readonly string[];
  /** What each is called in a trace. */
  readonly workflows: readonly string[];
  readonly app: string | undefined;
  readonly function: string | undefined;
  /** Microseconds from the file's beginning. */
  readonly window: Window;
  readonly speed: number;
  readonly within: Within;
  readonly seed: string;
  readonly out: string | undefined;
  readonly problems: readonly string[];
}

export const readFromArrivals = Effect.fnUntraced(function* (input: FromArrivalsInput) {
  const reader = new FlagReader(input);
  const from = reader.time("from") ?? 0;
  const length = reader.time("for") ?? Infinity;
  if (length === 0) reader.problem("for", quoted("0"), "Give a time above 0, such as 1h.");
  const asked = {
    file: input.file,
    references: input.workflow,
    app: reader.text("app"),
    function: reader.text("function"),
    window: { from, to: from + length },
    speed: reader.factor("speed") ?? 1,
    within: reader.within() ?? "poisson",
    seed: reader.text("seed") ?? "1",
    out: reader.text("out"),
  };
  const workflows: string[] = [];
  for (const reference of input.workflow) {
    const result = yield* Effect.result(resolveWorkflow(reference));
    if (Result.isFailure(result)) reader.problems.push(result.failure.message);
    else if (workflows.includes(result.success.name)) {
      reader.problem("workflow", `${quoted(reference)} is given twice`, "Name each once.");
    } else workflows.push(result.success.name);
  }
  return { ...asked, workflows, problems: reader.problems } satisfies FromArrivals;
});

/** Flags that this file gives nothing to do. */
export function unusedFlags(input: FromArrivalsInput, rows: ArrivalRows): readonly string[] {
  const reader = new FlagReader(input);
  if (!rows.hasFunctions) reader.refuse(["app", "function"], "the file has no functions");
  if (!rows.countsMinutes) reader.refuse(["within", "seed"], "the file has the times themselves");
  else if (reader.text("within") === "even") reader.refuse(["seed"], "--within even has no chance");
  return reader.problems;
}

/** Reads flags one by one and gathers what is wrong with them. */
class FlagReader {
  readonly #input: FromArrivalsInput;
  readonly problems: string[];

  constructor(input: FromArrivalsInput) {
    this.#input = input;
    this.problems = [];
  }

  text(flag: TextFlag): string | undefined {
    return Option.getOrUndefined(this.#input[flag]);
  }

  /** Microseconds. */
  time(flag: TextFlag): number | undefined {
    const value = this.text(flag);
    if (value === undefined) return undefined;
    const reading = readQuantity(value, "time");
    if (reading.ok) return reading.value;
    this.problem(flag, reading.found, reading.remedy);
    return undefined;
  }

  factor(flag: TextFlag): number | undefined {
    const value = this.text(flag);
    if (value === undefined) return undefined;
    const factor = Number(value);
    if (/^\d+(\.\d+)?$/.test(value) && factor > 0) return factor;
    this.problem(flag, quoted(value), "Give a number above 0, such as 10 or 0.5.");
    return undefined;
  }

  within(): Within | undefined {
    const value = this.text("within");
    if (value === undefined || value === "poisson" || value === "even") return value;
    this.problem("within", quoted(value), "Choose one of poisson, even.");
    return undefined;
  }

  /** Flags that would have no effect are an error, not a silence. */
  refuse(flags: readonly TextFlag[], why: string): void {
    for (const flag of flags) {
      if (this.text(flag) !== undefined)
        this.problem(flag, `has no effect, ${why}`, "Leave it out.");
    }
  }

  problem(flag: TextFlag | "workflow", found: string, remedy: string): void {
    this.problems.push(`--${flag}: ${found}. ${remedy}`);
  }
}
