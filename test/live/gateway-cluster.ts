/** A small cluster for a whole test file, and requests to its gateway as any HTTP client sends them. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Scope from "effect/Scope";
import { Client, type Invocation } from "../../live/client.ts";
import { type ClusterOptions, type LocalCluster, startCluster } from "../../live/local-cluster.ts";

const PROGRAM = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
const PATIENCE_MS = 60_000;

export const PAIR = `
faasflow: 1
name: pair
tasks:
  one: { sleep: 5 ms, writes: { out: 10 kB } }
  two: { reads: [one.out], writes: { result: 100 } }
`;
const SLOW = `
faasflow: 1
name: slow
tasks:
  wait: { sleep: 60 s }
`;
const TALK = `
faasflow: 1
name: talk
tasks:
  speak: { run: ./speak.mjs, retries: 0 }
`;
const SPEAK = "export default () => { console.log('hello'); throw new Error('bye'); };";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Of a refusal. */
  readonly problems: readonly string[];
}

export interface Ask {
  readonly method?: string;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  /** Media type of the body. */
  readonly media?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export class GatewayCluster {
  readonly client: Client;
  readonly cluster: LocalCluster;
  /** What the daemons have logged. */
  readonly lines: readonly string[];
  readonly #scope: Scope.Closeable;
  readonly #folder: string;

  constructor(cluster: LocalCluster, scope: Scope.Closeable, lines: readonly string[]) {
    this.cluster = cluster;
    this.client = new Client(cluster.url, cluster.token);
    this.lines = lines;
    this.#scope = scope;
    this.#folder = mkdtempSync(join(tmpdir(), "faasflow-functions-"));
  }

  /** `pair` finishes soon, `slow` after a minute, `talk` writes a line and fails. */
  async deploy(): Promise<void> {
    writeFileSync(join(this.#folder, "speak.mjs"), SPEAK);
    for (const text of [PAIR, SLOW, TALK]) {
      await Effect.runPromise(this.client.deploy(text, this.#folder));
    }
  }

  /** Invokes it and waits until it is over. */
  run(workflow: string): Promise<Invocation> {
    return Effect.runPromise(this.client.run(workflow, {}));
  }

  /** Invokes it; gives its id. */
  start(workflow: string): Promise<number> {
    return Effect.runPromise(this.client.invoke(workflow, {}));
  }

  /** Cancels it and waits until it is over, so that it does not count as in flight. */
  async end(id: number): Promise<void> {
    await Effect.runPromise(this.client.cancel(id));
    await Effect.runPromise(this.client.end(id));
  }

  ask(path: string, { method = "GET", body, media, headers = {} }: Ask = {}): Promise<Answer> {
    const authorization = `Bearer ${this.cluster.token}`;
    const type = media === undefined ? {} : { "content-type": media };
    return answerOf(`${this.cluster.url}${path}`, {
      method,
      headers: { authorization, ...type, ...headers },
      ...(body === undefined ? {} : { body }),
    });
  }

  async close(): Promise<void> {
    await Effect.runPromise(Scope.close(this.#scope, Exit.void));
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

export async function answerOf(url: string, request: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, request);
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.startsWith("application/json") ?? false;
  const { problems = [] } = isJson ? JSON.parse(text) : {};
  return { status: response.status, headers: response.headers, text, problems };
}

export async function openCluster(flags: ClusterOptions["flags"]): Promise<GatewayCluster> {
  const scope = await Effect.runPromise(Scope.make());
  const lines: string[] = [];
  const options: ClusterOptions = {
    workers: 2,
    scheme: "worker-sp",
    storage: "faastore",
    partition: "faasflow-plus",
    durable: true,
    program: PROGRAM,
    log: (_, line) => lines.push(line),
    ...(flags === undefined ? {} : { flags }),
  };
  const cluster = await Effect.runPromise(Scope.provide(startCluster(options), scope));
  const opened = new GatewayCluster(cluster, scope, lines);
  await Effect.runPromise(opened.client.ready(PATIENCE_MS));
  await opened.deploy();
  return opened;
}

export async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not so after ${PATIENCE_MS} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
