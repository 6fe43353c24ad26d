/**
 * The queue through which sweeps (`sweep-coordinator-command.ts`) give cells to workers
 * (`sweep-worker-command.ts`), in NATS JetStream: what is in it, and how one gets there.
 *
 * | what | is |
 * |---|---|
 * | stream | `faasflow_sweeps`: work queue, file storage; no cluster's stream can have this name |
 * | subject | `faasflow_sweep.PROGRAM.SWEEP`: hash of the program that may simulate the cell; the sweep |
 * | consumer | `PROGRAM`: all workers of one program pull from it, a cell at a time |
 * | cell | its key, its scenario, and the subject on which its sweep is told (`CellReport`) |
 *
 * A cell is acknowledged once its sweep has stored what came of it. So one whose worker dies comes
 * to another, at least once; the sweep counts what it is told of a cell once.
 */

import { setTimeout as sleep } from "node:timers/promises";
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import type * as Option from "effect/Option";
import * as Schedule from "effect/Schedule";
import { DAEMON_FLAGS } from "../live/daemon-flags.ts";
import { type Arrival, connect, type JetStream, type NatsLink } from "../live/nats.ts";
import { secretIn } from "../live/secret-flags.ts";
import { UsageErrors } from "../workflows/usage-errors.ts";
import type { Simulated } from "./cell-thread-command.ts";
import type { Scenario } from "./scenario-config.ts";

export const SWEEP_STREAM = "faasflow_sweeps";
const SUBJECTS = "faasflow_sweep";
/** So long after a worker has died another gets its cell. */
export const ACK_WAIT_MS = 15_000;
/** Of all workers together, each with as many as it has free threads. */
const MAX_PULLS = 10_000;
/** What nobody has asked for that long goes: cells of a sweep or of a program that is no more. */
const FORGOTTEN_MS = 7 * 24 * 3_600_000;
/** How long JetStream knows a cell that is put again because the answer was lost. */
const DEDUPE_WINDOW_MS = 120_000;
const NANOS = 1e6;
const NAME_IN_USE = 10_058;

const PATIENCE_MS = 3_000;
const RETRY_MS = 200;
/** Others that lost their connection get this time to come back, too. */
const GRACE_MS = 2_000;

/** A cell, named by the hash of all that it depends on. */
export interface KeyedCell {
  readonly key: string;
  readonly scenario: Scenario;
}

/** In the stream. */
export interface QueuedCell extends KeyedCell {
  /** Where its sweep hears of it. */
  readonly sweep: string;
}

/** What a worker tells the sweep of a cell; without an outcome: it is about to begin. */
export interface CellReport {
  readonly key: string;
  readonly outcome?: Simulated;
}

/** What the sweep answers. A cell that is stored is wanted no more. */
export interface CellAnswer {
  readonly wanted: boolean;
}

export function cellSubject(program: string, sweep: string): string {
  return `${SUBJECTS}.${program}.${sweep}`;
}

export const NATS_FLAGS = {
  nats: Flag.String("nats").pipe(
    Flag.optional,
    Flag.withMetavar("URL"),
    Flag.withDescription(
      "also give cells to each `faasflow sweep-worker` at this NATS server, nats://HOST:PORT",
    ),
  ),
  natsTokenFile: DAEMON_FLAGS.natsTokenFile,
};

export interface SweepServer {
  readonly nats: string;
  readonly natsTokenFile: Option.Option<string>;
}

/** A connection, for the length of the scope, to a server on which the queue is ready. */
export const openQueue = Effect.fn("openQueue")(function* (server: SweepServer, program: string) {
  const from = { flag: "nats-token-file", variable: "FAASFLOW_NATS_TOKEN" };
  const token = yield* secretIn(server.natsTokenFile, from);
  const link = yield* connect({
    url: server.nats,
    name: "faasflow sweep",
    patienceMillis: PATIENCE_MS,
    ...(token === undefined ? {} : { credentials: { tag: "token", token } }),
  }).pipe(Effect.mapError(({ message }) => new UsageErrors({ problems: [`--nats: ${message}.`] })));
  yield* Effect.tryPromise({
    try: () => ensureQueue(link, program),
    catch: (cause) => cause as Error,
  }).pipe(
    Effect.retry(Schedule.spaced(RETRY_MS).pipe(Schedule.upTo({ duration: PATIENCE_MS }))),
    Effect.mapError((cause) => new UsageErrors({ problems: [queueProblem(link, cause)] })),
  );
  return link;
});

