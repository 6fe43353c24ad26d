/**
 * What every daemon is made of: a connection, a bus, a machine of the core behind its loop, and a
 * place in the cluster. Worker and master wait to be welcomed; the gateway welcomes.
 */

import { randomBytes } from "node:crypto";
import * as Effect from "effect/Effect";
import type * as Redacted from "effect/Redacted";
import type * as Scope from "effect/Scope";
import type { Input } from "../core/env.ts";
import type { Event } from "../core/events.ts";
import { MASTER, type NodeId, nodeName } from "../core/node.ts";
import type { Plan } from "../core/plan/plan.ts";
import type { BusError, BusService, Handler } from "./bus.ts";
import type { Clock } from "./clock.ts";
import { type ContainerChoice, type ContainerListener, openContainers } from "./containers.ts";
import type { HttpAddress } from "./daemon-http.ts";
import type { Log } from "./daemon-log.ts";
import type { Deployment } from "./deployment.ts";
import { planOf } from "./deployments.ts";
import type { DockerError } from "./docker-container.ts";
import { durableBus } from "./durable-bus.ts";
import { EventFile } from "./event-file.ts";
import type { HttpError } from "./http.ts";
import type { Body } from "./live-env.ts";
import { type LiveMachine, openMachine } from "./live-machine.ts";
import { openLocalFiles } from "./local-files.ts";
import type { MachineLoop } from "./machine-loop.ts";
import { MemberEnd, type MemberEndReason, type Stopping } from "./member-end.ts";
import { watchMember } from "./member-watch.ts";
import { announce, onFarewell, onWelcome, type Welcome } from "./membership.ts";
import type { NatsError, NatsLink } from "./nats.ts";
import { type LinkMeters, linkMeters, Meters } from "./prometheus.ts";
import type { RecordChoice } from "./recorder.ts";
import type { RemoteStoreShape, StoreError } from "./remote-store.ts";
import { volatileBus } from "./volatile-bus.ts";
import { WorkerBody } from "./worker-body.ts";
import { World } from "./world.ts";

export interface DaemonOptions {
  readonly node: NodeId;
  readonly cluster: string;
  readonly nats: { readonly url: string; readonly token: Redacted.Redacted | undefined };
  readonly durable: boolean;
  /** Where its events are written; undefined: nowhere. */
  readonly events: string | undefined;
  /** Where it records what its machine is told and does; undefined: nowhere. */
  readonly recording: RecordChoice | undefined;
  /** Where `/health` and `/metrics` are; undefined: nowhere. */
  readonly http: HttpAddress | undefined;
  readonly log: Log;
  readonly stop: Stopping;
}

export interface Connected {
  readonly clock: Clock;
  readonly link: NatsLink;
  readonly bus: BusService;
  readonly record: (event: Event) => void;
  readonly meters: Meters;
  /** Differs with each start. */
  readonly incarnation: string;
}

/** Connection, bus and event file, for the length of the scope. */
export const connected = Effect.fn("connected")(function* (
  options: DaemonOptions,
): Effect.fn.Return<Connected, NatsError | BusError, Scope.Scope> {
  const { node, cluster, nats, durable, events } = options;
  const name = nodeName(node);
  const incarnation = randomBytes(8).toString("hex");
  const world = yield* World;
  const link = yield* world.connect({
    url: nats.url,
    name: `faasflow ${name}`,
    ...(nats.token === undefined ? {} : { credentials: { tag: "token", token: nats.token } }),
  });
  const meters = new Meters();
  const counts = linkMeters(meters);
  link.watch(({ tag }) => tag === "up" && counts.reconnected());
  const bus = counted(yield* (durable ? durableBus : volatileBus)(link, { cluster, node }), counts);
  const file =
    events === undefined
      ? undefined
      : yield* Effect.acquireRelease(
          Effect.sync(() => new EventFile(events, `${name}-${incarnation}`)),
          (opened) => Effect.sync(() => opened.close()),
        );
  const record = (event: Event): void => file?.add(event);
  return { clock: world.clock(), link, bus, record, meters, incarnation };
});

function counted(bus: BusService, counts: LinkMeters): BusService {
  return {
    send: (to, parcel) => {
      counts.sent();
      bus.send(to, parcel);
    },
    flush: () => bus.flush(),
    serve: (handle) =>
      bus.serve((envelope) => {
        counts.received();
        return handle(envelope);
      }),
    failure: bus.failure,
  };
}

export interface Receiver extends Pick<DaemonOptions, "log"> {
  /** That it takes part in; undefined: none yet. */
  readonly run: () => string | undefined;
  readonly feed: (input: Input) => void;
}

/** What is of another gateway's run is dropped: its plans and invocations are not those of this one. */
export function intoLoop({ run, feed, log }: Receiver): Handler {
  return (envelope) => {
    const { kind, from, message } = envelope;
    if (envelope.run !== run()) {
      const invocation = "invocation" in message ? message.invocation : undefined;
      log({ invocation, from: nodeName(from) }, "a message of another gateway's run was dropped");
    } else if (kind === "control") feed(message);
    else feed({ tag: "message", from, message });
  };
}

/** A machine once it is known what it is to do, and the plans it has. */
class Member {
  readonly #open: (welcome: Welcome, plan: (id: number) => Plan) => MachineLoop;
  readonly #plans: Map<number, Plan>;
  readonly #deployments: Map<number, Deployment>;
  /** Of the gateway that welcomed it. */
  run: string | undefined;
  loop: MachineLoop | undefined;

  constructor(open: (welcome: Welcome, plan: (id: number) => Plan) => MachineLoop) {
    this.#open = open;
    this.#plans = new Map();
    this.#deployments = new Map();
    this.run = undefined;
    this.loop = undefined;
  }

