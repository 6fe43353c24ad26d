/** `faasflow trace`: traces made of what ran, here or elsewhere. */

import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
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
import { command } from "../workflows/command.ts";
import { BENCHMARKS, resolveWorkflow } from "../workflows/load.ts";
import { isPath, pathsAmong, sourceProblems, targetProblems } from "../workflows/named-files.ts";
import { UsageErrors } from "../workflows/usage-errors.ts";
import { fileLines } from "./file-lines.ts";
import { FileOutput } from "./file-output.ts";
import { fromArrivalsCommand } from "./from-arrivals-command.ts";
import { TraceRecorder } from "./from-events.ts";
import { formatTraceEntry, TRACE_HEADER, type TraceEntry } from "./record.ts";

const fromEvents = command(
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
    const references = workflow.length > 0 ? workflow : referencesIn(log.header.config, file);
    const { graphs, unread } = yield* graphsOf(references);
    // A bare name that leads nowhere is only what the workflow is called: its file is asked for below.
    const missing = workflow.length > 0 ? unread : unread.filter(({ isPath }) => isPath);
    const wrong = missing.map(({ problem }) => problem);
    const byPlan = new Map<number, Graph>();
    for (const { plan, workflow: name } of log.header.workflows) {
      const graph = graphs.get(name);
      if (graph !== undefined) byPlan.set(plan, graph);
      else wrong.push(`${file}: its workflow ${name} is not known. Name its file by --workflow.`);
    }
    if (wrong.length > 0) return yield* new UsageErrors({ problems: wrong });
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

/** How the run named its workflows; a path that leads nowhere from here may do so from the log. */
function referencesIn(config: Readonly<Record<string, unknown>>, log: string): readonly string[] {
  const references = config["references"];
  if (!Array.isArray(references)) return [];
  return references
    .filter((each) => typeof each === "string")
    .flatMap((each) => (each === "all" ? BENCHMARKS : [each]))
    .map((each) => {
      const beside = resolve(dirname(log), each);
      return isPath(each) && !existsSync(each) && existsSync(beside) ? beside : each;
    });
}

interface Unread {
  readonly problem: string;
  readonly isPath: boolean;
}

const graphsOf = Effect.fnUntraced(function* (references: readonly string[]) {
  const graphs = new Map<string, Graph>();
  const unread: Unread[] = [];
  for (const reference of references) {
    const result = yield* Effect.result(resolveWorkflow(reference));
    if (Result.isSuccess(result)) graphs.set(result.success.name, compile(result.success));
    else unread.push({ problem: result.failure.message, isPath: isPath(reference) });
  }
  return { graphs, unread };
});

function reading<A>(run: () => Promise<A>): Effect.Effect<A, UsageErrors> {
  return Effect.tryPromise({
    try: run,
    catch: (cause) => new UsageErrors({ problems: [(cause as Error).message] }),
  });
}
