/**
 * The flags of `faasflow experiment`, read as text so that all that is wrong is told at once. A flag
 * that no chosen experiment reads is an error.
 */

import * as Argument from "effect/cli/Argument";
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Result from "effect/Result";
import {
  type Choice,
  EXPERIMENT_NAMES,
  type Experiment,
  experimentOf,
  type Mode,
} from "../analysis/experiment.ts";
import { type Micros, toSeconds } from "../core/units.ts";
import { Names, quoted } from "../core/workflow/problem.ts";
import type { WorkflowSpec } from "../core/workflow/spec.ts";
import { resolveWorkflow } from "../workflows/load.ts";
import { readQuantity } from "../workflows/quantity.ts";
import { UsageErrors } from "../workflows/usage-errors.ts";
import type { Profile } from "./profile.ts";
import { loadProfile, readRate } from "./profile-config.ts";
import { sizeProblems } from "./simulate-flags.ts";

const text = (name: string, description: string): Flag.Flag<Option.Option<string>> =>
  Flag.String(name).pipe(Flag.optional, Flag.withDescription(description));

export const EXPERIMENT_ARGUMENT = Argument.String("name").pipe(
  Argument.withDescription(`${EXPERIMENT_NAMES.join(", ")}, or all`),
);

export const EXPERIMENT_FLAGS = {
  mode: text("mode", "of e2e: solo (default) or corun, all workflows at the same time"),
  workflows: text("workflows", "a list, such as genome,video; default: those of the paper"),
  bandwidth: text("bandwidth", "of the storage node's link; a list, such as 25MB/s,50MB/s"),
  rate: text("rate", "of tail and tail-bandwidth: a list, such as 2/min,4/min"),
  tasks: text("tasks", "of scalability: a list of sizes, such as 10,100,1000"),
  longRun: text("long-run", "of tail: requests of the long run; default 1000, 0: none"),
  partition: text("partition", "of WorkerSP: faasflow (default, the paper's) or faasflow-plus"),
  profile: text("profile", "cluster profile: paper-testbed (default), ideal, or a YAML file"),
  seed: text("seed", "of everything left to chance; default 1"),
  live: text("live", "measure on a cluster too: local starts some here, URL is of a gateway"),
  duration: text("duration", "with --live: of each loop there; default: as the protocol has it"),
};

export type ExperimentInput = Readonly<
  Record<keyof typeof EXPERIMENT_FLAGS, Option.Option<string>>
>;

/** What to run, and on what. */
export interface Asked {
  readonly experiments: readonly Experiment[];
  /** `all` runs e2e in both modes. */
  readonly modes: readonly (Mode | undefined)[];
  readonly choice: Choice;
  readonly profile: Profile;
  readonly seed: string;
  /** `local`, or the address of a gateway; undefined: the simulator alone. */
  readonly live: string | undefined;
  /** Of each loop there; undefined: as the protocol has it. */
  readonly duration_s: number | undefined;
}

/** `refused`: what is wrong with other flags, told with the rest. */
export const readExperiment = Effect.fn("readExperiment")(function* (
  name: string,
  input: ExperimentInput,
  refused: readonly string[] = [],
) {
  const reader = new ListReader(input);
  reader.problems.push(...refused);
  const experiments = reader.experiments(name);
  const workflows = reader.list("workflows", (item) => item, "a benchmark, or a file.yaml");
  const specs: WorkflowSpec[] = [];
  for (const workflow of workflows ?? []) {
    const spec = yield* Effect.result(resolveWorkflow(workflow));
    if (Result.isFailure(spec)) reader.problems.push(spec.failure.message);
    else specs.push(spec.success);
  }
  for (const [index, { name: same }] of specs.entries()) {
    if (specs.findIndex((spec) => spec.name === same) === index) continue;
    reader.problems.push(`--workflows: two are named ${quoted(same)}. Name each once.`);
  }
  const loaded = yield* Effect.result(loadProfile(reader.text("profile") ?? "paper-testbed"));
  if (Result.isFailure(loaded)) reader.problems.push(loaded.failure.message);
  else reader.problems.push(...sizeProblems(specs, loaded.success));
  const mode = reader.choice("mode", ["solo", "corun"]);
  const choice: Choice = {
    mode,
    workflows,
    bandwidths_MBps: reader.list("bandwidth", megabytes, "a rate such as 50MB/s"),
    rates_per_min: reader.list("rate", perMinute, "a rate above 0, such as 6/min"),
    tasks: reader.list("tasks", (item) => whole(item, 10, 100_000), "10 to 100000 tasks"),
    partition: reader.choice("partition", ["faasflow", "faasflow-plus"]) ?? "faasflow",
    longRun: reader.number("longRun"),
  };
  const live = reader.text("live");
  const duration_s = reader.duration(live);
  reader.problems.push(...liveProblems(name, live, choice));
  const unread = reader.unread(experiments);
  reader.problems.push(
    ...unread.map((flag) => `--${flag}: has no effect on ${name}. Leave it out.`),
  );
  if (reader.problems.length > 0 || Result.isFailure(loaded)) {
    return yield* new UsageErrors({ problems: reader.problems });
  }
  const modes: Asked["modes"] = name === "all" && mode === undefined ? ["solo", "corun"] : [mode];
  const seed = reader.text("seed") ?? "1";
  const profile = loaded.success;
  const asked: Asked = { experiments, modes, choice, profile, seed, live, duration_s };
  return asked;
});

