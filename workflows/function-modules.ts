/**
 * Function bodies as a workflow names them: those that come with the project, and modules beside
 * the workflow file.
 */

import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { type Problem, quoted } from "../core/workflow/problem.ts";
import type { RunSpec, WorkflowSpec } from "../core/workflow/spec.ts";

export const BUILTIN = "builtin:";
/** 64 bits. */
const DIGEST_CHARACTERS = 16;

/**
 * What `run: builtin:NAME` knows: each file in a folder of `functions/`, which are entries of the
 * bundle too. What functions share lies beside the folders.
 */
export const BUILTINS: readonly string[] = [
  "fileprocessing/conversion",
  "fileprocessing/sentiment",
  "fileprocessing/start",
  "fileprocessing/upload",
  "illegal-recognizer/adult",
  "illegal-recognizer/extract",
  "illegal-recognizer/mosaic",
  "illegal-recognizer/translate",
  "illegal-recognizer/upload",
  "illegal-recognizer/violence",
  "illegal-recognizer/word-censor",
  "video/merge",
  "video/simple-process",
  "video/split",
  "video/transcode",
  "video/upload",
  "wordcount/count",
  "wordcount/merge",
  "wordcount/start",
];

/** Programs that functions which come with the project start, by folder. */
const PROGRAMS: ReadonlyMap<string, string> = new Map([["video", "ffmpeg"]]);

/** What has to be installed on each worker to run the workflow, each once, and for which tasks. */
export function programsOf({ tasks }: WorkflowSpec): ReadonlyMap<string, readonly string[]> {
  const users = new Map<string, string[]>();
  for (const { name, run } of tasks) {
    const program = programOf(run);
    if (program === undefined) continue;
    users.set(program, [...(users.get(program) ?? []), name]);
  }
  return users;
}

/** None for one with a path: where that leads, a worker knows. */
function programOf(run: RunSpec): string | undefined {
  if (run.tag === "module" && run.module.startsWith(BUILTIN)) {
    return PROGRAMS.get(run.module.slice(BUILTIN.length).replace(/\/.*/, ""));
  }
  if (run.tag === "command" && !/[/\\]/.test(run.command[0]!)) return run.command[0];
  return undefined;
}

/** Modules that are named but not there. `folder`: of the workflow's file. */
export function missingModules(folder: string, { tasks }: WorkflowSpec): readonly Problem[] {
  return tasks.flatMap(({ name, run }) => {
    if (run.tag !== "module" || run.module.startsWith(BUILTIN)) return [];
    const path = resolve(folder, run.module);
    if (existsSync(path)) return [];
    const remedy = "Write the path from the workflow file, or write the function.";
    const found = `the module ${quoted(run.module)} is not there: no file is at ${path}`;
    return [{ path: ["tasks", name, "run"], found, remedy }];
  });
}

/**
 * The spec with its modules as absolute paths, which is what a container can load, and with digests of
 * those that are there, so that what was edited is a new version. What they import is not looked at.
 */
export function withModulesIn(folder: string, spec: WorkflowSpec): WorkflowSpec {
  const tasks = spec.tasks.map((task) => {
    const { run } = task;
    if (run.tag !== "module" || run.module.startsWith(BUILTIN)) return task;
    const module = resolve(folder, run.module);
    return { ...task, run: { tag: run.tag, module, ...digestOf(module) } };
  });
  return { ...spec, tasks };
}

/** None where the module is not: the workers may have it all the same. */
function digestOf(module: string): { readonly digest?: string } {
  try {
    const hash = createHash("sha256").update(readFileSync(module)).digest("hex");
    return { digest: hash.slice(0, DIGEST_CHARACTERS) };
  } catch {
    return {};
  }
}
