/**
 * A process of its own that holds the engine of one worker, with the plans of the workflows it reads
 * (JSON, standard input) and invocations under way whose containers never start; prints the memory
 * it took. What a live worker holds besides (connections, the rest of the program) is not in it.
 */

import { readFileSync } from "node:fs";
import { type Settings, STORE_RETRIES } from "../core/engine/settings.ts";
import { Worker } from "../core/engine/worker.ts";
import type { Env, Timer } from "../core/env.ts";
import { GATEWAY, workerNode } from "../core/node.ts";
import { PAPER_CLUSTER } from "../core/plan/contract.ts";
import { roomsLeft } from "../core/plan/place.ts";
import type { Plan } from "../core/plan/plan.ts";
import { makePlan } from "../core/plan/planner.ts";
import type { Bytes, Micros } from "../core/units.ts";
import { compile } from "../core/workflow/compile.ts";
import { ROOT_ITEM } from "../core/workflow/item.ts";
import type { WorkflowSpec } from "../core/workflow/spec.ts";

/** Of all workflows together. */
const INVOCATIONS = 100;
const WORKER = 0;
const NOW = 0 as Micros;
const SETTINGS: Settings = {
  scheme: "worker-sp",
  workers: PAPER_CLUSTER.workers,
  workerMemory: 32e9 as Bytes,
  atLimit: "wait",
  keepAlive: 600_000_000 as Micros,
  dispatchTick: NOW,
  pollBeforeAssign: false,
  followPlan: true,
  batchTriggers: true,
  ...STORE_RETRIES,
};

/** Notes the timers that are due at once; everything else is never answered. */
class DeafEnv implements Env {
  readonly due: Timer[];

  constructor() {
    this.due = [];
  }

  now(): Micros {
    return NOW;
  }

  timer(delay: Micros, timer: Timer): number {
    if (delay === 0) this.due.push(timer);
    return 0;
  }

  send(): void {}
  cancel(): void {}
  boot(): void {}
  stop(): void {}
  get(): void {}
  start(): void {}
  put(): void {}
  drop(): void {}
  emit(): void {}
}

const specs: readonly WorkflowSpec[] = JSON.parse(readFileSync(0, "utf8"));
const env = new DeafEnv();
const worker = new Worker(env, workerNode(WORKER), SETTINGS);
const plans = deploy(specs);
for (let invocation = 0; invocation < INVOCATIONS; invocation++) {
  begin(plans[invocation % plans.length]!, invocation);
}
process.stdout.write(JSON.stringify({ memory_KiB: process.resourceUsage().maxRSS }));

function deploy(from: readonly WorkflowSpec[]): readonly Plan[] {
  const made: Plan[] = [];
  for (const [id, spec] of from.entries()) {
    const cluster = { ...PAPER_CLUSTER, rooms: roomsLeft(made, PAPER_CLUSTER) };
    const graph = compile(spec);
    const plan = makePlan({
      id,
      version: 1,
      graph,
      method: "faasflow",
      storage: "faastore",
      cluster,
    });
    made.push(plan);
    worker.handle({ tag: "deploy", plan });
  }
  return made;
}

/** Every edge into a task of this worker is taken: all of them wait for a container. */
function begin({ id, graph, workerOf }: Plan, invocation: number): void {
  const answers = graph.edges.flatMap(({ to }, edge) =>
    workerOf[to] === WORKER ? [{ edge, item: ROOT_ITEM, taken: true }] : [],
  );
  const news = { plan: id, invocation, answers, facts: [], lost: [] };
  worker.handle({ tag: "message", from: GATEWAY, message: { tag: "trigger", ...news } });
  for (const timer of env.due.splice(0)) worker.handle({ tag: "timer", timer });
}
