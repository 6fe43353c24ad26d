/**
 * The embedded remote store's daemon: HTTP over a directory of files, bodies streamed both ways.
 *
 * | request | does | answers |
 * |---|---|---|
 * | `PUT /parts/PATH` | stores the body, in place of an older one, when all of it is there | 204 |
 * | `GET /parts/PATH` | gives the body | 200, 404 |
 * | `DELETE /invocations/PATH` | removes all parts of an invocation | 204, also if there were none |
 * | `GET /health` | nothing | 200 |
 * | `GET /metrics` | nothing | 200, if the daemon counts |
 *
 * A PATH is what `data-name.ts` writes, its `%` escaped once more; anything else is answered 400, so
 * no request reaches outside the directory. Also: 401 wrong token, 405, 411 no length, 413 too
 * large, 414 name too long, 507 disk full. With `expect: 100-continue` a client is told before it
 * sends a body in vain. A refusal says why as `{ "error": "..." }`.
 */

import { createHash, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream/promises";
import * as Effect from "effect/Effect";
import * as Runtime from "effect/Runtime";
import * as Schema from "effect/Schema";
import type * as Scope from "effect/Scope";
import { parseInvocationPath, parsePartPath } from "./data-name.ts";
import { PartFiles } from "./part-files.ts";

/** The storage daemon cannot start with what it was given: exit code 2. */
export class StorageError extends Schema.TaggedError<StorageError>()("StorageError", {
  message: Schema.String,
}) {
  override readonly [Runtime.errorExitCode] = 2;
}

export interface StorageOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** Made if it is not there. */
  readonly dir: string;
  /** What clients show as `authorization: Bearer TOKEN`; without one, who reaches it may use it. */
  readonly token?: string | undefined;
  readonly maxBodyBytes?: number | undefined;
  /** Further ones are closed unheard; clients come again. */
  readonly maxConnections?: number | undefined;
  /** A connection on which nothing moves for so long is closed. */
  readonly idleTimeoutMs?: number | undefined;
  readonly figures?: StorageFigures | undefined;
}

/** What is counted, and its text. */
export interface StorageFigures {
  readonly type: string;
  readonly text: () => Promise<string>;
  /** `bytes`: of the body that was taken or given. */
  readonly answered: (request: {
    readonly method: string;
    readonly status: number;
    readonly bytes: number;
  }) => void;
}

interface Site {
  readonly files: PartFiles;
  readonly maxBodyBytes: number;
  /** Of the header that lets in; undefined: none is needed. */
  readonly pass: Buffer | undefined;
  readonly figures: StorageFigures | undefined;
}

interface Daemon {
  readonly server: Server;
  readonly files: PartFiles;
}

interface Refusal {
  readonly status: number;
  readonly error: string;
}

const DEFAULT_MAX_BODY_BYTES = 2 ** 30;
const DEFAULT_MAX_CONNECTIONS = 512;
const DEFAULT_IDLE_TIMEOUT_MS = 60_000;
/** How long requests under way may go on when the daemon stops. */
const GRACE_MS = 2_000;
/** A refused body up to here is read and thrown away, so that the connection serves on. */
const MAX_IGNORED_BYTES = 2 ** 20;

/** Serves until the scope closes, which waits for requests under way, for two seconds at most. */
export function serveStorage(
  options: StorageOptions,
): Effect.Effect<{ readonly url: string }, StorageError, Scope.Scope> {
  const daemon = Effect.tryPromise({
    try: () => start(options),
    catch: (cause) => new StorageError({ message: startText(options, cause as Error) }),
  });
  return Effect.acquireRelease(daemon, (running) => Effect.promise(() => stop(running))).pipe(
    Effect.map(({ server }) => ({ url: urlOf(options.host, server) })),
  );
}

async function start(options: StorageOptions): Promise<Daemon> {
  const files = new PartFiles(options.dir);
  await files.open();
  try {
    const server = await listen(options, files);
    // Only now is it sure that no other daemon at this port uses the directory.
    await files.tidy();
    return { server, files };
  } catch (cause) {
    await files.close();
    throw cause;
  }
}

async function listen(options: StorageOptions, files: PartFiles): Promise<Server> {
  const { token, maxBodyBytes = DEFAULT_MAX_BODY_BYTES, figures } = options;
  const pass = token === undefined ? undefined : digest(`Bearer ${token}`);
  const site: Site = { files, maxBodyBytes, pass, figures };
  const server = createServer();
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    response.once("finish", () => count(site, request, response));
    handle(site, request, response).catch((cause) => giveUp(request, response, cause));
  };
  server.on("request", serve);
  server.on("checkContinue", serve);
  server.maxConnections = options.maxConnections ?? DEFAULT_MAX_CONNECTIONS;
  // A slow link may take long over a large body: what counts is that something moves.
  server.requestTimeout = 0;
  server.timeout = options.idleTimeoutMs ?? DEFAULT_IDLE_TIMEOUT_MS;
  server.keepAliveTimeout = server.timeout;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, resolve);
  });
  return server;
}

async function stop({ server, files }: Daemon): Promise<void> {
  await new Promise<void>((resolve) => {
    const force = setTimeout(() => server.closeAllConnections(), GRACE_MS);
    server.close(() => {
      clearTimeout(force);
      resolve();
    });
    server.closeIdleConnections();
  });
  await files.close();
}

