/**
 * What every daemon is made of: a connection, a bus, a machine of the core behind its loop, and a
 * place in the cluster. Worker and master wait to be welcomed; the gateway welcomes.
 */

import { randomBytes } from "node:crypto";
import * as Effect from "effect/Effect";
import type * as Redacted from "effect/Redacted";
import type * as Scope from "effect/Scope";
import { Master } from "../core/engine/master.ts";
import type { Settings } from "../core/engine/settings.ts";
import { Worker } from "../core/engine/worker.ts";
import type { Env } from "../core/env.ts";
import type { Event } from "../core/events.ts";
import { MASTER, type NodeId, nodeName } from "../core/node.ts";
import type { Plan } from "../core/plan/plan.ts";
import type { Message } from "../core/protocol.ts";
import type { BusError, BusService } from "./bus.ts";
import { systemClock } from "./clock.ts";
import { openContainers } from "./containers.ts";
import { durableBus } from "./durable-bus.ts";
import { EventFile } from "./event-file.ts";
import { planOf } from "./gateway-service.ts";
import { LiveEnv } from "./live-env.ts";
import { openLocalFiles } from "./local-files.ts";
import { type Machine, MachineLoop } from "./machine-loop.ts";
import { announce, onWelcome, type Welcome } from "./membership.ts";
import { connect, type NatsError, type NatsLink } from "./nats.ts";
import type { RemoteStoreShape, StoreError } from "./remote-store.ts";
import { volatileBus } from "./volatile-bus.ts";
import { WorkerBody } from "./worker-body.ts";

export interface DaemonOptions {
  readonly node: NodeId;
  readonly cluster: string;
  readonly nats: { readonly url: string; readonly token: Redacted.Redacted | undefined };
  readonly durable: boolean;
  /** Where its events are written; undefined: nowhere. */
  readonly events: string | undefined;
  readonly log: (about: Readonly<Record<string, unknown>>, text: string) => void;
}

export interface Connected {
  readonly link: NatsLink;
  readonly bus: BusService;
  readonly record: (event: Event) => void;
  /** Differs with each start. */
  readonly incarnation: string;
}

/** Connection, bus and event file, for the length of the scope. */
export const connected = Effect.fn("connected")(function* (
  options: DaemonOptions,
): Effect.fn.Return<Connected, NatsError | BusError, Scope.Scope> {
  const { node, cluster, nats, durable, events } = options;
  const name = nodeName(node);
  const link = yield* connect({
    url: nats.url,
    name: `faasflow ${name}`,
    ...(nats.token === undefined ? {} : { credentials: { tag: "token", token: nats.token } }),
  });
  const bus = yield* (durable ? durableBus : volatileBus)(link, { cluster, node });
  const file =
    events === undefined
      ? undefined
      : yield* Effect.acquireRelease(
          Effect.sync(() => new EventFile(events, name)),
          (opened) => Effect.sync(() => opened.close()),
        );
  const incarnation = randomBytes(8).toString("hex");
  return { link, bus, record: (event) => file?.add(event), incarnation };
});

/** A machine once it is known what it is to do, and the plans it has. */
class Member {
  readonly #build: (settings: Settings, plan: (id: number) => Plan, run: string) => Machine;
  readonly #feed: (machine: Machine) => MachineLoop;
  readonly #plans: Map<number, Plan>;
  loop: MachineLoop | undefined;

  constructor(
    build: (settings: Settings, plan: (id: number) => Plan, run: string) => Machine,
    loopOf: (machine: Machine) => MachineLoop,
  ) {
    this.#build = build;
    this.#feed = loopOf;
    this.#plans = new Map();
    this.loop = undefined;
  }

  get plans(): readonly number[] {
    return [...this.#plans.keys()];
  }

  /** Whether there was anything new in it. */
  welcome({ settings, deployments, run }: Welcome): boolean {
    const isFirst = this.loop === undefined;
    this.loop ??= this.#feed(this.#build(settings, (id) => this.#plans.get(id)!, run));
    const news = deployments.filter(({ id }) => !this.#plans.has(id));
    for (const deployment of news) {
      const plan = planOf(deployment, settings);
      this.#plans.set(deployment.id, plan);
      this.loop.feed({ tag: "deploy", plan });
    }
    return isFirst || news.length > 0;
  }
}

/** Serves as the master until the scope closes; ends early only by failing. */
export const runMaster = Effect.fn("runMaster")(function* (options: DaemonOptions) {
  const parts = yield* connected({ ...options, node: MASTER });
  yield* serveMember({ ...options, node: MASTER }, parts, () => ({
    build: (env, settings) => new Master(env, settings),
    body: undefined,
  }));
});

export interface WorkerOptions extends DaemonOptions {
  readonly store: RemoteStoreShape;
}

/** Serves as a worker until the scope closes; ends early only by failing. */
export const runWorker = Effect.fn("runWorker")(function* (
  options: WorkerOptions,
): Effect.fn.Return<never, NatsError | BusError | StoreError, Scope.Scope> {
  const { store, node, log } = options;
  const parts = yield* connected(options);
  const files = yield* openLocalFiles();
  let body: WorkerBody | undefined;
  const containers = yield* openContainers({
    ready: (container) => body?.ready(container),
    done: (container, done) => body?.done(container, done),
    failed: (container, failed) => body?.failed(container, failed),
    lost: (container, loss) => body?.lost(container, loss),
  });
  return yield* serveMember(options, parts, (feed, plan, run) => {
    body = new WorkerBody({ run, files, store, plan, feed, log });
    body.use(containers);
    return { build: (env, settings) => new Worker(env, node, settings), body };
  });
});

type Making = (
  feed: MachineLoop["feed"],
  plan: (id: number) => Plan,
  run: string,
) => {
  readonly build: (env: Env, settings: Settings) => Machine;
  readonly body: WorkerBody | undefined;
};

const serveMember = Effect.fnUntraced(function* (
  options: DaemonOptions,
  { link, bus, record, incarnation }: Connected,
  make: Making,
): Effect.fn.Return<never, BusError, Scope.Scope> {
  const { node, cluster, log } = options;
  let loop: MachineLoop | undefined;
  let env: LiveEnv | undefined;
  const member = new Member(
    (settings, plan, run) => {
      const feed: MachineLoop["feed"] = (input) => loop?.feed(input);
      const { build, body } = make(feed, plan, run);
      const send = (to: NodeId, message: Message): void =>
        bus.send(to, { kind: "message", message });
      env = new LiveEnv({ clock: systemClock(), send, record, feed, body });
      return build(env, settings);
    },
    (machine) => {
      loop = new MachineLoop(machine, env!);
      return loop;
    },
  );
  const presence = announce(link, cluster, () => ({
    v: 1,
    node,
    incarnation,
    plans: member.plans,
    ready: member.loop !== undefined,
  }));
  const unwelcome = onWelcome(link, { cluster, node }, (welcome) => {
    if (member.welcome(welcome)) presence.now();
  });
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      presence.stop();
      unwelcome();
      loop?.stop();
      env?.close();
    }),
  );
  // What came before the welcome waits in the bus; it cannot be for us.
  yield* bus.serve((envelope) => {
    if (loop === undefined) {
      log({ from: nodeName(envelope.from) }, "a message before the welcome was dropped");
      return;
    }
    if (envelope.kind === "control") loop.feed(envelope.message);
    else loop.feed({ tag: "message", from: envelope.from, message: envelope.message });
  });
  return yield* bus.failure;
});
