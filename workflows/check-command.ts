/** `faasflow check`: is the workflow file right? Everything that is not, at once. */

import * as Console from "effect/Console";
import * as Argument from "effect/cli/Argument";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import * as Result from "effect/Result";
import { compile } from "../core/workflow/compile.ts";
import { workflowJsonSchema } from "./json-schema.ts";
import { resolveWorkflow } from "./load.ts";
import { UsageErrors } from "./usage-errors.ts";

export const checkCommand = Command.make(
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
      const result = yield* Effect.result(resolveWorkflow(file));
      if (Result.isFailure(result)) {
        problems.push(result.failure.message);
        continue;
      }
      const graph = compile(result.success);
      const { taskCount, edges, data } = graph;
      const sizes = `${taskCount} tasks, ${edges.length} edges, ${data.length} data`;
      yield* Console.log(`${file}: workflow ${graph.name} is fine: ${sizes}`);
    }
    if (problems.length > 0) yield* new UsageErrors({ problems });
  }),
).pipe(
  Command.withDescription("Check workflow files"),
  Command.withExamples([{ command: "faasflow check my-workflow.yaml", description: "one file" }]),
);
