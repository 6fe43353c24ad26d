/** `faasflow calibrate`: a cluster profile from the published figures, or from runs of a live cluster. */

import * as Console from "effect/Console";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Result from "effect/Result";
import { costOf, type Fit, fit, type Point, polish, type Residuals } from "../analysis/fit.ts";
import { calibrationText } from "../analysis/fit-text.ts";
import type { System } from "../analysis/published.ts";
import { command } from "../workflows/command.ts";
import { withValues } from "../workflows/document.ts";
import { pathsAmong, targetProblems, writeNamed } from "../workflows/named-files.ts";
import { UsageErrors } from "../workflows/usage-errors.ts";
import { middleOf, pointOf, profileAt, type Range, strains, written } from "./calibrate.ts";
import {
  type Comparison,
  type FittedMetric,
  logError,
  PublishedFigures,
  SYSTEMS,
} from "./calibrate-config.ts";
import { calibrateLive, LIVE_FLAGS } from "./calibrate-live-command.ts";
import type { Profile } from "./profile.ts";
import { loadProfileText, parseProfile } from "./profile-config.ts";
import { Streams } from "./streams.ts";

const FLAGS = {
  published: Flag.Boolean("published").pipe(
    Flag.withDefault(false),
    Flag.withDescription("fit to the figures published for the authors' cluster"),
  ),
  ...LIVE_FLAGS,
  columns: Flag.Literals("columns", ["all", "worker-sp"]).pipe(
    Flag.optional,
    Flag.withDescription(
      "what is fitted: all (default), or worker-sp: WorkerSP+FaaStore, and MasterSP+remote is predicted",
    ),
  ),
  profile: Flag.String("profile").pipe(
    Flag.optional,
    Flag.withDescription("where to start; what has a range in it is fitted; default paper-testbed"),
  ),
  seed: Flag.String("seed").pipe(
    Flag.withDefault("1"),
    Flag.withDescription("of the other starting points; with --live, of what is held back"),
  ),
  starts: Flag.Int("starts").pipe(
    Flag.optional,
    Flag.withDescription(
      "starting points: the profile's (if all is fitted), the middle of the ranges, others drawn; default 3",
    ),
  ),
  rounds: Flag.Int("rounds").pipe(
    Flag.optional,
    Flag.withDescription("rounds of the optimiser at most, from each; default 12"),
  ),
  generations: Flag.Int("generations").pipe(
    Flag.optional,
    Flag.withDescription("generations drawn around the best point after that; default 30"),
  ),
  out: Flag.String("out").pipe(
    Flag.optional,
    Flag.withMetavar("FILE"),
    Flag.withDescription("write the profile with the fitted values"),
  ),
};

