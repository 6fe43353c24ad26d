/**
 * Messages between the nodes of a cluster. One interface, two bodies:
 *
 * | | `volatile-bus.ts` | `durable-bus.ts` |
 * |---|---|---|
 * | over | core NATS | JetStream |
 * | kept | in the sender while it is not connected | also on the server's disk, until handled |
 * | lost | what is on the way when a connection breaks or the receiver is away | nothing |
 * | twice | nothing | what a node that died had handled but not yet acknowledged |
 *
 * Subject of a node: `faasflow.CLUSTER.node.NAME`, NAME as `nodeName` gives it (`worker-3`). What is
 * in the messages: `wire.ts`. A sender's messages to one receiver arrive in the order they were sent.
 */

import { randomBytes } from "node:crypto";
import * as Deferred from "effect/Deferred";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import type * as Scope from "effect/Scope";
import { type NodeId, nodeName } from "../core/node.ts";
import type { LinkState, NatsLink } from "./nats.ts";
import type { Envelope, Parcel } from "./wire.ts";

export interface BusService {
  /** Queues it. Returns at once, never throws; what went wrong is logged, and `flush` fails. */
  send(to: NodeId, parcel: Parcel): void;
  /**
   * Once all that was sent before is safe: acknowledged by JetStream, or taken by the server. Ends
   * after the patience of the options with the reason `timeout`.
   */
  flush(): Effect.Effect<void, BusError>;
  /**
   * Gives `handle` what comes in for this node: one message at a time, in order, the next after its
   * promise has ended; acknowledged then. To be called once. A handler that throws ends the bus.
   */
  serve(handle: Handler): Effect.Effect<void, BusError, Scope.Scope>;
  /** Fails when the bus cannot go on, so that the daemon can end; never ends before. */
  readonly failure: Effect.Effect<never, BusError>;
}

export type Handler = (envelope: Envelope) => Promise<void> | void;

export interface BusOptions {
  readonly cluster: string;
  /** Who we are. */
  readonly node: NodeId;
  /** Most messages that wait for the server. */
  readonly maxWaiting?: number;
  /** Most bytes that wait for the server. */
  readonly maxWaitingBytes?: number;
  /** How long `flush` and the start wait. */
  readonly patienceMillis?: number;
}

export class BusError extends Schema.TaggedError<BusError>()("BusError", {
  reason: Schema.Literals([
    "overflow",
    "too-big",
    "timeout",
    "closed",
    "taken-over",
    "handler",
    "no-jetstream",
    "stream",
    "cluster-name",
  ]),
  detail: Schema.String,
}) {
  override get message(): string {
    return `${this.detail}. ${REMEDIES[this.reason]}`;
  }
}

const REMEDIES: Readonly<Record<BusError["reason"], string>> = {
  overflow: "Is the NATS server up? Start it again, then this node",
  "too-big": "Set a higher max_payload in the configuration of nats-server (8MB suffices)",
  timeout: "Is the NATS server up and its disk not full? See its log",
  closed: "Start this node again",
  "taken-over": "Give each node of a cluster a name of its own, or end the other process",
  handler: "This is a mistake in the program: please report it, with the log",
  "no-jetstream":
    "Start nats-server with `-js -sd DIRECTORY`, or use the volatile bus, which needs no JetStream",
  stream: "Delete the stream (`nats stream rm`), or choose another name for the cluster",
  "cluster-name": "Choose a name of 1 to 64 characters",
};

/** What both bodies are built on. */
export interface BusParts {
  readonly link: NatsLink;
  readonly cluster: string;
  readonly node: NodeId;
  readonly maxWaiting: number;
  readonly maxWaitingBytes: number;
  readonly patienceMillis: number;
  /** Of the next message of a line: what one process sends to one receiver. */
  nextId(receiver: string): string;
  warn(message: string): void;
  /** The bus cannot go on. */
  fail(error: BusError): void;
  readonly failure: Effect.Effect<never, BusError>;
}

const MAX_WAITING = 100_000;
const MAX_WAITING_BYTES = 64 * 1024 * 1024;
const PATIENCE_MS = 10_000;
const MAX_NAME = 64;
const INCARNATION_BYTES = 6;