  get plans(): readonly number[] {
    return [...this.#plans.keys()];
  }

  /** Oldest first. */
  get known(): readonly Plan[] {
    return [...this.#plans.values()];
  }

  deployment(plan: number): Deployment {
    return this.#deployments.get(plan)!;
  }

  /** Whether there was anything new in it. */
  welcome(welcome: Welcome): boolean {
    const { settings, deployments, run } = welcome;
    const before = this.#plans.size;
    const isFirst = this.loop === undefined;
    this.run = run;
    this.loop ??= this.#open(welcome, (id) => this.#plans.get(id)!);
    for (const deployment of deployments) {
      // In their order: the last version is the one to go by. What was lost on the way comes again.
      if (deployment.id !== this.#plans.size) continue;
      const plan = planOf(deployment, settings);
      this.#plans.set(deployment.id, plan);
      this.#deployments.set(deployment.id, deployment);
      this.loop.feed({ tag: "deploy", plan });
    }
    return isFirst || this.#plans.size > before;
  }
}

const UNREADABLE = "what the gateway hands out cannot be read; have both from one release";

/** Again for each gateway that takes the place of the one before, until it is asked to end. */
function forEachGateway<E>(
  once: Effect.Effect<MemberEndReason, E, Scope.Scope>,
): Effect.Effect<MemberEndReason, E> {
  return Effect.repeat(Effect.scoped(once), { while: (end) => end === "new-gateway" });
}

/** Serves as the master until it is asked to end; ends early only by failing. */
export function runMaster(options: DaemonOptions) {
  const master = { ...options, node: MASTER };
  const once = Effect.flatMap(connected(master), (parts) =>
    serveMember(master, parts, () => undefined),
  );
  return forEachGateway(once);
}

export interface WorkerOptions extends DaemonOptions {
  readonly containers: ContainerChoice;
  readonly store: RemoteStoreShape;
}

/** Serves as a worker until it may end, having been asked to; ends early only by failing. */
export function runWorker(options: WorkerOptions) {
  return forEachGateway(serveWorker(options));
}

const serveWorker = Effect.fn("serveWorker")(function* (
  options: WorkerOptions,
): Effect.fn.Return<
  MemberEndReason,
  NatsError | BusError | StoreError | HttpError | DockerError,
  Scope.Scope
> {
  const { store } = options;
  const files = yield* openLocalFiles();
  // First: a worker that can have no containers is not to be heard of.
  const kind = yield* (yield* World).containers(options.containers, files);
  const parts = yield* connected(options);
  let body: WorkerBody | undefined;
  const listener: ContainerListener = {
    ready: (container) => body?.ready(container),
    done: (container, done) => body?.done(container, done),
    failed: (container, failed) => body?.failed(container, failed),
    lost: (container, loss) => body?.lost(container, loss),
  };
  const containers = yield* openContainers(listener, { kind });
  return yield* serveMember(options, parts, ({ feed, plan, dataRun, log }) => {
    body = new WorkerBody({ run: dataRun, containers, files, store, plan, feed, log });
    return body;
  });
});

interface Material {
  readonly feed: MachineLoop["feed"];
  readonly plan: (id: number) => Plan;
  readonly dataRun: string;
  readonly log: Log;
}

/** Made anew with each machine; undefined for the master, which runs nothing. */
type BodyMaker = (material: Material) => Body | undefined;

const serveMember = Effect.fnUntraced(function* (
  options: DaemonOptions,
  parts: Connected,
  bodyOf: BodyMaker,
): Effect.fn.Return<MemberEndReason, BusError | HttpError, Scope.Scope> {
  const { node, cluster, log } = options;
  const { clock, link, bus, incarnation } = parts;
  const end = new MemberEnd(options);
  const plans = (): readonly Plan[] => member.known;
  const watch = yield* watchMember({ ...options, ...parts, plans });
  let machine: LiveMachine | undefined;
  const member: Member = new Member(({ settings, run, dataRun }, plan) => {
    const feed: MachineLoop["feed"] = (input) => {
      watch.input(input);
      machine?.loop.feed(input);
    };
    const body = bodyOf({ feed, plan, dataRun, log: watch.log });
    watch.join(run);
    machine = openMachine({
      ...options,
      ...parts,
      run,
      settings,
      feed,
      body,
      observe: watch.event,
      deploymentOf: (id) => member.deployment(id),
    });
    return machine.loop;
  });
  const presence = announce({ link, cluster, clock }, () => ({
    v: 1,
    node,
    incarnation,
    run: member.run ?? "",
    phase: end.phase,
    plans: member.plans,
    ready: member.loop !== undefined,
  }));
  const stops = [
    presence.stop,
    onWelcome(
      link,
      { cluster, node },
      {
        welcome: (welcome) => {
          if (member.run !== undefined && member.run !== welcome.run) end.anotherGateway();
          else if (member.welcome(welcome)) presence.now();
        },
        wrong: (why) => log({ level: "warn" }, `${UNREADABLE}: ${why.replaceAll(/\s+/g, " ")}`),
      },
    ),
    onFarewell(link, { cluster, node, incarnation }, () => end.letGo()),
  ];
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      end.gone();
      presence.now();
      for (const stop of stops) stop();
      machine?.close();
    }),
  );
  // What came before the welcome waits in the bus; it cannot be for us.
  const feed: MachineLoop["feed"] = (input) => machine?.loop.feed(input);
  yield* bus.serve(intoLoop({ run: () => member.run, feed, log }));
  const takesPart = (): boolean => machine !== undefined;
  const reached = end.reached({ takesPart, announce: presence.now });
  return yield* Effect.raceFirst(bus.failure, reached);
});
