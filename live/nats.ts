/**
 * The door to @nats-io: one connection to a NATS server, which comes back by itself for ever. What
 * runs per message is plain callbacks; the connection itself is a scoped resource, drained at its end.
 *
 * The client drops what is published between two attempts to reconnect: send only while
 * `connected()`, and keep the rest (see the two buses).
 */

import { type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import {
  createInbox,
  connect as dial,
  errors,
  headers,
  type Msg,
  type NatsConnection,
  type NodeConnectionOptions,
} from "@nats-io/transport-node";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import * as Schedule from "effect/Schedule";
import * as Schema from "effect/Schema";
import type * as Scope from "effect/Scope";

export interface NatsOptions {
  /** `nats://HOST:4222`; several, separated by commas, are servers of one cluster. */
  readonly url: string;
  /** What the server's monitoring shows, such as `faasflow worker-3`. */
  readonly name: string;
  readonly credentials?: Credentials;
  /** Files and switches for TLS, as @nats-io/transport-node takes them. */
  readonly tls?: NonNullable<NodeConnectionOptions["tls"]>;
  /** How long to try at the start; afterwards it is tried for ever. */
  readonly patienceMillis?: number;
}

export type Credentials =
  | { readonly tag: "token"; readonly token: Redacted.Redacted }
  | { readonly tag: "user"; readonly user: string; readonly password: Redacted.Redacted };

/** Streams and consumers of a server. */
export type JetStream = JetStreamManager;

/** What came in on a subject. */
export interface Arrival {
  readonly subject: string;
  readonly data: Uint8Array;
  /** Where an answer goes; empty: nowhere. */
  readonly reply: string;
  /** What it was published with; undefined: without one. */
  readonly id: string | undefined;
  /** Status of a message of the server's own, such as 503; 0: an ordinary message. */
  readonly status: number;
}

export type LinkState =
  | { readonly tag: "up" }
  | { readonly tag: "down" }
  /** The server said no to something, such as to the credentials; the client tries on. */
  | { readonly tag: "refused"; readonly cause: Error }
  /** For good: nobody will reconnect it. */
  | { readonly tag: "closed"; readonly cause: unknown };

export interface NatsLink {
  readonly address: string;
  /** Largest message that the server takes, bytes. */
  maxPayload(): number;
  connected(): boolean;
  /** Told of every change until the function that it gives is called. */
  watch(listener: (state: LinkState) => void): () => void;
  /** Notes it for the socket. False: not connected, or refused by the client; nothing was sent. */
  publish(subject: string, data: string | Uint8Array, options?: PublishOptions): boolean;
  /** Until the function that it gives is called; outlives reconnects. */
  subscribe(subject: string, handle: (arrival: Arrival) => void): () => void;
  /** A subject of one's own. */
  inbox(): string;
  /** Once the server has taken all that was published. Rejects at a disconnect. */
  flush(): Promise<void>;
  jetStream(): Promise<JetStream>;
}

export interface PublishOptions {
  readonly reply?: string;
  /** JetStream keeps one message of those with one id. */
  readonly id?: string;
}

export class NatsError extends Schema.TaggedError<NatsError>()("NatsError", {
  reason: Schema.Literals(["unreachable", "unauthorized", "address"]),
  address: Schema.String,
  cause: Schema.Defect(),
}) {
  override get message(): string {
    const { address, reason } = this;
    const why = this.cause instanceof Error ? this.cause.message : String(this.cause);
    if (reason === "unauthorized") {
      return `the NATS server at ${address} refused the credentials (${why}): give the token or \
the user and password that are in the server's configuration`;
    }
    if (reason === "address") {
      return `${address} is no address of a NATS server (${why}): write nats://HOST:PORT, such as \
nats://127.0.0.1:4222`;
    }
    return `no NATS server answers at ${address} (${why}): check the address, or start one with \
\`nats-server -js -sd DIRECTORY\` (Debian and Ubuntu: apt-get install nats-server; macOS: brew \
install nats-server)`;
  }
}

const MESSAGE_ID = "Nats-Msg-Id";
const PATIENCE_MS = 10_000;
const ATTEMPT_MS = 2_000;
const RETRY_MS = 200;
const DRAIN_MS = 2_000;

/** A connection for the length of the scope. */
export const connect = Effect.fn("nats.connect")(function* (
  options: NatsOptions,
): Effect.fn.Return<NatsLink, NatsError, Scope.Scope> {
  const address = addressText(options.url);
  const settings = yield* Effect.try({
    try: () => connectionOptions(options),
    catch: (cause) => new NatsError({ reason: "address", address, cause }),
  });
  const dialled = Effect.tryPromise({
    try: (signal) => dialUntil(settings, signal),
    catch: (cause) => new NatsError({ reason: reasonOf(cause), address, cause }),
  }).pipe(
    Effect.retry({
      schedule: Schedule.spaced(RETRY_MS).pipe(
        Schedule.upTo({ duration: options.patienceMillis ?? PATIENCE_MS }),
      ),
      while: ({ reason }) => reason === "unreachable",
    }),
    Effect.map((nats) => new Link(nats, address)),
  );
  const release = (link: Link) => Effect.promise(() => link.end());
  return yield* Effect.acquireRelease(dialled, release, { interruptible: true });
});

class Link implements NatsLink {
  readonly address: string;
  readonly #nats: NatsConnection;
  readonly #listeners: Set<(state: LinkState) => void>;
  #connected: boolean;

  constructor(nats: NatsConnection, address: string) {
    this.address = address;
    this.#nats = nats;
    this.#listeners = new Set();
    this.#connected = true;
    void this.#follow();
    void nats.closed().then((cause) => this.#tell({ tag: "closed", cause }));
  }

  maxPayload(): number {
    return this.#nats.info?.max_payload ?? Infinity;
  }

  connected(): boolean {
    return this.#connected;
  }

  watch(listener: (state: LinkState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  publish(subject: string, data: string | Uint8Array, options?: PublishOptions): boolean {
    if (!this.#connected) return false;
    try {
      this.#nats.publish(subject, data, options && publishOptions(options));
      return true;
    } catch {
      // Closed or draining: as good as not connected.
      return false;
    }
  }

  subscribe(subject: string, handle: (arrival: Arrival) => void): () => void {
    const subscription = this.#nats.subscribe(subject, {
      // An error here is a refused permission, which `watch` and the client's status tell as well.
      callback: (error, message) => {
        if (error === null) handle(arrivalOf(message));
      },
    });
    return () => subscription.unsubscribe();
  }

  inbox(): string {
    return createInbox();
  }

  flush(): Promise<void> {
    return this.#nats.flush();
  }

  jetStream(): Promise<JetStream> {
    return jetstreamManager(this.#nats, { checkAPI: false, timeout: ATTEMPT_MS });
  }

  /** Drains, if there is a server to drain to. */
  async end(): Promise<void> {
    const drained = this.#connected ? this.#nats.drain() : Promise.resolve();
    this.#connected = false;
    await within(DRAIN_MS, drained);
    if (!this.#nats.isClosed()) await this.#nats.close();
  }

  async #follow(): Promise<void> {
    for await (const status of this.#nats.status()) {
      if (status.type === "disconnect") this.#tell({ tag: "down" });
      if (status.type === "reconnect") this.#tell({ tag: "up" });
      if (status.type === "error") this.#tell({ tag: "refused", cause: status.error });
    }
  }

  #tell(state: LinkState): void {
    if (state.tag !== "refused") this.#connected = state.tag === "up";
    for (const listener of [...this.#listeners]) listener(state);
  }
}

/** A connection that nobody waits for any more is closed again. */
async function dialUntil(
  settings: NodeConnectionOptions,
  signal: AbortSignal,
): Promise<NatsConnection> {
  const nats = await dial(settings);
  if (signal.aborted) await nats.close();
  return nats;
}

function arrivalOf({ subject, data, reply, headers: head }: Msg): Arrival {
  const id = head?.get(MESSAGE_ID);
  return {
    subject,
    data,
    reply: reply ?? "",
    id: id === "" ? undefined : id,
    status: head?.code ?? 0,
  };
}

function publishOptions({ reply, id }: PublishOptions) {
  if (id === undefined) return reply === undefined ? {} : { reply };
  const head = headers();
  head.set(MESSAGE_ID, id);
  return reply === undefined ? { headers: head } : { reply, headers: head };
}

function connectionOptions(options: NatsOptions): NodeConnectionOptions {
  const servers = options.url.split(",").map((url) => serverOf(url.trim()));
  const { credentials } = options;
  return {
    servers,
    name: options.name,
    timeout: ATTEMPT_MS,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RETRY_MS,
    reconnectJitter: RETRY_MS / 2,
    // A server whose credentials are changed while it restarts must not end the daemon.
    ignoreAuthErrorAbort: true,
    pingInterval: 5_000,
    maxPingOut: 2,
    ...(credentials?.tag === "token" ? { token: Redacted.value(credentials.token) } : {}),
    ...(credentials?.tag === "user"
      ? { user: credentials.user, pass: Redacted.value(credentials.password) }
      : {}),
    ...(options.tls === undefined && !options.url.includes("tls://")
      ? {}
      : { tls: options.tls ?? {} }),
  };
}

/** What is wrong with an address, before anybody dials it; undefined: nothing. */
export function natsAddressProblem(url: string): string | undefined {
  try {
    for (const each of url.split(",")) serverOf(each.trim());
    return undefined;
  } catch (cause) {
    return new NatsError({ reason: "address", address: addressText(url), cause }).message;
  }
}

/** The client takes `HOST:PORT`; a scheme it does not know would become a host name. */
function serverOf(url: string): string {
  const parsed = new URL(url.includes("://") ? url : `nats://${url}`);
  if (!["nats:", "tls:"].includes(parsed.protocol)) {
    throw new Error(`the scheme ${parsed.protocol.slice(0, -1)} is not nats or tls`);
  }
  if (parsed.hostname === "") throw new Error("it has no host");
  if (parsed.username !== "" || parsed.password !== "") {
    throw new Error("credentials do not belong into the address");
  }
  return `${parsed.hostname}:${parsed.port === "" ? "4222" : parsed.port}`;
}

/** The address without what should not be printed. */
function addressText(url: string): string {
  return url.replaceAll(/\/\/[^@/,]*@/g, "//…@");
}

function reasonOf(cause: unknown): NatsError["reason"] {
  if (cause instanceof errors.AuthorizationError) return "unauthorized";
  if (cause instanceof errors.UserAuthenticationExpiredError) return "unauthorized";
  return "unreachable";
}

/** Until it is done, has failed, or the time is over. */
async function within(millis: number, done: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, millis);
  });
  await Promise.race([done.catch(() => undefined), limit]);
  clearTimeout(timer);
}
