/** Reads recorded runs, from files or from gateways, and how they were set up; all problems at once. */

import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Result from "effect/Result";
import { counted } from "../analysis/count-text.ts";
import { readEventLog } from "../analysis/event-reader.ts";
import type { Event } from "../core/events.ts";
import type { WorkflowSpec } from "../core/workflow/spec.ts";
import { clientOf } from "../live/client-flags.ts";
import { fileLines } from "../traces/file-lines.ts";
import { resolveWorkflow } from "../workflows/load.ts";
import { sourceProblems } from "../workflows/named-files.ts";
import { UsageErrors } from "../workflows/usage-errors.ts";
import { type RunConfig, type RunLog, readRunConfig, saysWorkflows } from "./twin-config.ts";

export interface RecordedRun {
  readonly log: RunLog;
  readonly config: RunConfig;
}

export interface RunSources {
  /** Each the path of an event log, or a gateway's address. */
  readonly sources: readonly string[];
  /** Of the gateways, unless the environment has it. */
  readonly tokenFile: Option.Option<string>;
}

/** In the order of the sources. */
export const readRuns = Effect.fn("readRuns")(function* ({ sources, tokenFile }: RunSources) {
  const runs: RecordedRun[] = [];
  const problems: string[] = [];
  for (const [index, source] of sources.entries()) {
    if (sources.indexOf(source) < index) {
      problems.push(`--live: ${source} is given twice. Name each run once.`);
      continue;
    }
    const run = yield* Effect.result(readRun(source, tokenFile));
    if (Result.isFailure(run)) problems.push(...run.failure.problems);
    else runs.push(run.success);
  }
  if (problems.length > 0) return yield* new UsageErrors({ problems });
  return runs;
});

const LOG_REMEDY = "Name an event log, or a gateway's address.";

const readRun = Effect.fnUntraced(function* (source: string, tokenFile: Option.Option<string>) {
  const isAddress = /^https?:\/\//.test(source);
  const absent = isAddress ? [] : sourceProblems({ live: Option.some(source) }, LOG_REMEDY);
  if (absent.length > 0) return yield* wrong(...absent);
  const lines = isAddress ? yield* gatewayLines(source, tokenFile) : fileLines(source);
  const log = yield* Effect.tryPromise({
    try: () => readAll(source, lines),
    catch: (cause) => wrong((cause as Error).message),
  });
  const { finished, problem } = finishesIn(log);
  if (finished === 0) return yield* wrong(problem);
  const workflows = saysWorkflows(log) ? new Map() : yield* workflowsOf(log);
  const config = readRunConfig(log, workflows);
  if (Result.isFailure(config)) return yield* wrong(...config.failure);
  return { log, config: config.success };
});

const gatewayLines = Effect.fnUntraced(
  function* (url: string, tokenFile: Option.Option<string>) {
    const client = yield* clientOf({ url: Option.some(url), tokenFile });
    const text = yield* client.log();
    return text.split("\n").slice(0, -1);
  },
  Effect.mapError(({ message }) => wrong(message)),
);

async function readAll(name: string, lines: Iterable<string>): Promise<RunLog> {
  const log = await readEventLog(lines, { file: name });
  const events: Event[] = [];
  for await (const event of log.events) events.push(event);
  return { name, header: log.header, events };
}

function finishesIn({ name, events }: RunLog): { finished: number; problem: string } {
  const count = (wanted: Event["kind"]): number =>
    events.filter(({ kind }) => kind === wanted).length;
  const finished = count("finish");
  const problem = `${name}: none of its ${counted(count("arrival"), "invocation")} finished. Record a run that \
did.`;
  return { finished, problem };
}

/** Those that the simulator ran are named in its header. */
const workflowsOf = Effect.fnUntraced(function* ({ name, header }: RunLog) {
  const references = header.config["references"];
  const named = Array.isArray(references)
    ? references.filter((each) => typeof each === "string")
    : [];
  const found = new Map<string, WorkflowSpec>();
  const problems: string[] = [];
  for (const reference of named) {
    const spec = yield* Effect.result(resolveWorkflow(reference));
    if (Result.isFailure(spec)) problems.push(`${name}: ${spec.failure.message}`);
    else found.set(spec.success.name, spec.success);
  }
  if (problems.length > 0) return yield* wrong(...problems);
  return found;
});

function wrong(...problems: readonly string[]): UsageErrors {
  return new UsageErrors({ problems });
}
