/**
 * The flags of a simulated run, and the scenario they describe. Every flag is read here as text, so
 * that all that is wrong with a command line is told at once.
 */

import { resolve } from "node:path";
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Result from "effect/Result";
import { counted } from "../analysis/count-text.ts";
import type { Scheme } from "../core/engine/settings.ts";
import { oversized } from "../core/plan/oversized.ts";
import type { PartitionMethod } from "../core/plan/plan.ts";
import type { Micros } from "../core/units.ts";
import { quoted } from "../core/workflow/problem.ts";
import type { WorkflowSpec } from "../core/workflow/spec.ts";
import { BENCHMARKS, resolveWorkflow } from "../workflows/load.ts";
import { isPath } from "../workflows/named-files.ts";
import { readQuantity } from "../workflows/quantity.ts";
import { UsageErrors } from "../workflows/usage-errors.ts";
import { readFaults } from "./fault-flags.ts";
import type { Profile } from "./profile.ts";
import { loadProfile, readRate } from "./profile-config.ts";
import type { Scenario, ScenarioLoad } from "./scenario-config.ts";

const text = (name: string, description: string): Flag.Flag<Option.Option<string>> =>
  Flag.String(name).pipe(Flag.optional, Flag.withDescription(description));

/** Flags that say what is run, and under which load. */
export const SCENARIO_FLAGS = {
  scheme: text("scheme", "worker-sp (default) or master-sp"),
  storage: text("storage", "faastore (default) or remote: every datum in the remote store"),
  partition: text(
    "partition",
    "faasflow-plus (default), faasflow (the paper's Algorithm 1) or raw (by hash; default with remote)",
  ),
  workers: text("workers", "number of workers; default: the profile's"),
  atLimit: text(
    "at-limit",
    "of a task that wants one more container than it may have: wait (default), or stall for good, " +
      "as in the original; what the profile says of it is for experiments",
  ),
  bandwidth: text("bandwidth", "of the storage node's link, each direction: 50MB/s, or unlimited"),
  profile: text("profile", "cluster profile: paper-testbed (default), ideal, or a YAML file"),
  rate: text("rate", "open loop: requests of each workflow, such as 6/min or 2/s"),
  arrivals: text("arrivals", "open loop: fixed (default) or poisson"),
  clients: text("clients", "closed loop: clients of each workflow; default 1"),
  duration: text("duration", "no request is sent later than this, such as 120s"),
  invocations: text("invocations", "requests of each workflow; default 10 without --duration"),
  warmUp: text("warm-up", "first invocations of each workflow that metrics leave out; default 0"),
  seed: text("seed", "of everything left to chance; default 1"),
  fault: Flag.String("fault").pipe(
    Flag.atLeast(0),
    Flag.withDescription(
      "repeatable: crash=worker-3@5s[+10s], leave=worker-3@5s, master-crash=5s, " +
        "slow=worker-2@0s..60s*0.5, partition=worker-1,worker-2@5s..8s, " +
        "loss=1%, no-redelivery, duplication=1%, delay=5%*20ms, store-errors=1%, execution-errors=1%, detection=3s",
    ),
  ),
};

export type ScenarioInput = {
  readonly [F in keyof typeof SCENARIO_FLAGS]: F extends "fault"
    ? readonly string[]
    : Option.Option<string>;
};

/** Where workflows and profiles come from. */
export interface Loaders {
  readonly workflow: typeof resolveWorkflow;
  readonly profile: typeof loadProfile;
}

/** Wherever a number of workers is given. */
export const MAX_WORKERS = 10_000;

const FILES: Loaders = { workflow: resolveWorkflow, profile: loadProfile };

