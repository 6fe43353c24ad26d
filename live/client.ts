/** A client of a gateway's HTTP API. */

import * as Effect from "effect/Effect";
import * as Schedule from "effect/Schedule";
import * as Schema from "effect/Schema";

export class ClientError extends Schema.TaggedError<ClientError>()("ClientError", {
  /** 0: no answer at all. */
  status: Schema.Int,
  message: Schema.String,
  /** When asking again may help. */
  retryAfter_s: Schema.optionalKey(Schema.Number),
}) {}

export interface Invocation {
  readonly id: number;
  readonly workflow: string;
  readonly state: "running" | "finished" | "failed";
  /** Microseconds since the epoch. */
  readonly arrived_us: number;
  readonly latency_s?: number;
  readonly reason?: string;
}

export interface Health {
  readonly ready: boolean;
  readonly problems: readonly string[];
  readonly members: readonly {
    readonly node: string;
    readonly ready: boolean;
    readonly lost: boolean;
    /** `serving`, or how far it is on its way out. */
    readonly phase: string;
  }[];
}

export interface Deployed {
  readonly workflow: string;
  readonly version: number;
  readonly plan: number;
}

/** What is queued, runs, or waits for its next attempt. */
export interface RunningActivation {
  readonly invocation: number;
  readonly workflow: string;
  readonly task: string;
  readonly item: string;
  readonly attempt: number;
  readonly node: string;
  readonly state: string;
  readonly since_us: number;
}

/** What the functions of an invocation wrote. */
export interface Logs {
  readonly lines: readonly {
    readonly time_us: number;
    readonly node: string;
    readonly task: string;
    readonly item: string;
    readonly attempt: number;
    readonly text: string;
  }[];
  /** Characters that are not here. */
  readonly cut: number;
}

interface Request {
  readonly body?: string;
  /** A status that is an answer too, beside those of success. */
  readonly also?: number;
}

type Asked<A> = Effect.Effect<A, ClientError>;

const WAIT_S = 60;
const RETRY_MS = 100;
/** On the durable bus the next gateway knows what the one before had accepted. */
const UNTIL_THE_NEXT_GATEWAY = Schedule.spaced(RETRY_MS).pipe(
  Schedule.upTo({ duration: "1 minute" }),
);

export class Client {
  readonly url: string;
  readonly #token: string | undefined;

  constructor(url: string, token: string | undefined) {
    this.url = url.replace(/\/+$/, "");
    this.#token = token;
  }

