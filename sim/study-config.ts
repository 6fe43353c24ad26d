/**
 * Reads studies: a YAML file that names many scenarios at once, as the product of lists, times a list
 * of further settings. Fields and values are those of `faasflow simulate`; several workflows that run
 * together, and several faults, are separated by spaces, as there.
 */

import { readFileSync } from "node:fs";
import * as Effect from "effect/Effect";
import type * as Exit from "effect/Exit";
import * as Option from "effect/Option";
import * as Result from "effect/Result";
import * as Schema from "effect/Schema";
import { type Settings, STUDY_METRICS, type StudyMetric } from "../analysis/study-rows.ts";
import { toSeconds } from "../core/units.ts";
import { nearest, type ProblemPath, pathText, quoted } from "../core/workflow/problem.ts";
import {
  formatProblem,
  type LocateOptions,
  readSource,
  type Source,
} from "../workflows/document.ts";
import { problemsOf, type ShapeProblem } from "../workflows/issues.ts";
import { resolveWorkflow } from "../workflows/load.ts";
import { readProblem } from "../workflows/named-files.ts";
import { UsageErrors } from "../workflows/usage-errors.ts";
import { loadProfile } from "./profile-config.ts";
import type { Scenario } from "./scenario-config.ts";
import { type Loaders, readScenario, type ScenarioInput } from "./simulate-flags.ts";

/** As written in a study and on the command line. */
const FIELDS = [
  "workflow",
  "scheme",
  "storage",
  "partition",
  "workers",
  "at-limit",
  "bandwidth",
  "profile",
  "rate",
  "arrivals",
  "clients",
  "duration",
  "invocations",
  "warm-up",
  "fault",
  "seed",
] as const;
type Field = (typeof FIELDS)[number];

const MAX_CELLS = 100_000;
/** What the page shows of a study that does not say. */
const SHOWN: readonly StudyMetric[] = ["e2e_mean", "e2e_p99", "data_overhead_mean"];

const Value = Schema.Union([Schema.String, Schema.Finite]);
const Values = Schema.Union([Value, Schema.Array(Value)]);

/** All fields are optional. */
function fieldsOf<S extends typeof Value | typeof Values>(schema: S) {
  const field = Schema.optionalKey(schema);
  return Schema.Struct(
    Object.fromEntries(FIELDS.map((name) => [name, field])) as Record<Field, typeof field>,
  );
}

const StudySchema = Schema.Struct({
  /** Its title. */
  study: Schema.String,
  product: Schema.optionalKey(fieldsOf(Values)),
  list: Schema.optionalKey(Schema.Array(fieldsOf(Value))),
  show: Schema.optionalKey(Schema.Array(Schema.Literals(STUDY_METRICS))),
});
type StudyFile = typeof StudySchema.Type;

export interface Study {
  readonly title: string;
  readonly cells: readonly StudyCell[];
  readonly show: readonly StudyMetric[];
}

export interface StudyCell {
  readonly scenario: Scenario;
  readonly settings: Settings;
}

export const loadStudy = Effect.fn("loadStudy")(function* (file: string) {
  const text = yield* Effect.try({
    try: () => readFileSync(file, "utf8"),
    catch: (cause) => {
      const remedy = "Give the path of a study, a YAML file.";
      return new UsageErrors({ problems: [readProblem(file, cause, remedy)] });
    },
  });
  const source = readSource(text, { one: "a study", fields: "`study`, and `product` or `list`" });
  const problems = source.problems.map((problem) => formatProblem(file, problem));
  if (source.data === undefined) return yield* new UsageErrors({ problems });
  const decoded = decode(source.data);
  const shape = Result.isSuccess(decoded) ? [] : problemsOf(decoded.failure.issue, source.data);
  const sound = Result.isSuccess(decoded) ? decoded.success : lessWrong(source.data, shape);
  const reader = new StudyReader({ file, source, study: sound ?? { study: "" }, shape });
  const cells = sound === undefined ? [] : yield* reader.cells();
  problems.push(...reader.problems);
  if (problems.length > 0) return yield* new UsageErrors({ problems });
  const { study: title = "", show = SHOWN } = sound ?? {};
  const study: Study = { title, cells, show };
  return study;
});

const decode = Schema.decodeUnknownResult(StudySchema, {
  errors: "all",
  onExcessProperty: "error",
});

/**
 * The study without its wrong fields, so that the rest is read in the same go. Undefined: all of its
 * product or list is wrong, and the rest would look like further problems.
 */
