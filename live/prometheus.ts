/**
 * What a daemon tells Prometheus, beside the usual facts about its process. The door to prom-client.
 * Worker's and gateway's figures follow from their events: what runs hot does not know of them.
 */

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Event } from "../core/events.ts";
import { ACTIVATION_STATES, type Activity } from "./activity.ts";

/** A daemon's figures, and the text in which they are asked for. */
export class Meters {
  readonly registry: Registry;

  constructor() {
    this.registry = new Registry();
  }

  /**
   * The usual facts about this process, too. For them it wakes a hundred times a second, to see how
   * late its event loop is: only where somebody may ask.
   */
  addProcess(): void {
    collectDefaultMetrics({ register: this.registry });
  }

  get type(): string {
    return this.registry.contentType;
  }

  text(): Promise<string> {
    return this.registry.metrics();
  }
}

/** Of the connection to NATS. */
export interface LinkMeters {
  sent(): void;
  received(): void;
  reconnected(): void;
}

export function linkMeters({ registry }: Meters): LinkMeters {
  const counter = (name: string, help: string) =>
    new Counter({ name, help, registers: [registry] });
  const sent = counter("faasflow_messages_sent_total", "Control messages sent.");
  const received = counter("faasflow_messages_received_total", "Control messages handled.");
  const reconnects = counter("faasflow_nats_reconnects_total", "Connections to NATS got back.");
  return {
    sent: () => sent.inc(),
    received: () => received.inc(),
    reconnected: () => reconnects.inc(),
  };
}

/** Of a storage daemon: told of each request that was answered. */
export function storageMeters({
  registry,
}: Meters): (request: { method: string; status: number; bytes: number }) => void {
  const registers = [registry];
  const requests = new Counter({
    name: "faasflow_storage_requests_total",
    help: "Requests answered.",
    registers,
    labelNames: ["method", "status"],
  });
  const bodies = new Counter({
    name: "faasflow_storage_bytes_total",
    help: "Bytes of parts.",
    registers,
    labelNames: ["method"],
  });
  return ({ method, status, bytes }) => {
    requests.inc({ method, status });
    if (bytes > 0) bodies.inc({ method }, bytes);
  };
}

/** Of a worker, from its events. `quota`: bytes of local data it may hold. */
export class WorkerMeters {
  readonly #containers: Map<number, "starting" | "idle" | "busy">;
  readonly #queued: Set<string>;
  readonly #coldStarts: Counter;
  readonly #bytes: Counter<"operation" | "tier">;
  readonly #spills: Counter;
  readonly #failures: Counter<"why">;
  readonly #storeErrors: Counter<"operation">;
  #used: number;

  constructor({ registry }: Meters, quota: () => number) {
    const registers = [registry];
    this.#containers = new Map();
    this.#queued = new Set();
    this.#used = 0;
    this.#coldStarts = new Counter({
      name: "faasflow_cold_starts_total",
      help: "Containers started.",
      registers,
    });
    this.#bytes = new Counter({
      name: "faasflow_data_bytes_total",
      help: "Bytes of data got and put.",
      registers,
      labelNames: ["operation", "tier"],
    });
    this.#spills = new Counter({
      name: "faasflow_spills_total",
      registers,
      help: "Data that were to stay local and found no room.",
    });
    this.#failures = new Counter({
      name: "faasflow_attempts_failed_total",
      help: "Attempts that ended badly.",
      registers,
      labelNames: ["why"],
    });
    this.#storeErrors = new Counter({
      name: "faasflow_store_errors_total",
      registers,
      help: "Requests to a store that failed, those that a further try made good included.",
      labelNames: ["operation"],
    });
    this.#gauges(registers, quota);
  }

  storeFailed(operation: "get" | "put"): void {
    this.#storeErrors.inc({ operation });
  }

  add(event: Event): void {
    const { kind, container, bytes, why } = event;
    switch (kind) {
      case "cold-start":
        this.#coldStarts.inc();
        this.#containers.set(container, "starting");
        break;
      case "ready":
        this.#containers.set(container, "idle");
        break;
      case "stop":
        this.#containers.delete(container);
        break;
      case "queue":
        this.#queued.add(keyOf(event));
        break;
      case "dispatch":
        this.#queued.delete(keyOf(event));
        this.#containers.set(container, "busy");
        break;
      case "complete":
      case "fail":
        this.#queued.delete(keyOf(event));
        if (kind === "fail") this.#failures.inc({ why });
        if (this.#containers.has(container)) this.#containers.set(container, "idle");
        break;
      case "get":
      case "put":
        if (why !== "local" && why !== "remote") break;
        this.#bytes.inc({ operation: kind, tier: why }, bytes);
        if (kind === "put" && why === "local") this.#used += bytes;
        break;
      case "evict":
      case "release":
        this.#used = Math.max(0, this.#used - bytes);
        break;
      case "spill":
        this.#spills.inc();
        break;
      default:
    }
  }

  #gauges(registers: Registry[], quota: () => number): void {
    const states = () => [...this.#containers.values()];
    new Gauge({
      name: "faasflow_containers",
      help: "Containers by state.",
      registers,
      labelNames: ["state"],
      collect() {
        for (const state of ["starting", "idle", "busy"]) {
          this.set({ state }, states().filter((each) => each === state).length);
        }
      },
    });
    gauge(registers, {
      name: "faasflow_activations_running",
      help: "Activations that have a container.",
      value: () => states().filter((state) => state === "busy").length,
    });
    gauge(registers, {
      name: "faasflow_queue_length",
      help: "Activations that wait for a container.",
      value: () => this.#queued.size,
    });
    gauge(registers, {
      name: "faasflow_faastore_used_bytes",
      help: "Local data held for further tasks.",
      value: () => this.#used,
    });
    gauge(registers, {
      name: "faasflow_faastore_quota_bytes",
      help: "Local data that may be held.",
      value: quota,
    });
  }
}

