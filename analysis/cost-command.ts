/** What parts of the system take of a machine, each measured in a process of its own. */

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { WorkflowSpec } from "../core/workflow/spec.ts";
import { resourceUrl } from "../workflows/resources.ts";
import type { ExperimentRow } from "./experiment-rows.ts";
import { WHOLE_RUN } from "./metric-rows.ts";

const KIB = 1_024;
const MICROS = 1_000_000;
/** Of each size; the median is taken. Small sizes take milliseconds, which the machine blurs. */
const REPEATS = 3;
const LIMIT_MS = 300_000;

/** CPU time and peak memory of partitioning `genome:TASKS`. */
export async function partitionCost(tasks: number): Promise<readonly ExperimentRow[]> {
  const costs: { readonly cpu_us: number; readonly memory_KiB: number }[] = [];
  for (let run = 0; run < REPEATS; run++) {
    costs.push(await measured("analysis/partition-cost-command.js", [`${tasks}`], ""));
  }
  const row = { ...ROW, experiment: "scalability", workflow: `genome:${tasks}` } as const;
  const cpu = median(costs.map(({ cpu_us }) => cpu_us / MICROS));
  const memory = median(costs.map(({ memory_KiB }) => memory_KiB * KIB));
  return [
    { ...row, metric: "partition_cpu", unit: "s", value: cpu, count: REPEATS },
    { ...row, metric: "partition_memory", unit: "B", value: memory, count: REPEATS },
  ];
}

/** Peak memory of one worker's engine with plans of these workflows. */
export async function engineCost(
  specs: readonly WorkflowSpec[],
): Promise<readonly ExperimentRow[]> {
  const program = "analysis/engine-cost-command.js";
  const { memory_KiB } = await measured<{ memory_KiB: number }>(program, [], JSON.stringify(specs));
  const row = { ...ROW, experiment: "component", workflow: WHOLE_RUN } as const;
  return [{ ...row, metric: "engine_memory", unit: "B", value: memory_KiB * KIB, count: 1 }];
}

/** These run here, whatever the cluster is. */
const ROW = { driver: "sim", scheme: "worker-sp", storage: "faastore" } as const;

function measured<A>(program: string, args: readonly string[], input: string): Promise<A> {
  const path = fileURLToPath(resourceUrl(`dist/${program}`));
  return new Promise((resolve, reject) => {
    const options = { timeout: LIMIT_MS };
    const child = execFile(process.execPath, [path, ...args], options, (cause, stdout) => {
      if (cause === null) resolve(JSON.parse(stdout));
      else reject(cause);
    });
    child.stdin?.end(input);
  });
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
