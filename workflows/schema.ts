/**
 * The shape of a workflow file. Effect Schema decodes it; unknown fields are errors.
 *
 * The schema knows shapes and units; `assemble.ts` turns what it decoded into a `WorkflowSpec`,
 * `core/workflow/validate.ts` checks that the parts fit together.
 */

import * as Schema from "effect/Schema";
import type { Json } from "../core/workflow/spec.ts";
import { DEFAULTS } from "./defaults.ts";
import { parseExpression } from "./expression.ts";
import { BUILTIN, BUILTINS } from "./function-modules.ts";
import { type Dimension, type Reading, readQuantity, readShare } from "./quantity.ts";

export interface WorkflowFile {
  readonly faasflow: 1;
  readonly name: string;
  readonly description?: string;
  readonly timeout?: Amount;
  readonly inputs?: { readonly [name: string]: DatumFile };
  readonly defaults?: DefaultsFile;
  readonly tasks: { readonly [name: string]: TaskFile | null };
  readonly steps?: readonly StepFile[];
}

/** `1.2 s`, `4.19 MB`, `8`. */
export type Amount = string | number;
export type QuantityFile = Amount | DistributionFile;

/** Exactly one of them. */
export interface DistributionFile {
  readonly uniform?: readonly [Amount, Amount];
  readonly lognormal?: { readonly median: Amount; readonly sigma: number };
  readonly exponential?: Amount;
  readonly empirical?: readonly Amount[];
}

/** What every task takes from `defaults` unless it says otherwise. */
export interface DefaultsFile {
  readonly compute?: QuantityFile;
  readonly sleep?: QuantityFile;
  readonly cores?: number;
  readonly container?: ContainerFile;
  readonly retries?: number | RetriesFile;
  readonly timeout?: Amount;
}

export interface TaskFile extends DefaultsFile {
  readonly run?: RunFile;
  readonly reads?: readonly string[];
  readonly writes?: { readonly [name: string]: DatumFile };
  readonly after?: readonly string[];
}

/** A module, or a command as a list; none: synthetic. */
export type RunFile = string | readonly string[];

export interface ContainerFile {
  readonly memory?: Amount;
  readonly used?: Amount;
  readonly limit?: number;
  readonly instances?: number;
  readonly scale?: number;
}

export interface RetriesFile {
  readonly limit?: number;
  readonly delay?: Amount;
  readonly backoff?: number;
}

export type DatumFile = Amount | DatumFields;

/** A size or a distribution of sizes, and what else there is to say. */
export interface DatumFields extends DistributionFile {
  readonly size?: QuantityFile;
  readonly items?: number | ItemsFile;
  readonly content?: "filler" | "text" | "binary";
  readonly stored?: boolean;
  readonly value?: Json;
}

export interface ItemsFile {
  readonly count?: QuantityFile;
  readonly sizes?: readonly Amount[];
}

/** A task's name, or exactly one of the four fields. */
export type StepFile = string | StepFields;

export interface StepFields {
  readonly sequence?: readonly StepFile[];
  readonly parallel?: readonly BranchFile[];
  readonly switch?: SwitchFile;
  readonly foreach?: ForeachFile;
}

/** A list is a sequence. */
export type BranchFile = StepFile | readonly StepFile[];

export interface SwitchFile {
  readonly name?: string;
  readonly cases: readonly CaseFile[];
  readonly otherwise?: readonly StepFile[];
}

export interface CaseFile {
  readonly when: string | boolean;
  readonly probability?: number;
  readonly steps: readonly StepFile[];
}

export interface ForeachFile {
  readonly name?: string;
  readonly over: string;
  readonly steps: readonly StepFile[];
}

const WORDS: Readonly<Record<Dimension, string>> = {
  time: "a time such as `1.2 s`",
  size: "a size such as `4.19 MB`",
  count: "a number",
};

const NAMES: Readonly<Record<Dimension, string>> = { time: "Time", size: "Size", count: "Count" };

const Time = amount("time");
const Size = amount("size");
const Count = amount("count");
const Share = Schema.Union([Schema.String, Schema.Finite])
  .annotate({ expected: "a percentage or a size, such as `25%` or `64 MiB`" })
  .check(Schema.makeFilter((text) => complaint(readShare(text, 1))));

const TimeQuantity = quantity(Time, "time");
const SizeQuantity = quantity(Size, "size");
const CountQuantity = quantity(Count, "count");

const Container = Schema.Struct({
  memory: described(Size, `What a container may take. Default: ${DEFAULTS.memory}.`),
  used: described(
    Share,
    `What the function itself needs of it, as a share or a size. Default: ${DEFAULTS.used}.`,
  ),
  limit: described(
    Schema.Finite,
    `Most containers of this task on one worker. Default: ${DEFAULTS.limit}.`,
  ),
  instances: described(
    Schema.Finite,
    "How many at once the plan reckons with. Default: the expected width of the foreach, else 1.",
  ),
  scale: described(
    Schema.Finite,
    `Units of its worker's capacity that one takes in the plan. Default: ${DEFAULTS.scale}.`,
  ),
}) satisfies Schema.Decoder<ContainerFile>;

