/** `faasflow compare`: recorded runs beside their twins, simulated from the same arrivals. */

import * as Console from "effect/Console";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Result from "effect/Result";
import { counted } from "../analysis/count-text.ts";
import type { ComparedRun, TwinCell } from "../analysis/twin-cells.ts";
import { compareTwins } from "../analysis/twin-comparison.ts";
import { runFacts } from "../analysis/twin-invocations.ts";
import { twinHtml } from "../analysis/twin-page.ts";
import { twinJson, twinText } from "../analysis/twin-text.ts";
import { arrivalTime } from "../core/events.ts";
import { command } from "../workflows/command.ts";
import { pathsAmong, targetProblems, writeNamed } from "../workflows/named-files.ts";
import { CheckFailed, UsageErrors } from "../workflows/usage-errors.ts";
import type { Profile } from "./profile.ts";
import { loadProfile } from "./profile-config.ts";
import { type RecordedRun, readRuns } from "./run-log-config.ts";
import { Streams } from "./streams.ts";
import { loadTolerances } from "./tolerances-config.ts";
import { type RunConfig, type RunLog, twinEvents } from "./twin-config.ts";

const text = (name: string, metavar: string, description: string) =>
  Flag.String(name).pipe(
    Flag.optional,
    Flag.withMetavar(metavar),
    Flag.withDescription(description),
  );

const COMPARE_FLAGS = {
  live: Flag.String("live").pipe(
    Flag.atLeast(1),
    Flag.withMetavar("LOG|URL"),
    Flag.withDescription(
      "an event log of `live run --events`, or a gateway; repeatable: repeats of one configuration show live's own noise",
    ),
  ),
  sim: Flag.String("sim").pipe(
    Flag.withMetavar("PROFILE"),
    Flag.withDescription(
      "the cluster of the twin: a profile's name, or a file of `faasflow calibrate`",
    ),
  ),
  seed: Flag.String("seed").pipe(
    Flag.withDefault("1"),
    Flag.withDescription("of what the twin leaves to chance; default 1"),
  ),
  warmUp: Flag.Int("warm-up").pipe(
    Flag.withDefault(0),
    Flag.withDescription(
      "first invocations of each workflow that figures of time leave out; default 0",
    ),
  ),
  tolerances: text(
    "tolerances",
    "FILE",
    "how far the twin may be off; default sim/tolerances.yaml",
  ),
  html: text(
    "html",
    "FILE",
    "write a page: both Gantt charts and both distributions, over each other",
  ),
  tokenFile: text("token-file", "FILE", "with the gateway's token; default FAASFLOW_HTTP_TOKEN"),
  json: Flag.Boolean("json").pipe(
    Flag.withDefault(false),
    Flag.withDescription("print one JSON object, nothing else"),
  ),
};

export const compareCommand = command(
  "compare",
  COMPARE_FLAGS,
  Effect.fn("compare")(function* (input) {
    const { runs, profile, tolerances } = yield* readAll(input);
    const { seed, warmUp, html, json } = input;
    for (const { log } of runs) {
      const missing = Number(log.header.config["events_missing"] ?? 0);
      if (missing > 0)
        yield* Console.error(
          `${log.name}: ${counted(missing, "event")} never came to the gateway.`,
        );
    }
    const compared = runs.map((run, index) =>
      comparedRun(run, { profile, seed: `${seed}/${index}` }),
    );
    const stream = new Streams(seed).stream("bootstrap");
    const uniform = (): number => stream.uniform();
    const comparison = compareTwins(compared, { tolerances, warmUp, uniform });
    const about = { profile: profile.name, seed };
    yield* Console.log(json ? twinJson(comparison, about) : twinText(comparison, about));
    if (Option.isSome(html)) {
      const page = yield* Effect.promise(() =>
        twinHtml(comparison, { runs: compared, warmUp, about }),
      );
      yield* writeNamed("html", html.value, page);
    }
    const { violations } = comparison;
    if (violations.length > 0) yield* new CheckFailed({ message: violations.join("\n") });
  }),
).pipe(
  Command.withDescription(
    "Simulate what a cluster did, arrival by arrival, and tell how far the simulation is off",
  ),
  Command.withExamples([
    {
      command: "faasflow compare --live run.ndjson --sim local.yaml",
      description: "after: faasflow live run genome --events run.ndjson",
    },
    {
      command: "faasflow compare --live 1.ndjson --live 2.ndjson --sim local.yaml --html twin.html",
      description: "repeats: live's own noise is what differs between them",
    },
  ]),
);

