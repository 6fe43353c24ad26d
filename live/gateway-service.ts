/**
 * What clients of a cluster can ask for, without HTTP: deploy, invoke, wait, look, cancel, fetch.
 * The core's gateway machine does the scheduling; this keeps what people want to know of it.
 */

import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import type { Settings } from "../core/engine/settings.ts";
import type { Input } from "../core/env.ts";
import type { Event } from "../core/events.ts";
import { MASTER, type NodeId, nodeName, workerNode } from "../core/node.ts";
import { PAPER_CLUSTER } from "../core/plan/contract.ts";
import type { PartitionMethod, Plan } from "../core/plan/plan.ts";
import { makePlan } from "../core/plan/planner.ts";
import type { Micros } from "../core/units.ts";
import { compile } from "../core/workflow/compile.ts";
import { itemPath } from "../core/workflow/item.ts";
import { quoted } from "../core/workflow/problem.ts";
import type { WorkflowSpec } from "../core/workflow/spec.ts";
import type { Clock } from "./clock.ts";
import {
  type Inputs,
  inputFacts,
  inputParts,
  inputProblems,
  withDefaults,
} from "./invocation-inputs.ts";
import type { Deployment, Roster } from "./membership.ts";
import type { RemoteStoreShape } from "./remote-store.ts";

