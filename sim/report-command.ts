/** `faasflow report`: one self-contained page of experiments, run now or saved before. */

import { readFileSync } from "node:fs";
import * as Console from "effect/Console";
import * as Argument from "effect/cli/Argument";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Result from "effect/Result";
import * as Schema from "effect/Schema";
import { counted } from "../analysis/count-text.ts";
import { EXPERIMENT_NAMES } from "../analysis/experiment.ts";
import { climbed, type ExperimentRow } from "../analysis/experiment-rows.ts";
import { type About, reportHtml } from "../analysis/report.ts";
import { quoted } from "../core/workflow/problem.ts";
import { command } from "../workflows/command.ts";
import { pathsAmong, readProblem, targetProblems, writeNamed } from "../workflows/named-files.ts";
import { UsageErrors } from "../workflows/usage-errors.ts";
import { aboutOf, simulated } from "./experiment-command.ts";
import { readExperiment } from "./experiment-flags.ts";

const DEFAULT_FILE = "faasflow-report.html";

const text = (name: string, description: string): Flag.Flag<Option.Option<string>> =>
  Flag.String(name).pipe(Flag.optional, Flag.withDescription(description));

export const reportCommand = command(
  "report",
  {
    files: Argument.String("file").pipe(
      Argument.withDescription("what `faasflow experiment --json` printed; none: all are run now"),
      Argument.variadic(),
    ),
    html: Flag.String("html").pipe(
      Flag.withDefault(DEFAULT_FILE),
      Flag.withMetavar("FILE"),
      Flag.withDescription(`where the page goes; default ${DEFAULT_FILE}`),
    ),
    profile: text("profile", "cluster profile: paper-testbed (default), ideal, or a YAML file"),
    seed: text("seed", "of everything left to chance; default 1"),
  },
  Effect.fn("report")(function* ({ files, html, profile, seed }) {
    const refused = targetProblems({ html: Option.some(html) }, [
      ...files,
      ...pathsAmong(Option.toArray(profile)),
    ]);
    const flags = { profile, seed, refused };
    const { rows, about } =
      files.length === 0 ? yield* runAll(flags) : yield* readAll(files, flags);
    const page = yield* Effect.promise(() => reportHtml(rows, about));
    yield* writeNamed("html", html, page);
    yield* Console.log(
      `${html}: ${counted(rows.length, "row")}, ${Math.ceil(page.length / 1024)} KiB`,
    );
  }),
).pipe(
  Command.withDescription("Write the paper's experiments as one HTML page, with plots"),
  Command.withExamples([
    { command: "faasflow report --html report.html", description: "runs all experiments" },
    {
      command: "faasflow report e2e.json tail.json",
      description: "of experiments run before with --json",
    },
  ]),
);

interface RunFlags {
  readonly profile: Option.Option<string>;
  readonly seed: Option.Option<string>;
  /** What is wrong already, told with the rest. */
  readonly refused: readonly string[];
}

const runAll = Effect.fnUntraced(function* ({ refused, ...flags }: RunFlags) {
  const none = Option.none<string>();
  const lists = { workflows: none, bandwidth: none, rate: none, tasks: none };
  const rest = { mode: none, longRun: none, partition: none, live: none, duration: none };
  const asked = yield* readExperiment("all", { ...lists, ...rest, ...flags }, refused);
  return { rows: yield* simulated(asked), about: aboutOf(asked) };
});

/** What the page needs of a saved row; the rest is kept as it is. */
const SavedSchema = Schema.Struct({
  about: Schema.Struct({ profile: Schema.String, seed: Schema.String }),
  rows: Schema.Array(
    Schema.Struct({
      workflow: Schema.String,
      scheme: Schema.String,
      storage: Schema.String,
      metric: Schema.String,
      unit: Schema.Literals(["s", "B", "1"]),
      value: Schema.Union([Schema.Finite, Schema.String]),
      count: Schema.Natural,
      experiment: Schema.Literals(EXPERIMENT_NAMES),
      driver: Schema.Literals(["sim", "live"]),
      mode: Schema.optionalKey(Schema.Literals(["solo", "corun"])),
      partition: Schema.optionalKey(Schema.String),
      rate_per_min: Schema.optionalKey(Schema.Finite),
      bandwidth_MBps: Schema.optionalKey(Schema.Finite),
    }),
  ),
});

const readAll = Effect.fnUntraced(function* (files: readonly string[], flags: RunFlags) {
  const unread = (["profile", "seed"] as const)
    .filter((flag) => Option.isSome(flags[flag]))
    .map((flag) => `--${flag}: has no effect on experiments that were run before. Leave it out.`);
  const problems = [...flags.refused, ...unread];
  const rows: ExperimentRow[] = [];
  const abouts: About[] = [];
  for (const file of files) {
    const saved = yield* Effect.result(readSaved(file));
    if (Result.isFailure(saved)) {
      problems.push(saved.failure);
      continue;
    }
    rows.push(...saved.success.rows);
    abouts.push(saved.success.about);
  }
  if (problems.length > 0) return yield* new UsageErrors({ problems });
  const told = (field: keyof About): string =>
    [...new Set(abouts.map((about) => about[field]))].join(", ");
  return { rows: climbed(rows), about: { profile: told("profile"), seed: told("seed") } };
});

const SAVED_REMEDY = "Name what `faasflow experiment --json` printed.";

function readSaved(file: string): Effect.Effect<typeof SavedSchema.Type, string> {
  return Effect.try({
    try: () => readFileSync(file, "utf8").replace(/^\uFEFF/, ""),
    catch: (cause) => readProblem(file, cause, SAVED_REMEDY),
  }).pipe(
    Effect.flatMap((json) =>
      Schema.decodeUnknownEffect(Schema.fromJsonString(SavedSchema))(json).pipe(
        Effect.mapError(
          ({ message }) =>
            `${file}: not what \`faasflow experiment --json\` prints: ` +
            `${quoted(message.split("\n").join(" "))}. Save it with --json again.`,
        ),
      ),
    ),
  );
}