export const calibrateCommand = command(
  "calibrate",
  FLAGS,
  Effect.fn("calibrate")(function* (input) {
    if (input.live.length > 0) return yield* calibrateLive(input, refusedWith(input));
    const plan = settingsOf(input);
    const problems = [
      ...(input.published ? [] : [NOTHING_TO_FIT]),
      ...(Option.isSome(input.tokenFile) ? ["--token-file without --live is not read."] : []),
      ...(plan.starts >= 1 ? [] : [`--starts ${plan.starts}: found no start. Write 1 or more.`]),
      ...negative("rounds", plan.rounds),
      ...negative("generations", plan.generations),
    ];
    problems.push(...targetProblems({ out: input.out }, pathsAmong([plan.profile])));
    const loaded = yield* Effect.result(loadProfileText(plan.profile));
    if (Result.isFailure(loaded)) problems.push(loaded.failure.message);
    else if (loaded.success.ranges.length === 0) {
      problems.push(
        `--profile ${plan.profile}: no value has a range. Give one to what is to be fitted.`,
      );
    }
    if (Result.isFailure(loaded) || problems.length > 0) {
      return yield* new UsageErrors({ problems });
    }
    const { profile, ranges, text } = loaded.success;
    const systems = plan.columns === "all" ? SYSTEMS : (["WorkerSP+FaaStore"] as const);
    const task = { figures: new PublishedFigures(), profile, ranges, systems };
    const best = bestFit(task, startsOf(task, plan), plan);
    // What is reported is what is written: three digits.
    const values = profileAt(profile, ranges, best.point);
    const changes = ranges.map(({ path, kind }) => ({
      path: [...path, "value"],
      value: written(valueAt(values, path), kind),
    }));
    const after = withValues(text, changes);
    const fitted = parsed(after, profile.name);
    yield* Console.log(
      calibrationText({
        fitted: systems,
        before: task.figures.compare(profile),
        after: task.figures.compare(fitted),
        values: ranges.map((range, index) => ({
          name: range.path.join("."),
          before: written(valueAt(profile, range.path), range.kind),
          after: changes[index]!.value,
          low: written(range.low, range.kind),
          high: written(range.high, range.kind),
          atBound: isAtBound(best.point[index]!, range),
          sensitivity: sensitivity(best, index, ranges.length),
        })),
      }),
    );
    if (Option.isSome(input.out)) yield* writeNamed("out", input.out.value, after);
  }),
).pipe(
  Command.withDescription("Fit a cluster profile to measurements, and say how far off it stays"),
  Command.withExamples([
    {
      command: "faasflow calibrate --published --out profile.yaml",
      description: "fit all figures, some minutes",
    },
    {
      command: "faasflow calibrate --published --columns worker-sp",
      description: "fit one system, predict the other",
    },
    {
      command: "faasflow calibrate --published --starts 1 --rounds 0 --generations 0",
      description: "only say how far off the profile is",
    },
    {
      command:
        "faasflow calibrate --live a.ndjson --live b.ndjson --live c.ndjson --out local.yaml",
      description: "measure a live cluster by its event logs, try the profile on a third of them",
    },
  ]),
);

const NOTHING_TO_FIT =
  "neither --published nor --live: there is nothing to fit to. Give --published, or event logs of \
live runs or a gateway's address with --live.";

type Input = Command.Command.Config.Infer<typeof FLAGS>;

function settingsOf(input: Input) {
  return {
    seed: input.seed,
    columns: Option.getOrElse(input.columns, () => "all" as const),
    profile: Option.getOrElse(input.profile, () => "paper-testbed"),
    starts: Option.getOrElse(input.starts, () => 3),
    rounds: Option.getOrElse(input.rounds, () => 12),
    generations: Option.getOrElse(input.generations, () => 30),
  };
}

/** What only a fit to published figures reads. */
function refusedWith(input: Input): readonly string[] {
  const { columns, profile, starts, rounds, generations } = input;
  const optional: Readonly<Record<string, Option.Option<unknown>>> = {
    columns,
    profile,
    starts,
    rounds,
    generations,
  };
  const given = Object.keys(optional).filter((name) => Option.isSome(optional[name]!));
  const all = input.published ? ["published", ...given] : given;
  return all.map((name) => `--${name} with --live is not read. Leave one of them out.`);
}

function negative(flag: string, count: number): readonly string[] {
  return count >= 0 ? [] : [`--${flag} ${count}: is negative. Write 0 or more.`];
}

interface Task {
  readonly figures: PublishedFigures;
  readonly profile: Profile;
  readonly ranges: readonly Range[];
  readonly systems: readonly System[];
}

/** By this much each kind of figure may be off (ln): what counts as 1. */
const ALLOWED: Readonly<Record<FittedMetric, number>> = {
  e2e_mean: 0.05,
  schedule_overhead_mean: 0.15,
  data_overhead_mean: 0.2,
};
/** ln: by so much the systems are to be apart; less counts as 1 when they are equal. */
const MARGIN = 0.005;
/** ln: a step that is well above the roughness that ticks and conflicts make. */
const DIFFERENCE = 0.06;

