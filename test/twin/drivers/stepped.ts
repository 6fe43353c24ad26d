/**
 * A scenario on the live daemons as they are (gateway, master, workers; membership, loops, buses,
 * stores), all in this process: their links are in memory, and their clock is stepped.
 */

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as Deferred from "effect/Deferred";
import * as Effect from "effect/Effect";
import * as Fiber from "effect/Fiber";
import * as Logger from "effect/Logger";
import type { Scheme } from "../../../core/engine/settings.ts";
import type { Event } from "../../../core/events.ts";
import { GATEWAY, MASTER, type NodeId, nodeName, workerNode } from "../../../core/node.ts";
import { Client } from "../../../live/client.ts";
import { type DaemonOptions, runMaster, runWorker } from "../../../live/daemon.ts";
import { mergeEvents } from "../../../live/event-file.ts";
import { type RunningGateway, startGateway } from "../../../live/gateway-daemon.ts";
import { World } from "../../../live/world.ts";
import { withModulesIn } from "../../../workflows/function-modules.ts";
import { specIn } from "../../fixtures/scenario.ts";
import { conduct, type LiveCluster, servingOf } from "./conductor.ts";
import { type Driver, membersOf, settingsOf } from "./driver.ts";
import { EventTail } from "./event-tail.ts";
import { type MemoryLink, MemoryNats } from "./memory-nats.ts";
import { SteppedClock } from "./stepped-clock.ts";
import { SteppedContainers } from "./stepped-containers.ts";
import { SteppedStore } from "./stepped-store.ts";

export const stepped: Driver = async (scheme, scenarios) => {
  const directory = mkdtempSync(join(tmpdir(), "faasflow-stepped-"));
  const cluster = new SteppedCluster(directory, scheme);
  try {
    await cluster.open();
    return await conduct(cluster, membersOf(scheme), scenarios);
  } finally {
    await cluster.stop();
    rmSync(directory, { recursive: true, force: true });
  }
};

interface Daemon {
  readonly fiber: Fiber.Fiber<unknown, unknown>;
  /** Those it has opened. */
  readonly links: readonly MemoryLink[];
  readonly asked: Deferred.Deferred<void>;
}

/** How a daemon is run, with what every daemon is told. */
type Serve = (options: DaemonOptions) => Effect.Effect<unknown, unknown>;

const TOKEN = "for-a-test";
const DRAIN_LIMIT_MS = 300_000;
const MANY = 1_000_000;
const LINES = 30;
const PROCESSES = { tag: "process" } as const;

class SteppedCluster implements LiveCluster {
  readonly folder: string;
  readonly patience: number;
  readonly #scheme: Scheme;
  readonly #events: string;
  readonly #tail: EventTail;
  readonly #clock: SteppedClock;
  readonly #nats: MemoryNats;
  readonly #store: SteppedStore;
  readonly #daemons: Map<string, Daemon>;
  readonly #log: string[];
  #gateway: RunningGateway | undefined;

  constructor(directory: string, scheme: Scheme) {
    this.folder = directory;
    this.patience = 10_000;
    this.#scheme = scheme;
    this.#events = join(directory, "events");
    mkdirSync(this.#events);
    this.#tail = new EventTail(this.#events);
    this.#clock = new SteppedClock();
    this.#nats = new MemoryNats(this.#clock);
    this.#store = new SteppedStore(this.#clock);
    this.#daemons = new Map();
    this.#log = [];
    this.#gateway = undefined;
  }

  /** All daemons begin; they have not met yet. */
  async open(): Promise<void> {
    const ready = Deferred.makeUnsafe<RunningGateway>();
    this.#run(GATEWAY, (options) =>
      Effect.scoped(
        Effect.andThen(
          Effect.flatMap(this.#startGateway(options), (gateway) =>
            Deferred.succeed(ready, gateway),
          ),
          Effect.never,
        ),
      ),
    );
    this.#gateway = await Effect.runPromise(Deferred.await(ready));
    for (const name of membersOf(this.#scheme)) await this.start(name);
  }

  deploy(text: string): Promise<void> {
    this.#service.deploy(withModulesIn(this.folder, specIn(text)));
    return Promise.resolve();
  }

  /** Its inputs are stored in stepped time. */
  async invoke(workflow: string, inputs: Readonly<Record<string, unknown>>): Promise<number> {
    let isDone = false;
    const invoked = this.#service.invoke(workflow, inputs).finally(() => {
      isDone = true;
    });
    // A refusal is for whoever waits for it, below.
    invoked.catch(() => undefined);
    do await this.pass();
    while (!isDone);
    return invoked;
  }