export const busParts = Effect.fnUntraced(function* (
  link: NatsLink,
  options: BusOptions,
): Effect.fn.Return<BusParts, BusError> {
  const { node } = options;
  const { length } = options.cluster;
  if (length === 0 || length > MAX_NAME) {
    const detail = `the cluster's name has ${length} characters`;
    return yield* new BusError({ reason: "cluster-name", detail });
  }
  const log = Effect.runForkWith(yield* Effect.context<never>());
  const failed = yield* Deferred.make<never, BusError>();
  const warn = (message: string): void => {
    log(Effect.logWarning(`${nodeName(node)}: ${message}`));
  };
  const fail = (error: BusError): void => {
    if (!Deferred.doneUnsafe(failed, Effect.fail(error))) return;
    log(Effect.logError(`${nodeName(node)}: ${error.message}`));
  };
  return {
    link,
    cluster: safeToken(options.cluster),
    node,
    maxWaiting: options.maxWaiting ?? MAX_WAITING,
    maxWaitingBytes: options.maxWaitingBytes ?? MAX_WAITING_BYTES,
    patienceMillis: options.patienceMillis ?? PATIENCE_MS,
    nextId: messageIds(),
    warn,
    fail,
    failure: Deferred.await(failed),
  };
});

/** `INCARNATION.RECEIVER-NUMBER`: unique, and the numbers of a line follow each other. */
function messageIds(): (receiver: string) => string {
  const incarnation = randomBytes(INCARNATION_BYTES).toString("base64url");
  const counts = new Map<string, number>();
  return (receiver) => {
    const number = counts.get(receiver) ?? 0;
    counts.set(receiver, number + 1);
    return `${incarnation}.${receiver}-${number}`;
  };
}

/** Logs what becomes of the connection, and ends the bus with it; for the length of the scope. */
export function watchLink(parts: BusParts): Effect.Effect<void, never, Scope.Scope> {
  return Effect.asVoid(
    Effect.acquireRelease(
      Effect.sync(() => parts.link.watch(reporter(parts))),
      (unwatch) => Effect.sync(unwatch),
    ),
  );
}

/** Each refusal once. */
function reporter({
  link,
  warn,
  fail,
}: Pick<BusParts, "link" | "warn" | "fail">): (state: LinkState) => void {
  let told = "";
  return (state) => {
    switch (state.tag) {
      case "down":
        warn(`the connection to NATS at ${link.address} is lost, trying to get it back`);
        return;
      case "up":
        told = "";
        warn(`the connection to NATS at ${link.address} is back`);
        return;
      case "refused":
        if (told !== state.cause.message) warn(`NATS refuses: ${state.cause.message}`);
        told = state.cause.message;
        return;
      case "closed":
        fail(new BusError({ reason: "closed", detail: "the connection to NATS is closed" }));
        return;
      default:
        state satisfies never;
    }
  };
}

export function nodeSubject(parts: { readonly cluster: string }, node: NodeId): string {
  return `faasflow.${parts.cluster}.node.${nodeName(node)}`;
}

/** Any name as one token of a subject, also fit for a stream's name: other bytes as `=XX`. */
export function safeToken(name: string): string {
  let token = "";
  for (const byte of new TextEncoder().encode(name)) {
    const character = String.fromCharCode(byte);
    const safe = /[a-z0-9_-]/.test(character);
    token += safe ? character : `=${byte.toString(16).padStart(2, "0")}`;
  }
  return token;
}

/** Why the server would not take it; undefined: it would. */
export function sizeProblem(link: NatsLink, text: string): BusError | undefined {
  const most = link.maxPayload() - HEADERS;
  // No character takes more than 3 bytes a UTF-16 unit; counting is for the rare long message.
  if (text.length * 3 <= most) return undefined;
  const bytes = Buffer.byteLength(text);
  if (bytes <= most) return undefined;
  const detail = `a message of ${bytes} bytes was dropped, the server takes ${most}`;
  return new BusError({ reason: "too-big", detail });
}

/** Room for what the bus adds to a message. */
const HEADERS = 256;

/** A promise with an end, as an effect. */
export function limited(
  parts: BusParts,
  what: string,
  act: () => Promise<void>,
): Effect.Effect<void, BusError> {
  const seconds = parts.patienceMillis / 1000;
  const error = (detail: string) => new BusError({ reason: "timeout", detail });
  return Effect.tryPromise({
    try: act,
    catch: (cause) =>
      cause instanceof BusError ? cause : error(`${what}: ${(cause as Error).message}`),
  }).pipe(
    Effect.timeoutOrElse({
      duration: parts.patienceMillis,
      orElse: () => Effect.fail(error(`${what}: not done after ${seconds} s`)),
    }),
    Effect.raceFirst(parts.failure),
  );
}
