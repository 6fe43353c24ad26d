/** `faasflow live`: a whole cluster on this machine, for a run or for as long as it is wanted. */

import { readFileSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import * as Console from "effect/Console";
import * as Argument from "effect/cli/Argument";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import { EventHash } from "../analysis/event-hash.ts";
import { eventHeader, formatHeader, planHeader } from "../analysis/event-header.ts";
import { EventNames, formatEvent } from "../analysis/event-log.ts";
import { InvariantChecker } from "../analysis/invariants.ts";
import { metricRows } from "../analysis/metric-rows.ts";
import { Metrics } from "../analysis/metrics.ts";
import { PerfettoWriter } from "../analysis/perfetto.ts";
import { runText } from "../analysis/run-text.ts";
import type { Event } from "../core/events.ts";
import type { Plan } from "../core/plan/plan.ts";
import { FileOutput } from "../traces/file-output.ts";
import { BENCHMARKS, benchmarkFile, resolveWorkflow } from "../workflows/load.ts";
import { resourceUrl } from "../workflows/resources.ts";
import { CheckFailed, UsageErrors } from "../workflows/usage-errors.ts";
import { Client } from "./client.ts";
import { asked } from "./daemon-flags.ts";
import { mergeEvents } from "./event-file.ts";
import { planOf } from "./gateway-service.ts";
import { type ClusterOptions, type LocalCluster, startCluster } from "./local-cluster.ts";

const CLUSTER_FLAGS = {
  workers: Flag.Int("workers").pipe(
    Flag.withDefault(7),
    Flag.withDescription("number of worker daemons; default 7"),
  ),
  scheme: Flag.Literals("scheme", ["worker-sp", "master-sp"]).pipe(
    Flag.withDefault("worker-sp" as const),
    Flag.withDescription("worker-sp (default) or master-sp"),
  ),
  storage: Flag.Literals("storage", ["faastore", "remote"]).pipe(
    Flag.withDefault("faastore" as const),
    Flag.withDescription("faastore (default) or remote: every datum in the remote store"),
  ),
  volatile: Flag.Boolean("volatile").pipe(
    Flag.withDefault(false),
    Flag.withDescription("core NATS instead of JetStream"),
  ),
  verbose: Flag.Boolean("verbose").pipe(
    Flag.withDefault(false),
    Flag.withDescription("show what the daemons log"),
  ),
};

type ClusterInput = Command.Command.Config.Infer<typeof CLUSTER_FLAGS>;

const READY_MS = 30_000;
/** What is still said after the last finish: releases, on their way for a moment. */
const SETTLE_MS = 400;
const PREVIEW_LINES = 10;
const PREVIEW_BYTES = 400;

const cluster = Effect.fnUntraced(function* (input: ClusterInput) {
  const { workers, scheme, storage, volatile, verbose } = input;
  if (workers < 1 || workers > 64) {
    const problem = `--workers: ${workers}. On one machine, give 1 to 64.`;
    return yield* new UsageErrors({ problems: [problem] });
  }
  const options: ClusterOptions = {
    workers,
    scheme,
    storage,
    partition: storage === "remote" ? "raw" : "faasflow-plus",
    durable: !volatile,
    program: fileURLToPath(resourceUrl("dist/cli.js")),
    log: (daemon, line) => verbose && process.stderr.write(`${daemon}: ${line}\n`),
  };
  const started = yield* startCluster(options);
  const client = new Client(started.url, started.token);
  yield* client.ready(READY_MS);
  return { started, client, options };
});

const upCommand = Command.make("up", CLUSTER_FLAGS, (input) =>
  Effect.scoped(
    Effect.gen(function* () {
      const { started } = yield* cluster(input);
      const daemons = [...started.pids].map(([name, pid]) => `  ${name.padEnd(10)} process ${pid}`);
      yield* Console.log(
        [
          `gateway ${started.url}`,
          `token   ${started.token}`,
          ...daemons,
          `try: curl -H "authorization: Bearer ${started.token}" ${started.url}/health`,
          "Ctrl-C stops all of it.",
        ].join("\n"),
      );
      yield* Effect.raceFirst(asked(false), started.failure);
    }),
  ).pipe(told),
).pipe(Command.withDescription("Start a cluster on this machine and keep it until Ctrl-C"));

const runCommand = Command.make(
  "run",
  {
    workflow: Argument.String("workflow").pipe(
      Argument.withDefault("wordcount"),
      Argument.withDescription("a benchmark or a YAML file; default wordcount"),
    ),
    invocations: Flag.Int("invocations").pipe(
      Flag.withDefault(5),
      Flag.withDescription("how many, one after another; default 5"),
    ),
    events: Flag.String("events").pipe(Flag.optional, Flag.withDescription("write the event log")),
    perfetto: Flag.String("perfetto").pipe(
      Flag.optional,
      Flag.withDescription("write a trace for ui.perfetto.dev"),
    ),
    ...CLUSTER_FLAGS,
  },
  (input) => Effect.scoped(liveRun(input)).pipe(told),
).pipe(
  Command.withDescription(
    "Start a cluster, run a workflow on it, tell where the time went, stop it",
  ),
  Command.withExamples([
    { command: "faasflow live run wordcount", description: "seven workers, real word counts" },
    {
      command: "faasflow live run genome --workers 3 --scheme master-sp",
      description: "synthetic",
    },
  ]),
);

export const liveCommand = Command.make("live").pipe(
  Command.withDescription("Real daemons on this machine: NATS, process containers, real data"),
  Command.withSubcommands([runCommand, upCommand]),
);

/** What `faasflow start live` shows. */
export const liveDemo = Effect.suspend(() =>
  Effect.scoped(
    liveRun({
      workflow: "wordcount",
      invocations: 5,
      events: Option.none(),
      perfetto: Option.none(),
      workers: 7,
      scheme: "worker-sp",
      storage: "faastore",
      volatile: false,
      verbose: false,
    }),
  ).pipe(told),
);

interface RunInput extends ClusterInput {
  readonly workflow: string;
  readonly invocations: number;
  readonly events: Option.Option<string>;
  readonly perfetto: Option.Option<string>;
}

const liveRun = Effect.fnUntraced(function* (input: RunInput) {
  if (input.invocations < 1) {
    const problem = `--invocations: ${input.invocations}. Give a whole number above 0.`;
    return yield* new UsageErrors({ problems: [problem] });
  }
  const spec = yield* resolveWorkflow(input.workflow);
  const { text, folder } = yield* sourceOf(input.workflow);
  yield* Console.error(`starting nats-server, storage, gateway and ${input.workers} workers ...`);
  const { started, client, options } = yield* cluster(input);
  yield* client.deploy(text, folder);
  const failed: string[] = [];
  let last = 0;
  const runs = Effect.gen(function* () {
    for (let count = 0; count < input.invocations; count++) {
      const { id, state, latency_s, reason } = yield* client.run(spec.name, {});
      const how = state === "finished" ? `${latency_s?.toFixed(3)} s` : `failed: ${reason}`;
      yield* Console.error(`invocation ${id}: ${how}`);
      if (state === "failed") failed.push(`invocation ${id} failed: ${reason}`);
      last = id;
    }
  });
  yield* Effect.raceFirst(runs, started.failure);
  const { partition, storage } = options;
  const plan = planOf({ id: 0, version: 1, spec, partition, storage }, options);
  const results = failed.length === 0 ? yield* previews(client, plan, last) : [];
  yield* Effect.sleep(SETTLE_MS);
  yield* started.stop;
  const { table, violations } = report(started, plan, input, options);
  yield* Console.log([...results, table].join("\n"));
  const problems = [...failed, ...violations];
  if (problems.length > 0) return yield* new CheckFailed({ message: problems.join("\n") });
});

/** The daemons read the same text; a generated workflow has none. */
const sourceOf = Effect.fnUntraced(function* (workflow: string) {
  const isBenchmark = (BENCHMARKS as readonly string[]).includes(workflow);
  const file = isBenchmark ? benchmarkFile(workflow) : workflow;
  return yield* Effect.try({
    try: () => ({ text: readFileSync(file, "utf8"), folder: dirname(resolve(file)) }),
    catch: () => {
      const problem = `${workflow}: a live run needs a benchmark or a workflow file`;
      return new UsageErrors({ problems: [problem] });
    },
  });
});

/** The first lines of each result: what nobody in the workflow reads. */
const previews = Effect.fnUntraced(function* (client: Client, plan: Plan, invocation: number) {
  const lines: string[] = [];
  for (const { name, readers, producer, spec } of plan.graph.data) {
    if (readers.length > 0 || producer < 0 || spec.items !== undefined) continue;
    const bytes = yield* Effect.option(client.data(invocation, name));
    if (Option.isNone(bytes)) continue;
    const start = bytes.value.subarray(0, PREVIEW_BYTES).toString("utf8");
    lines.push(
      `${name} (${bytes.value.length} bytes): ${start.split("\n", PREVIEW_LINES).join("\n  ")}`,
    );
  }
  return lines;
});

function report(
  started: LocalCluster,
  plan: Plan,
  { events: eventsTo, perfetto }: RunInput,
  { scheme, storage, partition, workers }: ClusterOptions,
): { readonly table: string; readonly violations: readonly string[] } {
  const events = mergeEvents(started.events);
  const headers = [planHeader(plan)];
  const metrics = new Metrics({ plans: headers });
  const checker = new InvariantChecker({ plans: [plan] });
  const hash = new EventHash();
  for (const event of events) {
    metrics.add(event);
    checker.add(event);
    hash.add(event);
  }
  const config = { references: [plan.graph.name], scheme, storage, partition, workers, live: true };
  const header = eventHeader({ seed: "live", config, config_hash: "live" }, [plan]);
  if (Option.isSome(eventsTo)) {
    const names = new EventNames(headers);
    writeLines(eventsTo.value, [formatHeader(header), ...events.map((e) => formatEvent(e, names))]);
  }
  if (Option.isSome(perfetto)) writePerfetto(perfetto.value, new PerfettoWriter(headers), events);
  const rows = metricRows(metrics, { scheme, storage });
  const table = runText(rows, {
    ...{ scheme, storage, partition, workers, profile: "this machine, live", seed: "live" },
    configHash: "live",
    messages: undefined,
    checked: true,
  });
  return { table, violations: checker.finish().map(({ text }) => text) };
}

function writeLines(path: string, lines: readonly string[]): void {
  writeFileSync(path, `${lines.join("\n")}\n`);
}

function writePerfetto(path: string, writer: PerfettoWriter, events: readonly Event[]): void {
  const output = new FileOutput(path);
  for (const event of events) output.write(writer.add(event));
  output.write(writer.finish());
  output.end();
}

/** What goes wrong with a cluster is told in its own words: exit code 1, or 2 for wrong usage. */
function told<A, E extends { readonly message: string }, R>(
  effect: Effect.Effect<A, E, R>,
): Effect.Effect<A, CheckFailed | UsageErrors, R> {
  return Effect.mapError(effect, (error: E) =>
    error instanceof UsageErrors || error instanceof CheckFailed
      ? error
      : new CheckFailed({ message: error.message }),
  );
}
