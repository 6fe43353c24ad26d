/**
 * What clients of a cluster can ask for, without HTTP: deploy, invoke, wait, look, cancel, fetch.
 * The core's gateway machine does the scheduling; this keeps what people want to know of it.
 */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import type { Settings } from "../core/engine/settings.ts";
import type { Input } from "../core/env.ts";
import type { Event } from "../core/events.ts";
import { MASTER, type NodeId, workerNode } from "../core/node.ts";
import { PAPER_CLUSTER } from "../core/plan/contract.ts";
import type { PartitionMethod, Plan } from "../core/plan/plan.ts";
import { makePlan } from "../core/plan/planner.ts";
import type { Fact } from "../core/protocol.ts";
import type { Micros } from "../core/units.ts";
import { compile } from "../core/workflow/compile.ts";
import type { Value } from "../core/workflow/condition.ts";
import { ROOT_ITEM } from "../core/workflow/item.ts";
import { quoted } from "../core/workflow/problem.ts";
import type { WorkflowSpec } from "../core/workflow/spec.ts";
import type { Clock } from "./clock.ts";
import type { Deployment, Roster } from "./membership.ts";
import type { RemoteStoreShape } from "./remote-store.ts";

/** A request that cannot be served; `status` is HTTP's word for why. */
export class RequestError extends Schema.TaggedError<RequestError>()("RequestError", {
  status: Schema.Literals([400, 404, 409, 503]),
  problems: Schema.Array(Schema.String),
}) {
  override get message(): string {
    return this.problems.join("\n");
  }
}

export interface InvocationStatus {
  readonly id: number;
  readonly workflow: string;
  readonly state: "running" | "finished" | "failed";
  readonly arrived_us: number;
  readonly latency_s: number | undefined;
  /** Why it failed, and at which task. */
  readonly reason: string | undefined;
}

export interface GatewayServiceParts {
  readonly run: string;
  readonly settings: Settings;
  readonly storage: "faastore" | "remote";
  readonly partition: PartitionMethod;
  readonly clock: Clock;
  readonly store: RemoteStoreShape;
  readonly roster: () => Roster;
  readonly feed: (input: Input) => void;
}

/** Ended invocations whose data and status are kept. */
const KEPT = 200;
const POLL_MS = 20;

type Entry = { -readonly [F in keyof InvocationStatus]: InvocationStatus[F] };

export class GatewayService {
  readonly #parts: GatewayServiceParts;
  readonly #deployments: Deployment[];
  readonly #plans: Plan[];
  readonly #latest: Map<string, number>;
  readonly #invocations: Map<number, Entry>;
  readonly #ended: number[];
  readonly #waiting: Map<number, (() => void)[]>;
  #nextId: number;

  constructor(parts: GatewayServiceParts) {
    this.#parts = parts;
    this.#deployments = [];
    this.#plans = [];
    this.#latest = new Map();
    this.#invocations = new Map();
    this.#ended = [];
    this.#waiting = new Map();
    this.#nextId = 0;
  }

  get deployments(): readonly Deployment[] {
    return this.#deployments;
  }

  plan(id: number): Plan {
    return this.#plans[id]!;
  }

  plans(): readonly Plan[] {
    return this.#plans;
  }

  /** A new version of the workflow: it serves new invocations, old ones end on theirs. */
  deploy(spec: WorkflowSpec): Deployment {
    const { storage, partition } = this.#parts;
    const id = this.#plans.length;
    const before = this.#deployments.filter((each) => each.spec.name === spec.name).length;
    const deployment: Deployment = { id, version: before + 1, spec, partition, storage };
    const plan = planOf(deployment, this.#parts.settings);
    this.#deployments.push(deployment);
    this.#plans.push(plan);
    this.#latest.set(spec.name, id);
    this.#parts.feed({ tag: "deploy", plan });
    return deployment;
  }

  /** Who has to be there before anything can run. */
  members(): readonly NodeId[] {
    const { scheme, workers } = this.#parts.settings;
    const nodes = Array.from({ length: workers }, (_, index) => workerNode(index));
    return scheme === "master-sp" ? [MASTER, ...nodes] : nodes;
  }

  /** Resolves when every daemon has every plan, or gives up after the time. */
  async ready(patience_ms: number): Promise<boolean> {
    const end = performance.now() + patience_ms;
    for (;;) {
      const plans = this.#deployments.map(({ id }) => id);
      if (this.#parts.roster().has(this.members(), plans)) return true;
      if (performance.now() > end) return false;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** Starts an invocation; gives its id. */
  async invoke(workflow: string, inputs: Readonly<Record<string, unknown>>): Promise<number> {
    const planId = this.#latest.get(workflow);
    if (planId === undefined) {
      const names = [...this.#latest.keys()].join(", ") || "none";
      const problem = `no workflow ${quoted(workflow)} is deployed. Deployed: ${names}.`;
      throw new RequestError({ status: 404, problems: [problem] });
    }
    const plan = this.#plans[planId]!;
    checkInputs(plan, inputs);
    const id = this.#nextId++;
    const at = this.#parts.clock.now();
    this.#invocations.set(id, {
      id,
      workflow,
      state: "running",
      arrived_us: at,
      latency_s: undefined,
      reason: undefined,
    });
    await this.#storeInputs(plan, id, inputs);
    const facts = factsOf(plan, inputs);
    this.#parts.feed({ tag: "arrival", at: at as Micros, invocation: id, plan: planId, facts });
    return id;
  }

  /** Resolves when it is over, or after the time, with how it stands. */
  async wait(id: number, patience_ms: number): Promise<InvocationStatus> {
    const entry = this.status(id);
    if (entry.state !== "running") return entry;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, patience_ms);
      const over = (): void => {
        clearTimeout(timer);
        resolve();
      };
      this.#waiting.set(id, [...(this.#waiting.get(id) ?? []), over]);
    });
    return this.status(id);
  }

