/**
 * How long a partition takes, in a process of its own for each graph (nothing is warm).
 *
 *   node --import tsx test/bench/partition.ts                 all graphs, a table
 *   node --import tsx test/bench/partition.ts --small         up to 200 tasks
 *   node --import tsx test/bench/partition.ts genome 200      one graph, one line
 *
 * Goals: 200 tasks in less than 20 ms, 10,000 in less than 2 s.
 */

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type PartitionProblem, partition } from "../../core/plan/partition.ts";
import { partitionPlus } from "../../core/plan/partition-plus.ts";
import { generate, SHAPES, type Shape } from "../fixtures/partition/generate.ts";

const SIZES = [50, 200, 1000, 10_000];
const SMALL = 200;

function measure(shape: Shape, tasks: number): string {
  const problem = generate({ shape, tasks, seed: 1 });
  const first = timed(problem, partition);
  const plus = timed(problem, partitionPlus);
  return [shape.padEnd(8), tasks, problem.edges.length, first, plus].join("\t");
}

function timed(
  problem: PartitionProblem,
  method: (problem: PartitionProblem) => { readonly groupCount: number },
): string {
  const start = performance.now();
  const { groupCount } = method(problem);
  return `${(performance.now() - start).toFixed(1)} ms\t${groupCount} groups`;
}

function main(args: readonly string[]): void {
  const [shape, tasks] = args;
  if (shape !== undefined && tasks !== undefined) {
    console.log(measure(shape as Shape, Number(tasks)));
    return;
  }
  console.log("graph\t\ttasks\tedges\tfaasflow\t\tfaasflow-plus");
  const file = fileURLToPath(import.meta.url);
  const small = args.includes("--small");
  for (const tasks of SIZES.filter((size) => !small || size <= SMALL)) {
    for (const shape of SHAPES) {
      const run = spawnSync(process.execPath, ["--import", "tsx", file, shape, `${tasks}`]);
      process.stdout.write(run.stdout.length > 0 ? run.stdout : run.stderr);
    }
  }
}

main(process.argv.slice(2));