type CompareInput = Command.Command.Config.Infer<typeof COMPARE_FLAGS>;

/** All that is wrong, at once. */
const readAll = Effect.fnUntraced(function* (input: CompareInput) {
  const { live, sim, warmUp, tolerances, tokenFile, html } = input;
  const problems = warmUp < 0 ? [`--warm-up: ${warmUp}. Give a whole number of at least 0.`] : [];
  const named = [...Option.toArray(tolerances), ...Option.toArray(tokenFile)];
  problems.push(...targetProblems({ html }, [...live, ...pathsAmong([sim]), ...named]));
  const runs = yield* Effect.result(readRuns({ sources: live, tokenFile }));
  if (Result.isFailure(runs)) problems.push(...runs.failure.problems);
  else problems.push(...warmUpProblems(runs.success, warmUp));
  const profile = yield* Effect.result(loadProfile(sim));
  if (Result.isFailure(profile)) problems.push(`--sim: ${profile.failure.message}`);
  const limits = yield* Effect.result(loadTolerances(Option.getOrUndefined(tolerances)));
  if (Result.isFailure(limits)) problems.push(...limits.failure.problems);
  if (
    problems.length > 0 ||
    Result.isFailure(runs) ||
    Result.isFailure(profile) ||
    Result.isFailure(limits)
  ) {
    return yield* new UsageErrors({ problems });
  }
  return { runs: runs.success, profile: profile.success, tolerances: limits.success };
});

/** A warm-up that leaves nothing of a workflow to compare. */
function warmUpProblems(runs: readonly RecordedRun[], warmUp: number): readonly string[] {
  return runs.flatMap(({ log: { name, header, events } }) =>
    [...new Set(header.workflows.map(({ workflow }) => workflow))].flatMap((workflow) => {
      const plans = header.workflows.filter((each) => each.workflow === workflow);
      const ids = new Set(plans.map(({ plan }) => plan));
      const arrived = events.filter(({ kind, plan }) => kind === "arrival" && ids.has(plan)).length;
      if (arrived === 0 || warmUp < arrived) return [];
      const found = `leaves none of the ${counted(arrived, "invocation")} of ${workflow} in ${name}`;
      return [`--warm-up: ${warmUp} ${found}. Give less than ${arrived}.`];
    }),
  );
}

/** The run and its twin, as analysis takes them. */
export function comparedRun(
  { log, config }: RecordedRun,
  options: { readonly profile: Profile; readonly seed: string },
): ComparedRun {
  const plans = log.header.workflows;
  return {
    name: log.name,
    configuration: configurationOf(log, config),
    plans,
    live: runFacts(plans, log.events),
    twin: runFacts(plans, twinEvents(log, config, options)),
  };
}

function configurationOf(log: RunLog, config: RunConfig): Omit<TwinCell, "workflow"> {
  const { scheme, storage, partition, workers, bandwidth } = config;
  const { durable } = log.header.config;
  const bus = durable === undefined ? "" : durable === true ? "durable" : "volatile";
  const load = config.isClosed ? "one by one" : rateText(log);
  return { scheme, storage, partition, workers, bandwidth, bus, load };
}

const MINUTE_US = 60_000_000;

/** Arrivals a minute, to two digits: repeats of an open loop are a little off each other. */
function rateText({ events }: RunLog): string {
  const arrivals = events.filter(({ kind }) => kind === "arrival");
  const times = arrivals.map(arrivalTime).sort((one, other) => one - other);
  const span = Math.max(1, times.at(-1)! - times[0]!);
  return `${Number((((times.length - 1) * MINUTE_US) / span).toPrecision(2))}/min`;
}
