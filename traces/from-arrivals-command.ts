/** `faasflow trace from-arrivals`: the load that a foreign file recorded, as a trace. */

import * as Console from "effect/Console";
import * as Command from "effect/cli/Command";
import * as Effect from "effect/Effect";
import { counted } from "../analysis/count-text.ts";
import { number } from "../analysis/table.ts";
import { UnreadableFile } from "../core/workflow/line-problems.ts";
import { Names, quoted } from "../core/workflow/problem.ts";
import { command } from "../workflows/command.ts";
import { pathsAmong, targetProblems, writing } from "../workflows/named-files.ts";
import { readQuantity } from "../workflows/quantity.ts";
import { UsageErrors } from "../workflows/usage-errors.ts";
import type { ArrivalRows } from "./arrival-rows.ts";
import { ArrivalTable } from "./arrival-table.ts";
import { ArrivalTrace, type Cast, castOf } from "./arrival-trace.ts";
import { fileLines } from "./file-lines.ts";
import { FileOutput } from "./file-output.ts";
import { readArrivalFile } from "./from-arrivals.ts";
import {
  FROM_ARRIVALS_FLAGS,
  type FromArrivals,
  readFromArrivals,
  unusedFlags,
} from "./from-arrivals-flags.ts";

const MICROS_PER_SECOND = 1_000_000;
const MICROS_PER_MINUTE = 60 * MICROS_PER_SECOND;

export const fromArrivalsCommand = command(
  "from-arrivals",
  FROM_ARRIVALS_FLAGS,
  Effect.fn("trace from-arrivals")(function* (input) {
    const asked = yield* readFromArrivals(input);
    const problems = [...asked.problems];
    const { file, out, references } = asked;
    problems.push(...targetProblems({ out: input.out }, [file, ...pathsAmong(references)]));
    const table = new ArrivalTable({ app: asked.app, function: asked.function });
    const read = yield* trying(file, () =>
      readArrivalFile(fileLines(file), { ...asked, table, readTime: microsOf }),
    ).pipe(Effect.catch((error) => Effect.succeed(error.message)));
    if (typeof read === "string") return yield* refused([...problems, read]);
    const { rows } = read;
    if (rows !== undefined) problems.push(...unusedFlags(input, rows));
    if (read.problems.count > 0) problems.push(new UnreadableFile(read.problems).message);
    const cast = castOf(table.sources, asked.workflows);
    if (rows !== undefined && read.problems.count === 0) {
      problems.push(...missing({ asked, rows, table, cast }));
    }
    if (problems.length > 0 || rows === undefined) return yield* refused(problems);
    const made = { asked, rows, cast, ...cut(asked, { rows, table, cast }) };
    if (made.trace.arrivals === 0) return yield* refused([nothingIn(made)]);
    if (!made.trace.exact) return yield* refused([TOO_LONG]);
    if (rows.early > 0) yield* Console.error(someEarly(file, rows));
    yield* write(made.trace, out);
    yield* out === undefined ? Console.error(summary(made)) : Console.log(summary(made));
  }),
).pipe(
  Command.withDescription(
    "Make a trace of when functions were invoked elsewhere: Azure's data sets, or a list of times",
  ),
  Command.withExamples([
    {
      command:
        "faasflow trace from-arrivals invocations.csv --workflow genome --from 2h --for 1h --out x.trace",
      description: "then: faasflow simulate genome --trace x.trace --scheme master-sp",
    },
    {
      command:
        'faasflow trace from-arrivals invocations_per_function_md.anon.d01.csv --app "$APP" ' +
        "--workflow genome --workflow video --for 1h --speed 10 --out x.trace",
      description: "an app's functions as two workflows, an hour in six minutes",
    },
  ]),
);

const TOO_LONG =
  "--from, --for: the window is too long to count its microseconds. Choose a shorter one, or a " +
  "higher --speed.";

interface Found {
  readonly rows: ArrivalRows;
  readonly table: ArrivalTable;
  readonly cast: readonly Cast[];
}

/** What was asked for and is not in the file. */
function missing({ asked, rows, table, cast }: Found & { asked: FromArrivals }): readonly string[] {
  const { sources, wanted, most } = table;
  const { file } = asked;
  if (sources.every(({ count }) => count === 0)) {
    return [`${file}: no arrival is in it. Take another file.`];
  }
  const problems: string[] = [];
  if (asked.references.length === 0 && !rows.hasWorkflows) {
    problems.push("--workflow: none is named, and the file names none. Name one, such as genome.");
  }
  const isRefused = !rows.hasFunctions && (asked.app ?? asked.function) !== undefined;
  if (isRefused) return problems;
  const unknown = unknownChoice(asked, table);
  if (unknown !== undefined) return [...problems, unknown];
  if (wanted > most) {
    const found = `${wanted} arrivals are asked for, at most ${most} fit`;
    problems.push(`${file}: ${found}. Choose by --app or --function, or by --from and --for.`);
  }
  const idle = cast.filter((each) => each.sources.length === 0).map(({ workflow }) => workflow);
  if (idle.length > 0) {
    const few = cast.length - idle.length;
    const kinds = `what is asked for has ${few} kind${few === 1 ? "" : "s"} of arrivals`;
    problems.push(`--workflow: ${idle.join(", ")} would never arrive: ${kinds}. Name no more.`);
  }
  return problems;
}

