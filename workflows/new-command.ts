/** `faasflow new`: a small workflow with functions, to change into one's own. */

import { existsSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import * as Console from "effect/Console";
import * as Argument from "effect/cli/Argument";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import { quoted } from "../core/workflow/problem.ts";
import { command } from "./command.ts";
import { makeFolder } from "./named-files.ts";
import { type NewFile, newWorkflow } from "./new-workflow.ts";
import { UsageErrors } from "./usage-errors.ts";

/** A name that is also fine as a file's. */
const NAME = /^[A-Za-z][A-Za-z0-9_-]*$/;

export const newCommand = command(
  "new",
  {
    name: Argument.String("name").pipe(Argument.withDescription("the workflow's name")),
    dir: Flag.String("dir").pipe(
      Flag.withDefault("."),
      Flag.withDescription("the folder to write to, made if need be; default: the current one"),
    ),
  },
  Effect.fn("new")(function* ({ name, dir }) {
    const files = newWorkflow(name);
    const problems = [...nameProblems(name), ...fileProblems(dir, files)];
    if (problems.length > 0) return yield* new UsageErrors({ problems });
    yield* Effect.try({
      try: () => write(dir, files),
      catch: (cause) => {
        const found = `--dir: ${quoted(dir)} cannot be written to: ${(cause as Error).message}`;
        return new UsageErrors({ problems: [`${found}. Name another folder.`] });
      },
    });
    const [file = "", ...functions] = files.map(({ path }) => join(dir, path));
    yield* Console.log(
      [
        `${file}: the workflow`,
        ...functions.map((path) => `${path}: a function`),
        "",
        "Next:",
        `  faasflow check ${file}`,
        `  faasflow simulate ${file}`,
        `  faasflow live run ${file}`,
      ].join("\n"),
    );
  }),
).pipe(
  Command.withDescription("Make a small workflow with functions, to change into your own"),
  Command.withExamples([
    { command: "faasflow new my-workflow", description: "my-workflow.yaml, functions beside it" },
  ]),
);

function nameProblems(name: string): readonly string[] {
  if (name === "all") return ['"all" names all workflows of a run together. Take another name.'];
  if (NAME.test(name)) return [];
  const remedy = "Take letters, digits, underscores and hyphens, a letter first.";
  return [`${quoted(name)} is no name for a workflow. ${remedy}`];
}

function fileProblems(dir: string, files: readonly NewFile[]): readonly string[] {
  return files
    .map(({ path }) => join(dir, path))
    .filter((path) => existsSync(path))
    .map((path) => `${path} is there already. Take another name, or another --dir.`);
}

function write(dir: string, files: readonly NewFile[]): void {
  for (const { path, text } of files) {
    const file = join(dir, path);
    makeFolder(dirname(file));
    // Fails if somebody else has made it meanwhile.
    writeFileSync(file, text, { flag: "wx" });
  }
}
