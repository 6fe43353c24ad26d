/** The gateway: the core's gateway machine, the roster of the cluster, and the HTTP API. */

import { randomBytes } from "node:crypto";
import * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";
import { Gateway } from "../core/engine/gateway.ts";
import type { Settings } from "../core/engine/settings.ts";
import type { Input } from "../core/env.ts";
import { GATEWAY, nodeName, workerIndex } from "../core/node.ts";
import type { PartitionMethod } from "../core/plan/plan.ts";
import type { WorkflowSpec } from "../core/workflow/spec.ts";
import type { BusError } from "./bus.ts";
import { systemClock } from "./clock.ts";
import { connected, type DaemonOptions } from "./daemon.ts";
import { GatewayService } from "./gateway-service.ts";
import { type HttpError, serveHttp } from "./http.ts";
import { LiveEnv } from "./live-env.ts";
import { MachineLoop } from "./machine-loop.ts";
import { Roster } from "./membership.ts";
import type { NatsError } from "./nats.ts";
import type { RemoteStoreShape } from "./remote-store.ts";

export interface GatewayOptions extends Omit<DaemonOptions, "node"> {
  readonly http: {
    readonly host: string;
    readonly port: number;
    readonly token: string | undefined;
  };
  readonly settings: Settings;
  readonly storage: "faastore" | "remote";
  readonly partition: PartitionMethod;
  readonly store: RemoteStoreShape;
  /** Reads and checks a workflow file; throws `RequestError`. */
  readonly parse: (text: string, folder: string | undefined) => WorkflowSpec;
}

export interface RunningGateway {
  readonly url: string;
  readonly service: GatewayService;
  /** Fails when the gateway cannot go on. */
  readonly failure: Effect.Effect<never, BusError>;
}

const RUN_BYTES = 4;

/** Serves until the scope closes. */
export const startGateway = Effect.fn("startGateway")(function* (
  options: GatewayOptions,
): Effect.fn.Return<RunningGateway, NatsError | BusError | HttpError, Scope.Scope> {
  const { settings, storage, partition, store, cluster, log } = options;
  const { link, bus, record } = yield* connected({ ...options, node: GATEWAY });
  const run = randomBytes(RUN_BYTES).toString("hex");
  const clock = systemClock();
  const feed = (input: Input): void => loop.feed(input);
  const service: GatewayService = new GatewayService({
    run,
    settings,
    storage,
    partition,
    clock,
    store,
    roster: () => roster,
    feed,
  });
  const env = new LiveEnv({
    clock,
    send: (to, message) => bus.send(to, { kind: "message", message }),
    record: (event) => {
      record(event);
      service.observe(event);
    },
    feed,
    body: undefined,
  });
  const loop = new MachineLoop(new Gateway(env, settings), env);
  const tellAll = (input: Extract<Input, { tag: "worker-lost" | "worker-back" }>): void => {
    feed(input);
    for (const node of service.members()) {
      if (workerIndex(node) !== input.worker) bus.send(node, { kind: "control", message: input });
    }
  };
  const roster: Roster = new Roster(link, cluster, {
    welcome: () => ({ v: 1, run, settings, deployments: service.deployments }),
    lost: (node) => {
      log({ node: nodeName(node) }, "lost");
      if (workerIndex(node) >= 0) tellAll({ tag: "worker-lost", worker: workerIndex(node) });
    },
    back: (node) => {
      log({ node: nodeName(node) }, "back");
      if (workerIndex(node) >= 0) tellAll({ tag: "worker-back", worker: workerIndex(node) });
    },
  });
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      roster.stop();
      loop.stop();
      env.close();
    }),
  );
  yield* bus.serve((envelope) => {
    if (envelope.kind === "control") feed(envelope.message);
    else feed({ tag: "message", from: envelope.from, message: envelope.message });
  });
  const { parse, http } = options;
  const { url } = yield* serveHttp({ ...http, service, roster: () => roster, parse });
  return { url, service, failure: bus.failure };
});
