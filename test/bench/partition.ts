/**
 * How long a partition takes, in a process of its own for each graph (nothing is warm).
 *
 *   node --import tsx test/bench/partition.ts                 all graphs
 *   node --import tsx test/bench/partition.ts --small         up to 50 tasks
 *   node --import tsx test/bench/partition.ts genome 200      one graph
 *
 * Goals: 200 tasks in less than 20 ms, 1,000 in less than 100 ms, 10,000 in less than 2 s.
 */

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type PartitionProblem, partition } from "../../core/plan/partition.ts";
import { partitionPlus } from "../../core/plan/partition-plus.ts";
import { generate, SHAPES, type Shape } from "../fixtures/partition/generate.ts";
import { Checksum, tell } from "./figure.ts";

const SIZES = [10, 50, 200, 1000, 10_000];
const SMALL = 50;
const METHODS = { faasflow: partition, "faasflow-plus": partitionPlus };

function measure(shape: Shape, tasks: number): void {
  const problem: PartitionProblem = generate({ shape, tasks, seed: 1 });
  for (const [method, solve] of Object.entries(METHODS)) {
    const start = performance.now();
    const { groupOf } = solve(problem);
    const value = performance.now() - start;
    const checksum = new Checksum();
    for (const group of groupOf) checksum.add(group);
    const name = `partition, ${method}, ${shape}, ${tasks} tasks, ${problem.edges.length} edges`;
    tell({ name, value, unit: "ms", better: "less", hash: checksum.text });
  }
}

function main(args: readonly string[]): void {
  const [shape, tasks] = args.filter((arg) => !arg.startsWith("--"));
  if (shape !== undefined && tasks !== undefined) {
    measure(shape as Shape, Number(tasks));
    return;
  }
  const file = fileURLToPath(import.meta.url);
  const flags = args.filter((arg) => arg === "--lines");
  const small = args.includes("--small");
  for (const size of SIZES.filter((size) => !small || size <= SMALL)) {
    for (const each of SHAPES) {
      const one = [...process.execArgv, file, each, `${size}`, ...flags];
      const run = spawnSync(process.execPath, one, { stdio: "inherit" });
      if (run.status !== 0) process.exitCode = 1;
    }
  }
}

main(process.argv.slice(2));
