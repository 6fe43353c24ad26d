/**
 * A cluster on this machine: nats-server, storage, gateway, master and workers, each a process of
 * its own, over loopback or with a network stack a host. Everything ends with the scope; each daemon
 * ends by itself when the process that started it is gone; when one of them dies, the cluster fails
 * and says which, or (`restart`) starts it again in its place.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import * as Deferred from "effect/Deferred";
import * as Effect from "effect/Effect";
import * as Fiber from "effect/Fiber";
import * as Redacted from "effect/Redacted";
import * as Schema from "effect/Schema";
import type * as Scope from "effect/Scope";
import type { Scheme } from "../core/engine/settings.ts";
import { workerName } from "../core/node.ts";
import type { PartitionMethod, StorageMethod } from "../core/plan/plan.ts";
import { type ContainerChoice, containerArguments } from "./containers.ts";
import { type Hosts, hostNames, LOOPBACK, STORAGE_HOST } from "./hosts.ts";
import {
  type NatsServer,
  type NatsServerError,
  type NatsServerOptions,
  startNatsServer,
} from "./nats-server.ts";
import { type NetworkError, openNetHosts } from "./net-hosts.ts";
import { markedDirectory } from "./process-mark.ts";
import { type RecordChoice, recordArguments } from "./recorder.ts";
import { type StoreChoice, storeArguments } from "./remote-store.ts";

export class ClusterError extends Schema.TaggedError<ClusterError>()("ClusterError", {
  message: Schema.String,
}) {}

export interface ClusterOptions {
  readonly workers: number;
  readonly scheme: Scheme;
  readonly storage: StorageMethod;
  readonly partition: PartitionMethod;
  readonly durable: boolean;
  /** Further flags of its daemons. */
  readonly flags?: { readonly gateway?: readonly string[]; readonly worker?: readonly string[] };
  /** A network namespace a host, and the storage node's bandwidth (as in `NetHostsOptions`). */
  readonly netns?: { readonly bandwidth: number } | undefined;
  readonly containers?: ContainerChoice | undefined;
  /** A store that is there already; else the cluster starts a storage daemon of its own. */
  readonly store?: StoreChoice | undefined;
  /** Where its daemons record what their machines are told and do; undefined: nowhere. */
  readonly recording?: RecordChoice | undefined;
  /** The program that daemons are subcommands of: `dist/cli.js`. */
  readonly program: string;
  /** What dies is started again, as the units of real machines do. */
  readonly restart?: boolean;
  /** What daemons log, a line at a time. */
  readonly log: (daemon: string, line: string) => void;
}

export interface LocalCluster {
  /** The gateway's HTTP API, and its token. */
  readonly url: string;
  readonly token: string;
  /** Where the event files are. */
  readonly events: string;
  /** The daemons by name, for whoever wants to look at or kill one. */
  readonly pids: ReadonlyMap<string, number>;
  /** Stops all daemons, so that their event files are complete. */
  readonly stop: Effect.Effect<void>;
  /** Fails when a daemon ends that was not asked to. */
  readonly failure: Effect.Effect<never, ClusterError | NatsServerError>;
}

interface Daemon {
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
}

/** Of a subcommand, once it is known where it serves: 0 is any free port. */
type Arguments = (port: number) => readonly string[];

const TOKEN_BYTES = 24;
const READY_MS = 20_000;
const STOP_MS = 5_000;
const RESTART_MS = 500;
/** What ends sooner than this, and again each time it is started, would go on so. */
const SHORT_MS = 2_000;
const MOST_SHORT_LIVES = 3;