  cancel(invocation: number): Promise<void> {
    this.#service.cancel(invocation);
    return Promise.resolve();
  }

  /** Cut off first: it cannot say that it goes. */
  async kill(name: string): Promise<void> {
    const { fiber, links } = this.#daemons.get(name)!;
    for (const link of links) link.cut();
    await Effect.runPromise(Fiber.interrupt(fiber));
  }

  start(name: string): Promise<void> {
    const node = name === "master" ? MASTER : workerNode(Number(name.replace("worker-", "")) - 1);
    this.#run(node, (options) =>
      node === MASTER
        ? runMaster(options)
        : runWorker({ ...options, containers: PROCESSES, store: this.#store }),
    );
    return Promise.resolve();
  }

  dismiss(name: string): void {
    Deferred.doneUnsafe(this.#daemons.get(name)!.asked, Effect.void);
  }

  hasEnded(name: string): boolean {
    return this.#daemons.get(name)!.fiber.pollUnsafe() !== undefined;
  }

  setStore(state: "here" | "away"): void {
    this.#store.isAway = state === "away";
  }

  seen(): readonly Event[] {
    return this.#tail.read();
  }

  async serving(): Promise<readonly string[]> {
    const { url } = this.#gateway!;
    return servingOf(await Effect.runPromise(new Client(url, TOKEN).health()));
  }

  pass(): Promise<void> {
    return this.#clock.step();
  }

  lastWords(): string {
    return this.#log.slice(-LINES).join("\n");
  }

  async stop(): Promise<readonly Event[]> {
    const fibers = [...this.#daemons.values()].map(({ fiber }) => fiber);
    await Effect.runPromise(Fiber.interruptAll(fibers));
    return mergeEvents(this.#events);
  }

  get #service(): RunningGateway["service"] {
    return this.#gateway!.service;
  }

  #startGateway(options: DaemonOptions) {
    return startGateway({
      ...options,
      http: { host: "127.0.0.1", port: 0, token: TOKEN },
      maxInvocations: MANY,
      maxEvents: MANY,
      eventText: () => ({ header: () => "", line: () => "" }),
      settings: settingsOf(this.#scheme),
      storage: "faastore",
      partition: "faasflow-plus",
      store: this.#store,
      parse: specIn,
    });
  }

  #run(node: NodeId, serve: Serve): void {
    const links: MemoryLink[] = [];
    const asked = Deferred.makeUnsafe<void>();
    const options: DaemonOptions = {
      node,
      cluster: "stepped",
      nats: { url: "memory", token: undefined },
      durable: false,
      events: this.#events,
      recording: undefined,
      http: undefined,
      log: (_about, text) => this.#log.push(`${nodeName(node)}: ${text}`),
      stop: { asked: Deferred.await(asked), limit_ms: DRAIN_LIMIT_MS },
    };
    const connect = Effect.sync(() => {
      const link = this.#nats.link();
      links.push(link);
      return link;
    });
    const world = {
      clock: () => this.#clock,
      connect: () => connect,
      containers: () => Effect.succeed(new SteppedContainers(this.#clock)),
    };
    const daemon = serve(options).pipe(
      Effect.provideService(World, world),
      Effect.provide(Logger.layer([])),
    );
    this.#daemons.set(nodeName(node), { fiber: Effect.runFork(daemon), links, asked });
  }
}
