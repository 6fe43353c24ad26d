/** `faasflow gateway|master|worker|storage`: the daemons of a cluster, one a process. */

import { availableParallelism } from "node:os";
import { setFlagsFromString } from "node:v8";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Redacted from "effect/Redacted";
import { eventHeader, formatHeader, planHeader, specOutline } from "../analysis/event-header.ts";
import { EventNames, formatEvent } from "../analysis/event-log.ts";
import { processorHeader } from "../analysis/processor-speed.ts";
import { STORE_RETRIES } from "../core/engine/settings.ts";
import { GATEWAY, MASTER } from "../core/node.ts";
import type { Plan } from "../core/plan/plan.ts";
import { type Micros, NO_TIME } from "../core/units.ts";
import { readRate } from "../sim/profile-config.ts";
import { command } from "../workflows/command.ts";
import { formatProblem } from "../workflows/document.ts";
import { withModulesIn } from "../workflows/function-modules.ts";
import { parseWorkflow } from "../workflows/load.ts";
import { folderProblems } from "../workflows/named-files.ts";
import { UsageErrors } from "../workflows/usage-errors.ts";
import type { EventText } from "./cluster-view.ts";
import {
  CONTAINER_FLAGS,
  type ContainerInput,
  readContainers,
  readyContainers,
} from "./container-flags.ts";
import { runMaster, runWorker } from "./daemon.ts";
import type { FlagRecord } from "./daemon-config.ts";
import {
  DAEMON_FLAGS,
  type DaemonInput,
  daemonOptions,
  duration,
  noted,
  workerNamed,
} from "./daemon-flags.ts";
import { logLines } from "./daemon-log.ts";
import { startGateway } from "./gateway-daemon.ts";
import { API_FLAGS, httpAddress, WATCH_FLAGS, watchAddress } from "./http-flags.ts";
import { writtenRate } from "./net-flags.ts";
import { Meters, storageMeters } from "./prometheus.ts";
import { RequestError } from "./request-error.ts";
import { SCHEME_FLAGS } from "./scheme-flags.ts";
import { secret } from "./secret-flags.ts";
import { signals } from "./signals.ts";
import { serveStorage } from "./storage-server.ts";
import { openStore, readDaemonStore, STORE_FLAGS, type StoreInput } from "./store-flags.ts";
import { readWorkerSize, WORKER_SIZE_FLAGS, writtenWorkerSize } from "./worker-size-flags.ts";

/**
 * V8 interprets a function until it has run some hundred times. What a daemon does for an invocation
 * it does a few times, with long pauses: it would be interpreted for hours.
 */
const COMPILE_AT_FIRST_CALL = "--always-sparkplug";

/** Runs until it has ended as it was asked to, or fails. */
function serving<E, R>(
  daemon: (asked: Effect.Effect<void>) => Effect.Effect<unknown, E, R>,
  withParent: boolean,
) {
  setFlagsFromString(COMPILE_AT_FIRST_CALL);
  const { asked, atOnce } = signals(withParent);
  return Effect.raceFirst(daemon(asked), atOnce).pipe(
    Effect.scoped,
    Effect.provide(logLines),
    Effect.catch((error: E) => {
      const message = error instanceof Error ? error.message : String(error);
      return Effect.fail(new UsageErrors({ problems: [message] }));
    }),
  );
}

type WatchInput = Command.Command.Config.Infer<typeof WATCH_FLAGS>;

const workerDaemon = Effect.fnUntraced(function* (
  name: string,
  input: DaemonInput & WatchInput & ContainerInput & StoreInput,
) {
  const containers = readContainers(input);
  const store = readDaemonStore(input);
  const problems: string[] = [];
  const node = yield* noted(problems, workerNamed(name));
  problems.push(...containers.problems, ...store.problems);
  const http = yield* noted(problems, watchAddress(input));
  const optionsOf = yield* noted(problems, daemonOptions(input));
  const isWrong = problems.length > 0 || node === undefined;
  if (isWrong || store.choice === undefined || optionsOf === undefined) {
    return yield* new UsageErrors({ problems });
  }
  const kind = yield* readyContainers(containers.choice);
  const opened = yield* openStore(store.choice);
  return yield* runWorker({ ...optionsOf(node), http, store: opened, containers: kind });
});