/** Latencies from 10 ms to beyond the paper's client timeout of 60 s. */
const LATENCY_BUCKETS_S = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60, 120];

/** Of the gateway. `workflow` names a plan's. */
export class GatewayMeters {
  readonly #workflow: (plan: number) => string;
  readonly #invocations: Counter<"workflow" | "state">;
  readonly #latency: Histogram<"workflow">;
  readonly #requests: Counter<"method" | "route" | "status">;

  constructor({ registry }: Meters, parts: GatewayFacts) {
    const registers = [registry];
    this.#workflow = parts.workflow;
    this.#invocations = new Counter({
      name: "faasflow_invocations_total",
      registers,
      help: "Invocations that were started, finished, failed.",
      labelNames: ["workflow", "state"],
    });
    this.#latency = new Histogram({
      name: "faasflow_invocation_latency_seconds",
      registers,
      help: "End-to-end latency of finished invocations.",
      labelNames: ["workflow"],
      buckets: LATENCY_BUCKETS_S,
    });
    this.#requests = new Counter({
      name: "faasflow_http_requests_total",
      help: "Requests answered.",
      registers,
      labelNames: ["method", "route", "status"],
    });
    gauge(registers, {
      name: "faasflow_invocations_in_flight",
      help: "Invocations under way.",
      value: parts.inFlight,
    });
    gauge(registers, {
      name: "faasflow_events_missing",
      help: "Events of daemons that never came here.",
      value: parts.missingEvents,
    });
    new Gauge({
      name: "faasflow_activations",
      help: "Activations under way, by state.",
      registers,
      labelNames: ["state"],
      collect() {
        const counts = parts.activity.counts();
        for (const state of ACTIVATION_STATES) this.set({ state }, counts[state]);
      },
    });
  }

  /** An event of the gateway machine. */
  add({ kind, plan, wait_us }: Event): void {
    const state = ENDS.get(kind);
    if (state === undefined) return;
    const workflow = this.#workflow(plan);
    this.#invocations.inc({ workflow, state });
    if (kind === "finish") this.#latency.observe({ workflow }, wait_us / 1e6);
  }

  /** `route` as declared, not as asked for: `/v1/invocations/:id`. */
  answered(request: {
    readonly method: string;
    readonly route: string;
    readonly status: number;
  }): void {
    this.#requests.inc(request);
  }
}

export interface GatewayFacts {
  readonly workflow: (plan: number) => string;
  readonly inFlight: () => number;
  readonly missingEvents: () => number;
  readonly activity: Activity;
}

const ENDS: ReadonlyMap<string, string> = new Map([
  ["arrival", "started"],
  ["finish", "finished"],
  ["abort", "failed"],
]);

function gauge(
  registers: Registry[],
  of: { readonly name: string; readonly help: string; readonly value: () => number },
): void {
  new Gauge({
    name: of.name,
    help: of.help,
    registers,
    collect() {
      this.set(of.value());
    },
  });
}

function keyOf({ invocation, task, item }: Event): string {
  return `${invocation} ${task} ${item}`;
}
