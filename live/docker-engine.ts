/**
 * A small client of the Docker Engine API, over the socket of an engine on this machine: what
 * containers of functions need, no more. Calls ask for the engine's own version of the API; they
 * have been the same since 1.30. Every wait but that for a container's end has a limit.
 */

import { Agent, type IncomingMessage, type RequestOptions, request } from "node:http";
import type { Duplex, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

/** What an engine was asked for and could not do; `status` 0: it did not answer. */
export class EngineError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** What the engine knows of a container; the fields are the API's. */
export interface ContainerState {
  readonly Pid: number;
  readonly ExitCode: number;
  readonly OOMKilled: boolean;
}

export interface ListedContainer {
  readonly Id: string;
  readonly Labels: Readonly<Record<string, string>>;
}

interface Call {
  readonly method: "GET" | "POST" | "DELETE";
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly json?: object;
  readonly stream?: Readable;
  /** 0: none. */
  readonly limit_ms?: number;
}

const DEFAULT_SOCKET = "/var/run/docker.sock";
const UNIX = "unix://";
const LIMIT_MS = 60_000;
/** An image is a hundred megabytes, and disks are slow. */
const IMPORT_LIMIT_MS = 300_000;
const NOT_FOUND = 404;
const CONFLICT = 409;
/** Before each piece of output of an attached container: the stream, and the length of the piece. */
const FRAME_BYTES = 8;
const FRAME_LENGTH_AT = 4;

/** Where the engine listens, as Docker's own tools read it; throws if it is not on this machine. */
export function engineSocket(dockerHost: string | undefined): string {
  if (dockerHost === undefined || dockerHost === "") return DEFAULT_SOCKET;
  if (dockerHost.startsWith(`${UNIX}/`)) return dockerHost.slice(UNIX.length);
  const message = `DOCKER_HOST is ${dockerHost}: data go through shared memory, so the engine must \
be on this machine. Give its socket, as in DOCKER_HOST=unix:///var/run/docker.sock.`;
  throw new EngineError(0, message);
}

/** Throws an EngineError if none answers there. */
export async function openEngine(socketPath: string): Promise<DockerEngine> {
  const agent = new Agent({ keepAlive: true });
  const answer = await ask({ agent, socketPath, method: "GET", path: "/_ping" }, {});
  answer.resume();
  const version = answer.headers["api-version"];
  if (answer.statusCode === 200 && version !== undefined) {
    return new DockerEngine({ agent, socketPath }, `/v${version}`);
  }
  throw new EngineError(
    answer.statusCode ?? 0,
    `what answers at ${socketPath} is no Docker engine`,
  );
}

export class DockerEngine {
  readonly #to: RequestOptions & { readonly agent: Agent };
  readonly #base: string;

  constructor(to: RequestOptions & { readonly agent: Agent }, base: string) {
    this.#to = to;
    this.#base = base;
  }

  /** Gives its id. `config` is the body of the API's ContainerCreate. */
  async create(name: string, config: object): Promise<string> {
    const path = "/containers/create";
    const call = { method: "POST", path, query: { name }, json: config } as const;
    return (await this.#json<{ readonly Id: string }>(call)).Id;
  }

  async start(id: string): Promise<void> {
    await this.#text({ method: "POST", path: `/containers/${id}/start` });
  }

  /** Ends once it has ended. */
  async wait(id: string): Promise<void> {
    await this.#text({ method: "POST", path: `/containers/${id}/wait`, limit_ms: 0 });
  }

  async kill(id: string, signal: string): Promise<void> {
    await this.#text({ method: "POST", path: `/containers/${id}/kill`, query: { signal } });
  }

  async inspect(id: string): Promise<ContainerState> {
    const path = `/containers/${id}/json`;
    return (await this.#json<{ readonly State: ContainerState }>({ method: "GET", path })).State;
  }

  /** Running or not; nothing happens if it is not there, or somebody else is removing it. */
  async remove(id: string): Promise<void> {
    const query = { force: "true", v: "true" };
    await this.#text({ method: "DELETE", path: `/containers/${id}`, query }).catch((cause) => {
      if (!(cause instanceof EngineError) || cause.status !== CONFLICT) ifMissing(cause);
    });
  }

  /** Those that have the label, running or not. */
  list(label: string): Promise<readonly ListedContainer[]> {
    const query = { all: "true", filters: JSON.stringify({ label: [label] }) };
    return this.#json({ method: "GET", path: "/containers/json", query });
  }

  /**
   * From here on, `hear` is told what it writes to stdout and stderr. Call it before `start`; what it
   * gives ends with the container's output.
   */
  async attach(
    id: string,
    hear: (text: string) => void,
  ): Promise<{ readonly ended: Promise<void> }> {
    const query = new URLSearchParams({ stream: "1", stdout: "1", stderr: "1" });
    const path = `${this.#base}/containers/${id}/attach?${query}`;
    const headers = { connection: "Upgrade", upgrade: "tcp" };
    const options = { ...this.#to, agent: false as const, method: "POST", path, headers };
    const socket = await new Promise<Duplex>((resolve, reject) => {
      const asked = request(options, (answer) => {
        answer.resume();
        reject(new EngineError(answer.statusCode ?? 0, "it cannot be attached to"));
      });
      asked.on("upgrade", (_, stream, head) => {
        if (head.length > 0) stream.unshift(head);
        resolve(stream);
      });
      asked.on("error", reject).end();
    });
    let rest: Buffer = Buffer.alloc(0);
    socket.on("data", (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk]);
      while (rest.length >= FRAME_BYTES) {
        const end = FRAME_BYTES + rest.readUInt32BE(FRAME_LENGTH_AT);
        if (rest.length < end) return;
        hear(rest.toString("utf8", FRAME_BYTES, end));
        rest = rest.subarray(end);
      }
    });
    const ended = new Promise<void>((resolve) => {
      socket.on("error", () => undefined).on("close", () => resolve());
    });
    return { ended };
  }

  async hasImage(name: string): Promise<boolean> {
    const path = `/images/${encodeURIComponent(name)}/json`;
    const text = await this.#text({ method: "GET", path }).catch(ifMissing);
    return text !== undefined;
  }

  /** Makes an image of one layer from a tar of its files. */
  async importImage(repo: string, tag: string, tar: Readable): Promise<void> {
    const query = { fromSrc: "-", repo, tag };
    const text = await this.#text({
      method: "POST",
      path: "/images/create",
      query,
      stream: tar,
      limit_ms: IMPORT_LIMIT_MS,
    });
    // Its answer is 200 before it knows; what went wrong is said in the text.
    const [, problem] = /"error":"((?:[^"\\]|\\.)*)"/.exec(text) ?? [];
    if (problem !== undefined) throw new EngineError(0, problem);
  }

  async #json<A>(call: Call): Promise<A> {
    return JSON.parse(await this.#text(call));
  }

  async #text({ method, path, query = {}, ...content }: Call): Promise<string> {
    const full = `${this.#base}${path}?${new URLSearchParams(query)}`;
    const answer = await ask({ ...this.#to, method, path: full }, content);
    const chunks: Buffer[] = [];
    for await (const chunk of answer) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString("utf8");
    const status = answer.statusCode ?? 0;
    if (status < 300) return text;
    throw new EngineError(status, messageIn(text));
  }
}

function ask(
  options: RequestOptions,
  { json, stream, limit_ms = LIMIT_MS }: Pick<Call, "json" | "stream" | "limit_ms">,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const type = stream === undefined ? "application/json" : "application/x-tar";
    const content = json === undefined ? undefined : JSON.stringify(json);
    const headers = {
      "content-type": type,
      // The engine wants to know that a request without a body has none.
      ...(stream === undefined ? { "content-length": Buffer.byteLength(content ?? "") } : {}),
    };
    const asked = request({ ...options, headers, timeout: limit_ms }, resolve);
    asked.on("timeout", () => asked.destroy(new Error(`no answer within ${limit_ms / 1_000} s`)));
    asked.on("error", ({ message }) => reject(new EngineError(0, message)));
    if (stream === undefined) asked.end(content);
    else pipeline(stream, asked).catch(reject);
  });
}

function messageIn(text: string): string {
  try {
    return (JSON.parse(text) as { readonly message: string }).message;
  } catch {
    return text;
  }
}

function ifMissing(cause: unknown): undefined {
  if (!(cause instanceof EngineError) || cause.status !== NOT_FOUND) throw cause;
}
