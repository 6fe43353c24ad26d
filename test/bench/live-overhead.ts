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
import { BENCHMARKS, benchmarkFile } from "../../workflows/load.ts";
import { benchCluster } from "./live-cluster.ts";

const small = process.argv.includes("--small");
const INVOCATIONS = small ? 1 : 5;
const WARM_UP = small ? 1 : 2;
const named = process.argv.slice(2).filter((arg) => !arg.startsWith("--"));
const names = BENCHMARKS.filter((name) => named.length === 0 || named.includes(name));

for (const durable of [false, true]) {
  for (const name of names) {
    const file = benchmarkFile(name);
    const run = { text: readFileSync(file, "utf8"), folder: dirname(file) };
    const overhead_ms = await benchCluster(
      {
        workers: 7,
        durable,
        storage: "faastore",
        runs: [{ ...run, invocations: WARM_UP + INVOCATIONS }],
      },
      async ({ plans, events }) => {
        const metrics = new Metrics({ plans: plans.map(planHeader), skip: WARM_UP });
        for (const event of events) metrics.add(event);
        const { scheduleOverhead, finished } = metrics.workflows[0]!;
        return scheduleOverhead / finished / 1_000;
      },
    );
    const system = "WorkerSP+FaaStore";
    const metric = "schedule_overhead_mean";
    const published_ms = publishedValue({ workflow: name, system, metric })! * 1_000;
    const share = ((100 * overhead_ms) / published_ms).toFixed(1);
    console.log(
      `${name}, ${durable ? "durable" : "volatile"}: ${overhead_ms.toFixed(2)} ms, ` +
        `${share}% of the published ${published_ms.toFixed(1)} ms`,
    );
  }
}