export const startCluster = Effect.fn("startCluster")(function* (
  options: ClusterOptions,
): Effect.fn.Return<LocalCluster, ClusterError | NetworkError | NatsServerError, Scope.Scope> {
  const directory = yield* Effect.acquireRelease(
    Effect.sync(() => markedDirectory(tmpdir(), "faasflow-cluster-")),
    (made) => Effect.sync(() => rmSync(made, { recursive: true, force: true })),
  );
  const events = join(directory, "events");
  mkdirSync(events);
  const { netns, workers, containers = { tag: "process" } } = options;
  const hosts: Hosts =
    netns === undefined
      ? () => LOOPBACK
      : yield* openNetHosts({ ...netns, hosts: hostNames(workers) });
  const center = hosts(STORAGE_HOST);
  const nats = yield* options.restart === true
    ? keptNatsServer({ host: center, directory: join(directory, "nats") }, options)
    : lastingNatsServer({ host: center });
  const failed = yield* Deferred.make<never, ClusterError>();
  const token = randomBytes(TOKEN_BYTES).toString("hex");
  const daemons = new Daemons({ ...options, hosts }, failed, {
    FAASFLOW_NATS_TOKEN: Redacted.value(nats.token),
    // A store that is there already has a token of its own.
    ...(options.store === undefined && { FAASFLOW_STORAGE_TOKEN: token }),
    FAASFLOW_HTTP_TOKEN: token,
  });
  yield* Effect.addFinalizer(() => Effect.promise(() => daemons.stop()));
  const ownStore = Effect.map(
    daemons.serving("storage", (port) => [
      ...["storage", "--dir", join(directory, "storage"), "--port", `${port}`],
      ...["--host", center.address],
    ]),
    (url): StoreChoice => ({ tag: "embedded", url }),
  );
  const store = storeArguments(options.store ?? (yield* ownStore));
  const common = [
    ...["--nats", nats.url, "--events", events],
    ...(options.durable ? [] : ["--volatile"]),
    ...recordArguments(options.recording),
  ];
  if (options.scheme === "master-sp") daemons.start("master", () => ["master", ...common]);
  for (let worker = 0; worker < options.workers; worker++) {
    const name = workerName(worker);
    const own = [
      "--name",
      name,
      ...containerArguments(containers),
      ...(options.flags?.worker ?? []),
    ];
    daemons.start(name, () => ["worker", ...own, ...store, ...common]);
  }
  const url = yield* daemons.serving("gateway", (port) => [
    ...["gateway", "--http", `${center.address}:${port}`, ...store, ...common],
    ...["--scheme", options.scheme, "--storage", options.storage],
    ...["--partition", options.partition, "--workers", `${options.workers}`],
    ...(options.flags?.gateway ?? []),
  ]);
  return {
    url,
    token,
    events,
    get pids() {
      return daemons.pids();
    },
    stop: Effect.promise(() => daemons.stop()),
    failure: Effect.raceFirst(Deferred.await(failed), nats.failure),
  };
});

interface ClusterNats extends Pick<NatsServer, "url" | "token"> {
  readonly failure: Effect.Effect<never, NatsServerError>;
}

/** One whose end is the cluster's. */
const lastingNatsServer = Effect.fnUntraced(function* (server: NatsServerOptions) {
  const { url, token, ended } = yield* startNatsServer(server);
  const nats: ClusterNats = { url, token, failure: Effect.flatMap(ended, Effect.fail) };
  return nats;
});

/** One that is started again in its place, with its streams, whenever it has ended. */
const keptNatsServer = Effect.fnUntraced(function* (
  server: NatsServerOptions,
  { log }: Pick<ClusterOptions, "log">,
) {
  const first = yield* startNatsServer(server);
  const { url, token, port } = first;
  const keep = Effect.gen(function* (): Effect.fn.Return<never, NatsServerError, Scope.Scope> {
    let { ended } = first;
    for (;;) {
      log("nats-server", `${(yield* ended).message}; starts again`);
      yield* Effect.sleep(RESTART_MS);
      ({ ended } = yield* startNatsServer({ ...server, token, port }));
    }
  });
  const nats: ClusterNats = { url, token, failure: Fiber.join(yield* Effect.forkScoped(keep)) };
  return nats;
});

interface DaemonsOptions extends ClusterOptions {
  readonly hosts: Hosts;
}

class Daemons {
  readonly #options: DaemonsOptions;
  readonly #failed: Deferred.Deferred<never, ClusterError>;
  readonly #secrets: Readonly<Record<string, string>>;
  /** By name: those that run, or ended last. */
  readonly #daemons: Map<string, Daemon>;
  /** Of those that say where they serve. */
  readonly #ports: Map<string, number>;
  /** Told where they serve. */
  readonly #awaited: Map<string, (url: string) => void>;
  /** How many in a row, up to the last one that ended. */
  readonly #shortLives: Map<string, number>;
  #stopping: Promise<void> | undefined;

  constructor(
    options: DaemonsOptions,
    failed: Deferred.Deferred<never, ClusterError>,
    secrets: Readonly<Record<string, string>>,
  ) {
    this.#options = options;
    this.#failed = failed;
    this.#secrets = secrets;
    this.#daemons = new Map();
    this.#ports = new Map();
    this.#awaited = new Map();
    this.#shortLives = new Map();
    this.#stopping = undefined;
  }

