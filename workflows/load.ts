/**
 * Workflows by file, by text or by name. Whatever comes in, what comes out is a sound spec or a
 * list of all its problems, each with its line.
 */

import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { fileURLToPath } from "node:url";
import * as Effect from "effect/Effect";
import * as Result from "effect/Result";
import * as Schema from "effect/Schema";
import {
  Names,
  type Problem,
  type ProblemPath,
  pathText,
  quoted,
} from "../core/workflow/problem.ts";
import type { WorkflowSpec } from "../core/workflow/spec.ts";
import { validate } from "../core/workflow/validate.ts";
import { assemble } from "./assemble.ts";
import {
  type Form,
  formatProblem,
  type LocatedProblem,
  readSource,
  type Source,
} from "./document.ts";
import { readForeign } from "./foreign.ts";
import { missingModules } from "./function-modules.ts";
import { generateCycles } from "./generators/cycles.ts";
import { generateEpigenomics } from "./generators/epigenomics.ts";
import { generateGenome } from "./generators/genome.ts";
import { generateSoykb } from "./generators/soykb.ts";
import { problemsOf, type ShapeProblem } from "./issues.ts";
import { isPath } from "./named-files.ts";
import { resourceUrl } from "./resources.ts";
import { salvage } from "./salvage.ts";
import { type WorkflowFile, WorkflowFileSchema } from "./schema.ts";

export type ParseResult =
  | { readonly ok: true; readonly spec: WorkflowSpec }
  | { readonly ok: false; readonly problems: readonly LocatedProblem[] };

/** A workflow file that cannot be used, and everything that is wrong with it. */
export class SpecErrors extends Schema.TaggedError<SpecErrors>()("SpecErrors", {
  file: Schema.String,
  problems: Schema.Array(
    Schema.Struct({
      line: Schema.Int,
      column: Schema.Int,
      where: Schema.String,
      found: Schema.String,
      remedy: Schema.String,
    }),
  ),
}) {
  /** One line a problem. */
  override get message(): string {
    return this.problems.map((problem) => formatProblem(this.file, problem)).join("\n");
  }
}

/** The eight benchmarks of the paper. */
export const BENCHMARKS = [
  "cycles",
  "epigenomics",
  "genome",
  "soykb",
  "wordcount",
  "fileprocessing",
  "illegal_recognizer",
  "video",
] as const;

/** Workflows of the benchmark's shape with so many tasks; the same for the same arguments. */
export const GENERATORS: ReadonlyMap<string, (tasks: number, seed: string) => WorkflowSpec> =
  new Map([
    ["cycles", generateCycles],
    ["epigenomics", generateEpigenomics],
    ["genome", generateGenome],
    ["soykb", generateSoykb],
  ]);

const MIN_TASKS = 10;
const MAX_TASKS = 10_000;
const MAX_FILE_BYTES = 64 * 1024 * 1024;

export interface ToRun {
  /** Whether its functions are to run, so that their modules have to be there. */
  readonly functions: boolean;
}

/**
 * A text of our own format, or of WfCommons'. `folder`: where its modules have to be; none: it is
 * not looked for them. Never throws. Cost: linear in the text; a benchmark takes a few milliseconds.
 */
export function parseWorkflow(text: string, folder?: string): ParseResult {
  const foreign = readForeign(text);
  if (foreign !== undefined) return foreign.ok ? soundSpec(foreign.file) : foreign;
  const source = readSource(text, WORKFLOW);
  if (source.data === undefined) return { ok: false, problems: source.problems };
  const problems: LocatedProblem[] = [...source.problems];
  const check = (spec: WorkflowSpec): readonly Problem[] => [
    ...validate(spec),
    ...(folder === undefined ? [] : missingModules(folder, spec)),
  ];
  const decoded = decode(source.data);
  if (Result.isSuccess(decoded)) {
    const spec = assemble(decoded.success);
    problems.push(...locateAll(source, check(spec)));
    return problems.length === 0 ? { ok: true, spec } : { ok: false, problems: ordered(problems) };
  }
  const shape = problemsOf(decoded.failure.issue, source.data);
  problems.push(...locateAll(source, shape), ...restOf(source, shape, check));
  return { ok: false, problems: ordered(problems) };
}

