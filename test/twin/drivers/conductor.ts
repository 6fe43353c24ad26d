/** Plays scenarios on a cluster of live daemons, one after another: invokes, and lets faults happen. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Event, NONE } from "../../../core/events.ts";
import { nodeName, workerNode } from "../../../core/node.ts";
import type { Plan } from "../../../core/plan/plan.ts";
import type { Health } from "../../../live/client.ts";
import { violationsIn } from "../conformance-ledger.ts";
import { type Fault, isMoment, type Played, planIn, type Scenario, workerOf } from "./driver.ts";

/** Daemons by name: `master`, `worker-1` and so on. */
export interface LiveCluster {
  /** For modules of functions: a directory that all daemons can read. */
  readonly folder: string;
  /** How often `pass` may be called before something counts as never. */
  readonly patience: number;
  deploy(text: string): Promise<void>;
  invoke(workflow: string, inputs: Readonly<Record<string, unknown>>): Promise<number>;
  cancel(invocation: number): Promise<void>;
  /** It loses all that it has in memory. */
  kill(daemon: string): Promise<void>;
  start(daemon: string): Promise<void>;
  /** Asks it to end. */
  dismiss(daemon: string): void;
  hasEnded(daemon: string): boolean;
  setStore(state: "here" | "away"): void;
  /** What they have written so far, in no order. */
  seen(): readonly Event[];
  /** Who is ready to serve, as the gateway sees it. */
  serving(): Promise<readonly string[]>;
  /** Lets a little time go by. */
  pass(): Promise<void>;
  /** The last lines of their logs. */
  lastWords(): string;
  /** Ends all; gives their events. */
  stop(): Promise<readonly Event[]>;
}

/** Of those that a gateway knows; none while it would take nothing. */
export function servingOf({ members, problems }: Health): readonly string[] {
  if (problems.length > 0) return [];
  const serving = members.filter(({ ready, lost, phase }) => ready && !lost && phase === "serving");
  return serving.map(({ node }) => node);
}

/** Passes after which what follows an end (releases) has been said. */
const AFTERWARDS = 15;

/** `members`: all daemons that take part. What comes after a scenario that gets stuck is not played. */
export async function conduct(
  cluster: LiveCluster,
  members: readonly string[],
  scenarios: readonly Scenario[],
): Promise<readonly Played[]> {
  const plans = scenarios.map((scenario, id) => planIn(scenario, { id, folder: cluster.folder }));
  let played = 0;
  let stuck: string | undefined;
  try {
    for (; played < scenarios.length; played++) {
      await play(cluster, { members, scenario: scenarios[played]!, plan: plans[played]! });
    }
    for (let count = 0; count < AFTERWARDS; count++) await cluster.pass();
  } catch (cause) {
    stuck = `${(cause as Error).message}. What daemons said last:\n${cluster.lastWords()}`;
  }
  const log = await cluster.stop();
  const found = violationsIn(plans, log);
  return plans.map((plan, index) => {
    const events = log.filter((event) => event.plan === plan.id);
    const ids = new Set(events.map(({ invocation }) => invocation).filter((id) => id >= 0));
    const first = Math.min(...ids);
    const own = found.filter(({ invocation }) => invocation < 0 || ids.has(invocation));
    return {
      plan,
      events: events.map((event) => {
        const invocation = event.invocation < 0 ? NONE : event.invocation - first;
        return { ...event, invocation };
      }),
      wrong: [
        ...(stuck !== undefined && index >= played ? [stuck] : []),
        ...own.map(({ text }) => text),
      ],
    };
  });
}

async function play(cluster: LiveCluster, cast: Cast): Promise<void> {
  const { workflow, functions = {} } = cast.scenario;
  for (const [name, text] of Object.entries(functions)) {
    writeFileSync(join(cluster.folder, name), text);
  }
  await cluster.deploy(workflow);
  await new Performance(cluster, cast).play();
}

interface Cast {
  readonly members: readonly string[];
  readonly scenario: Scenario;
  readonly plan: Plan;
}

class Performance {
  readonly #cluster: LiveCluster;
  readonly #cast: Cast;
  /** To come, in order. */
  readonly #faults: Fault[];
  /** To be started again when it is over, once they have ended. */
  readonly #away: string[];

  constructor(cluster: LiveCluster, cast: Cast) {
    this.#cluster = cluster;
    this.#cast = cast;
    this.#faults = [...(cast.scenario.faults ?? [])];
    this.#away = [];
  }

  /** All daemons are there again when it is over. */
  async play(): Promise<void> {
    const { scenario, plan } = this.#cast;
    const { invocations, together = false } = scenario;
    const ids: number[] = [];
    for (const { inputs = {} } of invocations) {
      if (!together || ids.length === 0) await this.#complete();
      ids.push(await this.#cluster.invoke(plan.graph.name, inputs));
      if (!together) await this.#ended(ids);
    }
    await this.#ended(ids);
    for (const name of this.#away.splice(0)) {
      await this.#until(`${name} ends`, () => this.#cluster.hasEnded(name));
      await this.#cluster.start(name);
    }
    await this.#complete();
  }

  /** All are there that are to be there. */
  async #complete(): Promise<void> {
    const wanted = this.#cast.members.filter((name) => !this.#away.includes(name));
    await this.#until(`all of ${wanted.join(", ")} serve`, async () => {
      const serving = await this.#cluster.serving();
      return wanted.every((name) => serving.includes(name));
    });
  }

  async #ended(ids: readonly number[]): Promise<void> {
    await this.#until(`invocations ${ids.join(", ")} end`, async () => {
      const seen = this.#cluster.seen();
      await this.#meet(seen);
      const ends = seen.filter(({ kind }) => kind === "finish" || kind === "abort");
      return ids.every((id) => ends.some(({ invocation }) => invocation === id));
    });
  }

  /** The next fault, if its moment has come. */
  async #meet(seen: readonly Event[]): Promise<void> {
    const [fault] = this.#faults;
    const moment = fault && seen.find((event) => isMoment(fault, event, this.#cast.plan));
    if (fault === undefined || moment === undefined) return;
    this.#faults.shift();
    const worker = nodeName(workerNode(workerOf(fault, this.#cast.plan)));
    switch (fault.what) {
      case "worker-lost":
        await this.#replace(worker);
        return;
      case "worker-silent":
        this.#away.push(worker);
        await this.#cluster.kill(worker);
        return;
      case "master-lost":
        await this.#replace("master");
        return;
      case "worker-leaving":
        this.#away.push(worker);
        this.#cluster.dismiss(worker);
        return;
      case "cancel":
        await this.#cluster.cancel(moment.invocation);
        return;
      case "store-away":
        this.#cluster.setStore("away");
        return;
      case "store-back":
        this.#cluster.setStore("here");
        return;
      default:
        fault.what satisfies never;
    }
  }

  async #replace(daemon: string): Promise<void> {
    await this.#cluster.kill(daemon);
    await this.#cluster.start(daemon);
  }

  async #until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
    for (let passed = 0; !(await holds()); passed++) {
      if (passed > this.#cluster.patience) {
        const name = this.#cast.plan.graph.name;
        throw new Error(`scenario ${name}: it never came to this: ${what}`);
      }
      await this.#cluster.pass();
    }
  }
}
