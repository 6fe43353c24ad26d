/** `faasflow import`: a recorded workflow of WfCommons as a workflow file, to be read and changed. */

import { writeFileSync } from "node:fs";
import { basename } from "node:path";
import * as Console from "effect/Console";
import * as Argument from "effect/cli/Argument";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import { quoted } from "../core/workflow/problem.ts";
import { command } from "./command.ts";
import { formatProblem } from "./document.ts";
import { type Foreign, readForeign } from "./foreign.ts";
import { importedText, importSummary } from "./import-text.ts";
import { readWorkflowText } from "./load.ts";
import { type Dimension, readQuantity } from "./quantity.ts";
import { UsageErrors } from "./usage-errors.ts";

const MICROS_PER_SECOND = 1_000_000;

export const importCommand = command(
  "import",
  {
    file: Argument.String("file").pipe(
      Argument.withDescription("a recorded workflow: WfFormat 1.0 to 1.6, of WfCommons"),
    ),
    out: Flag.String("out").pipe(
      Flag.optional,
      Flag.withMetavar("FILE"),
      Flag.withDescription("where to; default: standard output"),
    ),
    runtime: Flag.String("runtime").pipe(
      Flag.optional,
      Flag.withDescription("of the tasks that have none in the recording, such as 10s"),
    ),
    size: Flag.String("size").pipe(
      Flag.optional,
      Flag.withDescription("of the files that have none in the recording, such as 1MB"),
    ),
  },
  Effect.fn("import")(function* ({ file, out, runtime, size }) {
    const flags = new Amounts();
    const micros = flags.read("runtime", runtime, "time");
    const bytes = flags.read("size", size, "size");
    const { problems } = flags;
    const text = yield* Effect.catch(readWorkflowText(file, ABSENT), ({ message }) => {
      problems.push(message);
      return Effect.succeed(undefined);
    });
    const runtime_s = micros === undefined ? undefined : micros / MICROS_PER_SECOND;
    const foreign = text === undefined ? undefined : readForeign(text, { runtime_s, bytes });
    if (text !== undefined && foreign === undefined) problems.push(`${file}: ${NOT_FOREIGN}`);
    if (foreign?.ok === true) problems.push(...unused(foreign, { runtime, size }));
    const wrong = foreign?.ok === false ? foreign.problems : [];
    problems.push(...wrong.map((problem) => formatProblem(file, problem)));
    if (foreign?.ok !== true || problems.length > 0) return yield* new UsageErrors({ problems });
    const workflow = importedText(foreign, basename(file));
    if (Option.isNone(out)) return yield* Console.log(workflow.trimEnd());
    yield* write(out.value, workflow);
    yield* Console.log(
      [
        `${out.value}: workflow ${foreign.file.name}`,
        ...importSummary(foreign).map((line) => `  ${line}`),
        "",
        "Next:",
        `  faasflow check ${out.value}`,
        `  faasflow simulate ${out.value}`,
      ].join("\n"),
    );
  }),
).pipe(
  Command.withDescription("Make a workflow file of a recorded workflow of WfCommons"),
  Command.withExamples([
    {
      command: "faasflow import montage.json --out montage.yaml",
      description: "then: faasflow simulate montage.yaml; montage.json itself would do as well",
    },
    {
      command: "faasflow import blast.json --runtime 10s --size 1MB",
      description: "of a workflow that never ran: so long a task, so many bytes a file",
    },
  ]),
);

const ABSENT = "Check the path of the recording; a benchmark needs no import.";

const NOT_FOREIGN =
  "this is no recorded workflow: there is no `workflow` with `tasks` or a `specification` in it. " +
  "Give a JSON file in WfFormat; a workflow file of ours needs no import.";

/** Reads flags, and gathers what is wrong with them. */
class Amounts {
  readonly problems: string[] = [];

  read(flag: string, text: Option.Option<string>, dimension: Dimension): number | undefined {
    if (Option.isNone(text)) return undefined;
    const reading = readQuantity(text.value, dimension);
    if (reading.ok) return reading.value;
    this.problems.push(`--${flag}: ${reading.found}. ${reading.remedy}`);
    return undefined;
  }
}

function unused(
  { taken }: Foreign,
  { runtime, size }: Readonly<Record<"runtime" | "size", Option.Option<string>>>,
): readonly string[] {
  const problems: string[] = [];
  if (Option.isSome(runtime) && taken.runtimes === 0) {
    problems.push("--runtime: has no effect, every task has a runtime. Leave it out.");
  }
  if (Option.isSome(size) && taken.sizes === 0) {
    problems.push("--size: has no effect, every file has a size. Leave it out.");
  }
  return problems;
}

/** Never over a file that is there: it may have been changed by hand. */
function write(file: string, text: string): Effect.Effect<void, UsageErrors> {
  return Effect.try({
    try: () => writeFileSync(file, text, { flag: "wx" }),
    catch: (cause) => {
      const { code, message } = cause as NodeJS.ErrnoException;
      const found =
        code === "EEXIST"
          ? `${file} is there already. Name another file.`
          : `--out: ${quoted(file)} cannot be written to: ${message}. Name another file.`;
      return new UsageErrors({ problems: [found] });
    },
  });
}
