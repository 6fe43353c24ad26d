/**
 * A cluster on this machine: nats-server, storage, gateway, master and workers, each a process of
 * its own, over loopback or with a network stack a host. Everything ends with the scope; each daemon
 * ends by itself when the process that started it is gone; when one of them dies, the cluster fails
 * and says which.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import * as Deferred from "effect/Deferred";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import * as Schema from "effect/Schema";
import type * as Scope from "effect/Scope";
import type { Scheme } from "../core/engine/settings.ts";
import type { PartitionMethod } from "../core/plan/plan.ts";
import { type ContainerChoice, containerArguments } from "./containers.ts";
import { type Hosts, hostNames, LOOPBACK, STORAGE_HOST } from "./hosts.ts";
import { type NatsServerError, startNatsServer } from "./nats-server.ts";
import { type NetworkError, openNetHosts } from "./net-hosts.ts";
import { type RecordChoice, recordArguments } from "./recorder.ts";
import { type StoreChoice, storeArguments } from "./remote-store.ts";

export class ClusterError extends Schema.TaggedError<ClusterError>()("ClusterError", {
  message: Schema.String,
}) {}

export interface ClusterOptions {
  readonly workers: number;
  readonly scheme: Scheme;
  readonly storage: "faastore" | "remote";
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
  readonly name: string;
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
}

const TOKEN_BYTES = 24;
const READY_MS = 20_000;
const STOP_MS = 5_000;

export const startCluster = Effect.fn("startCluster")(function* (
  options: ClusterOptions,
): Effect.fn.Return<LocalCluster, ClusterError | NetworkError | NatsServerError, Scope.Scope> {
  const directory = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "faasflow-cluster-"))),
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
  const nats = yield* startNatsServer({ host: center });
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
    daemons.serving("storage", [
      ...["storage", "--dir", join(directory, "storage"), "--port", "0"],
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
  if (options.scheme === "master-sp") daemons.start("master", ["master", ...common]);
  for (let worker = 1; worker <= options.workers; worker++) {
    const name = `worker-${worker}`;
    const own = [
      "--name",
      name,
      ...containerArguments(containers),
      ...(options.flags?.worker ?? []),
    ];
    daemons.start(name, ["worker", ...own, ...store, ...common]);
  }
  const url = yield* daemons.serving("gateway", [
    ...["gateway", "--http", `${center.address}:0`, ...store, ...common],
    ...["--scheme", options.scheme, "--storage", options.storage],
    ...["--partition", options.partition, "--workers", `${options.workers}`],
    ...(options.flags?.gateway ?? []),
  ]);
  return {
    url,
    token,
    events,
    pids: daemons.pids(),
    stop: Effect.promise(() => daemons.stop()),
    failure: Effect.raceFirst(Deferred.await(failed), Effect.flatMap(nats.ended, Effect.fail)),
  };
});

interface DaemonsOptions extends ClusterOptions {
  readonly hosts: Hosts;
}

class Daemons {
  readonly #options: DaemonsOptions;
  readonly #failed: Deferred.Deferred<never, ClusterError>;
  readonly #secrets: Readonly<Record<string, string>>;
  readonly #daemons: Daemon[];
  #stopping: Promise<void> | undefined;

  constructor(
    options: DaemonsOptions,
    failed: Deferred.Deferred<never, ClusterError>,
    secrets: Readonly<Record<string, string>>,
  ) {
    this.#options = options;
    this.#failed = failed;
    this.#secrets = secrets;
    this.#daemons = [];
    this.#stopping = undefined;
  }

  pids(): ReadonlyMap<string, number> {
    return new Map(this.#daemons.map(({ name, child }) => [name, child.pid!]));
  }

  start(name: string, args: readonly string[]): ChildProcess {
    const { program, hosts, log } = this.#options;
    const { enter } = hosts(name.startsWith("worker-") ? name : STORAGE_HOST);
    const [first, ...rest] = [...enter, process.execPath, program, ...args, "--with-parent"];
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
    const ended = new Promise<void>((resolve) => {
      child.once("error", (cause) => {
        this.#fail(`${name} could not be started: ${cause.message}`);
        resolve();
      });
      child.once("exit", (code, signal) => {
        this.#fail(`${name} ended (${signal ?? `exit code ${code}`}). ${last.join(" ")}`);
        resolve();
      });
    });
    child.stdin.on("error", () => undefined);
    this.#daemons.push({ name, child, ended });
    return child;
  }

  /** Starts it and waits for the line that says where it serves. */
  serving(name: string, args: readonly string[]): Effect.Effect<string, ClusterError> {
    const line = Effect.callback<string, ClusterError>((resume) => {
      const child = this.start(name, args);
      createInterface({ input: child.stdout! }).on("line", (text) => {
        try {
          resume(Effect.succeed((JSON.parse(text) as { url: string }).url));
        } catch {
          this.#options.log(name, text);
        }
      });
    });
    const late = new ClusterError({ message: `${name} was not ready after ${READY_MS / 1000} s` });
    return line.pipe(
      Effect.timeoutOrElse({ duration: READY_MS, orElse: () => Effect.fail(late) }),
      Effect.raceFirst(Deferred.await(this.#failed)),
    );
  }

  /** Ends all of them at once, and kills what has not ended after a while. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  async #stopAll(): Promise<void> {
    // Not SIGTERM: then each would wait for what is under way, and for others that end as well.
    for (const { child } of this.#daemons) child.stdin?.end();
    const kill = setTimeout(() => {
      for (const { child } of this.#daemons) child.kill("SIGKILL");
    }, STOP_MS);
    await Promise.all(this.#daemons.map(({ ended }) => ended));
    clearTimeout(kill);
  }

  #fail(message: string): void {
    if (this.#stopping !== undefined) return;
    Deferred.doneUnsafe(this.#failed, Effect.fail(new ClusterError({ message })));
  }
}

/** Of our own variables only the secrets: settings of other daemons are not for these. */
function inherited(): NodeJS.ProcessEnv {
  const isSetting = (name: string): boolean =>
    name.startsWith("FAASFLOW_") && !/_(TOKEN|USER|PASSWORD)$/.test(name);
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !isSetting(name)));
}