const WORKFLOW: Form = { one: "a workflow", fields: "`faasflow: 1`, `name`, `tasks`" };

/** What a reader of a foreign format made. */
function soundSpec(file: WorkflowFile): ParseResult {
  const spec = assemble(file);
  const problems = validate(spec).map(({ path, found, remedy }) => {
    return { line: 0, column: 0, where: pathText(path), found, remedy };
  });
  return problems.length === 0 ? { ok: true, spec } : { ok: false, problems };
}

/** Reads and checks one file. */
export const loadWorkflow = Effect.fn("loadWorkflow")(function* (file: string, toRun?: ToRun) {
  const text = yield* readWorkflowText(file, `Check the path, or ${NAMED}.`);
  const result = parseWorkflow(text, toRun?.functions === true ? dirname(file) : undefined);
  if (result.ok) return result.spec;
  return yield* new SpecErrors({ file, problems: result.problems });
});

/**
 * A path, the name of a benchmark (`genome`), or a generated workflow: `genome:500`, with a seed
 * `genome:500:7`. A name is a path if it has a slash or ends in .yaml, .yml or .json.
 */
export const resolveWorkflow = Effect.fn("resolveWorkflow")(function* (
  nameOrPath: string,
  toRun?: ToRun,
) {
  if (isPath(nameOrPath)) return yield* loadWorkflow(nameOrPath, toRun);
  const [name, tasks, seed, ...rest] = nameOrPath.split(":");
  if (tasks === undefined) {
    if ((BENCHMARKS as readonly string[]).includes(nameOrPath)) {
      return yield* loadWorkflow(benchmarkFile(nameOrPath));
    }
    return yield* unknownName(nameOrPath);
  }
  const generate = GENERATORS.get(name ?? "");
  if (generate === undefined || rest.length > 0) return yield* unknownName(nameOrPath);
  const count = Number(tasks);
  if (!/^\d+$/.test(tasks) || count < MIN_TASKS || count > MAX_TASKS) {
    const found = `${quoted(tasks)} is not a number of tasks`;
    return yield* wrongFile(nameOrPath, found, `Write ${MIN_TASKS} to ${MAX_TASKS}: ${name}:500.`);
  }
  return generate(count, seed ?? "1");
});

/** The path of a benchmark's file. */
export function benchmarkFile(name: string): string {
  return fileURLToPath(resourceUrl(`workflows/benchmarks/${name}.yaml`));
}

const decode = Schema.decodeUnknownResult(WorkflowFileSchema, {
  errors: "all",
  onExcessProperty: "error",
});

/** What is left after a cut can be wrong in turn: a datum without its misspelt `size`. */
const SALVAGE_ROUNDS = 3;

/** What the checker says of a file with wrong fields, where that can be told apart from them. */
function restOf(
  source: Source,
  shape: readonly ShapeProblem[],
  check: (spec: WorkflowSpec) => readonly Problem[],
): LocatedProblem[] {
  let rest = salvage(source.data, shape);
  let decoded = decode(rest);
  for (let round = 1; Result.isFailure(decoded); round++) {
    if (rest === undefined || round === SALVAGE_ROUNDS) return [];
    rest = salvage(rest, problemsOf(decoded.failure.issue, rest));
    decoded = decode(rest);
  }
  const wrong = shape.filter(({ kind }) => kind !== "unknown").map(({ path }) => path);
  const cut = wrong.map(datumAt).filter((name) => name !== undefined);
  const problems = check(assemble(decoded.success)).filter(
    ({ path, found }) =>
      !wrong.some((other) => overlap(other, path)) &&
      !cut.some((name) => found.includes(quoted(name))),
  );
  return locateAll(source, problems);
}

