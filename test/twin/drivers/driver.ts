/**
 * What a scenario is, and what runs one: the simulator (`simulated.ts`), the live daemons in one
 * process with a stepped clock (`stepped.ts`), or a cluster of processes around NATS (`real.ts`).
 * Faults happen when something is seen in the log, not at a time: so they are the same in all three.
 */

import { type Scheme, type Settings, STORE_RETRIES } from "../../../core/engine/settings.ts";
import type { Event, EventKind } from "../../../core/events.ts";
import { MASTER, nodeName, workerNode } from "../../../core/node.ts";
import type { Plan } from "../../../core/plan/plan.ts";
import type { Bytes, Micros } from "../../../core/units.ts";
import { planOf } from "../../../live/deployments.ts";
import { withModulesIn } from "../../../workflows/function-modules.ts";
import { specIn } from "../../fixtures/scenario.ts";

export interface Scenario {
  /** A sentence: what is seen of it. */
  readonly says: string;
  /** Under which it makes sense; both, if left out. */
  readonly scheme?: Scheme;
  /** A workflow file. Names differ from scenario to scenario: they may follow on one cluster. */
  readonly workflow: string;
  /** Modules that it names, by file name. */
  readonly functions?: Readonly<Record<string, string>>;
  readonly invocations: readonly Invocation[];
  /** All arrive at once; else each when the one before is over. */
  readonly together?: boolean;
  readonly faults?: readonly Fault[];
  /** The simulator has no functions: whose attempts fail, and how many of them. */
  readonly failing?: { readonly task: string; readonly attempts: number };
  /** What is to be in the log (`conformance-ledger.ts`), under either scheme. */
  readonly ledger: string;
}

export interface Invocation {
  readonly inputs?: Readonly<Record<string, unknown>>;
  /** For the simulator, which has no values: the case that a switch takes, for each item if many. */
  readonly branches?: Readonly<Record<string, number | readonly number[]>>;
  /** For the simulator: how long a list is, where that is not as the workflow says. */
  readonly counts?: Readonly<Record<string, number>>;
}

/** A fault, and the first event (of that kind, of that task) at which it happens. */
export interface Fault {
  readonly at: { readonly kind: EventKind; readonly task: string };
  readonly what: /** The task's worker is gone, with all in its memory; another is started in its place. */
    | "worker-lost"
    /** It is gone, and nothing takes its place before the scenario is over. */
    | "worker-silent"
    /** The task's worker is asked to end. */
    | "worker-leaving"
    | "master-lost"
    /** The client cancels the invocation of the event. */
    | "cancel"
    /** The remote store refuses everything, until it is back. */
    | "store-away"
    | "store-back";
}

export interface Played {
  readonly plan: Plan;
  /** Of the scenario's invocations, numbered from 0, and of who came and went meanwhile. */
  readonly events: readonly Event[];
  /** What the invariant checker has found in the whole log. */
  readonly wrong: readonly string[];
}

/**
 * Plays them one after another on one cluster; gives the same number of logs. What was deployed
 * before counts: who takes over from a lost worker, and the quota, depend on it.
 */
export type Driver = (scheme: Scheme, scenarios: readonly Scenario[]) => Promise<readonly Played[]>;

export const WORKERS = 3;
const GIB = 2 ** 30;

/** As a gateway has them that is started without flags. */
export function settingsOf(scheme: Scheme): Settings {
  return {
    scheme,
    workers: WORKERS,
    workerMemory: (8 * GIB) as Bytes,
    keepAlive: 600_000_000 as Micros,
    atLimit: "wait",
    dispatchTick: 0 as Micros,
    pollBeforeAssign: false,
    followPlan: true,
    batchTriggers: true,
    ...STORE_RETRIES,
  };
}

/** The daemons that take part, by name. */
export function membersOf(scheme: Scheme): readonly string[] {
  const workers = Array.from({ length: WORKERS }, (_, index) => nodeName(workerNode(index)));
  return scheme === "master-sp" ? [nodeName(MASTER), ...workers] : workers;
}

/** As every daemon works it out. `folder`: where its modules are. */
export function planIn(scenario: Scenario, { id = 0, folder = "." } = {}): Plan {
  const spec = withModulesIn(folder, specIn(scenario.workflow));
  const how = { partition: "faasflow-plus", storage: "faastore" } as const;
  return planOf({ id, version: 1, spec, ...how }, { workers: WORKERS });
}

/** Whether this is the event that the fault waits for. */
export function isMoment({ at }: Fault, event: Event, plan: Plan): boolean {
  const isOfPlan = event.plan === plan.id && event.kind === at.kind;
  return isOfPlan && plan.graph.vertices[event.task]?.name === at.task;
}

/** Of the task that the fault is about. */
export function workerOf({ at }: Fault, plan: Plan): number {
  return plan.workerOf[plan.graph.vertices.findIndex(({ name }) => name === at.task)]!;
}