function residualsAt(task: Task, point: Point): Residuals {
  const { figures, profile, ranges, systems } = task;
  const compared = figures.compare(profileAt(profile, ranges, point), systems);
  const errors = compared.cells.map((cell) => logError(cell) / ALLOWED[cell.metric]);
  return [...errors, ...wrongOrders(compared), ...strains(ranges, point)];
}

/** Where the systems come in the wrong order, by how much; 0 where the order is right. */
function wrongOrders({ cells }: Comparison): readonly number[] {
  const masters = cells.filter(({ system }) => system === "MasterSP+remote");
  return masters.map((master) => {
    const worker = cells.find(
      ({ workflow, system, metric }) =>
        system === "WorkerSP+FaaStore" && workflow === master.workflow && metric === master.metric,
    );
    if (worker === undefined) return 0;
    return Math.max(0, Math.log(worker.ours / master.ours) + MARGIN) / MARGIN;
  });
}

/**
 * The profile's values, the middle of all ranges, then points drawn. The profile may know figures that
 * are to be predicted: then it is no start.
 */
function startsOf(
  { profile, ranges, systems }: Task,
  { starts, seed }: { readonly starts: number; readonly seed: string },
): readonly Point[] {
  const known = systems === SYSTEMS ? [pointOf(profile, ranges)] : [];
  const stream = new Streams(seed).stream("calibrate");
  const drawn = Array.from({ length: starts }, () =>
    ranges.map(({ low, high }) => Math.log(low) + stream.uniform() * Math.log(high / low)),
  );
  return [...known, middleOf(ranges), ...drawn].slice(0, starts);
}

/** Slopes from each start, then chance around the best point. */
function bestFit(
  task: Task,
  starts: readonly Point[],
  by: { readonly rounds: number; readonly generations: number; readonly seed: string },
): Fit {
  const lower = task.ranges.map(({ low }) => Math.log(low));
  const upper = task.ranges.map(({ high }) => Math.log(high));
  const fits = starts.map((start, index) => {
    const problem = { start, lower, upper, difference: DIFFERENCE, rounds: by.rounds };
    return driven(task, fit(problem), `start ${index + 1} of ${starts.length}`);
  });
  const best = fits.reduce((least, each) => (each.cost < least.cost ? each : least));
  const stream = new Streams(by.seed).stream("calibrate/polish");
  const draw = (): number => Math.log(stream.lognormal(1, 1));
  const { generations } = by;
  const problem = {
    start: best.point,
    lower,
    upper,
    spread: DIFFERENCE,
    generations,
    size: 8,
    draw,
  };
  return { ...best, ...driven(task, polish(problem), "polish") };
}

/** Works out what the optimiser asks for. */
function driven<R>(
  task: Task,
  optimiser: Generator<readonly Point[], R, readonly Residuals[]>,
  stage: string,
): R {
  let least = Infinity;
  let step = optimiser.next();
  while (step.done !== true) {
    const found = step.value.map((point) => residualsAt(task, point));
    least = Math.min(least, ...found.map(costOf));
    if (process.stderr.isTTY) process.stderr.write(`\r${stage}: cost ${least.toFixed(2)}    `);
    step = optimiser.next(found);
  }
  if (process.stderr.isTTY) process.stderr.write("\n");
  return step.value;
}

function parsed(text: string, name: string): Profile {
  const result = parseProfile(text, name);
  if ("profile" in result) return result.profile;
  throw new Error(`the fitted profile cannot be read: ${JSON.stringify(result.problems)}`);
}

function valueAt(profile: Profile, [section, field]: Range["path"]): number {
  return (profile as unknown as Record<string, Record<string, number>>)[section]![field]!;
}

function isAtBound(point: number, { low, high }: Range): boolean {
  return Math.min(point - Math.log(low), Math.log(high) - point) < 0.02;
}

/** How much all figures together move, in what they may be off, when the value changes by 1%. */
function sensitivity({ jacobian, residuals }: Fit, index: number, strained: number): number {
  const column = jacobian[index]?.slice(0, residuals.length - strained) ?? [];
  return 0.01 * Math.sqrt(costOf(column));
}
