/** `faasflow live`: a whole cluster on this machine, for a run or for as long as it is wanted. */

import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import * as Console from "effect/Console";
import * as Argument from "effect/cli/Argument";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import { EventHash } from "../analysis/event-hash.ts";
import { eventHeader, formatHeader, planHeader, specOutline } from "../analysis/event-header.ts";
import { EventNames, formatEvent } from "../analysis/event-log.ts";
import { InvariantChecker } from "../analysis/invariants.ts";
import { metricRows } from "../analysis/metric-rows.ts";
import { Metrics } from "../analysis/metrics.ts";
import { PerfettoWriter } from "../analysis/perfetto.ts";
import { runText } from "../analysis/run-text.ts";
import type { Event } from "../core/events.ts";
import type { Plan } from "../core/plan/plan.ts";
import { FileOutput } from "../traces/file-output.ts";
import { resolveWorkflow } from "../workflows/load.ts";
import { resourceUrl } from "../workflows/resources.ts";
import { CheckFailed, UsageErrors } from "../workflows/usage-errors.ts";
import { Client } from "./client.ts";
import { sourceOf, told } from "./client-flags.ts";
import { publishAddress } from "./cluster-address.ts";
import {
  CONTAINER_FLAGS,
  programProblems,
  readContainers,
  readyContainers,
} from "./container-flags.ts";
import { planOf } from "./deployments.ts";
import { mergeEvents } from "./event-file.ts";
import { INPUT_FLAGS, readInputsFor } from "./input-flags.ts";
import { type ClusterOptions, type LocalCluster, startCluster } from "./local-cluster.ts";
import { NETWORK_FLAGS, rateText, readNetwork, writtenRate } from "./net-flags.ts";
import { RECORD_FLAGS, readRecord } from "./record-flags.ts";
import { cancelCommand, invocationsCommand, logsCommand, statusCommand } from "./status-command.ts";
import { stoppable } from "./stoppable.ts";
import { CLUSTER_STORE_FLAGS, readStore, readyStore } from "./store-flags.ts";

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
  ...CLUSTER_STORE_FLAGS,
  ...NETWORK_FLAGS,
  ...CONTAINER_FLAGS,
  ...RECORD_FLAGS,
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
  const { netns, problems } = readNetwork(input);
  const count = `--workers: ${workers}. On one machine, give 1 to 64.`;
  const { choice, problems: wrong } = readContainers(input);
  const { choice: store, problems: unknown } = readStore(input);
  const { choice: recording, problems: unrecorded } = readRecord(input);
  const all = [...(workers < 1 || workers > 64 ? [count] : []), ...problems, ...wrong, ...unknown];
  all.push(...unrecorded);
  if (store !== undefined && netns !== undefined) {
    all.push(`--store: ${store.url} is out of reach for daemons in network namespaces. Leave out \
--store, or --bandwidth and --hosts netns.`);
  }
  if (all.length > 0) return yield* new UsageErrors({ problems: all });
  const options: ClusterOptions = {
    workers,
    scheme,
    storage,
    partition: storage === "remote" ? "raw" : "faasflow-plus",
    durable: !volatile,
    netns,
    ...(netns !== undefined && { flags: { gateway: ["--bandwidth", rateText(netns.bandwidth)] } }),
    store,
    recording,
    containers: yield* readyContainers(choice),
    program: fileURLToPath(resourceUrl("dist/cli.js")),
    log: (daemon, line) => verbose && process.stderr.write(`${daemon}: ${line}\n`),
  };
  yield* readyStore(store);
  const started = yield* startCluster(options);
  const client = new Client(started.url, started.token);
  yield* client.ready(READY_MS);
  return { started, client, options };
});

/** Lets other commands of this user find the cluster; gives what to tell of it. */
const findable = Effect.fnUntraced(function* ({ url, token }: LocalCluster) {
  const published = Effect.try({
    try: () => publishAddress({ url, token, pid: process.pid }),
    catch: (cause) => new CheckFailed({ message: (cause as Error).message }),
  });
  return yield* Effect.acquireRelease(published, (remove) => Effect.sync(remove)).pipe(
    Effect.as(["try: faasflow invoke wordcount --wait, and faasflow live status"]),
    Effect.catch(({ message }) =>
      Effect.succeed([`other commands need --url ${url} and the token: ${message}`]),
    ),
  );
});

const upCommand = Command.make("up", CLUSTER_FLAGS, (input) =>
  Effect.scoped(
    Effect.gen(function* () {
      const { started } = yield* cluster(input);
      const daemons = [...started.pids].map(([name, pid]) => `  ${name.padEnd(10)} process ${pid}`);
      const found = yield* findable(started);
      yield* Console.log(
        [
          `gateway ${started.url}`,
          `token   ${started.token}`,
          ...daemons,
          ...found,
          `or: curl -H "authorization: Bearer ${started.token}" ${started.url}/openapi.json`,
          "Ctrl-C stops all of it.",
        ].join("\n"),
      );
      yield* started.failure;
    }),
  ).pipe(
    told,
    stoppable,
    Effect.catchTag("Stopped", () => Effect.void),
  ),
).pipe(Command.withDescription("Start a cluster on this machine and keep it until Ctrl-C"));