const Retries = Schema.Struct({
  limit: described(Schema.Finite, `Attempts after the first. Default: ${DEFAULTS.retries}.`),
  delay: described(Time, `Before the first retry. Default: ${DEFAULTS.delay}.`),
  backoff: described(
    Schema.Finite,
    `Each delay is this times the one before. Default: ${DEFAULTS.backoff}.`,
  ),
}) satisfies Schema.Decoder<RetriesFile>;

const Items = Schema.Struct({
  count: Schema.optionalKey(CountQuantity),
  sizes: Schema.optionalKey(Schema.Array(Size)),
}).check(
  Schema.makeFilter((items: ItemsFile) =>
    items.count === undefined && (items.sizes ?? []).length === 0
      ? told("there is no count", "Write `count`, or `sizes` with one size an item.")
      : undefined,
  ),
) satisfies Schema.Decoder<ItemsFile>;

const Datum = Schema.Union([
  Size,
  Schema.Struct({
    ...distributionFields(Size),
    size: Schema.optionalKey(SizeQuantity),
    items: Schema.optionalKey(
      Schema.Union([Schema.Finite, Items]).annotate({
        expected: "a number of items, or `{count, sizes}`",
      }),
    ),
    content: Schema.optionalKey(Schema.Literals(["filler", "text", "binary"])),
    stored: Schema.optionalKey(Schema.Boolean),
    value: Schema.optionalKey(
      Schema.Json.annotate({ expected: "a text, a number, a list or what else JSON can say" }),
    ),
  }).check(Schema.makeFilter(datumComplaint)),
]).annotate({
  expected: "a size, or `{size, items, content, stored, value}`",
  identifier: "Datum",
}) satisfies Schema.Decoder<DatumFile>;

const Name = Schema.String.annotate({ expected: "a name" });

const defaultsFields = {
  compute: Schema.optionalKey(TimeQuantity),
  sleep: Schema.optionalKey(TimeQuantity),
  cores: described(
    Schema.Finite,
    `Most cores that one attempt can use at once. Default: ${DEFAULTS.cores}.`,
  ),
  container: Schema.optionalKey(Container),
  retries: described(
    Schema.Union([Schema.Finite, Retries]).annotate({
      expected: "a number, or `{limit, delay, backoff}`",
    }),
    `Attempts after the first, if it fails or times out. Default: ${DEFAULTS.retries}.`,
  ),
  timeout: described(
    Time,
    "Longest time of one attempt, from its container to its last put. Default: none.",
  ),
};

const Defaults = Schema.Struct(defaultsFields) satisfies Schema.Decoder<DefaultsFile>;

const Run = Schema.Union([Schema.String, Schema.Array(Schema.String)])
  .annotate({
    expected:
      "a module such as `./count.js` or `builtin:wordcount/count`, or a command as a list such as `[sort, -u]`",
    identifier: "Run",
  })
  .check(Schema.makeFilter(runComplaint)) satisfies Schema.Decoder<RunFile>;

const Task = Schema.Struct({
  ...defaultsFields,
  run: Schema.optionalKey(Run),
  reads: Schema.optionalKey(Schema.Array(Name)),
  writes: Schema.optionalKey(Schema.Record(Schema.String, Datum)),
  after: Schema.optionalKey(Schema.Array(Name)),
}) satisfies Schema.Decoder<TaskFile>;

const Step: Schema.Codec<StepFile> = Schema.suspend(() => StepUnion).annotate({
  identifier: "Step",
});
const Steps = Schema.Array(Step).annotate({ identifier: "Steps" });

const Condition = Schema.Union([Schema.String, Schema.Boolean])
  .annotate({ expected: "a condition, such as `check.score > 3`" })
  .check(
    Schema.makeFilter((text) => {
      const reading = parseExpression(`${text}`);
      return reading.ok ? undefined : told(reading.found, reading.remedy, reading.offset);
    }),
  );

const Switch = Schema.Struct({
  name: Schema.optionalKey(Name),
  cases: Schema.Array(
    Schema.Struct({
      when: Condition,
      probability: Schema.optionalKey(Schema.Finite),
      steps: Steps,
    }),
  ),
  otherwise: Schema.optionalKey(Steps),
}) satisfies Schema.Decoder<SwitchFile>;

const Foreach = Schema.Struct({
  name: Schema.optionalKey(Name),
  over: Name,
  steps: Steps,
}) satisfies Schema.Decoder<ForeachFile>;

const STEP_KINDS = "`sequence`, `parallel`, `switch` or `foreach`";

const StepUnion = Schema.Union([
  Name,
  Schema.Struct({
    sequence: Schema.optionalKey(Steps),
    parallel: Schema.optionalKey(
      Schema.Array(
        Schema.Union([Step, Steps]).annotate({ expected: "a step, or a list of steps" }),
      ),
    ),
    switch: Schema.optionalKey(Switch),
    foreach: Schema.optionalKey(Foreach),
  }).check(
    Schema.makeFilter((step: StepFields) =>
      exactlyOne(step, ["sequence", "parallel", "switch", "foreach"], STEP_KINDS),
    ),
  ),
]).annotate({ expected: `the name of a task, or one of ${STEP_KINDS}` });

