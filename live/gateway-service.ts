/**
 * What clients of a cluster can ask for, without HTTP: deploy, invoke, wait, look, cancel, fetch.
 * The core's gateway machine does the scheduling; this keeps what people want to know of it.
 */

import type * as Effect from "effect/Effect";
import type { Input } from "../core/env.ts";
import type { Event } from "../core/events.ts";
import type { PartitionMethod, Plan, StorageMethod } from "../core/plan/plan.ts";
import { type Micros, NO_TIME } from "../core/units.ts";
import { quoted } from "../core/workflow/problem.ts";
import type { WorkflowSpec } from "../core/workflow/spec.ts";
import { Admission, type AdmissionParts } from "./admission.ts";
import type { Clock } from "./clock.ts";
import type { Log } from "./daemon-log.ts";
import type { Deployment } from "./deployment.ts";
import { Deployments } from "./deployments.ts";
import { InvocationData } from "./invocation-data.ts";
import { type Inputs, inputFacts, inputProblems, withDefaults } from "./invocation-inputs.ts";
import { type Entry, InvocationTable } from "./invocation-table.ts";
import type { Accepted, InvocationStatus, Ledger } from "./ledger.ts";
import type { RemoteStoreShape } from "./remote-store.ts";
import { RequestError } from "./request-error.ts";

export interface GatewayServiceParts extends AdmissionParts {
  readonly ledger: Ledger;
  readonly storage: StorageMethod;
  readonly partition: PartitionMethod;
  readonly clock: Clock;
  readonly store: RemoteStoreShape;
  readonly feed: (input: Input) => void;
  /** Most invocations in flight. */
  readonly maxInvocations: number;
  readonly log: Log;
}

const POLL_MS = 20;
/** A daemon that is missing now may be there then. */
const RETRY_S = 2;
/** How long an answer waits until what it says is safe. */
const SAFE_MS = 5_000;

export class GatewayService {
  readonly admission: Admission;
  readonly #parts: GatewayServiceParts;
  readonly #deployments: Deployments;
  readonly #invocations: InvocationTable;
  readonly #data: InvocationData;
  /** Of an earlier gateway, to begin anew once all daemons are there; undefined: that is done. */
  #toResume: Set<number> | undefined;
  /** Whose inputs are being stored; true: cancelled meanwhile. */
  readonly #storing: Map<number, boolean>;
  #nextId: number;
  /** The last id in the ledger, which the next gateway's ids go on from; -1: none. */
  #lastNoted: number;
  #isEnding: boolean;

  constructor(parts: GatewayServiceParts) {
    const { ledger, storage, partition, settings, store, feed } = parts;
    this.#parts = parts;
    this.admission = new Admission(parts);
    const choice = { storage, partition, workers: settings.workers };
    this.#deployments = new Deployments(choice, (_, plan) => feed({ tag: "deploy", plan }));
    this.#invocations = new InvocationTable(({ status }) => this.#forget(status));
    this.#data = new InvocationData(store, ledger.run);
    this.#toResume = ledger.legacy && new Set();
    this.#storing = new Map();
    this.#nextId = 0;
    this.#lastNoted = -1;
    this.#isEnding = false;
  }

