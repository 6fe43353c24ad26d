/** A client of a gateway's HTTP API. */

import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";

export class ClientError extends Schema.TaggedError<ClientError>()("ClientError", {
  /** 0: no answer at all. */
  status: Schema.Int,
  message: Schema.String,
}) {}

export interface Invocation {
  readonly id: number;
  readonly workflow: string;
  readonly state: "running" | "finished" | "failed";
  readonly latency_s?: number;
  readonly reason?: string;
}

const WAIT_S = 60;
const RETRY_MS = 100;

export class Client {
  readonly #url: string;
  readonly #token: string | undefined;

  constructor(url: string, token: string | undefined) {
    this.#url = url;
    this.#token = token;
  }

  /** Resolves once every daemon of the cluster is there. */
  ready(patience_ms: number): Effect.Effect<void, ClientError> {
    const late = new ClientError({
      status: 503,
      message: "not every daemon came up; see their logs",
    });
    const poll: Effect.Effect<void, ClientError> = this.#ask("GET", "/health").pipe(
      Effect.asVoid,
      Effect.catch(() =>
        Effect.andThen(
          Effect.sleep(RETRY_MS),
          Effect.suspend(() => poll),
        ),
      ),
    );
    return poll.pipe(
      Effect.timeoutOrElse({ duration: patience_ms, orElse: () => Effect.fail(late) }),
    );
  }

  /** `folder`: where the modules that the file names are, seen from the workers. */
  deploy(
    text: string,
    folder?: string,
  ): Effect.Effect<{ readonly workflow: string; readonly plan: number }, ClientError> {
    return Effect.map(this.#ask("POST", deployPath(folder), text), (answer) => answer as never);
  }

  /** Invokes and waits until it is over. */
  run(
    workflow: string,
    inputs: Readonly<Record<string, unknown>>,
  ): Effect.Effect<Invocation, ClientError> {
    const path = `/v1/workflows/${encodeURIComponent(workflow)}/invocations?wait=${WAIT_S}`;
    return this.#ask("POST", path, JSON.stringify({ inputs })).pipe(
      Effect.map((answer) => answer as Invocation),
      Effect.flatMap((invocation) => this.#until(invocation)),
    );
  }

  /** The bytes of a result. */
  data(invocation: number, datum: string): Effect.Effect<Buffer, ClientError> {
    const path = `/v1/invocations/${invocation}/data/${encodeURIComponent(datum)}`;
    return Effect.map(this.#send("GET", path), ({ bytes }) => bytes);
  }

  #until(invocation: Invocation): Effect.Effect<Invocation, ClientError> {
    if (invocation.state !== "running") return Effect.succeed(invocation);
    return this.#ask("GET", `/v1/invocations/${invocation.id}?wait=${WAIT_S}`).pipe(
      Effect.flatMap((answer) => this.#until(answer as Invocation)),
    );
  }

  #ask(method: string, path: string, body?: string): Effect.Effect<unknown, ClientError> {
    return Effect.map(this.#send(method, path, body), ({ bytes }) =>
      JSON.parse(bytes.toString("utf8")),
    );
  }

  #send(
    method: string,
    path: string,
    body?: string,
  ): Effect.Effect<{ readonly bytes: Buffer }, ClientError> {
    const isJson = body?.startsWith("{") ?? false;
    const headers: Record<string, string> = {};
    if (this.#token !== undefined) headers["authorization"] = `Bearer ${this.#token}`;
    if (body !== undefined) headers["content-type"] = isJson ? "application/json" : "text/plain";
    return Effect.tryPromise({
      try: async (signal) => {
        const response = await fetch(`${this.#url}${path}`, {
          method,
          headers,
          signal,
          ...(body === undefined ? {} : { body }),
        });
        return {
          ok: response.ok,
          status: response.status,
          bytes: Buffer.from(await response.arrayBuffer()),
        };
      },
      catch: (cause) =>
        new ClientError({
          status: 0,
          message: `no gateway answers at ${this.#url} (${(cause as Error).message})`,
        }),
    }).pipe(
      Effect.flatMap(({ ok, status, bytes }) =>
        ok
          ? Effect.succeed({ bytes })
          : Effect.fail(new ClientError({ status, message: problemsIn(bytes.toString("utf8")) })),
      ),
    );
  }
}

function deployPath(folder: string | undefined): string {
  if (folder === undefined) return "/v1/workflows";
  return `/v1/workflows?folder=${encodeURIComponent(folder)}`;
}

function problemsIn(text: string): string {
  try {
    const { problems } = JSON.parse(text) as { readonly problems?: readonly string[] };
    return problems?.join("\n") ?? text;
  } catch {
    return text;
  }
}
