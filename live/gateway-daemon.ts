/** The gateway: the core's gateway machine, the roster of the cluster, and the HTTP API. */

import { randomBytes } from "node:crypto";
import * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";
import {
  membersOf,
  type Notice,
  onMasterBack,
  onWorkerChange,
  onWorkerLeft,
  type WorkerChange,
} from "../core/engine/roll.ts";
import type { Settings } from "../core/engine/settings.ts";
import type { Input } from "../core/env.ts";
import type { Event } from "../core/events.ts";
import { GATEWAY, MASTER, type NodeId, nodeName, workerIndex, workerNode } from "../core/node.ts";
import type { PartitionMethod, Plan, StorageMethod } from "../core/plan/plan.ts";
import type { Micros } from "../core/units.ts";
import type { WorkflowSpec } from "../core/workflow/spec.ts";
import type { BusError } from "./bus.ts";
import { every } from "./clock.ts";
import { ClusterView, type EventText } from "./cluster-view.ts";
import { connected, type DaemonOptions, intoLoop } from "./daemon.ts";
import type { HttpAddress } from "./daemon-http.ts";
import { durableLedger } from "./durable-ledger.ts";
import { feedRoutes } from "./feed-routes.ts";
import { GatewayService } from "./gateway-service.ts";
import { type HttpError, serveHttp } from "./http.ts";
import { volatileLedger } from "./ledger.ts";
import { type LiveMachine, openMachine } from "./live-machine.ts";
import type { NatsError } from "./nats.ts";
import { processorLog, type ReadProcessor } from "./processor-log.ts";
import { GatewayMeters, type Meters } from "./prometheus.ts";
import type { RemoteStoreShape } from "./remote-store.ts";
import { Roster, type RosterHost } from "./roster.ts";
import type { ControlInput } from "./wire.ts";
import { workflowRoutes } from "./workflow-routes.ts";

export interface GatewayOptions extends Omit<DaemonOptions, "node" | "http"> {
  readonly http: HttpAddress;
  /** Most invocations in flight. */
  readonly maxInvocations: number;
  /** Most events that are remembered. */
  readonly maxEvents: number;
  /** Writes events as event logs have them. */
  readonly eventText: (plans: readonly Plan[]) => EventText;
  readonly settings: Settings;
  readonly storage: StorageMethod;
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
const RESUME_EVERY = 50_000 as Micros;

/** Serves until the scope closes. */
export const startGateway = Effect.fn("startGateway")(function* (
  options: GatewayOptions,
): Effect.fn.Return<RunningGateway, NatsError | BusError | HttpError, Scope.Scope> {
  const { settings, cluster, log } = options;
  const parts = yield* connected({ ...options, node: GATEWAY });
  const { clock, link, bus, meters } = parts;
  const run = randomBytes(RUN_BYTES).toString("hex");
  const ledger = options.durable
    ? yield* durableLedger(link, { cluster, node: GATEWAY, run })
    : volatileLedger(run);
  const feed = (input: Input): void => machine.loop.feed(input);
  const service: GatewayService = new GatewayService({
    ...options,
    ...parts,
    ledger,
    feed,
    roster: () => roster,
  });
  const view = new ClusterView({
    ...options,
    link,
    run,
    plans: () => service.plans,
    present: () => roster.list().flatMap(({ node, lost }) => (lost ? [] : [node])),
  });
  const processor = yield* processorLog(clock);
  const tell: Tellers["tell"] = (node, message) =>
    bus.send(node, { kind: "control", run, message });
  const tellers = { settings, feed, tell, log, roster: () => roster };
  meters.addProcess();
  const figures = figuresOf(meters, service, view);
  const observe = (event: Event): void => {
    view.add(event);
    figures.add(event);
    service.observe(event);
    if (event.kind === "left") letGo(tellers, event.value);
    if (event.kind !== "abort") return;
    log({ level: "warn", invocation: event.invocation }, `failed: ${event.why}`);
  };
  const machine: LiveMachine = openMachine({
    ...options,
    ...parts,
    node: GATEWAY,
    run,
    feed,
    observe,
    body: undefined,
    deploymentOf: (plan) => service.deployments[plan]!,
  });
  service.takeOver();
  const welcome = { v: 1, run, dataRun: ledger.run, settings } as const;
  const roster: Roster = new Roster(
    { link, cluster, clock },
    {
      welcome: () => ({ ...welcome, deployments: service.deployments }),
      ...changesTold(tellers),
    },
    ledger.legacy && membersOf(settings),
  );
  const stopResuming = every(clock, RESUME_EVERY, () => {
    if (service.resume()) stopResuming();
  });
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      stopResuming();
      view.intake.stop();
      roster.stop();
      machine.close();
    }),
  );
  yield* bus.serve(intoLoop({ run: () => run, feed, log }));
  const { url } = yield* serveApi(options, {
    service,
    roster,
    view,
    meters,
    processor,
    figures,
    run,
  });
  return { url, service, failure: Effect.raceFirst(bus.failure, ledger.failure) };
});