  /** Takes over what earlier gateways have left; first of all, once it may feed the machine. */
  takeOver(): void {
    const { deployments = [], invocations = [] } = this.#parts.ledger.legacy ?? {};
    for (const deployment of deployments) this.#deployments.add(deployment);
    for (const accepted of invocations) {
      const { id, state } = accepted.status;
      this.#nextId = id + 1;
      this.#lastNoted = id;
      this.#invocations.add(accepted);
      if (state === "running") this.#toResume?.add(id);
    }
    if (this.#toResume === undefined) return;
    const count = `deployed: ${deployments.length}, under way: ${this.inFlight}`;
    this.#parts.log({}, `takes the place of another gateway; ${count}`);
  }

  /** Begins anew what was under way at an earlier gateway, once it can run; whether that is done. */
  resume(): boolean {
    if (this.#toResume === undefined) return true;
    if (this.admission.unready(this.#deployments.all.map(({ id }) => id)).length > 0) return false;
    const resumed = [...this.#toResume];
    this.#toResume = undefined;
    this.#parts.log({}, `all daemons are there; begins anew: ${resumed.length}`);
    this.#parts.feed({ tag: "gateway-back" });
    for (const id of resumed) this.#arrive(this.#invocations.find(id)!);
    return true;
  }

  get inFlight(): number {
    return this.#invocations.inFlight;
  }

  get deployments(): readonly Deployment[] {
    return this.#deployments.all;
  }

  plan(id: number): Plan {
    return this.#deployments.plans[id]!;
  }

  get plans(): readonly Plan[] {
    return this.#deployments.plans;
  }

  /** As `Deployments.deploy`; known to later gateways once `safe` ends. */
  deploy(spec: WorkflowSpec): Deployment {
    const { settings } = this.#parts;
    this.admission.refuseUnrunnable(spec);
    this.admission.refuseTooLong("the workflow", { spec, settings });
    const count = this.#deployments.all.length;
    const deployment = this.#deployments.deploy(spec);
    if (deployment.id === count) this.#parts.ledger.deployed(deployment);
    return deployment;
  }

  /** Resolves when every daemon that is there has every plan, or gives up after the time. */
  async ready(patience_ms: number): Promise<boolean> {
    const end = performance.now() + patience_ms;
    for (;;) {
      const plans = this.#deployments.all.map(({ id }) => id);
      if (this.admission.unready(plans).length === 0) return true;
      if (performance.now() > end) return false;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** Starts an invocation; gives its id, once no end of this gateway can lose it. */
  async invoke(workflow: string, given: Inputs): Promise<number> {
    const plan = this.#deployments.latest(workflow);
    if (plan === undefined) {
      const names = this.#deployments.workflows.join(", ") || "none";
      const problem = `no workflow ${quoted(workflow)} is deployed. Deployed: ${names}.`;
      throw new RequestError({ status: 404, problems: [problem] });
    }
    const { spec } = plan.graph;
    const inputs = withDefaults(spec, given);
    const problems = inputProblems(spec, inputs);
    if (problems.length > 0) throw new RequestError({ status: 400, problems });
    this.#admit(plan.id);
    const facts = inputFacts(plan.graph, inputs);
    this.admission.refuseTooLong("what conditions need of the inputs", facts);
    const { clock, ledger } = this.#parts;
    const id = this.#nextId++;
    const at = clock.now();
    const entry: Entry = {
      status: statusOf({ id, workflow, arrived_us: at }),
      plan: plan.id,
      storing: NO_TIME,
      facts,
    };
    this.#invocations.add(entry);
    const isCancelled = await this.#storeInputs(spec, entry, inputs);
    entry.storing = (clock.now() - at) as Micros;
    this.#lastNoted = Math.max(this.#lastNoted, id);
    if (isCancelled) this.#close(id, CANCELLED);
    else {
      this.#arrive(entry);
      ledger.invocation(entry);
    }
    await ledger.safe();
    return id;
  }

  /** Resolves when it is over, or after the time, with how it stands. */
  async wait(id: number, patience_ms: number): Promise<InvocationStatus> {
    const isRunning = this.status(id).state === "running";
    if (isRunning && patience_ms > 0) await this.#invocations.end(id, patience_ms);
    const status = this.status(id);
    if (status.state !== "running") await this.safe();
    return status;
  }

  /** Once what was accepted, deployed or has ended by now outlives this gateway. */
  async safe(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<"late">((resolve) => {
      timer = setTimeout(resolve, SAFE_MS, "late");
    });
    const how = await Promise.race([this.#parts.ledger.safe(), late]);
    clearTimeout(timer);
    if (how !== "late") return;
    const problem = "NATS does not take what has happened. Ask again; is its disk full?";
    throw new RequestError({ status: 503, problems: [problem], retryAfter_s: RETRY_S });
  }

  /** Whoever waits is answered now. */
  stopWaiting(): void {
    this.#invocations.stopWaiting();
  }

  status(id: number): InvocationStatus {
    return this.#invocations.status(id);
  }

  /** Running ones and those that ended last, by id. */
  list(): readonly InvocationStatus[] {
    return this.#invocations.list();
  }

  cancel(id: number): void {
    if (this.status(id).state !== "running") {
      throw new RequestError({ status: 409, problems: [`invocation ${id} is over already`] });
    }
    if (this.#storing.has(id)) this.#storing.set(id, true);
    else if (this.#toResume?.delete(id)) this.#close(id, CANCELLED);
    else this.#parts.feed({ tag: "cancel", invocation: id });
  }

  /** Fetches one part of a datum from the remote store into a file; gives its bytes. */
  fetch(
    id: number,
    part: { readonly datum: string; readonly item: string },
    file: string,
  ): Effect.Effect<number, RequestError> {
    return this.#data.fetch(this.status(id), part, file);
  }

  /** To be told of each event of the gateway machine. */
  observe(event: Event): void {
    if (event.kind !== "finish" && event.kind !== "abort") return;
    const task = this.plan(event.plan).graph.vertices[event.task]?.name;
    const why = task === undefined ? event.why : `${event.why} in task ${task}`;
    this.#close(event.invocation, {
      latency_s: event.wait_us / 1e6,
      ...(event.kind === "finish" ? { state: "finished" } : { state: "failed", reason: why }),
    });
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
    this.resume();
    const problems = this.#isEnding
      ? ["this gateway is about to end. Ask its successor."]
      : this.admission.unready([plan]);
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

  #arrive({ status, plan, storing, facts }: Accepted): void {
    const { id: invocation, arrived_us } = status;
    const at = arrived_us as Micros;
    this.#parts.feed({ tag: "arrival", at, storing, invocation, plan, facts });
  }

  /** It is over, as `end` says. */
  #close(id: number, end: Partial<InvocationStatus>): void {
    const entry = this.#invocations.find(id);
    if (entry === undefined) return;
    entry.status = { ...entry.status, ...end };
    this.#parts.ledger.invocation(entry);
    this.#invocations.close(id);
  }

  #forget(status: InvocationStatus): void {
    // The last one stays: an id is never given twice, also by the gateways to come.
    if (status.id !== this.#lastNoted) this.#parts.ledger.forget(status.id);
    this.#data.forget(status);
  }

  /** Whether the invocation was cancelled meanwhile. */
  async #storeInputs(spec: WorkflowSpec, { status }: Entry, inputs: Inputs): Promise<boolean> {
    const { id } = status;
    this.#storing.set(id, false);
    try {
      await this.#data.storeInputs(status, spec, inputs);
      return this.#storing.get(id)!;
    } catch (cause) {
      this.#data.forget(status);
      this.#invocations.remove(id);
      const problem = `the inputs cannot be stored: ${(cause as Error).message}. Is the store there?`;
      throw new RequestError({ status: 503, problems: [problem], retryAfter_s: RETRY_S });
    } finally {
      this.#storing.delete(id);
    }
  }
}

const CANCELLED = { state: "failed", reason: "cancelled" } as const;

function statusOf(
  begun: Pick<InvocationStatus, "id" | "workflow" | "arrived_us">,
): InvocationStatus {
  return { ...begun, state: "running", latency_s: undefined, reason: undefined };
}
