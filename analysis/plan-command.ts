/** `faasflow plan`: groups, placement, storage tags and critical path, as text, DOT and SVG. */

import * as Console from "effect/Console";
import * as Argument from "effect/cli/Argument";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Result from "effect/Result";
import { PAPER_CLUSTER } from "../core/plan/contract.ts";
import { makePlan } from "../core/plan/planner.ts";
import { compile } from "../core/workflow/compile.ts";
import { quoted } from "../core/workflow/problem.ts";
import { MAX_WORKERS } from "../sim/simulate-flags.ts";
import { command } from "../workflows/command.ts";
import { resolveWorkflow } from "../workflows/load.ts";
import { pathsAmong, targetProblems, writeNamed } from "../workflows/named-files.ts";
import { UsageErrors } from "../workflows/usage-errors.ts";
import { planDot } from "./plan-dot.ts";
import { planSvg } from "./plan-svg.ts";
import { planText } from "./plan-text.ts";

const file = (name: string, description: string): Flag.Flag<Option.Option<string>> =>
  Flag.String(name).pipe(
    Flag.optional,
    Flag.withMetavar("FILE"),
    Flag.withDescription(description),
  );

const METHODS = ["faasflow-plus", "faasflow", "raw"] as const;

export const planCommand = command(
  "plan",
  {
    workflow: Argument.String("workflow").pipe(
      Argument.withDescription("a benchmark, genome:500, or a file (YAML, or WfFormat)"),
    ),
    partition: Flag.String("partition").pipe(
      Flag.withDefault("faasflow-plus"),
      Flag.withDescription("faasflow-plus (default), faasflow (the paper's Algorithm 1) or raw"),
    ),
    workers: Flag.String("workers").pipe(
      Flag.withDefault("7"),
      Flag.withDescription("number of workers; default 7"),
    ),
    dot: file("dot", "write a drawing for Graphviz"),
    svg: file("svg", "write a drawing"),
  },
  Effect.fn("plan")(function* ({ workflow, partition, workers, dot, svg }) {
    const problems: string[] = [];
    const spec = yield* Effect.result(resolveWorkflow(workflow));
    if (Result.isFailure(spec)) problems.push(spec.failure.message);
    const method = METHODS.find((each) => each === partition);
    if (method === undefined) {
      problems.push(`--partition: ${quoted(partition)}. Choose one of ${METHODS.join(", ")}.`);
    }
    if (!/^[1-9]\d*$/.test(workers) || Number(workers) > MAX_WORKERS) {
      const remedy = `Give a whole number from 1 to ${MAX_WORKERS}.`;
      problems.push(`--workers: ${quoted(workers)}. ${remedy}`);
    }
    problems.push(...targetProblems({ dot, svg }, pathsAmong([workflow])));
    if (Result.isFailure(spec) || method === undefined || problems.length > 0) {
      return yield* new UsageErrors({ problems });
    }
    const cluster = { ...PAPER_CLUSTER, workers: Number(workers) };
    const graph = compile(spec.success);
    const plan = makePlan({ id: 0, version: 1, graph, method, storage: "faastore", cluster });
    yield* Console.log(planText(plan));
    if (Option.isSome(dot)) yield* writeNamed("dot", dot.value, planDot(plan));
    if (Option.isSome(svg)) {
      yield* writeNamed("svg", svg.value, yield* Effect.promise(() => planSvg(plan)));
    }
  }),
).pipe(
  Command.withDescription("Show how a workflow is divided among workers"),
  Command.withExamples([
    { command: "faasflow plan genome --svg genome.svg", description: "text, and a drawing" },
    {
      command: "faasflow plan genome --partition faasflow",
      description: "the paper's Algorithm 1",
    },
  ]),
);
