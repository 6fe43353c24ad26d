/** Scenarios on a cluster of processes, around nats-server with JetStream, one after another. */

import { mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import type { Event } from "../../../core/events.ts";
import { mergeEvents } from "../../../live/event-file.ts";
import { type DaemonCluster, withDaemons } from "../../live/daemon-cluster.ts";
import { conduct, type LiveCluster, servingOf } from "./conductor.ts";
import { type Driver, membersOf } from "./driver.ts";
import { EventTail } from "./event-tail.ts";

const PASS_MS = 20;
const PATIENCE_MS = 30_000;
const LINES = 30;
/** A worker that leaves goes when it is let go, however long that takes. */
const FLAGS = ["--drain-limit", "5min"];

export const real: Driver = (scheme, scenarios) =>
  withDaemons({ scheme, durable: true, flags: FLAGS }, ({ cluster }) =>
    Effect.promise(() => conduct(new RealCluster(cluster), membersOf(scheme), scenarios)),
  );

class RealCluster implements LiveCluster {
  readonly folder: string;
  readonly patience: number;
  readonly #cluster: DaemonCluster;
  readonly #tail: EventTail;
  /** Daemons that have ended. */
  readonly #gone: Set<string>;

  constructor(cluster: DaemonCluster) {
    this.folder = join(cluster.directory, "functions");
    mkdirSync(this.folder);
    this.patience = PATIENCE_MS / PASS_MS;
    this.#cluster = cluster;
    this.#tail = new EventTail(cluster.events);
    this.#gone = new Set();
  }

  async deploy(text: string): Promise<void> {
    await Effect.runPromise(this.#cluster.client.deploy(text, this.folder));
  }

  invoke(workflow: string, inputs: Readonly<Record<string, unknown>>): Promise<number> {
    return Effect.runPromise(this.#cluster.client.invoke(workflow, inputs));
  }

  cancel(invocation: number): Promise<void> {
    return Effect.runPromise(this.#cluster.client.cancel(invocation));
  }

  async kill(name: string): Promise<void> {
    this.#cluster.signal(name, "SIGKILL");
    await this.#cluster.ended(name);
    this.#gone.add(name);
  }

  async start(name: string): Promise<void> {
    this.#gone.delete(name);
    await this.#cluster.start(name);
  }

  dismiss(name: string): void {
    this.#cluster.signal(name, "SIGTERM");
    void this.#cluster.ended(name).then(() => this.#gone.add(name));
  }

  hasEnded(name: string): boolean {
    return this.#gone.has(name);
  }

  /** Its disk is not there: it answers, and can do nothing. */
  setStore(state: "here" | "away"): void {
    const here = join(this.#cluster.directory, "storage");
    const away = `${here}-away`;
    if (state === "away") renameSync(here, away);
    else renameSync(away, here);
  }

  seen(): readonly Event[] {
    return this.#tail.read();
  }

  async serving(): Promise<readonly string[]> {
    return servingOf(await Effect.runPromise(this.#cluster.client.health()));
  }

  pass(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, PASS_MS));
  }

  lastWords(): string {
    return this.#cluster.log.slice(-LINES).join("\n");
  }

  async stop(): Promise<readonly Event[]> {
    await this.#cluster.stop();
    return mergeEvents(this.#cluster.events);
  }
}