/** What cannot be measured on the cluster that is meant. */
function liveProblems(name: string, live: string | undefined, choice: Choice): readonly string[] {
  if (live === undefined) return [];
  if (live !== "local" && !/^https?:\/\/[^/]/.test(live)) {
    return [`--live: ${quoted(live)}. Give local, or the address of a gateway: http://HOST:PORT.`];
  }
  if (name === "scalability") {
    return ["--live: has no effect on scalability, which needs no cluster. Leave it out."];
  }
  if (live === "local") return [];
  const problems: string[] = [];
  if (name === "component") {
    problems.push("--live: engines are processes of a local cluster alone. Give --live local.");
  }
  if (choice.bandwidths_MBps !== undefined || name === "tail-bandwidth") {
    problems.push("--live: the link of a cluster that runs already is its own. Give --live local.");
  }
  return problems;
}

type FlagName = keyof typeof EXPERIMENT_FLAGS;

/** Which part of the choice a flag sets; the others concern every simulated cluster. */
const SETS: Readonly<Partial<Record<FlagName, keyof Choice>>> = {
  mode: "mode",
  workflows: "workflows",
  bandwidth: "bandwidths_MBps",
  rate: "rates_per_min",
  tasks: "tasks",
  longRun: "longRun",
  partition: "partition",
};

class ListReader {
  readonly #input: ExperimentInput;
  readonly problems: string[];

  constructor(input: ExperimentInput) {
    this.#input = input;
    this.problems = [];
  }

  text(flag: FlagName): string | undefined {
    return Option.getOrUndefined(this.#input[flag]);
  }

  experiments(name: string): readonly Experiment[] {
    if (name === "all") return EXPERIMENT_NAMES.map(experimentOf);
    const found = EXPERIMENT_NAMES.find((each) => each === name);
    if (found !== undefined) return [experimentOf(found)];
    const remedy = new Names("experiment", [...EXPERIMENT_NAMES, "all"]).remedy(name);
    this.problems.push(`no experiment is named ${quoted(name)}. ${remedy}`);
    return [];
  }

  /** Items between commas; each is there once. */
  list<A>(
    flag: FlagName,
    read: (item: string) => A | undefined,
    right: string,
  ): readonly A[] | undefined {
    const value = this.text(flag);
    if (value === undefined) return undefined;
    const items: A[] = [];
    for (const item of value.split(",").map((part) => part.trim())) {
      const one = item === "" ? undefined : read(item);
      if (one === undefined)
        this.#problem(flag, quoted(item), `Give ${right}; several with commas between them.`);
      else if (items.includes(one)) this.#problem(flag, `${quoted(item)} is given twice`, "Once.");
      else items.push(one);
    }
    return items;
  }

  choice<C extends string>(flag: FlagName, choices: readonly C[]): C | undefined {
    const value = this.text(flag);
    if (value === undefined || choices.includes(value as C)) return value as C | undefined;
    this.#problem(flag, quoted(value), `Choose one of ${choices.join(", ")}.`);
    return undefined;
  }

  number(flag: FlagName): number | undefined {
    const value = this.text(flag);
    if (value === undefined) return undefined;
    const count = whole(value, 0, 1_000_000);
    if (count === undefined)
      this.#problem(flag, quoted(value), "Give a whole number, 0 to 1000000.");
    return count;
  }

  duration(live: string | undefined): number | undefined {
    const value = this.text("duration");
    if (value === undefined) return undefined;
    const reading = readQuantity(value, "time");
    if (!reading.ok) this.#problem("duration", reading.found, reading.remedy);
    else if (reading.value === 0) this.#problem("duration", quoted(value), "Give a time above 0.");
    else if (live === undefined) this.#problem("duration", "has no effect", "Add --live.");
    else return toSeconds(reading.value as Micros);
    return undefined;
  }

  /** Flags that are there and that none of the experiments reads. */
  unread(experiments: readonly Experiment[]): readonly string[] {
    if (experiments.length === 0) return [];
    const onCluster = experiments.some(({ name }) => name !== "scalability");
    return (Object.keys(EXPERIMENT_FLAGS) as FlagName[])
      .filter((flag) => this.text(flag) !== undefined && flag !== "live" && flag !== "duration")
      .filter((flag) => {
        const part = SETS[flag];
        return part === undefined
          ? !onCluster
          : !experiments.some(({ reads }) => reads.includes(part));
      })
      .map(written);
  }

  #problem(flag: FlagName, found: string, remedy: string): void {
    this.problems.push(`--${written(flag)}: ${found}. ${remedy}`);
  }
}

function written(flag: FlagName): string {
  return flag === "longRun" ? "long-run" : flag;
}

const BYTES_PER_MB = 1_000_000;

/** `50MB/s`; a plain number is in the unit of the column, MB/s. */
function megabytes(item: string): number | undefined {
  const bytes = readRate(/^[\d.]+$/.test(item) ? `${item} MB/s` : item).value;
  return bytes !== undefined && Number.isFinite(bytes) && bytes > 0
    ? bytes / BYTES_PER_MB
    : undefined;
}

const PER_MINUTE: Readonly<Record<string, number>> = { s: 60, min: 1, h: 1 / 60 };

/** `6/min`; a plain number is in the unit of the column, a minute. */
function perMinute(item: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*(?:\/\s*(s|min|h))?$/.exec(item);
  const rate = Number(match?.[1]) * (PER_MINUTE[match?.[2] ?? "min"] ?? 1);
  return rate > 0 && Number.isFinite(rate) ? rate : undefined;
}

function whole(item: string, least: number, most: number): number | undefined {
  const count = Number(item);
  return /^\d+$/.test(item) && count >= least && count <= most ? count : undefined;
}