function unknownChoice(asked: FromArrivals, { sources }: ArrivalTable): string | undefined {
  const { app, function: name } = asked;
  if (sources.some(({ chosen, count }) => chosen && count > 0)) return undefined;
  const apps = new Names("app", new Set(sources.map((source) => source.app)));
  if (app !== undefined && !apps.has(app)) {
    return `--app: ${quoted(app)} is not in the file. ${apps.remedy(app)}`;
  }
  const inApp = sources.filter((source) => app === undefined || source.app === app);
  const names = new Names("function", new Set(inApp.map((source) => source.name)));
  if (name !== undefined && !names.has(name)) {
    const where = app === undefined ? "the file" : "this app";
    return `--function: ${quoted(name)} is not in ${where}. ${names.remedy(name)}`;
  }
  return "--app, --function: what is asked for was never invoked. Choose another.";
}

/** The window that the file covers, in microseconds from the file's beginning, and what is in it. */
function cut(asked: FromArrivals, { rows, table, cast }: Found) {
  const begin = rows.begin ?? table.first;
  const { from, to } = asked.window;
  const window = { from: begin + from, to: begin + to };
  const end = (rows.end ?? table.last) - begin;
  const covered = { from, to: Math.min(to, end) };
  return { trace: new ArrivalTrace(table, { cast, window, speed: asked.speed }), covered, end };
}

interface Made extends ReturnType<typeof cut> {
  readonly asked: FromArrivals;
  readonly rows: ArrivalRows;
  readonly cast: readonly Cast[];
}

function nothingIn({ asked, rows, cast, end }: Made): string {
  const { from, to } = asked.window;
  if (rows.early > 0 && rows.early === countIn(cast)) return allEarly(asked.file, rows);
  const until = to === Infinity ? "on" : `to ${seconds(to)}`;
  const found = `nothing that is asked for arrives from ${seconds(from)} ${until}`;
  return `--from, --for: ${found}. The file goes from 0 s to ${seconds(end)}; choose in there.`;
}

const WHY_EARLY = "began before the file's time 0: end_timestamp is less than duration";

function someEarly(file: string, { early }: ArrivalRows): string {
  return `${file}: left out ${counted(early, "row")} that ${WHY_EARLY}.`;
}

function allEarly(file: string, { early }: ArrivalRows): string {
  const found = `all rows that are asked for (${early}) ${WHY_EARLY}`;
  return `${file}: ${found}. Check these two columns, or choose other functions.`;
}

function summary({ asked, rows, cast, trace, covered }: Made): string {
  const { file, out, speed } = asked;
  const span = (covered.to - covered.from) / speed;
  const mean = number((trace.arrivals * MICROS_PER_MINUTE) / span);
  const peak = trace.peak();
  const total = countIn(cast);
  const counts = trace.counts();
  const workflows = cast.map(({ workflow, sources }, turn) => {
    const [busiest] = sources;
    const who =
      rows.hasFunctions && busiest !== undefined
        ? ` of ${counted(sources.length, "function")}, most of app ${busiest.app} function ${busiest.name}`
        : "";
    return `  ${workflow}: ${counted(counts[turn]!, "arrival")}${who}`;
  });
  const names = cast.map(({ workflow }) => workflow);
  const replayed = asked.references.length > 0 ? asked.references : names;
  const next = `  faasflow simulate ${replayed.join(" ")} --trace ${out} --scheme master-sp`;
  return [
    `${out ?? file}: ${counted(trace.arrivals, "arrival")} in ${seconds(span)}`,
    `  from: ${rows.format}, ${total} there`,
    `  rate: mean ${mean}/min, peak ${peak.count}/min in minute ${peak.minute + 1}`,
    ...workflows,
    ...(out === undefined ? [] : ["", "Next:", next]),
  ].join("\n");
}

/** Arrivals in the whole file of what is asked for. */
function countIn(cast: readonly Cast[]): number {
  return cast.flatMap(({ sources }) => sources).reduce((sum, { count }) => sum + count, 0);
}

function seconds(micros: number): string {
  return `${Number((micros / MICROS_PER_SECOND).toFixed(3))} s`;
}

function microsOf(text: string): number | undefined {
  const reading = readQuantity(text, "time");
  return reading.ok ? reading.value : undefined;
}

const LINES_AT_ONCE = 10_000;

function write(trace: ArrivalTrace, out: string | undefined): Effect.Effect<void, UsageErrors> {
  if (out === undefined) {
    return Effect.forEach(blocks(trace.lines()), (lines) => Console.log(lines.join("\n")), {
      discard: true,
    });
  }
  return writing("out", out, () => {
    const output = new FileOutput(out);
    for (const line of trace.lines()) output.write(`${line}\n`);
    output.end();
  });
}

/** As many lines at once as a pipe likes, and not all of them. */
function* blocks(lines: Iterable<string>): Generator<readonly string[]> {
  let block: string[] = [];
  for (const line of lines) {
    block.push(line);
    if (block.length < LINES_AT_ONCE) continue;
    yield block;
    block = [];
  }
  if (block.length > 0) yield block;
}

function trying<A>(what: string, run: () => A): Effect.Effect<A, UsageErrors> {
  return Effect.try({
    try: run,
    catch: (cause) => {
      const { message } = cause as Error;
      const told = cause instanceof UnreadableFile;
      return new UsageErrors({
        problems: [told ? message : `${what}: ${message}. Name another file.`],
      });
    },
  });
}

function refused(problems: readonly string[]): Effect.Effect<never, UsageErrors> {
  return Effect.fail(new UsageErrors({ problems }));
}
