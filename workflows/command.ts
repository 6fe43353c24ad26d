/**
 * A command of the command line. What is wrong with its arguments and the values of its flags is told
 * at once, where the library ends with the first of them.
 */

import type * as Argument from "effect/cli/Argument";
import * as CliError from "effect/cli/CliError";
import * as Command from "effect/cli/Command";
import type * as Flag from "effect/cli/Flag";
import type * as Param from "effect/cli/Param";
import * as Effect from "effect/Effect";
import * as Result from "effect/Result";
import { quoted } from "../core/workflow/problem.ts";

/** Flags and arguments by their names in code. */
export type Inputs = Readonly<Record<string, Flag.Flag<unknown> | Argument.Argument<unknown>>>;

export function command<const N extends string, const I extends Inputs, R, E>(
  name: N,
  inputs: I,
  handler: (input: Command.Command.Config.Infer<I>) => Effect.Effect<void, E, R>,
) {
  return Command.make(name, toldTogether(inputs), handler);
}

/** Same inputs, but the last one fails for all that failed before it. */
function toldTogether<I extends Inputs>(inputs: I): I {
  // By input: a wizard reads each of them before all are read.
  const problems = new Map<string, string>();
  const entries = Object.entries(inputs);
  const told = entries.map(([key, param], index) => {
    const parse = Effect.fnUntraced(function* (args: Param.ParsedArgs) {
      const read = yield* Effect.result(param.parse(args));
      if (Result.isSuccess(read)) problems.delete(key);
      else problems.set(key, problemIn(read.failure));
      if (index === entries.length - 1 && problems.size > 0) {
        return yield* new CliError.ValidationError({ message: [...problems.values()].join("\n") });
      }
      return Result.isSuccess(read) ? read.success : ([args.arguments, undefined] as const);
    });
    return [key, withParse(param, parse)];
  });
  return Object.fromEntries(told);
}

function problemIn(error: CliError.CliError): string {
  if (error._tag !== "InvalidValue") return error.message;
  const place = error.kind === "flag" ? `--${error.option}` : `<${error.option}>`;
  return `${place}: ${valueProblem(error)}`;
}

/** Without what has the value. */
export function valueProblem({ value, expected }: CliError.InvalidValue): string {
  const right = expected
    .replace(/^Expected:? /, "")
    .replace("a string representing a finite number", "an integer")
    .replaceAll(" | ", " or ")
    .replace(/\.?$/, ".");
  return `${quoted(value)}. Give ${right}`;
}

/** The library makes its own variants of a flag in this way, by functions that it does not export. */
function withParse(param: object, parse: Param.Parse<unknown>): object {
  return Object.assign(Object.create(Object.getPrototypeOf(param)), param, { parse });
}
