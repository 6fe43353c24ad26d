/** `faasflow advise`: the cheapest configuration that meets a goal, with all that was tried. */

import * as Console from "effect/Console";
import * as Argument from "effect/cli/Argument";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Result from "effect/Result";
import {
  type Advice,
  adviceText,
  type Candidate,
  candidateText,
  type Goal,
  judged,
  missOf,
  missText,
  type Sample,
  type Tried,
} from "../analysis/advice.ts";
import type { Settings } from "../analysis/study-rows.ts";
import { command } from "../workflows/command.ts";
import { CheckFailed, UsageErrors } from "../workflows/usage-errors.ts";
import { readCandidates, readGoal } from "./advise-config.ts";
import { CellPool } from "./cell-pool-command.ts";
import { CellProgress } from "./progress-command.ts";
import type { Scenario } from "./scenario-config.ts";
import { readScenario, SCENARIO_FLAGS, type ScenarioInput } from "./simulate-flags.ts";
import { remembering, settingsOf } from "./study-config.ts";

const MAX_SEEDS = 1_000;
/** A 99th percentile of fewer is hardly more than the largest value. */
const INVOCATIONS = "200";
/** Tried at the same time; some may be dearer than the answer. */
const CHUNK = 8;

const { seed: _, invocations: __, ...FIXED_FLAGS } = SCENARIO_FLAGS;

export const adviseCommand = command(
  "advise",
  {
    workflow: Argument.String("workflow").pipe(
      Argument.withDescription("a benchmark, genome:500, or a file (YAML, or WfFormat)"),
    ),
    goal: Flag.String("goal").pipe(
      Flag.atLeast(1),
      Flag.withDescription(
        "repeatable, all are to be met: mean, p50, p95, p99, schedule_overhead, data_overhead, or " +
          "a metric of simulate; < or <=; a value with its unit",
      ),
    ),
    over: Flag.String("over").pipe(
      Flag.withDescription("what to search: workers=1..14,bandwidth=25..100MB/s, or one of them"),
    ),
    step: Flag.String("step").pipe(
      Flag.optional,
      Flag.withDescription("of the search: default workers=1,bandwidth=5MB/s"),
    ),
    seeds: Flag.Int("seeds").pipe(
      Flag.withDefault(3),
      Flag.withDescription("the goal is to be met under each of so many seeds; default 3"),
    ),
    ...FIXED_FLAGS,
    invocations: Flag.String("invocations").pipe(
      Flag.optional,
      Flag.withDescription(`requests of each run; default ${INVOCATIONS} without --duration`),
    ),
    json: Flag.Boolean("json").pipe(
      Flag.withDefault(false),
      Flag.withDescription("print one JSON object, nothing else"),
    ),
  },
  Effect.fn("advise")(function* ({ workflow, goal, over, step, seeds, json, ...flags }) {
    const problems: string[] = [];
    const goals = goal.flatMap((text) => readGoal(text, problems) ?? []);
    const candidates = readCandidates(over, Option.getOrUndefined(step), problems);
    if (seeds < 1 || seeds > MAX_SEEDS) {
      problems.push(`--seeds: ${seeds}. Give a whole number from 1 to ${MAX_SEEDS}.`);
    }
    for (const axis of ["workers", "bandwidth"] as const) {
      if (Option.isNone(flags[axis]) || !new RegExp(`\\b${axis}\\b`).test(over)) continue;
      problems.push(`--${axis}: it is in --over too. Leave one of the two out.`);
    }
    const limited = Option.isSome(flags.invocations) || Option.isSome(flags.duration);
    const invocations = limited ? flags.invocations : Option.some(INVOCATIONS);
    const given = { workflow, flags: { ...flags, invocations } };
    const trials = yield* readTrials(given, { candidates, problems });
    const advice = yield* Effect.promise(() => search(trials, { goals, seeds }));
    yield* Console.log(json ? JSON.stringify(advice) : adviceText(advice));
    if (advice.cheapest === undefined) yield* new CheckFailed({ message: nearestText(advice) });
  }),
).pipe(
  Command.withDescription("Find the cheapest cluster that meets a goal, and show what was tried"),
  Command.withExamples([
    {
      command:
        'faasflow advise video --goal "p99 < 20 s" --over workers=1..14,bandwidth=25..100MB/s --rate 6/min',
      description: "how many workers, and which link",
    },
    {
      command: 'faasflow advise genome --goal "data_overhead < 20 s" --over workers=1..7 --json',
      description: "with a link as the profile has it",
    },
  ]),
);

/** A candidate, and its run under the first seed. */
interface Trial {
  readonly candidate: Candidate;
  readonly scenario: Scenario;
}

interface Given {
  readonly workflow: string;
  readonly flags: Omit<ScenarioInput, "seed">;
}

