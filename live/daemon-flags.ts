/** Flags that all daemons share, and the environment variables behind them. */

import * as Config from "effect/Config";
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import type * as Redacted from "effect/Redacted";
import { MASTER, type NodeId, workerNode } from "../core/node.ts";
import { quoted } from "../core/workflow/problem.ts";
import { UsageErrors } from "../workflows/usage-errors.ts";
import type { DaemonOptions } from "./daemon.ts";

const text = (name: string, description: string): Flag.Flag<Option.Option<string>> =>
  Flag.String(name).pipe(Flag.optional, Flag.withDescription(description));

/** Secrets are not flags: every user of a machine sees the flags of its processes. */
export const DAEMON_FLAGS = {
  nats: Flag.String("nats").pipe(
    Flag.withDefault("nats://127.0.0.1:4222"),
    Flag.withDescription("the NATS server; its token is in FAASFLOW_NATS_TOKEN"),
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
  withParent: Flag.Boolean("with-parent").pipe(
    Flag.withDefault(false),
    Flag.withDescription(
      "end when standard input ends, as when the process that started it is gone",
    ),
  ),
};

export const STORE_FLAG = Flag.String("storage-url").pipe(
  Flag.withDefault("http://127.0.0.1:9080"),
  Flag.withDescription("the storage daemon; its token is in FAASFLOW_STORAGE_TOKEN"),
);

export interface DaemonInput {
  readonly nats: string;
  readonly cluster: string;
  readonly volatile: boolean;
  readonly events: Option.Option<string>;
}

/** An environment variable that may be missing. */
export const secret = (name: string) =>
  Effect.map(Config.option(Config.Redacted(name)), Option.getOrUndefined);

export function daemonOptions(
  node: NodeId,
  input: DaemonInput,
  token: Redacted.Redacted | undefined,
): DaemonOptions {
  const { nats, cluster, volatile, events } = input;
  return {
    node,
    cluster,
    nats: { url: nats, token },
    durable: !volatile,
    events: Option.getOrUndefined(events),
    log: logLine,
  };
}

/** `worker-3` or `master` to its node. */
export const nodeNamed = Effect.fnUntraced(function* (name: string) {
  const match = /^worker-([1-9]\d{0,3})$/.exec(name);
  if (match !== null) return workerNode(Number(match[1]) - 1);
  if (name === "master") return MASTER;
  const problem = `--name: ${quoted(name)}. Workers are named worker-1, worker-2 and so on.`;
  return yield* new UsageErrors({ problems: [problem] });
});

/** One JSON object a line, on standard error. */
export function logLine(about: Readonly<Record<string, unknown>>, text: string): void {
  process.stderr.write(
    `${JSON.stringify({ time: new Date().toISOString(), ...about, text: text.trimEnd() })}\n`,
  );
}

/** Ends when standard input does; never otherwise. */
export const parentGone: Effect.Effect<void> = Effect.callback((resume) => {
  const gone = (): void => resume(Effect.void);
  process.stdin.on("end", gone).on("close", gone).on("error", gone).resume();
});

/** Ends at SIGTERM or SIGINT, or with the parent if that is wanted. */
export function asked(withParent: boolean): Effect.Effect<void> {
  const signalled = Effect.callback<void>((resume) => {
    const stop = (): void => resume(Effect.void);
    process.once("SIGTERM", stop).once("SIGINT", stop);
  });
  return withParent ? Effect.raceFirst(signalled, parentGone) : signalled;
}