/** Scenario of the workflows named; `all` names the eight benchmarks. */
export const readScenario = Effect.fn("readScenario")(function* (
  references: readonly string[],
  input: ScenarioInput,
  traced: boolean,
  loaders: Loaders = FILES,
) {
  const reader = new FlagReader(input);
  const specs = yield* loadSpecs(references, reader, loaders);
  const loaded = yield* Effect.result(loaders.profile(reader.text("profile") ?? "paper-testbed"));
  if (Result.isFailure(loaded)) reader.problems.push(loaded.failure.message);
  const scheme = reader.choice<Scheme>("scheme", ["worker-sp", "master-sp"]) ?? "worker-sp";
  const storage = reader.choice("storage", ["faastore", "remote"] as const) ?? "faastore";
  const partition =
    reader.choice<PartitionMethod>("partition", ["faasflow-plus", "faasflow", "raw"]) ??
    (storage === "remote" ? "raw" : "faasflow-plus");
  const workers = reader.count("workers", { least: 1, most: MAX_WORKERS });
  const bandwidth = reader.rateOf("bandwidth");
  if (storage === "faastore" && partition === "raw") {
    reader.problems.push(
      "--partition raw puts every datum in the remote store. Add --storage remote.",
    );
  }
  const load = readLoad(reader, traced);
  const warmUp = reader.count("warmUp", { least: 0, most: 1e9 }) ?? 0;
  if (load.tag === "closed" && warmUp >= (load.invocations ?? Infinity)) {
    reader.problems.push(
      `--warm-up: ${warmUp} leaves none of ${counted(load.invocations ?? 0, "invocation")}.`,
    );
  }
  const seed = reader.text("seed") ?? "1";
  const atLimit = reader.choice("atLimit", ["wait", "stall"] as const) ?? "wait";
  const profile = Result.isSuccess(loaded)
    ? changed(loaded.success, { bandwidth, atLimit })
    : undefined;
  const count = workers ?? profile?.cluster.workers ?? 0;
  const faults = readFaults(input.fault, count, reader.problems);
  if (faults.masterCrashes.length > 0 && scheme === "worker-sp") {
    reader.problems.push(
      "--fault: under WorkerSP there is no master to crash. Add --scheme master-sp.",
    );
  }
  if (profile !== undefined) reader.problems.push(...sizeProblems(specs, profile));
  if (reader.problems.length > 0 || profile === undefined) {
    return yield* new UsageErrors({ problems: reader.problems });
  }
  const scenario: Scenario = {
    references,
    specs,
    scheme,
    storage,
    partition,
    workers: count,
    profile,
    load,
    seed,
    faults,
    warmUp,
  };
  return scenario;
});

const loadSpecs = Effect.fnUntraced(function* (
  references: readonly string[],
  reader: FlagReader,
  loaders: Loaders,
) {
  const specs: WorkflowSpec[] = [];
  const byName = new Map<string, string>();
  const all = references.flatMap((name) => (name === "all" ? [...BENCHMARKS] : [name]));
  for (const reference of all) {
    const result = yield* Effect.result(loaders.workflow(reference));
    if (Result.isFailure(result)) reader.problems.push(result.failure.message);
    else {
      const { name } = result.success;
      const earlier = byName.get(name);
      if (earlier !== undefined) reader.problems.push(givenTwice(name, [earlier, reference]));
      else specs.push(result.success);
      byName.set(name, earlier ?? reference);
    }
  }
  if (all.length === 0) {
    const names = [...BENCHMARKS, "genome:500", "a file.yaml", "all"].join(", ");
    reader.problems.push(`no workflow is named. Name one or more: ${names}.`);
  }
  return specs;
});

function givenTwice(name: string, [one, other]: readonly [string, string]): string {
  const twice = `workflow ${quoted(name)} is given twice`;
  const [file, another] = [one, other].filter(isPath);
  const differ = file !== undefined && resolve(one) !== resolve(other);
  if (!differ) return `${twice}. Name each once.`;
  const which = another === undefined ? file : "one of them";
  return `${twice}, by ${one} and by ${other}. Change \`name\` in ${which}.`;
}

/** So many tasks are told one by one. */
const MAX_OVERSIZED = 8;

/** What is wrong with containers that no worker of the profile could ever start. */
export function sizeProblems(specs: readonly WorkflowSpec[], profile: Profile): readonly string[] {
  const { worker_memory } = profile.cluster;
  const has = `a worker of profile ${profile.name} has ${worker_memory}`;
  const remedy = "less memory, or the profile more.";
  return specs.flatMap((spec) => {
    const all = oversized(spec, worker_memory);
    const problems = all
      .slice(0, MAX_OVERSIZED)
      .map(
        ({ name, container }) =>
          `workflow ${spec.name}, task ${name}: its container takes ${container.memory} bytes, ${has}. ` +
          `Give it ${remedy}`,
      );
    if (all.length > MAX_OVERSIZED) {
      const most = all.reduce((one, other) =>
        other.container.memory > one.container.memory ? other : one,
      );
      problems.push(
        `workflow ${spec.name}: the containers of ${all.length} of ${spec.tasks.length} tasks are too ` +
          `large. The largest, of ${most.name}, takes ${most.container.memory} bytes, ${has}. ` +
          `Give them ${remedy}`,
      );
    }
    return problems;
  });
}

function changed(
  profile: Profile,
  to: { readonly bandwidth: number | undefined; readonly atLimit: "wait" | "stall" },
): Profile {
  const { storage_link } = profile.network;
  return {
    ...profile,
    network: { ...profile.network, storage_link: to.bandwidth ?? storage_link },
    mechanisms: { ...profile.mechanisms, at_limit: to.atLimit },
  };
}

