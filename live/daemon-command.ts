/** `faasflow gateway|master|worker|storage`: the daemons of a cluster, one a process. */

import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import { STORE_RETRIES } from "../core/engine/settings.ts";
import { GATEWAY, MASTER } from "../core/node.ts";
import type { Bytes, Micros } from "../core/units.ts";
import { formatProblem } from "../workflows/document.ts";
import { withModulesIn } from "../workflows/function-modules.ts";
import { parseWorkflow } from "../workflows/load.ts";
import { UsageErrors } from "../workflows/usage-errors.ts";
import { runMaster, runWorker } from "./daemon.ts";
import {
  asked,
  DAEMON_FLAGS,
  type DaemonInput,
  daemonOptions,
  nodeNamed,
  STORE_FLAG,
  secret,
} from "./daemon-flags.ts";
import { openEmbeddedStore } from "./embedded-store.ts";
import { startGateway } from "./gateway-daemon.ts";
import { RequestError } from "./gateway-service.ts";
import { serveStorage } from "./storage-server.ts";

const KEEP_ALIVE = 600_000_000 as Micros;
const GIB = 2 ** 30;

/** Runs until it is asked to stop, or fails. */
function serving<E, R>(daemon: Effect.Effect<unknown, E, R>, withParent: boolean) {
  return Effect.raceFirst(daemon, asked(withParent)).pipe(
    Effect.scoped,
    Effect.catch((error: E) => {
      const message = error instanceof Error ? error.message : String(error);
      return Effect.fail(new UsageErrors({ problems: [message] }));
    }),
  );
}

const storeOf = Effect.fnUntraced(function* (url: string) {
  const token = yield* secret("FAASFLOW_STORAGE_TOKEN");
  return yield* openEmbeddedStore({ url, token: token && Redacted.value(token) });
});

const workerDaemon = Effect.fnUntraced(function* (
  name: string,
  storage: string,
  input: DaemonInput,
) {
  const token = yield* secret("FAASFLOW_NATS_TOKEN");
  const store = yield* storeOf(storage);
  return yield* runWorker({ ...daemonOptions(yield* nodeNamed(name), input, token), store });
});

export const workerCommand = Command.make(
  "worker",
  {
    name: Flag.String("name").pipe(Flag.withDescription("worker-1, worker-2, ...")),
    storage: STORE_FLAG,
    ...DAEMON_FLAGS,
  },
  ({ name, storage, withParent, ...input }) =>
    serving(workerDaemon(name, storage, input), withParent),
).pipe(Command.withDescription("Serve as a worker: containers, local store, WorkerSP's joins"));

const masterDaemon = Effect.fnUntraced(function* (input: DaemonInput) {
  return yield* runMaster(daemonOptions(MASTER, input, yield* secret("FAASFLOW_NATS_TOKEN")));
});

export const masterCommand = Command.make("master", DAEMON_FLAGS, ({ withParent, ...input }) =>
  serving(masterDaemon(input), withParent),
).pipe(Command.withDescription("Serve as the master of MasterSP"));

const GATEWAY_FLAGS = {
  ...DAEMON_FLAGS,
  storageUrl: STORE_FLAG,
  http: Flag.String("http").pipe(
    Flag.withDefault("127.0.0.1:8080"),
    Flag.withDescription("where the HTTP API listens; its token is in FAASFLOW_HTTP_TOKEN"),
  ),
  scheme: Flag.Literals("scheme", ["worker-sp", "master-sp"]).pipe(
    Flag.withDefault("worker-sp" as const),
    Flag.withDescription("worker-sp (default) or master-sp"),
  ),
  storage: Flag.Literals("storage", ["faastore", "remote"]).pipe(
    Flag.withDefault("faastore" as const),
    Flag.withDescription("faastore (default) or remote: every datum in the remote store"),
  ),
  partition: Flag.Literals("partition", ["faasflow-plus", "faasflow", "raw"]).pipe(
    Flag.withDefault("faasflow-plus" as const),
    Flag.withDescription("how workflows are divided among workers"),
  ),
  workers: Flag.Int("workers").pipe(
    Flag.withDefault(7),
    Flag.withDescription("how many workers belong to the cluster"),
  ),
};

type GatewayInput = Command.Command.Config.Infer<typeof GATEWAY_FLAGS>;

const gatewayDaemon = Effect.fnUntraced(function* (input: GatewayInput) {
  const { http, scheme, storage, partition, workers, storageUrl } = input;
  const [, host, port] = /^(.*):(\d{1,5})$/.exec(http) ?? [];
  if (host === undefined || workers < 1) {
    const problems = [
      ...(host === undefined ? [`--http: ${http}. Write HOST:PORT, such as 127.0.0.1:8080.`] : []),
      ...(workers < 1 ? [`--workers: ${workers}. Give a whole number above 0.`] : []),
    ];
    return yield* new UsageErrors({ problems });
  }
  const token = yield* secret("FAASFLOW_HTTP_TOKEN");
  const { url, failure } = yield* startGateway({
    ...daemonOptions(GATEWAY, input, yield* secret("FAASFLOW_NATS_TOKEN")),
    http: { host, port: Number(port), token: token && Redacted.value(token) },
    settings: {
      scheme,
      workers,
      workerMemory: (8 * GIB) as Bytes,
      keepAlive: KEEP_ALIVE,
      dispatchTick: 0 as Micros,
      pollBeforeAssign: false,
      followPlan: true,
      batchTriggers: true,
      ...STORE_RETRIES,
    },
    storage,
    partition,
    store: yield* storeOf(storageUrl),
    parse: (text, folder) => {
      const result = parseWorkflow(text);
      if (result.ok) return folder === undefined ? result.spec : withModulesIn(folder, result.spec);
      const problems = result.problems.map((problem) => formatProblem("workflow", problem));
      throw new RequestError({ status: 400, problems });
    },
  });
  process.stdout.write(`${JSON.stringify({ ready: true, url })}\n`);
  return yield* failure;
});

export const gatewayCommand = Command.make("gateway", GATEWAY_FLAGS, (input) =>
  serving(gatewayDaemon(input), input.withParent),
).pipe(Command.withDescription("Serve as the gateway: the HTTP API, and who is in the cluster"));

const storageDaemon = Effect.fnUntraced(function* (dir: string, host: string, port: number) {
  const token = yield* secret("FAASFLOW_STORAGE_TOKEN");
  const { url } = yield* serveStorage({ host, port, dir, token: token && Redacted.value(token) });
  process.stdout.write(`${JSON.stringify({ ready: true, url })}\n`);
  return yield* Effect.never;
});

export const storageCommand = Command.make(
  "storage",
  {
    dir: Flag.String("dir").pipe(Flag.withDescription("where the data are kept")),
    host: Flag.String("host").pipe(Flag.withDefault("127.0.0.1")),
    port: Flag.Int("port").pipe(Flag.withDefault(9080)),
    withParent: DAEMON_FLAGS.withParent,
  },
  ({ dir, host, port, withParent }) => serving(storageDaemon(dir, host, port), withParent),
).pipe(Command.withDescription("Serve as the remote store, in files"));