const runCommand = Command.make(
  "run",
  {
    workflow: Argument.String("workflow").pipe(
      Argument.withDefault("wordcount"),
      Argument.withDescription("a benchmark or a file (YAML, or WfFormat); default wordcount"),
    ),
    invocations: Flag.Int("invocations").pipe(
      Flag.withDefault(5),
      Flag.withDescription("how many, one after another; default 5"),
    ),
    ...INPUT_FLAGS,
    events: Flag.String("events").pipe(Flag.optional, Flag.withDescription("write the event log")),
    perfetto: Flag.String("perfetto").pipe(
      Flag.optional,
      Flag.withDescription("write a trace for ui.perfetto.dev"),
    ),
    ...CLUSTER_FLAGS,
  },
  (input) => Effect.scoped(liveRun(input)).pipe(told, stoppable),
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
    {
      command: "faasflow live run illegal_recognizer --input image_name=illegal.jpg",
      description: "with an input: the picture is pixelated",
    },
    {
      command: "faasflow live run wordcount --containers docker",
      description: "each container one of the Docker engine's",
    },
    {
      command: "faasflow live run genome --record recordings",
      description: "then: faasflow replay recordings",
    },
    {
      command: "faasflow live run video --bandwidth 50MB/s",
      description: "as root on Linux: a network stack a host, the storage node's link shaped",
    },
  ]),
);

export const liveCommand = Command.make("live").pipe(
  Command.withDescription("Real daemons on this machine: NATS, process containers, real data"),
  Command.withSubcommands([
    runCommand,
    upCommand,
    statusCommand,
    invocationsCommand,
    logsCommand,
    cancelCommand,
  ]),
);

/** What `faasflow start live` shows. */
export const liveDemo = Effect.suspend(() =>
  Effect.scoped(
    liveRun({
      workflow: "wordcount",
      invocations: 5,
      input: [],
      events: Option.none(),
      perfetto: Option.none(),
      workers: 7,
      scheme: "worker-sp",
      storage: "faastore",
      volatile: false,
      store: "embedded",
      document: Option.none(),
      hosts: Option.none(),
      bandwidth: Option.none(),
      containers: "process",
      image: Option.none(),
      record: Option.none(),
      recordLimit: Option.none(),
      verbose: false,
    }),
  ).pipe(told, stoppable),
);

interface RunInput extends ClusterInput {
  readonly workflow: string;
  readonly invocations: number;
  readonly input: readonly string[];
  readonly events: Option.Option<string>;
  readonly perfetto: Option.Option<string>;
}

const liveRun = Effect.fnUntraced(function* (input: RunInput) {
  const spec = yield* resolveWorkflow(input.workflow);
  const { inputs, problems: wrong } = readInputsFor(spec, input.input);
  const missing = programProblems(spec, readContainers(input).choice);
  const count = `--invocations: ${input.invocations}. Give a whole number above 0.`;
  const refused = [...(input.invocations < 1 ? [count] : []), ...wrong, ...missing];
  if (refused.length > 0) return yield* new UsageErrors({ problems: refused });
  const { text, folder } = yield* sourceOf(input.workflow);
  yield* Console.error(`starting nats-server, storage, gateway and ${input.workers} workers ...`);
  const { started, client, options } = yield* cluster(input);
  yield* client.deploy(text, folder);
  const failed: string[] = [];
  let last = 0;
  const runs = Effect.gen(function* () {
    for (let count = 0; count < input.invocations; count++) {
      const { id, state, latency_s, reason } = yield* client.run(spec.name, inputs);
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

/** The first lines of each result: what nobody in the workflow reads. */
const previews = Effect.fnUntraced(function* (client: Client, plan: Plan, invocation: number) {
  const lines: string[] = [];
  for (const { name, readers, producer, spec } of plan.graph.data) {
    if (readers.length > 0 || producer < 0 || spec.items !== undefined) continue;
    const bytes = yield* Effect.option(client.data(invocation, name));
    if (Option.isNone(bytes)) continue;
    if (spec.content === "binary") {
      lines.push(`${name} (${bytes.value.length} bytes)`);
      continue;
    }
    const start = bytes.value.subarray(0, PREVIEW_BYTES).toString("utf8").trimEnd();
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
  { scheme, storage, partition, workers, durable, netns }: ClusterOptions,
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
  const config = {
    ...{ references: [plan.graph.name], specs: [specOutline(plan.graph.spec)] },
    ...{ scheme, storage, partition, workers, live: true, durable, cores: availableParallelism() },
    ...(netns !== undefined && { bandwidth: writtenRate(netns.bandwidth) }),
  };
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