/** The datum that a path is in the declaration of. */
function datumAt([top, second, third, fourth]: ProblemPath): string | undefined {
  if (top === "inputs" && second !== undefined) return `input.${second}`;
  return third === "writes" && fourth !== undefined ? `${second}.${fourth}` : undefined;
}

/** Whether one is in the other; of a task, whether they are in the same field. */
function overlap(a: ProblemPath, b: ProblemPath): boolean {
  const inOneField = a[0] === "steps" ? Number.MAX_VALUE : 4;
  const shorter = Math.min(a.length, b.length, inOneField);
  return a.slice(0, shorter).every((part, index) => part === b[index]);
}

function locateAll(
  source: Source,
  problems: readonly (Problem & { readonly kind?: ShapeProblem["kind"] })[],
): LocatedProblem[] {
  return problems.map(({ path, found, remedy, offset, kind }) => {
    const {
      line,
      column,
      path: there,
    } = source.locate(path, { offset, atName: kind === "unknown" });
    return { line, column, where: pathText(kind === "missing" ? path : there), found, remedy };
  });
}

/** By line and column, each once: what `defaults` get wrong is wrong in many tasks. */
function ordered(problems: readonly LocatedProblem[]): LocatedProblem[] {
  const once = new Map(problems.map((problem) => [formatProblem("", problem), problem]));
  return [...once.values()].sort((a, b) => a.line - b.line || a.column - b.column);
}

const NAMED = `name a benchmark: ${BENCHMARKS.join(", ")}`;

/** The text of a file, if it can be one of a workflow. `absent`: what to do if there is none. */
export const readWorkflowText = Effect.fnUntraced(function* (file: string, absent: string) {
  const attempt = <A>(read: () => A) =>
    Effect.try({ try: read, catch: (cause) => unreadable(file, cause, absent) });
  const stats = yield* attempt(() => statSync(file));
  if (stats.isDirectory()) {
    const inside = yield* attempt(() => readdirSync(file));
    const some = inside.filter((name) => /\.(ya?ml|json)$/i.test(name)).slice(0, 8);
    const remedy = some.length > 0 ? `In it there are ${some.join(", ")}.` : "Name a file.";
    return yield* wrongFile(file, "this is a directory", remedy);
  }
  if (stats.size > MAX_FILE_BYTES) {
    const found = `the file has ${stats.size} B`;
    return yield* wrongFile(file, found, `A workflow file has at most ${MAX_FILE_BYTES} B.`);
  }
  const bytes = yield* attempt(() => readFileSync(file));
  const text = bytes.toString("utf8");
  if (text.includes("\uFFFD") && !Buffer.from(text, "utf8").equals(bytes)) {
    const remedy = "Give a workflow file: YAML or JSON text in UTF-8.";
    return yield* wrongFile(file, "this is not UTF-8 text", remedy);
  }
  return text;
});

function unreadable(file: string, cause: unknown, absent: string): SpecErrors {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === "ENOENT") return oneProblem(file, "there is no such file", absent);
  const found = code === "EACCES" ? "the file may not be read" : `it cannot be read: ${message}`;
  return oneProblem(file, found, "Check the path and its permissions.");
}

function unknownName(name: string): Effect.Effect<never, SpecErrors> {
  const known = [...BENCHMARKS, ...[...GENERATORS.keys()].map((shape) => `${shape}:TASKS`)];
  const base = basename(name).split(":")[0]!;
  const guess = new Names("workflow", BENCHMARKS).remedy(base);
  const near = guess.startsWith("Did you") ? `${guess} ` : "";
  const all = `There are ${known.join(", ")}; a file is named with its ending, .yaml or .json.`;
  const remedy = `${near}${all}`;
  return wrongFile(name, `no workflow is named ${quoted(name)}`, remedy);
}

function wrongFile(file: string, found: string, remedy: string): Effect.Effect<never, SpecErrors> {
  return Effect.fail(oneProblem(file, found, remedy));
}

function oneProblem(file: string, found: string, remedy: string): SpecErrors {
  return new SpecErrors({ file, problems: [{ line: 0, column: 0, where: "", found, remedy }] });
}
