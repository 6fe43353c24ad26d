/**
 * Function bodies as a workflow names them: those that come with the project, and modules beside
 * the workflow file.
 */

import { resolve } from "node:path";
import type { WorkflowSpec } from "../core/workflow/spec.ts";

export const BUILTIN = "builtin:";

/** What `run: builtin:NAME` knows: each is `functions/NAME.ts`, and an entry of the bundle. */
export const BUILTINS: readonly string[] = [
  "wordcount/start",
  "wordcount/count",
  "wordcount/merge",
];

/** The spec with its modules as absolute paths, which is what a container can load. */
export function withModulesIn(folder: string, spec: WorkflowSpec): WorkflowSpec {
  const tasks = spec.tasks.map((task) => {
    const { run } = task;
    if (run.tag !== "module" || run.module.startsWith(BUILTIN)) return task;
    return { ...task, run: { ...run, module: resolve(folder, run.module) } };
  });
  return { ...spec, tasks };
}