  /** Whoever waits is answered now. */
  stopWaiting(): void {
    for (const waiters of this.#waiting.values()) for (const over of waiters) over();
    this.#waiting.clear();
  }

  status(id: number): InvocationStatus {
    const entry = this.#invocations.get(id);
    if (entry !== undefined) return entry;
    const problem = `there is no invocation ${id}, or it ended too long ago`;
    throw new RequestError({ status: 404, problems: [problem] });
  }

  /** Running ones and those that ended last, by id. */
  list(): readonly InvocationStatus[] {
    return [...this.#invocations.values()];
  }

  cancel(id: number): void {
    if (this.status(id).state !== "running") {
      throw new RequestError({ status: 409, problems: [`invocation ${id} is over already`] });
    }
    this.#parts.feed({ tag: "cancel", invocation: id });
  }

  /** Fetches one part of a datum from the remote store into a file of `directory`. */
  fetch(
    id: number,
    datum: string,
    item: string,
    file: string,
  ): Effect.Effect<number, RequestError> {
    const { workflow } = this.status(id);
    const part = { workflow, run: this.#parts.run, invocation: id, datum, item };
    return this.#parts.store.get(part, file).pipe(
      Effect.mapError(({ kind, message }) => {
        const hint = "Results are what no task reads; other data are gone once they were read.";
        const problems = kind === "missing" ? [message, hint] : [message];
        return new RequestError({ status: kind === "missing" ? 404 : 503, problems });
      }),
    );
  }

  /** To be told of each event of the gateway machine. */
  observe(event: Event): void {
    if (event.kind !== "finish" && event.kind !== "abort") return;
    const entry = this.#invocations.get(event.invocation);
    if (entry === undefined) return;
    entry.state = event.kind === "finish" ? "finished" : "failed";
    entry.latency_s = event.wait_us / 1e6;
    if (event.kind === "abort") {
      const task = this.#plans[event.plan]?.graph.vertices[event.task]?.name;
      entry.reason = task === undefined ? event.why : `${event.why} in task ${task}`;
    }
    for (const over of this.#waiting.get(event.invocation) ?? []) over();
    this.#waiting.delete(event.invocation);
    this.#ended.push(event.invocation);
    if (this.#ended.length > KEPT) this.#forget(this.#ended.shift()!);
  }

  #forget(id: number): void {
    const entry = this.#invocations.get(id);
    this.#invocations.delete(id);
    if (entry === undefined) return;
    const name = { workflow: entry.workflow, run: this.#parts.run, invocation: id };
    Effect.runFork(Effect.ignore(this.#parts.store.forget(name)));
  }

  async #storeInputs(
    plan: Plan,
    invocation: number,
    inputs: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const stored = plan.graph.spec.inputs.filter((input) => input.stored);
    if (stored.length === 0) return;
    const folder = mkdtempSync(join(tmpdir(), "faasflow-inputs-"));
    try {
      for (const { name } of stored) {
        const file = join(folder, "input");
        writeFileSync(file, JSON.stringify(inputs[name]));
        const workflow = plan.graph.name;
        const datum = `input.${name}`;
        const part = { workflow, run: this.#parts.run, invocation, datum, item: "" };
        await Effect.runPromise(this.#parts.store.put(part, file));
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

/** The same on every daemon: a plan depends on nothing but what is deployed. */
export function planOf(deployment: Deployment, settings: Pick<Settings, "workers">): Plan {
  const { id, version, spec, partition, storage } = deployment;
  const cluster = { ...PAPER_CLUSTER, workers: settings.workers };
  const graph = compile(spec);
  return makePlan({ id, version, graph, method: partition, storage, cluster });
}

function checkInputs(plan: Plan, inputs: Readonly<Record<string, unknown>>): void {
  const wanted = plan.graph.spec.inputs.filter(({ stored }) => stored).map(({ name }) => name);
  const missing = wanted.filter((name) => inputs[name] === undefined);
  const unknown = Object.keys(inputs).filter((name) => !wanted.includes(name));
  const problems = [
    ...missing.map((name) => `input ${quoted(name)} is missing. Give it a value.`),
    ...unknown.map((name) => {
      const known = wanted.join(", ") || "none";
      return `${quoted(name)} is no input of ${plan.graph.name}. Inputs: ${known}.`;
    }),
  ];
  if (problems.length > 0) throw new RequestError({ status: 400, problems });
}

/** Small values travel with the triggers, for conditions. */
function factsOf(plan: Plan, inputs: Readonly<Record<string, unknown>>): readonly Fact[] {
  return plan.graph.data.flatMap(({ spec, inline, name }, datum): readonly Fact[] => {
    if (!inline || !name.startsWith("input.")) return [];
    const value = inputs[spec.name];
    const isSmall = ["string", "number", "boolean"].includes(typeof value) || value === null;
    return isSmall ? [{ tag: "value", datum, item: ROOT_ITEM, value: value as Value }] : [];
  });
}
