/** `faasflow calibrate --live`: a profile from event logs, tried on the runs that were held back. */

import * as Console from "effect/Console";
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Result from "effect/Result";
import { counted } from "../analysis/count-text.ts";
import { estimate } from "../analysis/estimate.ts";
import { liveCalibrationText } from "../analysis/estimate-text.ts";
import { LIVE_WORKER, type Settings } from "../core/engine/settings.ts";
import { PAPER_CLUSTER } from "../core/plan/contract.ts";
import { targetProblems, writeNamed } from "../workflows/named-files.ts";
import { UsageErrors } from "../workflows/usage-errors.ts";
import { liveProfileText } from "./calibrate-live-config.ts";
import { split, tried } from "./calibrate-trial-config.ts";
import type { Profile } from "./profile.ts";
import { parseProfile } from "./profile-config.ts";
import { type RecordedRun, readRuns } from "./run-log-config.ts";
import { daemonCores } from "./shared-cpu.ts";
import type { RunConfig } from "./twin-config.ts";

export const LIVE_FLAGS = {
  live: Flag.String("live").pipe(
    Flag.atLeast(0),
    Flag.withMetavar("LOG|URL"),
    Flag.withDescription(
      "the event log of a live run, or a gateway's address; may be repeated: the more runs, schemes and storages, the better",
    ),
  ),
  tokenFile: Flag.String("token-file").pipe(
    Flag.optional,
    Flag.withDescription("with --live: file with the gateway's token; default FAASFLOW_HTTP_TOKEN"),
  ),
};

interface LiveInput {
  readonly live: readonly string[];
  readonly tokenFile: Option.Option<string>;
  readonly seed: string;
  readonly out: Option.Option<string>;
}

/** `refused`: problems with other flags, told with those of the logs. */
export const calibrateLive = Effect.fnUntraced(function* (
  { live, tokenFile, seed, out }: LiveInput,
  refused: readonly string[],
) {
  const named = [...live, ...Option.toArray(tokenFile)];
  const problems = [...refused, ...targetProblems({ out }, named)];
  const read = yield* Effect.result(readRuns({ sources: live, tokenFile }));
  problems.push(...(Result.isFailure(read) ? read.failure.problems : unlike(read.success)));
  if (Result.isFailure(read) || problems.length > 0) return yield* new UsageErrors({ problems });
  const runs = read.success;
  const { fitted, held, how } = split(runs, seed);
  const estimates = estimate(
    fitted.map(({ log }) => log),
    daemonCores,
  );
  const text = liveProfileText(estimates, {
    workers: runs[0]!.config.workers,
    ...workerSizeOf(runs[0]!.config),
    capacity: PAPER_CLUSTER.workerCapacity,
    about: `${counted(fitted.length, "log")}, ${how} held back`,
  });
  const profile = parsed(text);
  const trial = tried(held, runs, { profile, seed });
  const calibration = { logs: fitted.length, estimates, heldBack: how, trial };
  yield* Console.log(liveCalibrationText(calibration));
  if (Option.isSome(out)) yield* writeNamed("out", out.value, text);
});

/** Runs of clusters that are no one cluster have no one profile. */
function unlike(runs: readonly RecordedRun[]): readonly string[] {
  const [first, ...rest] = runs;
  const buses = runs.map(({ log }) => log.header.config["durable"]);
  const problems = rest.flatMap(({ log, config }) => {
    const theirs = clusterText(config);
    const ours = clusterText(first!.config);
    if (theirs === ours) return [];
    const found = `${theirs}; ${first!.log.name} has ${ours}`;
    return [`${log.name}: ${found}. Calibrate each cluster on its own.`];
  });
  if (buses.includes(true) && buses.includes(false)) {
    problems.push("some runs are --volatile, some durable: their messages take other times.");
  }
  return problems;
}

function clusterText(config: RunConfig): string {
  const { workerMemory, keepAlive } = workerSizeOf(config);
  const memory = `${workerMemory / 2 ** 30} GiB for containers`;
  return `${counted(config.workers, "worker")} with ${memory}, kept ${keepAlive / 1e6} s`;
}

/** As all live workers had it before logs said so. */
function workerSizeOf({
  workerMemory,
  keepAlive,
}: RunConfig): Pick<Settings, "workerMemory" | "keepAlive"> {
  return {
    workerMemory: workerMemory ?? LIVE_WORKER.workerMemory,
    keepAlive: keepAlive ?? LIVE_WORKER.keepAlive,
  };
}

function parsed(text: string): Profile {
  const result = parseProfile(text, "local");
  if ("profile" in result) return result.profile;
  throw new Error(`the profile cannot be read: ${JSON.stringify(result.problems)}`);
}
