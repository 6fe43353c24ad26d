/** Flags that all daemons share, and the environment variables behind them. */

import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import { type NodeId, nodeName, nodeNamed, workerIndex } from "../core/node.ts";
import { quoted } from "../core/workflow/problem.ts";
import { folderProblems, makeFolder, writing } from "../workflows/named-files.ts";
import { readQuantity } from "../workflows/quantity.ts";
import { UsageErrors } from "../workflows/usage-errors.ts";
import type { DaemonOptions } from "./daemon.ts";
import { logLine } from "./daemon-log.ts";
import { natsAddressProblem } from "./nats.ts";
import { RECORD_FLAGS, type RecordInput, readRecord } from "./record-flags.ts";
import { secretIn } from "./secret-flags.ts";

const text = (name: string, description: string): Flag.Flag<Option.Option<string>> =>
  Flag.String(name).pipe(Flag.optional, Flag.withDescription(description));

/** A time with its unit, in milliseconds. */
export function duration(name: string, usual: string): Flag.Flag<number> {
  return Flag.String(name).pipe(Flag.withDefault(usual), Flag.mapTryCatch(millis, messageOf));
}

function millis(written: string): number {
  const reading = readQuantity(written, "time");
  // After "Give "; the full stop is set there.
  if (!reading.ok) throw new Error("a time with its unit, such as 500ms, 30s or 5min");
  return reading.value / 1_000;
}

function messageOf(cause: unknown): string {
  return (cause as Error).message;
}

/** Read before all others, by `withConfig`. */
const CONFIG_FLAG = text(
  "config",
  "YAML file with settings under the names of these flags; so are variables such as FAASFLOW_NATS",
);

/** Secrets are not flags: every user of a machine sees the flags of its processes. */
export const DAEMON_FLAGS = {
  nats: Flag.String("nats").pipe(
    Flag.withDefault("nats://127.0.0.1:4222"),
    Flag.withDescription("the NATS server, nats://HOST:PORT"),
  ),
  natsTokenFile: text(
    "nats-token-file",
    "file with the NATS server's token; else it is in FAASFLOW_NATS_TOKEN",
  ),
  cluster: Flag.String("cluster").pipe(
    Flag.withDefault("faasflow"),
    Flag.withDescription("name of the cluster; several can share a NATS server"),
  ),
  volatile: Flag.Boolean("volatile").pipe(
    Flag.withDefault(false),
    Flag.withDescription(
      "core NATS instead of JetStream: faster, and what is on its way can be lost",
    ),
  ),
  events: text("events", "directory for the event files"),
  ...RECORD_FLAGS,
  drainLimit: duration("drain-limit", "30s").pipe(
    Flag.withDescription(
      "after SIGTERM, the longest wait for what is under way, such as 30s (default) or 5min; " +
        "a second SIGTERM ends at once",
    ),
  ),
  config: CONFIG_FLAG,
  withParent: Flag.Boolean("with-parent").pipe(
    Flag.withDefault(false),
    Flag.withDescription(
      "end when standard input ends, as when the process that started it is gone",
    ),
  ),
};

export interface DaemonInput extends RecordInput {
  readonly nats: string;
  readonly natsTokenFile: Option.Option<string>;
  readonly drainLimit: number;
  /** When it is to end: `Signals.asked`. */
  readonly asked: Effect.Effect<void>;
  readonly cluster: string;
  readonly volatile: boolean;
  readonly events: Option.Option<string>;
}

/** What an effect gives; undefined: it failed, and why is noted, to be told with what else is wrong. */
export function noted<A, E extends { readonly message: string }, R>(
  problems: string[],
  effect: Effect.Effect<A, E, R>,
): Effect.Effect<A | undefined, never, R> {
  const note = ({ message }: E) => Effect.sync(() => void problems.push(message));
  return Effect.catch(effect, note);
}

/** What all daemons are told, to be given to one. Also makes the directory for event files. */
export const daemonOptions = Effect.fnUntraced(function* (input: DaemonInput) {
  const { nats, cluster, volatile, events, asked, drainLimit, natsTokenFile } = input;
  const { choice: recording, problems: unrecorded } = readRecord(input);
  const problems = [...folderProblems({ events }), ...unrecorded];
  const address = natsAddressProblem(nats);
  if (address !== undefined) problems.unshift(`--nats: ${address}.`);
  const from = { flag: "nats-token-file", variable: "FAASFLOW_NATS_TOKEN" };
  const token = yield* noted(problems, secretIn(natsTokenFile, from));
  if (problems.length > 0) return yield* new UsageErrors({ problems });
  if (Option.isSome(events)) {
    yield* writing("events", events.value, () => makeFolder(events.value));
  }
  return (node: NodeId): Omit<DaemonOptions, "http"> => ({
    node,
    cluster,
    nats: { url: nats, token },
    durable: !volatile,
    events: Option.getOrUndefined(events),
    recording,
    log: (about, line) => logLine({ node: nodeName(node), ...about }, line),
    stop: { asked, limit_ms: drainLimit },
  });
});

/** `worker-3` to its node. */
export const workerNamed = Effect.fnUntraced(function* (name: string) {
  const node = nodeNamed(name);
  if (node !== undefined && workerIndex(node) >= 0) return node;
  const problem = `--name: ${quoted(name)}. Workers are named worker-1, worker-2 and so on.`;
  return yield* new UsageErrors({ problems: [problem] });
});