const WORKER_FLAGS = {
  name: Flag.String("name").pipe(Flag.withDescription("worker-1, worker-2, ...")),
  ...STORE_FLAGS,
  ...CONTAINER_FLAGS,
  ...WATCH_FLAGS,
  ...DAEMON_FLAGS,
};

export const workerCommand = command("worker", WORKER_FLAGS, ({ name, withParent, ...input }) =>
  serving((asked) => workerDaemon(name, { ...input, asked }), withParent),
).pipe(Command.withDescription("Serve as a worker: containers, local store, WorkerSP's joins"));

const masterDaemon = Effect.fnUntraced(function* (input: DaemonInput & WatchInput) {
  const problems: string[] = [];
  const http = yield* noted(problems, watchAddress(input));
  const optionsOf = yield* noted(problems, daemonOptions(input));
  if (optionsOf === undefined || problems.length > 0) return yield* new UsageErrors({ problems });
  return yield* runMaster({ ...optionsOf(MASTER), http });
});

const MASTER_FLAGS = { ...WATCH_FLAGS, ...DAEMON_FLAGS };

export const masterCommand = command("master", MASTER_FLAGS, ({ withParent, ...input }) =>
  serving((asked) => masterDaemon({ ...input, asked }), withParent),
).pipe(Command.withDescription("Serve as the master of MasterSP"));

const GATEWAY_FLAGS = {
  ...DAEMON_FLAGS,
  ...STORE_FLAGS,
  ...API_FLAGS,
  maxInvocations: Flag.Int("max-invocations").pipe(
    Flag.withDefault(1_000),
    Flag.withDescription("most invocations in flight; further ones are answered 429"),
  ),
  maxEvents: Flag.Int("max-events").pipe(
    Flag.withDefault(500_000),
    Flag.withDescription("most events remembered for /v1/log, about 250 B of memory each"),
  ),
  invocationTimeout: duration("invocation-timeout", "1h").pipe(
    Flag.withDescription(
      "an invocation of a workflow that says no `timeout` fails after this time; 1h if left out",
    ),
  ),
  ...SCHEME_FLAGS,
  partition: Flag.Literals("partition", ["faasflow-plus", "faasflow", "raw"]).pipe(
    Flag.withDefault("faasflow-plus" as const),
    Flag.withDescription("how workflows are divided among workers"),
  ),
  workers: Flag.Int("workers").pipe(
    Flag.withDefault(7),
    Flag.withDescription("how many workers belong to the cluster"),
  ),
  ...WORKER_SIZE_FLAGS,
  bandwidth: Flag.String("bandwidth").pipe(
    Flag.optional,
    Flag.withDescription(
      "what the storage node's link has, such as 50MB/s: said in event logs, for their twins",
    ),
  ),
};

type GatewayInput = Command.Command.Config.Infer<typeof GATEWAY_FLAGS> & DaemonInput;