/** A request that cannot be served; `status` is HTTP's word for why. */
export class RequestError extends Schema.TaggedError<RequestError>()("RequestError", {
  status: Schema.Literals([400, 404, 409, 413, 429, 503]),
  problems: Schema.Array(Schema.String),
  /** When to ask again, where that helps. */
  retryAfter_s: Schema.optionalKey(Schema.Int),
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
  /** Whether there is a connection to NATS. */
  readonly connected: () => boolean;
  /** Most invocations in flight. */
  readonly maxInvocations: number;
}

/** Ended invocations whose data and status are kept. */
const KEPT = 200;
const POLL_MS = 20;
/** A daemon that is missing now may be there then. */
const RETRY_S = 2;

type Entry = { -readonly [F in keyof InvocationStatus]: InvocationStatus[F] };

export class GatewayService {
  readonly #parts: GatewayServiceParts;
  readonly #deployments: Deployment[];
  readonly #plans: Plan[];
  readonly #latest: Map<string, number>;
  readonly #invocations: Map<number, Entry>;
  readonly #ended: number[];
  readonly #waiting: Map<number, Set<() => void>>;
  #nextId: number;
  #isEnding: boolean;

  constructor(parts: GatewayServiceParts) {
    this.#parts = parts;
    this.#deployments = [];
    this.#plans = [];
    this.#latest = new Map();
    this.#invocations = new Map();
    this.#ended = [];
    this.#waiting = new Map();
    this.#nextId = 0;
    this.#isEnding = false;
  }

  get inFlight(): number {
    return this.#invocations.size - this.#ended.length;
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

  /**
   * A new version of the workflow: it serves new invocations, old ones end on theirs. The same
   * workflow once more is no new version.
   */
  deploy(spec: WorkflowSpec): Deployment {
    const { storage, partition } = this.#parts;
    const latest = this.#deployments[this.#latest.get(spec.name) ?? -1];
    if (latest !== undefined && JSON.stringify(latest.spec) === JSON.stringify(spec)) return latest;
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

  /** What keeps an invocation of these plans from running; none: it can run. */
  unready(plans: readonly number[]): readonly string[] {
    if (!this.#parts.connected()) {
      return [
        "the gateway has no connection to NATS. It tries on: ask again, or start nats-server.",
      ];
    }
    const roster = this.#parts.roster();
    const away = new Set(
      roster.list().flatMap(({ node, lost, phase }) => (lost || phase !== "serving" ? [node] : [])),
    );
    // Others do what a worker that is lost or leaves was to do; there is no other master.
    const needed = this.members().filter((node) => node === MASTER || !away.has(node));
    if (needed.every((node) => node === MASTER)) {
      return ["all workers are lost, or are leaving. See their logs."];
    }
    const missing = needed.filter((node) => !roster.has([node], plans)).map(nodeName);
    return missing.map((name) => `${name} is not there, or not ready. See its log, and /health.`);
  }

  /** Starts an invocation; gives its id. */
  async invoke(workflow: string, given: Inputs): Promise<number> {
    const planId = this.#latest.get(workflow);
    if (planId === undefined) {
      const names = [...this.#latest.keys()].join(", ") || "none";
      const problem = `no workflow ${quoted(workflow)} is deployed. Deployed: ${names}.`;
      throw new RequestError({ status: 404, problems: [problem] });
    }
    const plan = this.#plans[planId]!;
    const { spec } = plan.graph;
    const inputs = withDefaults(spec, given);
    const problems = inputProblems(spec, inputs);
    if (problems.length > 0) throw new RequestError({ status: 400, problems });
    this.#admit(planId);
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
    await this.#storeInputs(plan, id, inputs).catch((cause: Error) => {
      this.#invocations.delete(id);
      const problem = `the inputs cannot be stored: ${cause.message}. Is the store there?`;
      throw new RequestError({ status: 503, problems: [problem], retryAfter_s: RETRY_S });
    });
    const facts = inputFacts(plan.graph, inputs);
    const storing = (this.#parts.clock.now() - at) as Micros;
    this.#parts.feed({ tag: "arrival", at, storing, invocation: id, plan: planId, facts });
    return id;
  }

  /** Resolves when it is over, or after the time, with how it stands. */
  async wait(id: number, patience_ms: number): Promise<InvocationStatus> {
    const entry = this.status(id);
    if (entry.state !== "running") return entry;
    await new Promise<void>((resolve) => {
      const over = (): void => {
        clearTimeout(timer);
        this.#waiting.get(id)?.delete(over);
        resolve();
      };
      const timer = setTimeout(over, patience_ms);
      const waiters = this.#waiting.get(id) ?? new Set();
      this.#waiting.set(id, waiters.add(over));
    });
    return this.status(id);
  }

  /** Whoever waits is answered now. */
  stopWaiting(): void {
    for (const waiters of this.#waiting.values()) for (const over of [...waiters]) over();
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
    for (const over of [...(this.#waiting.get(event.invocation) ?? [])]) over();
    this.#waiting.delete(event.invocation);
    this.#ended.push(event.invocation);
    if (this.#ended.length > KEPT) this.#forget(this.#ended.shift()!);
  }

  /** Takes no further invocation; resolves once none runs, or after the time. */
  async drain(patience_ms: number): Promise<void> {
    this.#isEnding = true;
    const end = performance.now() + patience_ms;
    while (this.inFlight > 0 && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** Refused now rather than accepted and lost. */
  #admit(plan: number): void {
    const problems = this.#isEnding
      ? ["this gateway is about to end. Ask its successor."]
      : this.unready([plan]);
    if (problems.length > 0) {
      throw new RequestError({ status: 503, problems, retryAfter_s: RETRY_S });
    }
    const { inFlight } = this;
    if (inFlight < this.#parts.maxInvocations) return;
    const problem =
      `${inFlight} invocations are in flight, the most that this gateway takes. Ask again when ` +
      "some have ended, or start it with a higher --max-invocations.";
    throw new RequestError({ status: 429, problems: [problem], retryAfter_s: 1 });
  }

  #forget(id: number): void {
    const entry = this.#invocations.get(id);
    this.#invocations.delete(id);
    if (entry === undefined) return;
    const name = { workflow: entry.workflow, run: this.#parts.run, invocation: id };
    Effect.runFork(Effect.ignore(this.#parts.store.forget(name)));
  }

  async #storeInputs({ graph }: Plan, invocation: number, inputs: Inputs): Promise<void> {
    const parts = inputParts(graph.spec, inputs);
    // One by one: in a document an invocation, puts at once would conflict.
    for (const { datum, item: part, text } of parts) {
      const item = itemPath(part);
      const name = { workflow: graph.name, run: this.#parts.run, invocation, datum, item };
      await Effect.runPromise(this.#parts.store.put(name, Buffer.from(text)));
    }
  }
}

/** The same on every daemon: a plan depends on nothing but what is deployed. */
export function planOf(deployment: Deployment, settings: Pick<Settings, "workers">): Plan {
  const { id, version, spec, partition, storage } = deployment;
  const cluster = deployment.cluster ?? { ...PAPER_CLUSTER, workers: settings.workers };
  const graph = compile(spec);
  return makePlan({ id, version, graph, method: partition, storage, cluster });
}