  pids(): ReadonlyMap<string, number> {
    return new Map([...this.#daemons].map(([name, { child }]) => [name, child.pid!]));
  }

  start(name: string, argumentsAt: Arguments): void {
    const { program, hosts, log } = this.#options;
    const { enter } = hosts(name.startsWith("worker-") ? name : STORAGE_HOST);
    const own = [...argumentsAt(this.#ports.get(name) ?? 0), "--with-parent"];
    const [first, ...rest] = [...enter, process.execPath, program, ...own];
    // Its standard input is a pipe from us: when that ends, so does the daemon.
    const child = spawn(first!, rest, {
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...inherited(), ...this.#secrets },
    });
    const last: string[] = [];
    createInterface({ input: child.stderr }).on("line", (line) => {
      last.push(line);
      if (last.length > 5) last.shift();
      log(name, line);
    });
    createInterface({ input: child.stdout }).on("line", (line) => this.#heard(name, line));
    const startedAt = performance.now();
    const ended = new Promise<void>((resolve) => {
      child.once("error", (cause) => {
        this.#fail(`${name} could not be started: ${cause.message}`);
        resolve();
      });
      child.once("exit", (code, signal) => {
        const how = `${name} ended (${signal ?? `exit code ${code}`})`;
        const isShort = performance.now() - startedAt < SHORT_MS;
        const short = isShort ? (this.#shortLives.get(name) ?? 0) + 1 : 0;
        this.#shortLives.set(name, short);
        const again = this.#options.restart === true && short < MOST_SHORT_LIVES;
        if (again) this.#restart(name, argumentsAt, how);
        else this.#fail(`${how}. ${last.map(textOf).join("; ")}`);
        resolve();
      });
    });
    child.stdin.on("error", () => undefined);
    this.#daemons.set(name, { child, ended });
  }

  /** Starts it and waits for the line that says where it serves, of the first that comes so far. */
  serving(name: string, argumentsAt: Arguments): Effect.Effect<string, ClusterError> {
    const line = Effect.callback<string>((resume) => {
      this.#awaited.set(name, (url) => resume(Effect.succeed(url)));
      this.start(name, argumentsAt);
    });
    const late = new ClusterError({ message: `${name} was not ready after ${READY_MS / 1000} s` });
    return line.pipe(
      Effect.timeoutOrElse({ duration: READY_MS, orElse: () => Effect.fail(late) }),
      Effect.raceFirst(Deferred.await(this.#failed)),
    );
  }

  #heard(name: string, line: string): void {
    try {
      const { url } = JSON.parse(line) as { readonly url: string };
      this.#ports.set(name, Number(new URL(url).port));
      this.#awaited.get(name)?.(url);
    } catch {
      this.#options.log(name, line);
    }
  }

  #restart(name: string, argumentsAt: Arguments, how: string): void {
    if (this.#stopping !== undefined) return;
    this.#options.log(name, `${how}; starts again`);
    setTimeout(() => {
      if (this.#stopping === undefined) this.start(name, argumentsAt);
    }, RESTART_MS);
  }

  /** Ends all of them at once, and kills what has not ended after a while. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  async #stopAll(): Promise<void> {
    // Not SIGTERM: then each would wait for what is under way, and for others that end as well.
    const daemons = [...this.#daemons.values()];
    for (const { child } of daemons) child.stdin?.end();
    const kill = setTimeout(() => {
      for (const { child } of daemons) child.kill("SIGKILL");
    }, STOP_MS);
    await Promise.all(daemons.map(({ ended }) => ended));
    clearTimeout(kill);
  }

  #fail(message: string): void {
    if (this.#stopping !== undefined) return;
    Deferred.doneUnsafe(this.#failed, Effect.fail(new ClusterError({ message })));
  }
}

/** What a line of a daemon's log says. */
function textOf(line: string): string {
  try {
    return (JSON.parse(line) as { readonly text?: string }).text ?? line;
  } catch {
    return line;
  }
}

/** Of our own variables only the secrets: settings of other daemons are not for these. */
function inherited(): NodeJS.ProcessEnv {
  const isSetting = (name: string): boolean =>
    name.startsWith("FAASFLOW_") && !/_(TOKEN|USER|PASSWORD)$/.test(name);
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !isSetting(name)));
}
