/** `faasflow live`: a whole cluster on this machine, for a run or for as long as it is wanted. */

import { fileURLToPath } from "node:url";
import * as Console from "effect/Console";
import * as Argument from "effect/cli/Argument";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Result from "effect/Result";
import { counted } from "../analysis/count-text.ts";
import { command } from "../workflows/command.ts";
import { pathsAmong, targetProblems } from "../workflows/named-files.ts";
import { resourceUrl } from "../workflows/resources.ts";
import { CheckFailed, UsageErrors } from "../workflows/usage-errors.ts";
import { Client } from "./client.ts";
import { sourceOf, told } from "./client-flags.ts";
import { systemClock } from "./clock.ts";
import { publishAddress } from "./cluster-address.ts";
import {
  CONTAINER_FLAGS,
  programProblems,
  readContainers,
  readyContainers,
} from "./container-flags.ts";
import { planOf } from "./deployments.ts";
import { INPUT_FLAGS, readInputsFor } from "./input-flags.ts";
import { previews, report, writeFiles } from "./live-report-command.ts";
import { type ClusterOptions, type LocalCluster, startCluster } from "./local-cluster.ts";
import { NETWORK_FLAGS, rateText, readNetwork } from "./net-flags.ts";
import { processorLog } from "./processor-log.ts";
import { RECORD_FLAGS, readRecord } from "./record-flags.ts";
import { SCHEME_FLAGS } from "./scheme-flags.ts";
import {
  cancelCommand,
  invocationsCommand,
  logsCommand,
  logText,
  statusCommand,
} from "./status-command.ts";
import { stoppable } from "./stoppable.ts";
import { CLUSTER_STORE_FLAGS, readStore, readyStore } from "./store-flags.ts";

