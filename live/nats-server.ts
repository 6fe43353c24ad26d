/**
 * A nats-server of our own, for the local cluster: on 127.0.0.1 or on a host of the cluster, with
 * JetStream and a random token, gone at the end of the scope together with its directory.
 *
 * | in the directory | what |
 * |---|---|
 * | `nats.conf` | its configuration, with the token: only the owner may read it |
 * | `nats.log` | what it logs |
 * | `jetstream/` | the streams |
 *
 * Should this process die without a word (SIGKILL), a small shell that waits for that ends the
 * server and removes the directory; there is none on Windows.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  accessSync,
  constants,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import * as Schema from "effect/Schema";
import type * as Scope from "effect/Scope";
import { type Host, LOOPBACK } from "./hosts.ts";
import { markedDirectory } from "./process-mark.ts";

export interface NatsServerOptions {
  /** 0: any free one. */
  readonly port?: number;
  /** Kept at the end, so that a server started there again finds its streams. Default: a new one. */
  readonly directory?: string;
  /** Default: drawn at random. */
  readonly token?: Redacted.Redacted;
  /** Where to look for the binary first: its path. */
  readonly binary?: string;
  /** Where it runs; by default here, on loopback. */
  readonly host?: Host;
}

export interface NatsServer {
  readonly url: string;
  readonly token: Redacted.Redacted;
  readonly pid: number;
  readonly port: number;
  readonly directory: string;
  /** Ends with the reason once the server has ended by itself; never while it runs. */
  readonly ended: Effect.Effect<NatsServerError>;
}

export class NatsServerError extends Schema.TaggedError<NatsServerError>()("NatsServerError", {
  reason: Schema.Literals(["missing", "start", "ended"]),
  detail: Schema.String,
}) {
  override get message(): string {
    if (this.reason === "missing") {
      return `nats-server is not installed (looked in ${this.detail}). Get it: on Debian and \
Ubuntu \`apt-get install nats-server\`, on macOS \`brew install nats-server\`, elsewhere the binary \
from https://github.com/nats-io/nats-server/releases, somewhere in the PATH`;
    }
    if (this.reason === "start") return `nats-server did not start: ${this.detail}`;
    return `nats-server ended while it was in use: ${this.detail}`;
  }
}

/** Bigger than NATS's own 1 MiB: a trigger may carry a fact for each of 65,535 items. */
const MAX_PAYLOAD = 8 * 1024 * 1024;
const START_MS = 10_000;
const STOP_MS = 3_000;
const POLL_MS = 10;
const TOKEN_BYTES = 24;
/** Debian's place, which is not in everybody's PATH. */
const EXTRA_FOLDERS = ["/usr/sbin", "/usr/local/sbin", "/usr/local/bin", "/opt/homebrew/bin"];

/** Starts it and waits until it takes connections, at most 10 s. */
export const startNatsServer = Effect.fn("startNatsServer")(function* (
  options: NatsServerOptions = {},
): Effect.fn.Return<NatsServer, NatsServerError, Scope.Scope> {
  const binary = yield* findBinary(options.binary);
  const directory = yield* ownDirectory(options.directory);
  const token = options.token ?? Redacted.make(randomBytes(TOKEN_BYTES).toString("base64url"));
  const config = join(directory, "nats.conf");
  const host = options.host ?? LOOPBACK;
  yield* attempt("start", () => {
    for (const file of portsFiles(directory)) rmSync(file);
    const text = configText({ directory, token, address: host.address, port: options.port ?? 0 });
    writeFileSync(config, text, { mode: 0o600 });
  });
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => launch([...host.enter, binary, "-c", config])),
    (running) => Effect.promise(() => stop(running)),
  );
  const { pid } = child.process;
  if (pid !== undefined)
    yield* guard(child, options.directory === undefined ? directory : undefined);
  const port = yield* Effect.promise(() => waitForPort(directory, child));
  if (pid === undefined || port === undefined)
    return yield* notStarted(directory, child.whyEnded());
  return {
    url: `nats://${host.address}:${port}`,
    token,
    pid,
    port,
    directory,
    ended: Effect.promise(() => child.ended).pipe(
      Effect.map((why) => new NatsServerError({ reason: "ended", detail: why })),
    ),
  };
});

interface Running {
  readonly process: ChildProcess;
  readonly ended: Promise<string>;
  /** Undefined while it runs. */
  whyEnded(): string | undefined;
}

