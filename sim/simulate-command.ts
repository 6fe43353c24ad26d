/** `faasflow simulate`: one scenario, its metrics, and the files that were asked for. */

import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import * as Console from "effect/Console";
import * as Argument from "effect/cli/Argument";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Result from "effect/Result";
import { metricsCsv } from "../analysis/csv.ts";
import { formatHeader, planHeader } from "../analysis/event-header.ts";
import { EventNames, formatEvent } from "../analysis/event-log.ts";
import { PerfettoWriter } from "../analysis/perfetto.ts";
import { runText } from "../analysis/run-text.ts";
import type { Event } from "../core/events.ts";
import { UnreadableFile } from "../core/workflow/line-problems.ts";
import { RECORD_FLAGS, readRecord } from "../live/record-flags.ts";
import type { RecordChoice } from "../live/recorder.ts";
import { fileLines } from "../traces/file-lines.ts";
import { FileOutput } from "../traces/file-output.ts";
import { readTrace } from "../traces/record.ts";
import { command } from "../workflows/command.ts";
import { pathsAmong, rereadProblems, targetProblems, whyNot } from "../workflows/named-files.ts";
import { CheckFailed, UsageErrors } from "../workflows/usage-errors.ts";
import { Progress } from "./progress-command.ts";
import { SimRecordings } from "./record-config.ts";
import { type Outcome, PreparedScenario, type Scenario, wrongWith } from "./scenario-config.ts";
import { readScenario, SCENARIO_FLAGS } from "./simulate-flags.ts";

const file = (name: string, description: string): Flag.Flag<Option.Option<string>> =>
  Flag.String(name).pipe(
    Flag.optional,
    Flag.withMetavar("FILE"),
    Flag.withDescription(description),
  );

const OUTPUT_FLAGS = {
  trace: file("trace", "replay the arrivals of a trace instead of a load"),
  events: file("events", "write the event log (NDJSON)"),
  perfetto: file("perfetto", "write a trace for ui.perfetto.dev"),
  csv: file("csv", "write the metrics as CSV"),
  json: Flag.Boolean("json").pipe(
    Flag.withDefault(false),
    Flag.withDescription("print one JSON object, nothing else"),
  ),
  check: Flag.Boolean("check").pipe(
    Flag.withDefault(false),
    Flag.withDescription("check the invariants of the event log; exit code 1 if one is broken"),
  ),
};

export const simulateCommand = command(
  "simulate",
  {
    workflows: Argument.String("workflow").pipe(
      Argument.withDescription("a benchmark, genome:500, a file (YAML, or WfFormat), or all"),
      Argument.variadic(),
    ),
    ...SCENARIO_FLAGS,
    ...OUTPUT_FLAGS,
    ...RECORD_FLAGS,
  },
  Effect.fn("simulate")(function* ({
    workflows,
    trace,
    events,
    perfetto,
    csv,
    json,
    check,
    record,
    recordLimit,
    ...input
  }) {
    const traceFile = Option.getOrUndefined(trace);
    const targets = { events, perfetto, csv };
    const named = pathsAmong([...workflows, ...Option.toArray(input.profile)]);
    const { choice: recording, problems: unrecorded } = readRecord({ record, recordLimit });
    const problems = [
      ...rereadProblems({ trace }, "Name a trace: `faasflow trace` makes one."),
      ...targetProblems(targets, [...named, ...Option.toArray(trace)]),
      ...unrecorded,
    ];
    const read = yield* Effect.result(readScenario(workflows, input, traceFile !== undefined));
    if (Result.isFailure(read)) problems.unshift(...read.failure.problems);
    if (Result.isFailure(read) || problems.length > 0) return yield* new UsageErrors({ problems });
    const scenario = read.success;
    const wanted = { traceFile, targets, check, recording };
    const outcome = yield* withFiles(() => runTo(scenario, wanted));
    yield* Console.log(
      json ? JSON.stringify({ rows: outcome.rows }) : runText(outcome.rows, outcome.about),
    );
    yield* failIfWrong(outcome);
  }),
).pipe(
  Command.withDescription("Simulate workflows on a cluster and print what they took"),
  Command.withExamples([
    { command: "faasflow simulate genome", description: "ten invocations, one after another" },
    {
      command:
        "faasflow simulate video --scheme master-sp --storage remote --bandwidth 50MB/s --rate 6/min --duration 120s",
      description: "an open loop over a limited store",
    },
    {
      command: "faasflow simulate all --duration 120s --check --events run.ndjson",
      description: "all eight together, checked, with the event log",
    },
  ]),
);