interface Space {
  readonly candidates: readonly Candidate[];
  readonly problems: readonly string[];
}

const NOTHING_SET: Candidate = { workers: undefined, bandwidth_MBps: undefined };

const readTrials = Effect.fnUntraced(function* (
  { workflow, flags }: Given,
  { candidates, problems }: Space,
) {
  const loaders = remembering();
  const found = new Set(problems);
  const trials: Trial[] = [];
  // Even if the range is wrong, what else is wrong is told.
  for (const candidate of candidates.length === 0 ? [NOTHING_SET] : candidates) {
    const { workers, bandwidth_MBps } = candidate;
    const input: ScenarioInput = {
      ...flags,
      seed: Option.none(),
      workers: workers === undefined ? flags.workers : Option.some(`${workers}`),
      bandwidth:
        bandwidth_MBps === undefined ? flags.bandwidth : Option.some(`${bandwidth_MBps}MB/s`),
    };
    const read = yield* Effect.result(readScenario([workflow], input, false, loaders));
    if (Result.isSuccess(read)) trials.push({ candidate, scenario: read.success });
    else for (const problem of read.failure.problems) found.add(problem);
  }
  if (found.size > 0) return yield* new UsageErrors({ problems: [...found] });
  return trials;
});

interface Ways {
  readonly goals: readonly Goal[];
  readonly seeds: number;
}

/**
 * From the cheapest on, until one meets the goals: nothing cheaper does, whether or not more workers
 * or more bandwidth always help. Then the neighbours of the answer, which show if they do.
 */
async function search(trials: readonly Trial[], { goals, seeds }: Ways): Promise<Advice> {
  const pool = new CellPool();
  const progress = new CellProgress(trials.length);
  const sample = async (scenario: Scenario): Promise<Sample> => {
    try {
      return await pool.measure({ tag: "scenario", scenario });
    } catch (cause) {
      return { rows: [], wrong: [(cause as Error).message] };
    }
  };
  // The first seed under which it fails is enough.
  const judge = async ({ candidate, scenario }: Trial): Promise<Tried> => {
    const samples: Sample[] = [];
    for (;;) {
      samples.push(await sample({ ...scenario, seed: `${samples.length + 1}` }));
      const soFar = judged(candidate, goals, samples);
      if (!soFar.meets || samples.length === seeds) return soFar;
    }
  };
  const tryOut = (trial: Trial): Promise<Tried> => progress.of(judge(trial));
  const tried: Tried[] = [];
  try {
    let cheapest: Tried | undefined;
    for (let from = 0; from < trials.length && cheapest === undefined; from += CHUNK) {
      tried.push(...(await Promise.all(trials.slice(from, from + CHUNK).map(tryOut))));
      cheapest = tried.find(({ meets }) => meets);
    }
    const beside = nextTo(cheapest?.candidate, trials);
    const dearer = await Promise.all(
      beside.map((trial) => tried[trials.indexOf(trial)] ?? tryOut(trial)),
    );
    const settings = fixedOf(trials[0]!);
    return { settings, goals, tried, cheapest, dearer, all: trials.length, seeds };
  } finally {
    await pool.close();
    progress.end();
  }
}

/** What is not searched. */
function fixedOf({ candidate, scenario }: Trial): Settings {
  const settings = Object.entries(settingsOf(scenario));
  const isFixed = (name: string): boolean => candidate[name as keyof Candidate] === undefined;
  return Object.fromEntries(settings.filter(([name]) => isFixed(name)));
}

/** One step dearer in each direction. */
function nextTo(candidate: Candidate | undefined, trials: readonly Trial[]): readonly Trial[] {
  const first = (dearer: (other: Candidate, than: Candidate) => boolean): readonly Trial[] => {
    if (candidate === undefined) return [];
    const found = trials.find((trial) => dearer(trial.candidate, candidate));
    return found === undefined ? [] : [found];
  };
  return [
    ...first(
      (other, { workers, bandwidth_MBps: least = Infinity }) =>
        other.workers === workers && (other.bandwidth_MBps ?? 0) > least,
    ),
    ...first(
      (other, { workers: least = Infinity, bandwidth_MBps }) =>
        other.bandwidth_MBps === bandwidth_MBps && (other.workers ?? 0) > least,
    ),
  ];
}

function nearestText({ tried, goals }: Advice): string {
  const nearest = tried.reduce((best, each) =>
    missOf(each, goals) < missOf(best, goals) ? each : best,
  );
  const miss = missText(missOf(nearest, goals));
  return (
    `no configuration meets the goal. The nearest is ${candidateText(nearest.candidate)}: ${miss}. ` +
    "Widen --over, or lower the rate."
  );
}
