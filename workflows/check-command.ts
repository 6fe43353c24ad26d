/** `faasflow check`: is the workflow file right? Everything that is not, at once. */

import * as Console from "effect/Console";
import * as Argument from "effect/cli/Argument";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import * as Result from "effect/Result";
import { counted } from "../analysis/count-text.ts";
import { compile } from "../core/workflow/compile.ts";
import { type Graph, OUTSIDE } from "../core/workflow/graph.ts";
import { command } from "./command.ts";
import { workflowJsonSchema } from "./json-schema.ts";
import { resolveWorkflow } from "./load.ts";
import { UsageErrors } from "./usage-errors.ts";

export const checkCommand = command(
  "check",
  {
    files: Argument.String("file").pipe(
      Argument.withDescription("workflow files, or names of benchmarks"),
      Argument.variadic(),
    ),
    schema: Flag.Boolean("schema").pipe(
      Flag.withDefault(false),
      Flag.withDescription("print the JSON Schema of workflow files, for editors"),
    ),
  },
  Effect.fn("check")(function* ({ files, schema }) {
    if (schema) yield* Console.log(JSON.stringify(workflowJsonSchema(), null, 2));
    if (files.length === 0 && !schema) {
      const problem = "no file is named. Name one or more: faasflow check my-workflow.yaml";
      return yield* new UsageErrors({ problems: [problem] });
    }
    const problems: string[] = [];
    for (const file of files) {
      const result = yield* Effect.result(resolveWorkflow(file, { functions: true }));
      if (Result.isFailure(result)) {
        problems.push(result.failure.message);
        continue;
      }
      const graph = compile(result.success);
      const { taskCount, data } = graph;
      const [tasks, edges] = [counted(taskCount, "task"), counted(taskEdges(graph), "edge")];
      const sizes = `${tasks}, ${edges}, ${data.length} data`;
      yield* Console.log(`${file}: workflow ${graph.name} is fine: ${sizes}`);
    }
    if (problems.length > 0) yield* new UsageErrors({ problems });
  }),
).pipe(
  Command.withDescription("Check workflow files"),
  Command.withExamples([{ command: "faasflow check my-workflow.yaml", description: "one file" }]),
);

/** Pairs of tasks of which one waits for the other, be it through steps that run nothing. */
function taskEdges({ vertices, edges, order }: Graph): number {
  /** By vertex: the tasks that one waits for who waits for it. */
  const sources = vertices.map((vertex, id) => new Set(vertex.kind === "task" ? [id] : []));
  let count = 0;
  for (const id of order) {
    const before = new Set<number>();
    for (const edge of vertices[id]!.inEdges) {
      const { from, kind } = edges[edge]!;
      if (from === OUTSIDE || kind === "width") continue;
      for (const task of sources[from]!) before.add(task);
    }
    if (vertices[id]!.kind === "task") count += before.size;
    else sources[id] = before;
  }
  return count;
}