function lessWrong(data: unknown, shape: readonly ShapeProblem[]): StudyFile | undefined {
  const copy = structuredClone(data) as Record<string | number, unknown>;
  for (const { path } of shape) {
    const part = `${path[0]}`;
    const depth = depthIn(part);
    const isMisspelt = !DEPTHS.has(part) && nearest(part, DEPTHS.keys()) !== undefined;
    if (path.length < depth || isMisspelt) return undefined;
    let owner = copy;
    for (const step of path.slice(0, depth - 1)) owner = owner[step] as typeof copy;
    delete owner[path[depth - 1]!];
  }
  if (!("study" in copy)) copy["study"] = "";
  return Result.getOrUndefined(decode(copy));
}

/** How long the path of a field is in a part of a study that has fields. */
const DEPTHS: ReadonlyMap<string, number> = new Map([
  ["product", 2],
  ["list", 3],
]);

function depthIn(part: string): number {
  return DEPTHS.get(part) ?? 1;
}

/** The fields that were wrong, by the name that was probably meant. */
function wrongFields(shape: readonly ShapeProblem[]): ReadonlySet<string> {
  return new Set(
    shape.flatMap(({ path }) => {
      return nearest(`${path[depthIn(`${path[0]}`) - 1]}`, FIELDS) ?? [];
    }),
  );
}

/** A value, and where it stands in the file. */
interface Choice {
  readonly value: string;
  readonly path: ProblemPath;
}
type Choices = ReadonlyMap<Field, Choice>;
/** The values of one field of the product. */
type Axis = readonly (readonly [Field, Choice])[];

/** Gathers what is wrong, each once, however many cells have it. */
class StudyReader {
  readonly #file: string;
  readonly #source: Source;
  readonly #study: StudyFile;
  /** Fields that are not in `study` because they were wrong. */
  readonly #wrong: ReadonlySet<string>;
  /** Text to place. */
  readonly #problems: Map<string, { readonly line: number; readonly column: number }>;

  /** `shape`: what is wrong with the file as such, and was left out of the study. */
  constructor(of: {
    readonly file: string;
    readonly source: Source;
    readonly study: StudyFile;
    readonly shape: readonly ShapeProblem[];
  }) {
    this.#file = of.file;
    this.#source = of.source;
    this.#study = of.study;
    this.#wrong = wrongFields(of.shape);
    this.#problems = new Map();
    for (const { path, found, remedy, kind } of of.shape) {
      this.#problem(path, `${found}. ${remedy}`, { atName: kind === "unknown" });
    }
  }

  get problems(): readonly string[] {
    return [...this.#problems]
      .sort(([, one], [, other]) => one.line - other.line || one.column - other.column)
      .map(([text, { line, column }]) => `${this.#file}:${line}:${column}  ${text}`);
  }

  /** In the order of the list, then of the product, whose last field changes fastest. */
  readonly cells = Effect.fnUntraced({ self: this }, function* (this: StudyReader) {
    const axes = this.#axes();
    const entries = this.#entries();
    const count = axes.reduce((product, axis) => product * axis.length, entries.length);
    if (count > MAX_CELLS) {
      this.#problem([], `these are ${count} cells. A study has at most ${MAX_CELLS}: divide it.`);
      return [];
    }
    const loaders = remembering();
    const cells: StudyCell[] = [];
    for (const choices of entries.flatMap((entry) => productOf(axes, entry))) {
      const input = inputOf(choices);
      const references = words(choices.get("workflow")?.value);
      const read = yield* Effect.result(readScenario(references, input, false, loaders));
      if (Result.isFailure(read)) {
        for (const problem of read.failure.problems) this.#blame(problem, choices);
      } else {
        const fault = choices.get("fault")?.value;
        cells.push({ scenario: read.success, settings: settingsOf(read.success, fault) });
      }
    }
    return cells;
  });

  #axes(): readonly Axis[] {
    return FIELDS.flatMap((field): readonly Axis[] => {
      const given = this.#study.product?.[field];
      if (given === undefined) return [];
      const path = ["product", field];
      if (!Array.isArray(given)) return [[[field, { value: `${given}`, path }]]];
      const values = (given as readonly (string | number)[]).map(String);
      if (values.length === 0) {
        // Left out, so that what is wrong with the other fields is told as well.
        this.#problem(path, "the list is empty. Give it a value.");
        return [];
      }
      for (const [index, value] of values.entries()) {
        if (values.indexOf(value) === index) continue;
        this.#problem([...path, index], `${quoted(value)} is given twice. Once is enough.`);
      }
      return [values.map((value, index) => [field, { value, path: [...path, index] }])];
    });
  }

