/**
 * Scheduling overhead of the eight benchmarks on a live cluster, WorkerSP with FaaStore, seven workers
 * on this machine: latency less the times of the tasks on the measured critical path, warm. Beside
 * it the published figure of WorkerSP, measured on the authors' 1+7 machines (source: FaaSFlow v1
 * artifact, ASPLOS'22, Apache-2.0).
 */

import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { planHeader } from "../../analysis/event-header.ts";
import { Metrics } from "../../analysis/metrics.ts";
import { publishedValue } from "../../analysis/published.ts";
import { quantile } from "../../analysis/quantile.ts";
import type { Event } from "../../core/events.ts";
import { BENCHMARKS, benchmarkFile } from "../../workflows/load.ts";
import { benchCluster, spread } from "./live-cluster.ts";

const small = process.argv.includes("--small");
const INVOCATIONS = small ? 1 : 9;
const WARM_UP = small ? 1 : 2;
const named = process.argv.slice(2).filter((arg) => !arg.startsWith("--"));
const names = BENCHMARKS.filter((name) => named.length === 0 || named.includes(name));

for (const durable of [false, true]) {
  for (const name of names) {
    const file = benchmarkFile(name);
    const run = { text: readFileSync(file, "utf8"), folder: dirname(file) };
    const overheads = await benchCluster(
      {
        workers: 7,
        durable,
        storage: "faastore",
        runs: [{ ...run, invocations: WARM_UP + INVOCATIONS }],
      },
      async ({ plans, events }) =>
        overheadsOf(new Metrics({ plans: plans.map(planHeader), skip: WARM_UP }), events),
    );
    const system = "WorkerSP+FaaStore";
    const metric = "schedule_overhead_mean";
    const published = publishedValue({ workflow: name, system, metric })! * 1e6;
    const share = (time: number): string => `${((100 * time) / published).toFixed(1)}%`;
    const mean = overheads.reduce((sum, time) => sum + time, 0) / overheads.length;
    const median = quantile(Float64Array.from(overheads).sort(), 0.5);
    console.log(
      `${name}, ${durable ? "durable" : "volatile"}: ${spread(overheads)}; of the published ` +
        `${(published / 1_000).toFixed(1)} ms: mean ${share(mean)}, p50 ${share(median)}`,
    );
  }
}

/** Of each measured invocation, microseconds. */
function overheadsOf(metrics: Metrics, events: readonly Event[]): readonly number[] {
  const overheads: number[] = [];
  let before = 0;
  for (const event of events) {
    metrics.add(event);
    const { scheduleOverhead, finished } = metrics.workflows[0]!;
    if (finished === overheads.length) continue;
    overheads.push(scheduleOverhead - before);
    before = scheduleOverhead;
  }
  return overheads;
}
