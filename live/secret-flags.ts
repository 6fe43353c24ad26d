/** Secrets of daemons: a variable, or a file that a flag or a variable names. */

import { readFileSync } from "node:fs";
import * as Config from "effect/Config";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Redacted from "effect/Redacted";
import { readProblem } from "../workflows/named-files.ts";
import { UsageErrors } from "../workflows/usage-errors.ts";

/** What the variable `NAME` holds, or the file that the variable `NAME_FILE` names; or nothing. */
export const secret = Effect.fnUntraced(function* (name: string) {
  const file = yield* Config.option(Config.String(`${name}_FILE`));
  if (Option.isSome(file)) return yield* secretFile(file.value, `${name}_FILE`);
  return Option.getOrUndefined(yield* Config.option(Config.Redacted(name)));
});

const secretFile = Effect.fnUntraced(function* (path: string, place: string) {
  const content = yield* Effect.try({
    try: () => readFileSync(path, "utf8").trim(),
    catch: (cause) => {
      const problem = readProblem(`${place}: ${path}`, cause, "Name a file that can be read.");
      return new UsageErrors({ problems: [problem] });
    },
  });
  if (content !== "") return Redacted.make(content);
  const problem = `${place}: ${path} is empty. Write the secret into it.`;
  return yield* new UsageErrors({ problems: [problem] });
});

/** In the file, if one is named; else where `secret` looks. */
export function secretIn(
  file: Option.Option<string>,
  from: { readonly flag: string; readonly variable: string },
) {
  if (Option.isSome(file)) return secretFile(file.value, `--${from.flag}`);
  return secret(from.variable);
}