  #entries(): readonly Choices[] {
    const { list, product } = this.#study;
    if (list === undefined) return [new Map()];
    if (list.length === 0)
      this.#problem(["list"], "it is empty. Give it an entry, or leave it out.");
    return list.map((entry, index) => {
      const choices = new Map<Field, Choice>();
      for (const field of FIELDS) {
        const value = entry[field];
        const path = ["list", index, field];
        if (value === undefined) continue;
        choices.set(field, { value: `${value}`, path });
        if (product?.[field] === undefined) continue;
        this.#problem(path, "this is in the product, too. Say it in one of the two.");
      }
      return choices;
    });
  }

  /** What `simulate` says of its flags, at the place of the value that it is about. */
  #blame(problem: string, choices: Choices): void {
    const [, flag] = /^--([a-z-]+)/.exec(problem) ?? [];
    const named = FIELDS.find((field) => field === flag && choices.has(field));
    const profile = choices.get("profile")?.value ?? "";
    const isProfile = [`${profile}:`, quoted(profile)].some((start) => problem.startsWith(start));
    const field = named ?? (isProfile && choices.has("profile") ? "profile" : "workflow");
    const flags = [...problem.matchAll(/--([a-z-]+)/g)].map(([, name]) => name);
    // It may be there only because something else was left out.
    if ([field, ...flags].some((name) => this.#wrong.has(`${name}`))) return;
    const text = problem.replace(`--${flag}: `, "").replace(/--([a-z-]+)/g, "`$1`");
    this.#problem(choices.get(field)?.path ?? ["product"], text);
  }

  #problem(path: ProblemPath, text: string, options?: LocateOptions): void {
    const where = path.length === 0 ? "" : `${pathText(path)}: `;
    this.#problems.set(`${where}${text}`, this.#source.locate(path, options));
  }
}

function productOf(axes: readonly Axis[], entry: Choices): readonly Choices[] {
  return axes.reduce<readonly Choices[]>(
    (all, axis) => all.flatMap((choices) => axis.map((choice) => new Map([...choices, choice]))),
    [entry],
  );
}

const NO_FAULT = "none";

function inputOf(choices: Choices): ScenarioInput {
  const of = (field: Field): Option.Option<string> =>
    Option.fromUndefinedOr(choices.get(field)?.value);
  const fault = choices.get("fault")?.value;
  return {
    scheme: of("scheme"),
    storage: of("storage"),
    partition: of("partition"),
    workers: of("workers"),
    atLimit: of("at-limit"),
    bandwidth: of("bandwidth"),
    profile: of("profile"),
    rate: of("rate"),
    arrivals: of("arrivals"),
    clients: of("clients"),
    duration: of("duration"),
    invocations: of("invocations"),
    warmUp: of("warm-up"),
    seed: of("seed"),
    fault: fault === NO_FAULT ? [] : words(fault),
  };
}

function words(text: string | undefined): readonly string[] {
  return text === undefined ? [] : text.split(/\s+/).filter((word) => word !== "");
}

const BYTES_PER_MB = 1_000_000;
const SECONDS_PER_MINUTE = 60;

/** What a scenario is set to, defaults filled in. */
export function settingsOf(scenario: Scenario, fault: string = NO_FAULT): Settings {
  const { references, scheme, storage, partition, workers, profile, warmUp: warm_up } = scenario;
  const link = profile.network.storage_link;
  return {
    workflows: references.join(" "),
    scheme,
    storage,
    partition,
    workers,
    bandwidth_MBps: Number.isFinite(link) ? link / BYTES_PER_MB : "unlimited",
    profile: profile.name,
    ...loadSettings(scenario.load),
    warm_up,
    at_limit: profile.mechanisms.at_limit,
    fault,
  };
}

function loadSettings(load: Scenario["load"]): Settings {
  switch (load.tag) {
    case "open": {
      const { arrivals, rate, extent } = load;
      const rate_per_min = Number((rate * SECONDS_PER_MINUTE).toPrecision(12));
      return extent.tag === "count"
        ? { rate_per_min, arrivals, invocations: extent.count }
        : { rate_per_min, arrivals, duration_s: toSeconds(extent.duration) };
    }
    case "closed": {
      const { clients, duration, invocations } = load;
      return {
        clients,
        ...(duration === undefined ? {} : { duration_s: toSeconds(duration) }),
        ...(invocations === undefined ? {} : { invocations }),
      };
    }
    case "trace":
      return {};
    default:
      return load satisfies never;
  }
}

/** Reads each workflow and profile once. */
export function remembering(): Loaders {
  return { workflow: remembered(resolveWorkflow), profile: remembered(loadProfile) };
}

function remembered<A, E>(load: (name: string) => Effect.Effect<A, E>) {
  const known = new Map<string, Exit.Exit<A, E>>();
  return Effect.fnUntraced(function* (name: string) {
    const exit = known.get(name) ?? (yield* Effect.exit(load(name)));
    known.set(name, exit);
    return yield* exit;
  });
}
