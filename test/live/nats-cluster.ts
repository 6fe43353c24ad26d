/** A nats-server and nodes for one test, all gone when it ends, also when it fails. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as path } from "node:path";
import * as Effect from "effect/Effect";
import * as Logger from "effect/Logger";
import type * as Scope from "effect/Scope";
import type { BusError, BusOptions, BusService } from "../../live/bus.ts";
import { durableBus } from "../../live/durable-bus.ts";
import { connect, type NatsError, type NatsLink } from "../../live/nats.ts";
import {
  type NatsServer,
  type NatsServerError,
  type NatsServerOptions,
  startNatsServer,
} from "../../live/nats-server.ts";
import { volatileBus } from "../../live/volatile-bus.ts";
import type { Envelope, Parcel } from "../../live/wire.ts";

const PATIENCE_MS = 20_000;

export const BUSES = [
  ["volatile", volatileBus],
  ["durable", durableBus],
] as const;
export type MakeBus = (typeof BUSES)[number][1];

export interface Node {
  readonly bus: BusService;
  readonly link: NatsLink;
}

/** Runs a test's body; what it logs is collected. */
export function run<E>(
  body: (log: readonly string[]) => Effect.Effect<void, E, Scope.Scope>,
): () => Promise<void> {
  return () => {
    const log: string[] = [];
    const collect = Logger.make(({ message }) => {
      log.push([message].flat().join(" "));
    });
    const limit = Effect.timeout(Effect.scoped(body(log)), 3 * PATIENCE_MS);
    return Effect.runPromise(limit.pipe(Effect.provide(Logger.layer([collect]))));
  };
}

export function start(
  options?: NatsServerOptions,
): Effect.Effect<NatsServer, NatsServerError, Scope.Scope> {
  return startNatsServer(options);
}

/** SIGKILL, and another one in its place. */
export const restart = Effect.fnUntraced(function* (server: NatsServer) {
  yield* kill(server);
  return yield* revive(server);
});

/** Another one in place of one that ended. `directory`: by default the same. */
export function revive(
  { token, port, directory: same }: NatsServer,
  directory = same,
): Effect.Effect<NatsServer, NatsServerError, Scope.Scope> {
  return startNatsServer({ token, port, directory });
}

export const kill = Effect.fnUntraced(function* (server: NatsServer) {
  process.kill(server.pid, "SIGKILL");
  yield* server.ended;
});

/** A directory that outlives the servers in it, until the test ends. */
export const directory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(path(tmpdir(), "faasflow-test-"))),
  (name) => Effect.sync(() => rmSync(name, { recursive: true, force: true, maxRetries: 5 })),
);

export function link(server: NatsServer): Effect.Effect<NatsLink, NatsError, Scope.Scope> {
  const credentials = { tag: "token", token: server.token } as const;
  return connect({ url: server.url, name: "test", credentials });
}

export function join(
  server: NatsServer,
  make: MakeBus,
  options: Omit<BusOptions, "cluster">,
): Effect.Effect<Node, NatsError | BusError, Scope.Scope> {
  return Effect.flatMap(link(server), (connection) =>
    Effect.map(
      make(connection, { cluster: "a test.", patienceMillis: PATIENCE_MS, ...options }),
      (bus) => ({
        bus,
        link: connection,
      }),
    ),
  );
}

/** What a node has handled. */
export class Seen {
  readonly envelopes: Envelope[] = [];

  readonly handle = (envelope: Envelope): void => {
    this.envelopes.push(envelope);
  };

  get numbers(): readonly number[] {
    return this.envelopes.map(({ message }) => (message.tag === "poll" ? message.poll : -1));
  }
}

/** A message that is only a number. */
export function numbered(poll: number): Parcel {
  return { kind: "message", run: "a-run", message: { tag: "poll", poll } };
}

export function upTo(count: number, from = 0): readonly number[] {
  return Array.from({ length: count }, (_, index) => from + index);
}

/** Until the condition holds. */
export function until(what: string, holds: () => boolean): Effect.Effect<void> {
  return Effect.promise(async () => {
    const end = performance.now() + PATIENCE_MS;
    while (!holds()) {
      if (performance.now() > end) throw new Error(`not so after ${PATIENCE_MS} ms: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  });
}