/** The first that may be executed: the one named, then the PATH, then where packages put it. */
function findBinary(named: string | undefined): Effect.Effect<string, NatsServerError> {
  const path = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  const name = process.platform === "win32" ? "nats-server.exe" : "nats-server";
  const places = [...new Set([...path, ...EXTRA_FOLDERS])].map((folder) => join(folder, name));
  const candidates = named === undefined ? places : [resolve(named)];
  const found = candidates.find(isExecutable);
  if (found !== undefined) return Effect.succeed(found);
  const detail = named ?? "the PATH and /usr/sbin";
  return Effect.fail(new NatsServerError({ reason: "missing", detail }));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function ownDirectory(
  given: string | undefined,
): Effect.Effect<string, NatsServerError, Scope.Scope> {
  if (given !== undefined) {
    return attempt("start", () => {
      mkdirSync(given, { recursive: true, mode: 0o700 });
      return resolve(given);
    });
  }
  return Effect.acquireRelease(
    attempt("start", () => markedDirectory(tmpdir(), "faasflow-nats-")),
    (directory) => Effect.sync(() => remove(directory)),
  );
}

function remove(directory: string): void {
  // The server may write one more file while it ends.
  rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}

function configText(options: {
  readonly directory: string;
  readonly token: Redacted.Redacted;
  readonly address: string;
  readonly port: number;
}): string {
  const { directory, address, port } = options;
  return `# Written by faasflow at each start.
listen: "${address}:${port === 0 ? -1 : port}"
ports_file_dir: ${JSON.stringify(directory)}
log_file: ${JSON.stringify(join(directory, "nats.log"))}
max_payload: ${MAX_PAYLOAD}
authorization { token: ${JSON.stringify(Redacted.value(options.token))} }
jetstream { store_dir: ${JSON.stringify(directory)} }
`;
}

function launch([first, ...args]: readonly string[]): Running {
  // A group of its own: Ctrl-C is for the daemons, the server ends after them.
  const child = spawn(first!, args, { stdio: "ignore", detached: true });
  let why: string | undefined;
  const ended = new Promise<string>((done) => {
    child.once("error", (error) => {
      why ??= error.message;
      done(why);
    });
    child.once("exit", (code, signal) => {
      why ??= signal === null ? `exit code ${code}` : `signal ${signal}`;
      done(why);
    });
  });
  return { process: child, ended, whyEnded: () => why };
}

/** SIGTERM, and SIGKILL if that does not help. */
async function stop({ process: child, ended, whyEnded }: Running): Promise<void> {
  if (whyEnded() !== undefined) return;
  child.kill("SIGTERM");
  const limit = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
  await ended;
  clearTimeout(limit);
}

/** A shell whose input ends when this process does, however it ends. */
function guard(
  server: Running,
  directory: string | undefined,
): Effect.Effect<void, never, Scope.Scope> {
  if (process.platform === "win32") return Effect.void;
  const script =
    'read -r _; kill "$1" 2>/dev/null; sleep 1; kill -9 "$1" 2>/dev/null; \
[ -z "$2" ] || rm -rf "$2"';
  const start = Effect.sync(() => {
    const child = spawn("sh", ["-c", script, "sh", `${server.process.pid}`, directory ?? ""], {
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
    });
    child.on("error", () => undefined);
    child.stdin.on("error", () => undefined);
    // The server's process id may soon be another's.
    void server.ended.then(() => child.kill("SIGKILL"));
    return child;
  });
  const end = (child: ChildProcess) =>
    Effect.callback<void>((resume) => {
      const gone = child.exitCode !== null || child.signalCode !== null;
      if (gone || child.pid === undefined) return resume(Effect.void);
      child.once("exit", () => resume(Effect.void));
      child.kill("SIGKILL");
    });
  return Effect.acquireRelease(start, end).pipe(Effect.asVoid);
}

async function waitForPort(directory: string, child: Running): Promise<number | undefined> {
  const end = performance.now() + START_MS;
  while (child.whyEnded() === undefined && performance.now() < end) {
    const port = readPort(directory);
    if (port !== undefined) return port;
    await new Promise((done) => setTimeout(done, POLL_MS));
  }
  return undefined;
}

function portsFiles(directory: string): readonly string[] {
  const names = readdirSync(directory).filter((name) => name.endsWith(".ports"));
  return names.map((name) => join(directory, name));
}

/** Undefined until the server has written all of it. */
function readPort(directory: string): number | undefined {
  try {
    const [file] = portsFiles(directory);
    if (file === undefined) return undefined;
    const { nats }: { nats?: readonly string[] } = JSON.parse(readFileSync(file, "utf8"));
    return Number(new URL(nats?.[0] ?? "").port);
  } catch {
    return undefined;
  }
}

function notStarted(
  directory: string,
  why: string | undefined,
): Effect.Effect<never, NatsServerError> {
  const cause = why ?? `no port after ${START_MS / 1000} s`;
  return Effect.fail(
    new NatsServerError({
      reason: "start",
      detail: `${cause}; its log says: ${logTail(directory)}`,
    }),
  );
}

function logTail(directory: string): string {
  try {
    const lines = readFileSync(join(directory, "nats.log"), "utf8").trim().split("\n");
    return lines.slice(-3).join(" | ");
  } catch {
    return "nothing";
  }
}

function attempt<A>(
  reason: NatsServerError["reason"],
  act: () => A,
): Effect.Effect<A, NatsServerError> {
  return Effect.try({
    try: act,
    catch: (cause) =>
      new NatsServerError({
        reason,
        detail: cause instanceof Error ? cause.message : String(cause),
      }),
  });
}