const CLUSTER_FLAGS = {
  workers: Flag.Int("workers").pipe(
    Flag.withDefault(7),
    Flag.withDescription("number of worker daemons; default 7"),
  ),
  ...SCHEME_FLAGS,
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

interface Asked {
  /** What is wrong with the rest of the command line, told with what is wrong here. */
  readonly refused?: readonly string[];
  readonly restart?: boolean;
}

/** The cluster that is asked for, of which nothing is started yet. */
const readCluster = Effect.fnUntraced(function* (
  input: ClusterInput,
  { refused = [], restart = false }: Asked = {},
) {
  const { workers, scheme, storage, volatile, verbose } = input;
  const network = readNetwork(input);
  const containers = readContainers(input);
  const store = readStore(input);
  const recording = readRecord(input);
  const count = `--workers: ${workers}. On one machine, give 1 to 64.`;
  const problems = [...refused, ...(workers < 1 || workers > 64 ? [count] : [])];
  for (const read of [network, containers, store, recording]) problems.push(...read.problems);
  const { netns } = network;
  if (store.choice !== undefined && netns !== undefined) {
    problems.push(`--store: ${store.choice.url} is out of reach for daemons in network namespaces. \
Leave out --store, or --bandwidth and --hosts netns.`);
  }
  if (problems.length > 0) return yield* new UsageErrors({ problems });
  // Next what only a look at the machine can tell.
  const answered = yield* Effect.result(readyStore(store.choice));
  if (Result.isFailure(answered)) problems.push(...answered.failure.problems);
  const ready = yield* Effect.result(readyContainers(containers.choice));
  if (Result.isFailure(ready)) problems.push(...ready.failure.problems);
  if (Result.isFailure(ready) || problems.length > 0) return yield* new UsageErrors({ problems });
  const options: ClusterOptions = {
    workers,
    scheme,
    storage,
    partition: storage === "remote" ? "raw" : "faasflow-plus",
    durable: !volatile,
    restart,
    netns,
    ...(netns !== undefined && { flags: { gateway: ["--bandwidth", rateText(netns.bandwidth)] } }),
    store: store.choice,
    recording: recording.choice,
    containers: ready.success,
    program: fileURLToPath(resourceUrl("dist/cli.js")),
    log: (daemon, line) => verbose && process.stderr.write(`${daemon}: ${line}\n`),
  };
  return options;
});

const openCluster = Effect.fnUntraced(function* (options: ClusterOptions) {
  const started = yield* startCluster(options);
  const client = new Client(started.url, started.token);
  yield* client.ready(READY_MS);
  return { started, client };
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

const UP_FLAGS = {
  ...CLUSTER_FLAGS,
  restart: Flag.Boolean("restart").pipe(
    Flag.withDefault(false),
    Flag.withDescription("start again what dies (kill -9 what you like), rather than end with it"),
  ),
};

const upCommand = command("up", UP_FLAGS, (input) =>
  Effect.scoped(
    Effect.gen(function* () {
      const { restart } = input;
      const { started } = yield* openCluster(yield* readCluster(input, { restart }));
      const daemons = [...started.pids].map(([name, pid]) => `  ${name.padEnd(10)} process ${pid}`);
      const found = yield* findable(started);
      yield* Console.log(
        [
          `gateway ${started.url}`,
          `token   ${started.token}`,
          ...daemons,
          ...found,
          `or: curl -H "authorization: Bearer ${started.token}" ${started.url}/openapi.json`,
          ...(input.restart ? ["What dies is started again."] : []),
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

const runCommand = command(
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
  const { source, options } = yield* readRun(input);
  const { spec, text, folder, inputs } = source;
  const workers = counted(input.workers, "worker");
  yield* Console.error(`starting nats-server, storage, gateway and ${workers} ...`);
  const processor = yield* processorLog(systemClock());
  const { started, client } = yield* openCluster(options);
  yield* client.deploy(text, folder);
  const failed: string[] = [];
  const told = new Set<string>();
  let finished: number | undefined;
  const runs = Effect.gen(function* () {
    for (let count = 0; count < input.invocations; count++) {
      const { id, state, latency_s, reason } = yield* client.run(spec.name, inputs);
      const how = state === "finished" ? `${latency_s?.toFixed(3)} s` : `failed: ${reason}`;
      yield* Console.error(`invocation ${id}: ${how}`);
      if (state === "finished") finished = id;
      else {
        failed.push(`invocation ${id} failed: ${reason}`);
        yield* tellWhy(client, id, told);
      }
    }
  });
  yield* Effect.raceFirst(runs, started.failure);
  const { partition, storage } = options;
  const plan = planOf({ id: 0, version: 1, spec, partition, storage }, options);
  const results = finished === undefined ? [] : yield* previews(client, plan, finished);
  yield* Effect.sleep(SETTLE_MS);
  yield* started.stop;
  const run = report({ started, plan, processor: processor() }, options);
  if (finished !== undefined) yield* Console.log([...results, run.table].join("\n"));
  yield* writeFiles(run, input);
  const problems = [...failed, ...run.violations];
  if (problems.length > 0) return yield* new CheckFailed({ message: problems.join("\n") });
});

/** What is asked for; all that is wrong with it is told before anything is started. */
const readRun = Effect.fnUntraced(function* (input: RunInput) {
  const { workflow, invocations, events, perfetto } = input;
  const refused: string[] = [];
  const source = yield* Effect.result(sourceFor(workflow, input));
  if (Result.isFailure(source)) {
    const { failure } = source;
    refused.push(...(failure instanceof UsageErrors ? failure.problems : [failure.message]));
  }
  if (invocations < 1) {
    refused.push(`--invocations: ${invocations}. Give a whole number above 0.`);
  }
  refused.push(...targetProblems({ events, perfetto }, pathsAmong([workflow])));
  const options = yield* readCluster(input, { refused });
  return { source: yield* Effect.fromResult(source), options };
});

/** The workflow with its inputs, if both are sound and its programs are there. */
const sourceFor = Effect.fnUntraced(function* (workflow: string, input: RunInput) {
  const source = yield* sourceOf(workflow, { functions: true });
  const { inputs, problems: wrong } = readInputsFor(source.spec, input.input);
  const problems = [...wrong, ...programProblems(source.spec, readContainers(input).choice)];
  if (problems.length > 0) return yield* new UsageErrors({ problems });
  return { ...source, inputs };
});

/** What the functions of a failed invocation wrote: with the cluster, `live logs` goes. Each once. */
const tellWhy = Effect.fnUntraced(function* (client: Client, id: number, told: Set<string>) {
  const kept = yield* Effect.option(client.logs(id));
  if (Option.isNone(kept)) return;
  const text = logText(id, kept.value);
  if (told.has(text)) return yield* Console.error("  as before");
  told.add(text);
  yield* Console.error(text.replaceAll(/^/gm, "  "));
});
