/** A cluster of seven workers for a benchmark: workflows run on it, and the events of their runs. */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as Effect from "effect/Effect";
import type { Event } from "../../core/events.ts";
import type { Plan, StorageMethod } from "../../core/plan/plan.ts";
import { Client } from "../../live/client.ts";
import { planOf } from "../../live/deployments.ts";
import { mergeEvents } from "../../live/event-file.ts";
import { startCluster } from "../../live/local-cluster.ts";
import { parseWorkflow } from "../../workflows/load.ts";

export interface BenchRun {
  /** The workflow file's text, and the folder its modules are named from. */
  readonly text: string;
  readonly folder: string;
  readonly invocations: number;
}

export interface BenchOptions {
  readonly workers: number;
  readonly durable: boolean;
  readonly storage: StorageMethod;
  readonly runs: readonly BenchRun[];
}

export interface BenchResult {
  readonly plans: readonly Plan[];
  readonly events: readonly Event[];
  /** By plan: the ids of its invocations, in order. */
  readonly invocations: readonly (readonly number[])[];
  readonly client: Client;
}

const PROGRAM = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
const READY_MS = 60_000;
/** Releases follow the last finish. */
const SETTLE_MS = 600;

/** One run after another, one invocation at a time; `look` while the cluster is up. */
export function benchCluster<A>(
  { workers, durable, storage, runs }: BenchOptions,
  look: (result: BenchResult) => Promise<A>,
): Promise<A> {
  const partition = storage === "remote" ? "raw" : "faasflow-plus";
  const body = Effect.gen(function* () {
    const started = yield* startCluster({
      workers,
      durable,
      storage,
      partition,
      scheme: "worker-sp",
      program: PROGRAM,
      log: () => undefined,
    });
    const client = new Client(started.url, started.token);
    yield* client.ready(READY_MS);
    const plans: Plan[] = [];
    const invocations: number[][] = [];
    for (const run of runs) {
      const { workflow, plan } = yield* client.deploy(run.text, run.folder);
      plans.push(planNamed({ id: plan, text: run.text, storage, partition, workers }));
      const ids: number[] = [];
      for (let count = 0; count < run.invocations; count++) {
        const { id, state, reason } = yield* client.run(workflow, {});
        if (state !== "finished") throw new Error(`${workflow}: ${reason}`);
        ids.push(id);
      }
      invocations.push(ids);
    }
    yield* Effect.sleep(SETTLE_MS);
    const events = mergeEvents(started.events);
    return yield* Effect.promise(() => look({ plans, events, invocations, client }));
  });
  return Effect.runPromise(Effect.scoped(body));
}

function planNamed(of: {
  readonly id: number;
  readonly text: string;
  readonly storage: StorageMethod;
  readonly partition: "raw" | "faasflow-plus";
  readonly workers: number;
}): Plan {
  const parsed = parseWorkflow(of.text);
  if (!parsed.ok) throw new Error("the workflow has problems");
  const { id, storage, partition, workers } = of;
  return planOf({ id, version: 1, spec: parsed.spec, partition, storage }, { workers });
}

/** `p50 .. p99` of microseconds, in milliseconds. */
export function spread(micros: readonly number[]): string {
  // Numbers, smallest first.
  const sorted = micros.toSorted((a, b) => a - b);
  const at = (share: number): string =>
    ((sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN) / 1_000).toFixed(2);
  return `p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, p99 ${at(0.99)} ms (${sorted.length})`;
}

export function benchFolder(): string {
  return join(fileURLToPath(new URL("../../node_modules/.cache/", import.meta.url)), "bench-live");
}
