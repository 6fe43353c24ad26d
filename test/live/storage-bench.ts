/**
 * What tests of the embedded remote store share: daemons of it, in this process and as one of their
 * own, clients, and requests as anybody might send them. All of it ends with the test.
 */

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import * as fs from "node:fs";
import { type ClientRequest, type IncomingMessage, type RequestOptions, request } from "node:http";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";
import * as assert from "uvu/assert";
import type { PartName } from "../../live/data-name.ts";
import { type EmbeddedStoreOptions, openEmbeddedStore } from "../../live/embedded-store.ts";
import type { RemoteStoreShape, StoreError } from "../../live/remote-store.ts";
import { type StorageOptions, serveStorage } from "../../live/storage-server.ts";

export const PART: PartName = { workflow: "w", run: "r", invocation: 1, datum: "d", item: "" };
export const LARGE = 30_000_000;
const MODULE = new URL("../../live/storage-server.ts", import.meta.url).href;
const ROOT = new URL("../..", import.meta.url);

export interface Bench {
  readonly url: string;
  /** The daemon's data. */
  readonly dir: string;
  readonly store: Store;
  /** A path for a file of the test's own. */
  readonly file: (name: string) => string;
  readonly written: (name: string, content: string | Buffer) => string;
}

export interface Store {
  readonly put: (part: PartName, file: string) => Promise<number>;
  readonly get: (part: PartName, file: string) => Promise<number>;
  readonly forget: (part: PartName) => Promise<void>;
  readonly health: () => Promise<void>;
}

export interface Served {
  readonly status: number | undefined;
  readonly text: string;
}

/** A request as anybody might send it. */
export async function ask(url: string, options: RequestOptions, body?: string): Promise<Served> {
  const sent = request(url, options);
  sent.end(body);
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  let text = "";
  for await (const piece of response) text += piece;
  return { status: response.statusCode, text };
}

/** A put that announces more than it sends, and waits. */
export function halfUpload(url: string, path: string): ClientRequest {
  const headers = { "content-length": 1_000_000 };
  const sent = request(url, { method: "PUT", path: `/parts/${path}`, headers });
  sent.on("error", () => undefined);
  sent.write(Buffer.alloc(500_000));
  return sent;
}

/** The sizes of what is not a part yet. */
export function draftsIn(dir: string): readonly number[] {
  const asides = join(dir, "aside");
  if (!fs.existsSync(asides)) return [];
  return fs.readdirSync(asides).flatMap((daemon) => {
    const folder = join(asides, daemon);
    const stats = fs
      .readdirSync(folder)
      .map((name) => fs.statSync(join(folder, name), { throwIfNoEntry: false }));
    return stats.flatMap((found) => (found === undefined ? [] : [found.size]));
  });
}

export interface Daemon {
  readonly process: ChildProcessByStdio<Writable, Readable, null>;
  readonly url: string;
}

/** A daemon that can be killed; it ends by itself if this process dies. */
export async function daemonProcess(dir: string, port = 0): Promise<Daemon> {
  const code = `
    import { runPromise, scoped, flatMap, promise } from "effect/Effect";
    import { serveStorage } from ${JSON.stringify(MODULE)};
    const wait = ({ url }) => promise(() => new Promise((end) => {
      console.log(url);
      process.stdin.on("end", end).resume();
    }));
    const options = { host: "127.0.0.1", port: ${port}, dir: ${JSON.stringify(dir)} };
    await runPromise(scoped(flatMap(serveStorage(options), wait)));
  `;
  const args = ["--import", "tsx", "--input-type=module", "--eval", code];
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ["pipe", "pipe", "inherit"] });
  let url = "";
  child.stdout.on("data", (text) => {
    url += text;
  });
  await until(() => url.endsWith("\n") || child.exitCode !== null);
  assert.is(child.exitCode, null, "the daemon died at start");
  return { process: child, url: url.trim() };
}

export async function withStore(
  daemon: Partial<StorageOptions>,
  use: (bench: Bench) => Promise<void>,
  client: Partial<EmbeddedStoreOptions> = {},
): Promise<void> {
  await inFolder(async (folder) => {
    const dir = join(folder, "data");
    const file = (name: string): string => join(folder, name);
    const written = (name: string, content: string | Buffer): string => {
      fs.writeFileSync(file(name), content);
      return file(name);
    };
    const serve = serveStorage({ host: "127.0.0.1", port: 0, dir, ...daemon });
    await runScoped(
      Effect.flatMap(serve, ({ url }) =>
        Effect.promise(() =>
          withClient({ url, ...client }, (store) => use({ url, dir, store, file, written })),
        ),
      ),
    );
  });
}

export function withClient(
  options: EmbeddedStoreOptions,
  use: (store: Store) => Promise<void>,
): Promise<void> {
  return withRemote(openEmbeddedStore(options), use);
}

/** With any remote store, for as long as it is used. */
export function withRemote(
  open: Effect.Effect<RemoteStoreShape, StoreError, Scope.Scope>,
  use: (store: Store) => Promise<void>,
): Promise<void> {
  return runScoped(
    Effect.flatMap(open, (store) =>
      Effect.promise(() =>
        use({
          put: (part, file) => Effect.runPromise(store.put(part, file)),
          get: (part, file) => Effect.runPromise(store.get(part, file)),
          forget: (part) => Effect.runPromise(store.forget(part)),
          health: () => Effect.runPromise(store.health),
        }),
      ),
    ),
  );
}

export function runScoped<A, E>(effect: Effect.Effect<A, E, Scope.Scope>): Promise<A> {
  return Effect.runPromise(Effect.scoped(effect));
}

interface Tcp {
  readonly url: string;
  readonly file: (name: string) => string;
  /** Connections. */
  readonly seen: { came: number; open: number };
}

/** With something at a port that is no storage daemon. */
export async function withTcp(
  connected: (socket: Socket) => void,
  use: (tcp: Tcp) => Promise<void>,
): Promise<void> {
  const seen = { came: 0, open: 0 };
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    seen.came++;
    seen.open++;
    sockets.add(socket.on("error", () => undefined).on("close", () => seen.open--));
    connected(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  try {
    await inFolder((folder) =>
      use({ url: `http://127.0.0.1:${port}`, file: (name) => join(folder, name), seen }),
    );
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

export async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = fs.mkdtempSync(join(tmpdir(), "embedded-store-test-"));
  try {
    await use(folder);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

export async function failureOf(tried: Promise<unknown>): Promise<StoreError> {
  try {
    await tried;
  } catch (cause) {
    return cause as StoreError;
  }
  return assert.unreachable("it succeeded") as never;
}

export function hashOf(file: string): string {
  return createHash("sha256").update(fs.readFileSync(file)).digest("hex");
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

export async function until(condition: () => boolean): Promise<void> {
  const end = Date.now() + 20_000;
  while (!condition()) {
    assert.ok(Date.now() < end, "waited 20 s");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