/**
 * Asks for the same each time, which has no effect if it is there. All versions of faasflow share the
 * stream: who changes its configuration changes its name.
 */
export async function ensureQueue(link: NatsLink, program: string): Promise<JetStream> {
  const manager = await link.jetStream();
  await manager.streams.add({
    name: SWEEP_STREAM,
    subjects: [`${SUBJECTS}.*.*`],
    retention: "workqueue",
    storage: "file",
    max_age: FORGOTTEN_MS * NANOS,
    duplicate_window: DEDUPE_WINDOW_MS * NANOS,
  });
  await manager.consumers.add(SWEEP_STREAM, {
    durable_name: program,
    filter_subject: cellSubject(program, "*"),
    deliver_policy: "all",
    ack_policy: "explicit",
    ack_wait: ACK_WAIT_MS * NANOS,
    max_ack_pending: MAX_PULLS,
    max_waiting: MAX_PULLS,
    inactive_threshold: FORGOTTEN_MS * NANOS,
  });
  return manager;
}

function queueProblem({ address }: NatsLink, cause: Error): string {
  if ("code" in cause && cause.code === NAME_IN_USE) {
    return `--nats: the stream ${SWEEP_STREAM} at ${address} is of another kind. \
Delete it: \`nats stream rm ${SWEEP_STREAM}\`.`;
  }
  return `--nats: JetStream is not ready at ${address} (${cause.message}). \
Start nats-server with \`-js -sd DIRECTORY\`.`;
}

/** Once there is a connection. */
export async function connected(link: NatsLink): Promise<void> {
  if (link.connected()) return;
  await new Promise<void>((resolve) => {
    const unwatch = link.watch(({ tag }) => {
      if (tag !== "up") return;
      unwatch();
      resolve();
    });
  });
  await sleep(GRACE_MS);
}

interface Request {
  readonly to: string;
  readonly text: string;
  /** See `PublishOptions`. */
  readonly id?: string;
  readonly millis: number;
}

/** The first answer. Undefined: the time is over, or there is no connection. */
export function request(link: NatsLink, request: Request): Promise<Arrival | undefined> {
  const { to, text, id, millis } = request;
  const reply = link.inbox();
  return new Promise((resolve) => {
    const end = (answer: Arrival | undefined): void => {
      clearTimeout(timer);
      unwatch();
      unsubscribe();
      resolve(answer);
    };
    // Nobody should wait for an answer that nobody wants any more.
    const timer = setTimeout(() => end(undefined), millis).unref();
    const unwatch = link.watch(({ tag }) => tag === "down" && end(undefined));
    const unsubscribe = link.subscribe(reply, end);
    const sent = link.publish(to, text, { reply, ...(id === undefined ? {} : { id }) });
    if (!sent) end(undefined);
  });
}

/** Nobody listens there; of a request to JetStream: there is no such stream or consumer. */
export function nobody(answer: Arrival | undefined): boolean {
  return answer?.status === 503;
}

/** Begins the text of a number that JSON has not; a text that begins so has it twice. */
const ESCAPE = "\u221e";

/** JSON of plain data, numbers such as infinity included. */
export function encode(data: QueuedCell | CellReport | CellAnswer): string {
  return JSON.stringify(data, (_key, value: unknown) => {
    if (typeof value === "number" && !Number.isFinite(value)) return `${ESCAPE}${value}`;
    return typeof value === "string" && value.startsWith(ESCAPE) ? `${ESCAPE}${value}` : value;
  });
}

/** Throws if it is no JSON. Its reader says what it is. */
export function decode<T extends QueuedCell | CellReport | CellAnswer>(data: Uint8Array): T {
  return JSON.parse(Buffer.from(data).toString(), (_key, value: unknown) => {
    if (typeof value !== "string" || !value.startsWith(ESCAPE)) return value;
    const rest = value.slice(ESCAPE.length);
    return rest.startsWith(ESCAPE) ? rest : Number(rest);
  });
}

/** What the server says of messages is little. */
const HEADERS = 256;

/** The longest text that the server takes, in bytes. */
export function maxBytes(link: NatsLink): number {
  return link.maxPayload() - HEADERS;
}
