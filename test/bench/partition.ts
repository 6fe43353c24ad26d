/**
 * What a partition takes, cold: a process of its own for each graph and method. Elapsed time is what
 * somebody waits for; CPU time is more, because V8 compiles on other cores meanwhile.
 *
 *   node --import tsx test/bench/partition.ts                              all graphs
 *   node --import tsx test/bench/partition.ts --small                      of 50 tasks
 *   node --import tsx test/bench/partition.ts faasflow-plus montage 200    one
 *
 * `plan` is what a deployment costs beside: compile, contract, faasflow-plus, place and tag.
 * Goals, elapsed: 200 tasks in less than 20 ms, 1,000 in less than 100 ms, 10,000 in less than 2 s.
 */

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { contract, PAPER_CLUSTER } from "../../core/plan/contract.ts";
import { partition } from "../../core/plan/partition.ts";
import { partitionPlus } from "../../core/plan/partition-plus.ts";
import type { PartitionProblem } from "../../core/plan/partition-problem.ts";
import { makePlan } from "../../core/plan/planner.ts";
import { compile } from "../../core/workflow/compile.ts";
import type { WorkflowSpec } from "../../core/workflow/spec.ts";
import { generateCycles } from "../../workflows/generators/cycles.ts";
import { generateEpigenomics } from "../../workflows/generators/epigenomics.ts";
import { generateGenome } from "../../workflows/generators/genome.ts";
import { generateSoykb } from "../../workflows/generators/soykb.ts";
import { generate, SHAPES, type Shape } from "../fixtures/partition/generate.ts";
import { Checksum, cpuSeconds, tell } from "./figure.ts";
import { peerGraph, specOfGraph } from "./peers/graphs.ts";

const SIZES = [200, 1000, 10_000];
const SMALL_SIZES = [50];

/** On the paper's cluster, which the larger ones do not fit. */
const WORKFLOWS: Readonly<Record<string, (tasks: number) => WorkflowSpec>> = {
  "cycles-workflow": (tasks) => generateCycles(tasks, "1"),
  "epigenomics-workflow": (tasks) => generateEpigenomics(tasks, "1"),
  "genome-workflow": (tasks) => generateGenome(tasks, "1"),
  "soykb-workflow": (tasks) => generateSoykb(tasks, "1"),
  "fork-join-workflow": (tasks) => specOfGraph("fork-join", peerGraph("fork-join", tasks)),
  "seismology-workflow": (tasks) => specOfGraph("seismology", peerGraph("seismology", tasks)),
  "montage-workflow": (tasks) => specOfGraph("montage", peerGraph("montage", tasks)),
};

interface Work {
  readonly method: string;
  readonly graph: string;
  readonly tasks: number;
}

function measure(work: Work): void {
  const solve = solver(work);
  let groupOf: readonly number[] = [];
  const start = performance.now();
  const cpu_s = cpuSeconds(() => {
    groupOf = solve();
  });
  const elapsed = performance.now() - start;
  const checksum = new Checksum();
  for (const group of groupOf) checksum.add(group);
  const name = `${work.method}, ${work.graph}, ${work.tasks} tasks`;
  const figure = { unit: "ms", better: "less", hash: checksum.text } as const;
  tell({ ...figure, name: `partition, elapsed, ${name}`, value: elapsed });
  tell({ ...figure, name: `partition, CPU, ${name}`, value: 1000 * cpu_s });
}

function solver({ method, graph, tasks }: Work): () => readonly number[] {
  const spec = WORKFLOWS[graph]?.(tasks);
  if (method === "plan" && spec !== undefined) return () => groupsOfPlan(spec);
  const problem = spec === undefined ? ofShape(graph as Shape, tasks) : ofSpec(spec);
  const solve = method === "faasflow" ? partition : partitionPlus;
  return () => solve(problem).groupOf;
}

function ofShape(shape: Shape, tasks: number): PartitionProblem {
  return generate({ shape, tasks, seed: 1 });
}

function ofSpec(spec: WorkflowSpec): PartitionProblem {
  return contract(compile(spec), PAPER_CLUSTER).problem;
}

function groupsOfPlan(spec: WorkflowSpec): readonly number[] {
  const graph = compile(spec);
  const request = { id: 0, version: 1, graph, cluster: PAPER_CLUSTER } as const;
  return makePlan({ ...request, method: "faasflow-plus", storage: "faastore" }).groupOf;
}

function works(small: boolean): readonly Work[] {
  const sizes = small ? SMALL_SIZES : SIZES;
  return sizes.flatMap((tasks) => [
    ...SHAPES.flatMap((graph) =>
      ["faasflow", "faasflow-plus"].map((method) => ({ method, graph, tasks })),
    ),
    ...Object.keys(WORKFLOWS).flatMap((graph) =>
      ["faasflow-plus", "plan"].map((method) => ({ method, graph, tasks })),
    ),
  ]);
}

function main(args: readonly string[]): void {
  const [method, graph, tasks] = args.filter((arg) => !arg.startsWith("--"));
  if (method !== undefined && graph !== undefined && tasks !== undefined) {
    measure({ method, graph, tasks: Number(tasks) });
    return;
  }
  const file = fileURLToPath(import.meta.url);
  const flags = args.filter((arg) => arg === "--lines");
  for (const work of works(args.includes("--small"))) {
    const one = [...process.execArgv, file, work.method, work.graph, `${work.tasks}`, ...flags];
    const run = spawnSync(process.execPath, one, { stdio: "inherit" });
    if (run.status !== 0) process.exitCode = 1;
  }
}

main(process.argv.slice(2));