interface Wanted {
  readonly traceFile: string | undefined;
  readonly targets: Readonly<Record<"events" | "perfetto" | "csv", Option.Option<string>>>;
  readonly check: boolean;
  readonly recording: RecordChoice | undefined;
}

type Finished = Outcome & { readonly about: Parameters<typeof runText>[1] };

function runTo(asked: Scenario, { traceFile, targets, check, recording }: Wanted): Finished {
  const scenario = traceFile === undefined ? asked : { ...asked, load: traceLoad(traceFile) };
  const prepared = new PreparedScenario(scenario, (workflows) =>
    traceFile === undefined ? [] : readTrace(fileLines(traceFile), { file: traceFile, workflows }),
  );
  const headers = prepared.plans.map(planHeader);
  const sinks: { readonly event: (event: Event) => void; readonly end: () => void }[] = [];
  if (Option.isSome(targets.events)) {
    const output = new FileOutput(targets.events.value);
    const names = new EventNames(headers);
    output.write(`${formatHeader(prepared.header)}\n`);
    sinks.push({
      event: (event) => output.write(`${formatEvent(event, names)}\n`),
      end: () => output.end(),
    });
  }
  if (Option.isSome(targets.perfetto)) {
    const output = new FileOutput(targets.perfetto.value);
    const writer = new PerfettoWriter(headers);
    sinks.push({
      event: (event) => output.write(writer.add(event)),
      end: () => {
        output.write(writer.finish());
        output.end();
      },
    });
  }
  if (process.stderr.isTTY) {
    const progress = new Progress();
    sinks.push({ event: (event) => progress.event(event), end: () => progress.end() });
  }
  const observe = (event: Event): void => {
    for (const sink of sinks) sink.event(event);
  };
  const recordings = recording && new SimRecordings(recording, prepared);
  if (recordings !== undefined) sinks.push({ event: () => {}, end: () => recordings.close() });
  const outcome = prepared.simulate({
    check,
    event: sinks.length === 0 ? undefined : observe,
    watch: recordings && ((node, env) => recordings.watch(node, env)),
  });
  for (const sink of sinks) sink.end();
  if (Option.isSome(targets.csv)) writeFileSync(targets.csv.value, metricsCsv(outcome.rows));
  const messages = outcome.result.messages.sent;
  const violations = check ? outcome.violations.length : undefined;
  return { ...outcome, about: { ...prepared.about(), messages, violations } };
}

/** The trace's bytes are part of what a run is configured by. */
function traceLoad(file: string): Scenario["load"] {
  const hash = createHash("sha256");
  for (const line of fileLines(file)) hash.update(`${line}\n`);
  return { tag: "trace", sha256: hash.digest("hex") };
}

/** Files that cannot be read or written after all are the caller's mistake. */
function withFiles<A>(run: () => A): Effect.Effect<A, UsageErrors> {
  return Effect.suspend(() => {
    try {
      return Effect.succeed(run());
    } catch (cause) {
      const error = cause as NodeJS.ErrnoException;
      if (error instanceof UnreadableFile) {
        return Effect.fail(new UsageErrors({ problems: [error.message] }));
      }
      if (error.code === undefined) throw cause;
      const problem = `a file of this run: ${whyNot(error)}. Make room, or name other files.`;
      return Effect.fail(new UsageErrors({ problems: [problem] }));
    }
  });
}

const failIfWrong = Effect.fnUntraced(function* (outcome: Outcome) {
  const lines = wrongWith(outcome);
  if (lines.length > 0) yield* new CheckFailed({ message: lines.join("\n") });
});
