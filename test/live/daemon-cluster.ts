/**
 * A cluster for tests of what becomes of it when parts end and come back: each daemon is a process
 * that a test can stop, kill and start again. All are gone when the scope ends.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import type * as Scope from "effect/Scope";
import { InvariantChecker } from "../../analysis/invariants.ts";
import type { Event } from "../../core/events.ts";
import type { Plan } from "../../core/plan/plan.ts";
import { Client, type ClientError } from "../../live/client.ts";
import { planOf } from "../../live/deployments.ts";
import { mergeEvents } from "../../live/event-file.ts";
import { type NatsServer, type NatsServerError, startNatsServer } from "../../live/nats-server.ts";
import { parseWorkflow } from "../../workflows/load.ts";

export const PROGRAM = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
export const WORKERS = 3;
const PATIENCE_MS = 60_000;
const TOKEN = "for-a-test";

export interface Options {
  readonly scheme: "worker-sp" | "master-sp";
  readonly durable: boolean;
  /** More flags of workers, master and gateway. */
  readonly flags?: readonly string[];
  /** More flags of the gateway. */
  readonly gatewayFlags?: readonly string[];
}

interface Daemon {
  readonly child: ChildProcess;
  /** How it ended: its exit code, or the signal that killed it. */
  readonly ended: Promise<number | string>;
}

export class DaemonCluster {
  readonly directory: string;
  readonly events: string;
  readonly log: string[];
  readonly #nats: NatsServer;
  readonly #options: Options;
  readonly #daemons: Map<string, Daemon>;
  /** Of `storage` and `gateway`: the same at each start. */
  readonly #urls: Map<string, string>;

  constructor(directory: string, nats: NatsServer, options: Options) {
    this.directory = directory;
    this.events = join(directory, "events");
    this.log = [];
    this.#nats = nats;
    this.#options = options;
    this.#daemons = new Map();
    this.#urls = new Map();
    mkdirSync(this.events);
  }

  get client(): Client {
    return new Client(this.url, TOKEN);
  }

  get url(): string {
    return this.#urls.get("gateway")!;
  }

  get headers(): Readonly<Record<string, string>> {
    return { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
  }

  get names(): readonly string[] {
    const workers = Array.from({ length: WORKERS }, (_, index) => `worker-${index + 1}`);
    return ["storage", ...(this.#options.scheme === "master-sp" ? ["master"] : []), ...workers];
  }

  /** `storage` and `gateway` are ready then, the others about to be. */
  async start(name: string): Promise<void> {
    const child = spawn(process.execPath, [PROGRAM, ...this.#arguments(name), "--with-parent"], {
      stdio: ["pipe", "pipe", "pipe"],
      env: {
        ...process.env,
        FAASFLOW_NATS_TOKEN: Redacted.value(this.#nats.token),
        FAASFLOW_STORAGE_TOKEN: TOKEN,
        FAASFLOW_HTTP_TOKEN: TOKEN,
      },
    });
    createInterface({ input: child.stderr }).on("line", (line) => this.log.push(line));
    const ended = new Promise<number | string>((resolve) => {
      child.once("exit", (code, signal) => resolve(code ?? signal ?? "?"));
    });
    this.#daemons.set(name, { child, ended });
    if (name !== "storage" && name !== "gateway") return;
    const url = await new Promise<string>((resolve, reject) => {
      void ended.then((how) => reject(new Error(`${name} ended: ${how}\n${this.log.join("\n")}`)));
      createInterface({ input: child.stdout }).once("line", (line) => {
        resolve((JSON.parse(line) as { readonly url: string }).url);
      });
    });
    this.#urls.set(name, url);
  }

  signal(name: string, signal: "SIGTERM" | "SIGKILL"): void {
    this.#daemons.get(name)!.child.kill(signal);
  }

  ended(name: string): Promise<number | string> {
    return this.#daemons.get(name)!.ended;
  }

  /** Kills it, and starts the next one. */
  async replace(name: string): Promise<void> {
    this.signal(name, "SIGKILL");
    await this.ended(name);
    await this.start(name);
  }

  /** At once; event files are complete then. */
  async stop(): Promise<void> {
    const late = setTimeout(() => {
      for (const { child } of this.#daemons.values()) child.kill("SIGKILL");
    }, PATIENCE_MS / 4);
    // The gateway first: it would note the others as lost when they say that they go.
    const gateway = this.#daemons.get("gateway");
    const others = [...this.#daemons.values()].filter((daemon) => daemon !== gateway);
    for (const daemons of [gateway === undefined ? [] : [gateway], others]) {
      for (const { child } of daemons) child.stdin?.end();
      await Promise.all(daemons.map(({ ended }) => ended));
    }
    clearTimeout(late);
  }

  #arguments(name: string): readonly string[] {
    const known = this.#urls.get(name);
    if (name === "storage") {
      const port = known === undefined ? "0" : new URL(known).port;
      return ["storage", "--dir", join(this.directory, "storage"), "--port", port];
    }
    const common = [
      ...["--nats", this.#nats.url, "--events", this.events],
      ...(this.#options.durable ? [] : ["--volatile"]),
      ...(this.#options.flags ?? []),
    ];
    if (name === "master") return ["master", ...common];
    const store = ["--store", `embedded=${this.#urls.get("storage")!}`];
    if (name !== "gateway") return ["worker", "--name", name, ...store, ...common];
    const http = known === undefined ? "127.0.0.1:0" : new URL(known).host;
    const { scheme, gatewayFlags = [] } = this.#options;
    const flags = ["--http", http, "--scheme", scheme, "--workers", `${WORKERS}`, ...gatewayFlags];
    return ["gateway", ...flags, ...store, ...common];
  }
}

export interface Running {
  readonly cluster: DaemonCluster;
  readonly nats: NatsServer;
}

/** Runs a test's body on a cluster that is ready. */
export function withDaemons<A, E>(
  options: Options,
  use: (running: Running) => Effect.Effect<A, E, Scope.Scope>,
): Promise<A> {
  const program = Effect.gen(function* (): Effect.fn.Return<
    A,
    E | ClientError | NatsServerError,
    Scope.Scope
  > {
    const directory = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "faasflow-test-"))),
      (made) => Effect.sync(() => rmSync(made, { recursive: true, force: true })),
    );
    // As its own directory, so that one that takes its place finds the streams.
    const nats = yield* startNatsServer({ directory: join(directory, "nats") });
    const cluster = yield* Effect.acquireRelease(
      Effect.sync(() => new DaemonCluster(directory, nats, options)),
      (opened) => Effect.promise(() => opened.stop()),
    );
    for (const name of [...cluster.names, "gateway"]) {
      yield* Effect.promise(() => cluster.start(name));
    }
    yield* cluster.client.ready(PATIENCE_MS);
    return yield* use({ cluster, nats });
  });
  return Effect.runPromise(Effect.scoped(program));
}

export function plan(workflow: string): Plan {
  const parsed = parseWorkflow(workflow);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const { spec } = parsed;
  const how = { partition: "faasflow-plus", storage: "faastore" } as const;
  return planOf({ id: 0, version: 1, spec, ...how }, { workers: WORKERS });
}

/** The merged log, and what the invariant checker says of it. */
export function logOf(
  cluster: DaemonCluster,
  workflow: string,
): { readonly events: readonly Event[]; readonly wrong: readonly string[] } {
  const events = mergeEvents(cluster.events);
  const checker = new InvariantChecker({ plans: [plan(workflow)] });
  for (const event of events) checker.add(event);
  return { events, wrong: checker.finish().map(({ text }) => text) };
}
