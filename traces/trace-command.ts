/** `faasflow trace`: traces made of what ran, here or elsewhere. */

import * as Console from "effect/Console";
import * as Argument from "effect/cli/Argument";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Result from "effect/Result";
import { readEventLog } from "../analysis/event-reader.ts";
import { compile } from "../core/workflow/compile.ts";
import type { Graph } from "../core/workflow/graph.ts";
import { resolveWorkflow } from "../workflows/load.ts";
import { pathsAmong, sourceProblems, targetProblems } from "../workflows/named-files.ts";
import { UsageErrors } from "../workflows/usage-errors.ts";
import { fileLines } from "./file-lines.ts";
import { FileOutput } from "./file-output.ts";
import { fromArrivalsCommand } from "./from-arrivals-command.ts";
import { TraceRecorder } from "./from-events.ts";
import { formatTraceEntry, TRACE_HEADER, type TraceEntry } from "./record.ts";

const fromEvents = Command.make(
  "from-events",
  {
    file: Argument.String("file").pipe(Argument.withDescription("an event log")),
    out: Flag.String("out").pipe(
      Flag.optional,
      Flag.withMetavar("FILE"),
      Flag.withDescription("where to; default: standard output"),
    ),
    workflow: Flag.String("workflow").pipe(
      Flag.atLeast(0),
      Flag.withDescription("repeatable: the workflow's file, if the log names one that has moved"),
    ),
  },
  Effect.fn("trace from-events")(function* ({ file, out, workflow }) {
    const problems = [
      ...sourceProblems({ file: Option.some(file) }, "Name an event log.").map((problem) =>
        problem.replace(/^--file: /, ""),
      ),
      ...targetProblems({ out }, [file, ...pathsAmong(workflow)]),
    ];
    if (problems.length > 0) return yield* new UsageErrors({ problems });
    const log = yield* reading(() => readEventLog(fileLines(file), { file }));
    const graphs = yield* graphsOf(
      workflow.length > 0 ? workflow : referencesIn(log.header.config),
    );
    const byPlan = new Map<number, Graph>();
    const missing: string[] = [];
    for (const { plan, workflow: name } of log.header.workflows) {
      const graph = graphs.get(name);
      if (graph !== undefined) byPlan.set(plan, graph);
      else missing.push(`${file}: its workflow ${name} is not known. Name its file by --workflow.`);
    }
    if (missing.length > 0) return yield* new UsageErrors({ problems: missing });
    const target = Option.getOrUndefined(out);
    const output =
      target === undefined ? undefined : yield* reading(async () => new FileOutput(target));
    const lines: string[] = [];
    const write = (line: string): void => {
      if (output === undefined) lines.push(line);
      else output.write(`${line}\n`);
    };
    write(TRACE_HEADER);
    const recorder = new TraceRecorder(byPlan);
    const take = (entries: readonly TraceEntry[]): void => {
      for (const entry of entries) write(formatTraceEntry(entry, graphs.get(entry.workflow)!));
    };
    yield* reading(async () => {
      for await (const event of log.events) take(recorder.add(event));
      take(recorder.finish());
    });
    if (output === undefined) yield* Console.log(lines.join("\n"));
    else output.end();
  }),
).pipe(
  Command.withDescription(
    "Make a trace of an event log: the same arrivals, work, sizes and branches",
  ),
  Command.withExamples([
    {
      command: "faasflow trace from-events run.ndjson --out run.trace",
      description: "then: faasflow simulate genome --trace run.trace",
    },
  ]),
);

export const traceCommand = Command.make("trace").pipe(
  Command.withDescription("Traces: when invocations arrive, and what they do"),
  Command.withSubcommands([fromEvents, fromArrivalsCommand]),
);

/** How the run named its workflows. */
function referencesIn(config: Readonly<Record<string, unknown>>): readonly string[] {
  const references = config["references"];
  return Array.isArray(references) ? references.filter((each) => typeof each === "string") : [];
}

const graphsOf = Effect.fnUntraced(function* (references: readonly string[]) {
  const graphs = new Map<string, Graph>();
  const problems: string[] = [];
  for (const reference of references) {
    const result = yield* Effect.result(resolveWorkflow(reference));
    if (Result.isFailure(result)) problems.push(result.failure.message);
    else graphs.set(result.success.name, compile(result.success));
  }
  if (problems.length > 0) return yield* new UsageErrors({ problems });
  return graphs;
});

function reading<A>(run: () => Promise<A>): Effect.Effect<A, UsageErrors> {
  return Effect.tryPromise({
    try: run,
    catch: (cause) => new UsageErrors({ problems: [(cause as Error).message] }),
  });
}