const gatewayDaemon = Effect.fnUntraced(function* (input: GatewayInput) {
  const { http, httpTokenFile, scheme, storage, partition, workers } = input;
  const { maxInvocations, maxEvents } = input;
  const invocationTimeout = (input.invocationTimeout * 1_000) as Micros;
  const counts = { "--workers": workers, "--max-invocations": maxInvocations };
  const problems = Object.entries({ ...counts, "--max-events": maxEvents })
    .filter(([, count]) => count < 1)
    .map(([flag, count]) => `${flag}: ${count}. Give a whole number above 0.`);
  const address = yield* noted(problems, httpAddress(http, httpTokenFile));
  const store = readDaemonStore(input);
  const rate = Option.map(input.bandwidth, readRate);
  if (Option.isSome(rate) && "found" in rate.value) {
    problems.push(`--bandwidth: ${rate.value.found}. ${rate.value.remedy}`);
  }
  problems.push(...store.problems);
  const optionsOf = yield* noted(problems, daemonOptions(input));
  const isWrong = problems.length > 0 || address === undefined;
  if (isWrong || store.choice === undefined || optionsOf === undefined) {
    return yield* new UsageErrors({ problems });
  }
  const options = optionsOf(GATEWAY);
  const size = readWorkerSize(input);
  const { url, failure, service } = yield* startGateway({
    ...options,
    http: address,
    maxInvocations,
    maxEvents,
    eventText: eventText({
      durable: !input.volatile,
      cores: availableParallelism(),
      ...writtenWorkerSize(size),
      ...(Option.isSome(rate) && { bandwidth: writtenRate(rate.value.value!) }),
    }),
    settings: {
      scheme,
      workers,
      ...size,
      atLimit: "wait",
      dispatchTick: NO_TIME,
      pollBeforeAssign: false,
      followPlan: true,
      batchTriggers: true,
      ...STORE_RETRIES,
    },
    storage,
    partition,
    store: yield* openStore(store.choice),
    parse: (text, folder) => {
      const result = parseWorkflow(text);
      if (result.ok) {
        const timeout = result.spec.timeout ?? invocationTimeout;
        const spec = { ...result.spec, timeout };
        return folder === undefined ? spec : withModulesIn(folder, spec);
      }
      const problems = result.problems.map((problem) => formatProblem("workflow", problem));
      throw new RequestError({ status: 400, problems });
    },
  });
  process.stdout.write(`${JSON.stringify({ ready: true, url })}\n`);
  const { asked, limit_ms } = options.stop;
  const drained = Effect.andThen(
    asked,
    Effect.promise(() => service.drain(limit_ms)),
  );
  return yield* Effect.raceFirst(failure, drained);
});

/** The same text as event logs of the simulator. `about`: what else their headers say. */
function eventText(about: Readonly<Record<string, unknown>>) {
  return (plans: readonly Plan[]): EventText => {
    const names = new EventNames(plans.map(planHeader));
    const specs = plans.map(({ graph }) => specOutline(graph.spec));
    return {
      header: (config, { processor, events }) => {
        const all = { ...config, ...about, ...processorHeader(processor, events), specs };
        return formatHeader(eventHeader({ seed: "live", config: all, config_hash: "live" }, plans));
      },
      line: (event) => formatEvent(event, names),
    };
  };
}

export const gatewayCommand = command("gateway", GATEWAY_FLAGS, (input) =>
  serving((asked) => gatewayDaemon({ ...input, asked }), input.withParent),
).pipe(Command.withDescription("Serve as the gateway: the HTTP API, and who is in the cluster"));

const STORAGE_FLAGS = {
  dir: Flag.String("dir").pipe(Flag.withDescription("where the data are kept")),
  host: Flag.String("host").pipe(Flag.withDefault("127.0.0.1")),
  port: Flag.Int("port").pipe(Flag.withDefault(9080)),
  config: DAEMON_FLAGS.config,
  withParent: DAEMON_FLAGS.withParent,
};

type StorageInput = Command.Command.Config.Infer<typeof STORAGE_FLAGS>;

const storageDaemon = Effect.fnUntraced(function* ({ dir, host, port }: StorageInput) {
  const problems = [...folderProblems({ dir: Option.some(dir) })];
  if (port < 0 || port > 65_535) problems.push(`--port: ${port}. Give a port from 0 to 65535.`);
  const token = yield* noted(problems, secret("FAASFLOW_STORAGE_TOKEN"));
  if (problems.length > 0) return yield* new UsageErrors({ problems });
  const meters = new Meters();
  meters.addProcess();
  const { url } = yield* serveStorage({
    host,
    port,
    dir,
    token: token && Redacted.value(token),
    figures: {
      type: meters.type,
      text: () => meters.text(),
      answered: storageMeters(meters),
    },
  });
  process.stdout.write(`${JSON.stringify({ ready: true, url })}\n`);
  return yield* Effect.never;
});

export const storageCommand = command("storage", STORAGE_FLAGS, (input) =>
  serving((asked) => Effect.raceFirst(storageDaemon(input), asked), input.withParent),
).pipe(Command.withDescription("Serve as the remote store, in files"));

/** Commands whose flags a file or the environment may set: see `withConfig`. */
export const CONFIGURED: Readonly<Record<string, FlagRecord>> = {
  worker: WORKER_FLAGS,
  master: MASTER_FLAGS,
  gateway: GATEWAY_FLAGS,
  storage: STORAGE_FLAGS,
};