async function handle(
  site: Site,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (site.pass !== undefined && !letsIn(site.pass, request.headers.authorization)) {
    const error = "the token is missing or wrong: show the one the storage daemon was started with";
    return refuse(request, response, { status: 401, error });
  }
  const { method = "" } = request;
  const [, area = "", rest] =
    /^\/(parts|invocations|health|metrics)(?:\/(.*))?$/.exec(pathOf(request)) ?? [];
  if (area === "health" && method === "GET") return answer(response, 200, { status: "ok" });
  if (area === "metrics" && method === "GET" && site.figures !== undefined) {
    const text = await site.figures.text();
    response.writeHead(200, { "content-type": site.figures.type }).end(text);
    return;
  }
  const known = area === "parts" ? parsePartPath : parseInvocationPath;
  if (area === "" || rest === undefined || known(rest) === undefined) {
    const error = `nothing has the address ${request.url?.slice(0, 200)}: ask for \
/parts/WORKFLOW/RUN/INVOCATION/DATUM/ITEM or /invocations/WORKFLOW/RUN/INVOCATION`;
    return refuse(request, response, { status: 400, error });
  }
  switch (`${method} ${area}`) {
    case "PUT parts":
      return put(site, request, response, rest);
    case "GET parts":
      return get(site, request, response, rest);
    case "DELETE invocations":
      await site.files.forget(rest);
      return answer(response, 204);
    default: {
      const allowed = area === "parts" ? "PUT or GET" : "DELETE";
      const error = `${method} is not for this address: ${allowed} is`;
      return refuse(request, response, { status: 405, error });
    }
  }
}

function count({ figures }: Site, request: IncomingMessage, response: ServerResponse): void {
  const { method = "" } = request;
  const { statusCode: status } = response;
  const length =
    method === "PUT" ? request.headers["content-length"] : response.getHeader("content-length");
  const bytes = status < 300 ? Number(length ?? 0) : 0;
  figures?.answered({ method, status, bytes });
}

async function put(
  site: Site,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): Promise<void> {
  const bytes = Number(request.headers["content-length"]);
  if (Number.isNaN(bytes)) {
    const error = "the body has no length: give content-length, chunked bodies are not taken";
    return refuse(request, response, { status: 411, error });
  }
  if (bytes > site.maxBodyBytes) {
    const error = `the body has ${bytes} bytes, at most ${site.maxBodyBytes} are taken: \
write less, or start the storage daemon with a higher limit`;
    return refuse(request, response, { status: 413, error });
  }
  if (request.headers.expect !== undefined) response.writeContinue();
  await site.files.write(path, request, bytes);
  answer(response, 204);
}

async function get(
  site: Site,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): Promise<void> {
  const part = await site.files.read(path);
  if (part === undefined) {
    const error = "no such part: it was never stored, or its invocation was forgotten";
    return refuse(request, response, { status: 404, error });
  }
  response.setHeader("content-length", part.bytes);
  response.writeHead(200, { "content-type": "application/octet-stream" });
  if (Buffer.isBuffer(part.body)) response.end(part.body);
  else await pipeline(part.body, response);
}

function answer(response: ServerResponse, status: number, body?: object): void {
  response.writeHead(status, body === undefined ? {} : { "content-type": "application/json" });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

function refuse(request: IncomingMessage, response: ServerResponse, refusal: Refusal): void {
  const { status, error } = refusal;
  const { expect, "content-length": bytes = "0", "transfer-encoding": coded } = request.headers;
  if (expect !== undefined || coded !== undefined || Number(bytes) > MAX_IGNORED_BYTES) {
    response.setHeader("connection", "close");
  } else {
    request.resume();
  }
  answer(response, status, { error });
}

/** What the disk refuses is told; a client that went away, or has half a body already, is left. */
function giveUp(request: IncomingMessage, response: ServerResponse, cause: unknown): void {
  if (response.headersSent || request.socket.destroyed) {
    response.destroy();
    return;
  }
  const { code = "", message } = cause as NodeJS.ErrnoException;
  const answers: Readonly<Record<string, Refusal>> = {
    ENOSPC: { status: 507, error: "the storage daemon's disk is full: make room on it" },
    ENAMETOOLONG: { status: 414, error: "the name is too long for a file: use a shorter one" },
  };
  const error = `the storage daemon could not do it: ${message}`;
  const { status, ...body } = answers[code] ?? { status: 500, error };
  // A client that is still sending would not see an answer before its end.
  if (request.complete) answer(response, status, body);
  else request.once("end", () => answer(response, status, body)).resume();
}

function pathOf(request: IncomingMessage): string {
  try {
    return decodeURIComponent(request.url ?? "");
  } catch {
    return "";
  }
}

function letsIn(pass: Buffer, shown: string | undefined): boolean {
  return timingSafeEqual(pass, digest(shown ?? ""));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** Where it is reached: on this machine, if it listens on all addresses. */
function urlOf(host: string, server: Server): string {
  const { port } = server.address() as AddressInfo;
  if (host === "0.0.0.0" || host === "::") return `http://127.0.0.1:${port}`;
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function startText({ host, port, dir }: StorageOptions, cause: Error): string {
  const { code, syscall } = cause as NodeJS.ErrnoException;
  const remedies: Readonly<Record<string, string>> = {
    EADDRINUSE: "The port is taken: give another, or 0 for any that is free.",
    EACCES: "It is not allowed: give a port from 1024 up.",
    EADDRNOTAVAIL: "The address is none of this machine's: give one that is, or 127.0.0.1.",
    ENOTFOUND: "The host's name is not known: give an address, or 127.0.0.1.",
  };
  if (syscall === "listen" || syscall === "getaddrinfo" || code?.startsWith("ERR_SOCKET")) {
    const remedy = remedies[code ?? ""] ?? "Give a host and a port from 0 to 65535.";
    return `The storage daemon cannot listen on ${host}:${port}: ${cause.message}. ${remedy}`;
  }
  return `The storage daemon cannot use ${dir}: ${cause.message}. \
Give a directory that can be made and written.`;
}