function readLoad(reader: FlagReader, traced: boolean): ScenarioLoad {
  const rate = reader.frequency("rate");
  const arrivals = reader.choice("arrivals", ["fixed", "poisson"] as const);
  const clients = reader.count("clients", { least: 1, most: 1e6 });
  const duration = reader.time("duration");
  const invocations = reader.count("invocations", { least: 1, most: 1e9 });
  if (traced) {
    reader.refuse(["rate", "arrivals", "clients", "duration", "invocations"], "with --trace");
    return { tag: "trace", sha256: "" };
  }
  if (!reader.has("rate")) {
    reader.refuse(["arrivals"], "without --rate");
    const limited = duration !== undefined || invocations !== undefined;
    return {
      tag: "closed",
      clients: clients ?? 1,
      duration,
      invocations: limited ? invocations : 10,
    };
  }
  reader.refuse(["clients"], "with --rate");
  if (invocations !== undefined) reader.refuse(["duration"], "with --rate and --invocations");
  return {
    tag: "open",
    arrivals: arrivals ?? "fixed",
    rate: rate ?? 1,
    extent:
      duration === undefined
        ? { tag: "count", count: invocations ?? 10 }
        : { tag: "duration", duration },
  };
}

type TextFlag = Exclude<keyof ScenarioInput, "fault">;

/** Reads flags one by one and gathers what is wrong with them. */
export class FlagReader {
  readonly #input: ScenarioInput;
  readonly problems: string[];

  constructor(input: ScenarioInput) {
    this.#input = input;
    this.problems = [];
  }

  has(flag: TextFlag): boolean {
    return Option.isSome(this.#input[flag]);
  }

  text(flag: TextFlag): string | undefined {
    return Option.getOrUndefined(this.#input[flag]);
  }

  choice<C extends string>(flag: TextFlag, choices: readonly C[]): C | undefined {
    const value = this.text(flag);
    if (value === undefined || choices.includes(value as C)) return value as C | undefined;
    this.#problem(flag, quoted(value), `Choose one of ${choices.join(", ")}.`);
    return undefined;
  }

  count(flag: TextFlag, range: { least: number; most: number }): number | undefined {
    const value = this.text(flag);
    if (value === undefined) return undefined;
    const number = Number(value);
    const fine = /^\d+$/.test(value) && number >= range.least && number <= range.most;
    if (fine) return number;
    const { least, most } = range;
    this.#problem(flag, quoted(value), `Give a whole number from ${least} to ${most}.`);
    return undefined;
  }

  time(flag: TextFlag): Micros | undefined {
    const value = this.text(flag);
    if (value === undefined) return undefined;
    const reading = readQuantity(value, "time");
    if (reading.ok && reading.value === 0) {
      this.#problem(flag, quoted(value), "Give a time above 0.");
      return undefined;
    }
    if (reading.ok) return reading.value as Micros;
    this.#problem(flag, reading.found, reading.remedy);
    return undefined;
  }

  /** Bytes a second. */
  rateOf(flag: TextFlag): number | undefined {
    const value = this.text(flag);
    if (value === undefined) return undefined;
    const reading = readRate(value);
    if (reading.value !== undefined) return reading.value;
    this.#problem(flag, quoted(value), "Give a rate such as 50MB/s, or unlimited.");
    return undefined;
  }

  /** `6/min`, `2/s`, `100/h`; a second. */
  frequency(flag: TextFlag): number | undefined {
    const value = this.text(flag);
    if (value === undefined) return undefined;
    const match = /^(\d+(?:\.\d+)?)\s*\/\s*(s|min|h)$/.exec(value.trim());
    const rate = Number(match?.[1]) / (SECONDS[match?.[2] ?? ""] ?? 1);
    if (rate > 0 && Number.isFinite(rate)) return rate;
    this.#problem(flag, quoted(value), "Give a rate above 0, such as 6/min, 2/s or 100/h.");
    return undefined;
  }

  /** Flags that would have no effect are an error, not a silence. */
  refuse(flags: readonly TextFlag[], when: string): void {
    for (const flag of flags) {
      if (this.has(flag)) this.#problem(flag, `has no effect ${when}`, "Leave it out.");
    }
  }

  #problem(flag: TextFlag, found: string, remedy: string): void {
    const written = flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    this.problems.push(`--${written}: ${found}. ${remedy}`);
  }
}

const SECONDS: Readonly<Record<string, number>> = { s: 1, min: 60, h: 3_600 };