  /** Resolves once every daemon of the cluster is there. */
  ready(patience_ms: number): Asked<void> {
    const late = new ClientError({
      status: 503,
      message: "not every daemon came up; see their logs",
    });
    const poll: Asked<void> = this.#ask("GET", "/health").pipe(
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

  /** Also when it is not ready. */
  health(): Asked<Health> {
    return this.#ask("GET", "/health", { also: 503 });
  }

  /** `folder`: where the modules that the file names are, seen from the workers. */
  deploy(text: string, folder?: string): Asked<Deployed> {
    return this.#ask("POST", deployPath(folder), { body: text });
  }

  deployed(): Asked<readonly Deployed[]> {
    return this.#ask("GET", "/v1/workflows");
  }

  /** Starts an invocation; gives its id. */
  invoke(workflow: string, inputs: Readonly<Record<string, unknown>>): Asked<number> {
    const path = `/v1/workflows/${encodeURIComponent(workflow)}/invocations`;
    const answer = this.#ask<{ id: number }>("POST", path, { body: JSON.stringify({ inputs }) });
    return Effect.map(answer, ({ id }) => id);
  }

  /** Invokes and waits until it is over. */
  run(workflow: string, inputs: Readonly<Record<string, unknown>>): Asked<Invocation> {
    const path = `/v1/workflows/${encodeURIComponent(workflow)}/invocations?wait=${WAIT_S}`;
    return this.#ask<Invocation>("POST", path, { body: JSON.stringify({ inputs }) }).pipe(
      Effect.flatMap((invocation) => this.#over(invocation)),
    );
  }

  /** Waits until it is over, also while no gateway answers: another may take its place. */
  end(invocation: number): Asked<Invocation> {
    const path = `/v1/invocations/${invocation}?wait=${WAIT_S}`;
    return this.#ask<Invocation>("GET", path).pipe(
      Effect.retry({ schedule: UNTIL_THE_NEXT_GATEWAY, while: ({ status }) => isPassing(status) }),
      Effect.flatMap((answer) => this.#over(answer)),
    );
  }

  status(invocation: number): Asked<Invocation> {
    return this.#ask("GET", `/v1/invocations/${invocation}`);
  }

  /** Those under way, and those that ended last. */
  invocations(): Asked<readonly Invocation[]> {
    return this.#ask("GET", "/v1/invocations");
  }

  cancel(invocation: number): Asked<void> {
    return Effect.asVoid(this.#ask("DELETE", `/v1/invocations/${invocation}`));
  }

  activations(): Asked<readonly RunningActivation[]> {
    return this.#ask("GET", "/v1/activations");
  }

  logs(invocation: number): Asked<Logs> {
    return this.#ask("GET", `/v1/invocations/${invocation}/logs`);
  }

  /** The bytes of a result. */
  data(invocation: number, datum: string): Asked<Buffer> {
    return this.#send("GET", `/v1/invocations/${invocation}/data/${encodeURIComponent(datum)}`);
  }

  /**
   * The event log of invocations `from` to `to` (by default of all that are remembered), its text
   * as `analysis` reads it. Local data are released a moment after the finish: ask for the log of
   * an invocation half a second after its end.
   */
  log(range: { readonly from?: number; readonly to?: number } = {}): Asked<string> {
    const query = Object.entries(range).map(([name, id]) => `${name}=${id}`);
    const path = `/v1/log${query.length === 0 ? "" : `?${query.join("&")}`}`;
    return Effect.map(this.#send("GET", path), (bytes) => bytes.toString("utf8"));
  }

  #over(invocation: Invocation): Asked<Invocation> {
    return invocation.state === "running" ? this.end(invocation.id) : Effect.succeed(invocation);
  }

  #ask<A>(method: string, path: string, request: Request = {}): Asked<A> {
    return Effect.flatMap(this.#send(method, path, request), (bytes) =>
      Effect.try({
        try: () => JSON.parse(bytes.toString("utf8")) as A,
        catch: () => {
          const message = `what answers at ${this.url} is no gateway of faasflow. Give its --url.`;
          return new ClientError({ status: 0, message });
        },
      }),
    );
  }

  #send(method: string, path: string, { body, also }: Request = {}): Asked<Buffer> {
    return Effect.tryPromise({
      try: (signal) => this.#fetch(method, path, { signal, ...(body !== undefined && { body }) }),
      catch: (cause) => {
        const { message, cause: deeper } = cause as Error;
        const why = deeper instanceof Error ? deeper.message || String(deeper) : message;
        const remedy = "Is it up? `faasflow live up` starts one; --url names another.";
        const text = `no gateway answers at ${this.url} (${why}). ${remedy}`;
        return new ClientError({ status: 0, message: text });
      },
    }).pipe(
      Effect.flatMap(({ ok, status, bytes, retryAfter_s }) =>
        ok || status === also
          ? Effect.succeed(bytes)
          : Effect.fail(
              new ClientError({
                status,
                message: problemsIn(bytes.toString("utf8")),
                ...(retryAfter_s > 0 && { retryAfter_s }),
              }),
            ),
      ),
    );
  }

  async #fetch(
    method: string,
    path: string,
    { signal, body }: { readonly signal: AbortSignal; readonly body?: string },
  ) {
    const headers: Record<string, string> = {};
    if (this.#token !== undefined) headers["authorization"] = `Bearer ${this.#token}`;
    if (body !== undefined) {
      headers["content-type"] = body.startsWith("{") ? "application/json" : "text/plain";
    }
    const request = { method, headers, signal, ...(body !== undefined && { body }) };
    const response = await fetch(`${this.url}${path}`, request);
    return {
      ok: response.ok,
      status: response.status,
      retryAfter_s: Number(response.headers.get("retry-after")),
      bytes: Buffer.from(await response.arrayBuffer()),
    };
  }
}

/** Nobody answers, or it cannot answer yet. */
function isPassing(status: number): boolean {
  return status === 0 || status === 503;
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
