/**
 * What daemons are told by a file and by the environment rather than by flags, under the flags' own
 * names: `--nats URL`, the variable `FAASFLOW_NATS`, or `nats: URL` in the YAML file that `--config` (or
 * `FAASFLOW_CONFIG`) names. A flag goes before a variable, a variable before the file, the file before
 * what is usual. What is set there becomes flags, so each setting is read and checked in one place.
 */

import { readFileSync } from "node:fs";
import type * as CliError from "effect/cli/CliError";
import type * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import * as Result from "effect/Result";
import { nearest, quoted } from "../core/workflow/problem.ts";
import { valueProblem } from "../workflows/command.ts";
import { formatProblem, readSource } from "../workflows/document.ts";
import { readProblem } from "../workflows/named-files.ts";
import { UsageErrors } from "../workflows/usage-errors.ts";

/** Flags by their names in code: `natsTokenFile` is `--nats-token-file`. */
export type FlagRecord = Readonly<Record<string, Flag.Flag<unknown>>>;

interface Setting {
  readonly name: string;
  readonly text: string;
  /** What a person looks for: the variable, or place and name in the file. */
  readonly where: string;
}

/** About one start of a process, so not for a file that outlives it. */
const NOT_IN_FILES = ["config", "with-parent"];

/** Adds what file and environment set to the arguments of a daemon; others stay as they are. */
export const withConfig = Effect.fn("withConfig")(function* (
  argv: readonly string[],
  commands: Readonly<Record<string, FlagRecord>>,
) {
  const [command = "", ...rest] = argv;
  const record = Object.hasOwn(commands, command) ? commands[command] : undefined;
  if (record === undefined || rest.some((each) => each === "--help" || each === "-h")) return argv;
  const flags = new Map(Object.entries(record).map(([key, flag]) => [flagName(key), flag]));
  const given = new Set(rest.flatMap((each) => /^--(?:no-)?([^=]+)/.exec(each)?.[1] ?? []));
  const problems: string[] = [];
  const fromFile = fileSettings(pathIn(rest), flags, problems);
  const fromEnvironment = [...flags.keys()].flatMap((name): readonly Setting[] => {
    const variable = `FAASFLOW_${name.toUpperCase().replaceAll("-", "_")}`;
    const text = process.env[variable];
    return text === undefined ? [] : [{ name, text, where: variable }];
  });
  const settings = new Map<string, string>();
  for (const { name, text, where } of [...fromFile, ...fromEnvironment]) {
    const flag = flags.get(name)!;
    const parsed = yield* Effect.result(flag.parse({ flags: { [name]: [text] }, arguments: [] }));
    if (Result.isFailure(parsed)) problems.push(`${where}: ${problemIn(parsed.failure)}`);
    else settings.set(name, asFlag({ name, text, value: parsed.success[1] }));
  }
  if (problems.length > 0) return yield* new UsageErrors({ problems });
  const added = [...settings].flatMap(([name, flag]) => (given.has(name) ? [] : [flag]));
  return [command, ...added, ...rest];
});

function flagName(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function asFlag(setting: { name: string; text: string; value: unknown }): string {
  const { name, text, value } = setting;
  if (typeof value !== "boolean") return `--${name}=${text}`;
  return value ? `--${name}` : `--no-${name}`;
}

function pathIn(
  argv: readonly string[],
): { readonly path: string; readonly by: string } | undefined {
  const index = argv.findIndex((each) => /^--config(=|$)/.test(each));
  const path = index === -1 ? undefined : (argv[index]!.split("=", 2)[1] ?? argv[index + 1]);
  if (path !== undefined) return { path, by: "--config" };
  const variable = process.env["FAASFLOW_CONFIG"];
  return variable === undefined ? undefined : { path: variable, by: "FAASFLOW_CONFIG" };
}

function fileSettings(
  file: ReturnType<typeof pathIn>,
  flags: ReadonlyMap<string, unknown>,
  problems: string[],
): readonly Setting[] {
  if (file === undefined) return [];
  const { path, by } = file;
  const text = contentOf(path);
  if (text instanceof Error) {
    problems.push(readProblem(`${by}: ${path}`, text, "Name a file that can be read."));
    return [];
  }
  if (text.trim() === "") return [];
  const source = readSource(text);
  const { data, locate } = source;
  for (const problem of source.problems) {
    if (problem.line > 0) problems.push(formatProblem(path, problem));
  }
  if (typeof data !== "object" || data === null) {
    const remedy = "Write a setting a line, such as `nats: nats://10.0.0.1:4222`.";
    if (problems.length === 0) problems.push(`${path}: this is no list of settings. ${remedy}`);
    return [];
  }
  const names = [...flags.keys()].filter((name) => !NOT_IN_FILES.includes(name));
  return Object.entries(data).flatMap(([name, value]): readonly Setting[] => {
    const { line, column } = locate([name], { atName: true });
    const where = `${path}:${line}:${column} ${name}`;
    if (names.includes(name)) {
      if (["string", "number", "boolean"].includes(typeof value)) {
        return [{ name, text: `${value}`, where }];
      }
      problems.push(`${where}: ${quoted(JSON.stringify(value))} is no single value. Write one.`);
      return [];
    }
    const near = nearest(name, names);
    const hint = near === undefined ? `Settings: ${names.join(", ")}.` : `Did you mean ${near}?`;
    problems.push(`${where}: there is no such setting. ${hint}`);
    return [];
  });
}

function contentOf(path: string): string | Error {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    return cause as Error;
  }
}

/** Without the name of the flag, which nobody has written here. */
function problemIn(error: CliError.CliError): string {
  return error._tag === "InvalidValue" ? valueProblem(error) : error.message;
}