interface Served {
  readonly service: GatewayService;
  readonly roster: Roster;
  readonly view: ClusterView;
  readonly meters: Meters;
  readonly processor: ReadProcessor;
  readonly figures: GatewayMeters;
  readonly run: string;
}

function serveApi(options: GatewayOptions, served: Served) {
  const { service, roster, view, meters, processor, figures, run } = served;
  return serveHttp({
    ...options.http,
    routes: [
      ...workflowRoutes({ service, roster: () => roster, parse: options.parse }),
      ...feedRoutes({ service, view, meters, processor, about: { ...aboutOf(options), run } }),
    ],
    answered: (request) => figures.answered(request),
    ending: () => service.stopWaiting(),
  });
}

function figuresOf(meters: Meters, service: GatewayService, view: ClusterView): GatewayMeters {
  return new GatewayMeters(meters, {
    workflow: (plan) => service.plan(plan).graph.name,
    inFlight: () => service.inFlight,
    missingEvents: () => view.intake.missing,
    activity: view.activity,
  });
}

/** What the header of an event log says of the cluster. */
function aboutOf({ settings, storage, partition }: GatewayOptions) {
  const { scheme, workers } = settings;
  return { scheme, storage, partition, workers, live: true };
}

interface Tellers extends Pick<GatewayOptions, "log" | "settings"> {
  readonly feed: (input: Input) => void;
  readonly tell: (node: NodeId, message: ControlInput) => void;
  readonly roster: () => Roster;
}

function hand({ feed, tell }: Tellers, notices: readonly Notice[]): void {
  for (const { to, input } of notices) {
    if (to === GATEWAY) feed(input);
    else tell(to, input);
  }
}

/** What the roster finds out is logged, and told to whom it concerns. */
function changesTold(tellers: Tellers): Omit<RosterHost, "welcome"> {
  const { settings, log, roster } = tellers;
  const members = membersOf(settings);
  const tellWorker = (tag: WorkerChange["tag"], node: NodeId): void => {
    hand(tellers, onWorkerChange(settings, { tag, worker: workerIndex(node) }));
  };
  return {
    isMember: (node) => members.includes(node),
    stranger: (node) => {
      const text = `is none of this cluster: give the gateway a larger --workers`;
      log({ level: "warn", about: nodeName(node) }, text);
    },
    lost: (node) => {
      log({ level: "warn", about: nodeName(node) }, "lost");
      if (node !== MASTER) tellWorker("worker-lost", node);
    },
    back: (node, { anew }) => {
      log({ about: nodeName(node) }, anew ? "back, with an empty memory" : "back");
      if (node !== MASTER) tellWorker("worker-back", node);
      else if (anew) hand(tellers, onMasterBack(settings, awayWorkers(roster())));
    },
    leaving: (node) => {
      log({ about: nodeName(node) }, "leaving");
      tellWorker("worker-leaving", node);
    },
  };
}

function awayWorkers(roster: Roster): readonly number[] {
  return roster.list().flatMap(({ node, lost, phase }) => {
    return workerIndex(node) >= 0 && (lost || phase !== "serving") ? [workerIndex(node)] : [];
  });
}

/** Nothing under way needs the worker any more. */
function letGo(tellers: Tellers, worker: number): void {
  const node = workerNode(worker);
  tellers.log({ about: nodeName(node) }, "left");
  tellers.roster().letGo(node);
  hand(tellers, onWorkerLeft(tellers.settings, worker));
}