export const WorkflowFileSchema = Schema.Struct({
  faasflow: Schema.Literal(1).annotate({ expected: "1, the version of this format" }),
  name: Name,
  description: Schema.optionalKey(Schema.String),
  timeout: described(Time, "Longest time of an invocation. Default: none."),
  inputs: Schema.optionalKey(Schema.Record(Schema.String, Datum)),
  defaults: Schema.optionalKey(Defaults),
  tasks: Schema.Record(
    Schema.String,
    Schema.NullOr(Task).annotate({ expected: "the fields of a task, or nothing" }),
  ),
  steps: Schema.optionalKey(Steps),
}) satisfies Schema.Decoder<WorkflowFile>;

/** For editors, which show it while one types. */
function described<S extends Schema.Top>(schema: S, description: string) {
  return Schema.optionalKey(schema).pipe(Schema.annotateKey({ description }));
}

const SEPARATOR = "\u0000";

/** What a check says, in the one string a schema lets it say. */
export interface Told {
  readonly found: string;
  readonly remedy: string;
  readonly offset: number | undefined;
}

/** Reads a message that a check of this file wrote; none if it is the schema's own. */
export function readTold(message: string): Told | undefined {
  const [found, remedy, offset] = message.split(SEPARATOR);
  if (remedy === undefined) return undefined;
  return { found: found!, remedy, offset: offset === undefined ? undefined : Number(offset) };
}

function told(found: string, remedy: string, offset?: number): string {
  const parts = [found, remedy].map((part) => part.replaceAll(SEPARATOR, ""));
  return [...parts, ...(offset === undefined ? [] : [`${offset}`])].join(SEPARATOR);
}

function complaint(reading: Reading): string | undefined {
  return reading.ok ? undefined : told(reading.found, reading.remedy);
}

function runComplaint(run: RunFile): string | undefined {
  if (typeof run !== "string") {
    if (run[0] !== undefined && run[0].trim() !== "") return undefined;
    return told("the command is empty", "Write the program and its arguments: `[sort, -u]`.");
  }
  if (run.startsWith(BUILTIN)) {
    if (BUILTINS.includes(run.slice(BUILTIN.length))) return undefined;
    const known = BUILTINS.map((name) => `${BUILTIN}${name}`).join(", ");
    return told(`there is no ${run}`, `There are ${known}.`);
  }
  if (/\.[cm]?[jt]s$/.test(run)) return undefined;
  return told(
    `${JSON.stringify(run)} is not a module`,
    "Write the path of a .js or .ts file from the workflow file, or a command as a list; " +
      "without `run` a task is synthetic.",
  );
}

function amount(dimension: Dimension) {
  return Schema.Union([Schema.String, Schema.Finite])
    .annotate({ expected: WORDS[dimension], identifier: NAMES[dimension] })
    .check(Schema.makeFilter((text) => complaint(readQuantity(text, dimension))));
}

type AmountSchema = ReturnType<typeof amount>;

function distributionFields(unit: AmountSchema) {
  return {
    uniform: Schema.optionalKey(Schema.Tuple([unit, unit])),
    lognormal: Schema.optionalKey(Schema.Struct({ median: unit, sigma: Schema.Finite })),
    exponential: Schema.optionalKey(unit),
    empirical: Schema.optionalKey(Schema.Array(unit)),
  };
}

const DISTRIBUTIONS = ["uniform", "lognormal", "exponential", "empirical"] as const;

function quantity(unit: AmountSchema, dimension: Dimension) {
  const distribution = Schema.Struct(distributionFields(unit)).check(
    Schema.makeFilter((fields: DistributionFile) =>
      exactlyOne(fields, DISTRIBUTIONS, DISTRIBUTIONS.map((name) => `\`${name}\``).join(", ")),
    ),
  );
  return Schema.Union([unit, distribution]).annotate({
    expected: `${WORDS[dimension]}, or a distribution such as \`{uniform: [a, b]}\``,
    identifier: `${NAMES[dimension]}Quantity`,
  }) satisfies Schema.Decoder<QuantityFile>;
}

function exactlyOne(fields: object, names: readonly string[], words: string): string | undefined {
  const present = names.filter((name) => name in fields);
  if (present.length === 1) return undefined;
  const found = present.length === 0 ? "nothing is said" : `${present.join(" and ")} at once`;
  return told(found, `Write exactly one of ${words}.`);
}

function datumComplaint(datum: DatumFields): string | undefined {
  const sizes = typeof datum.items === "object" ? (datum.items.sizes ?? []) : [];
  const ways = ["size", ...DISTRIBUTIONS].filter((name) => name in datum);
  if (ways.length > 1) return told(`${ways.join(" and ")} at once`, "Say the size once.");
  if (ways.length === 1 || sizes.length > 0) return undefined;
  return told("there is no size", "Write `size`, for example `size: 4.19 MB`.");
}
