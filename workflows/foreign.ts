/**
 * Workflows in somebody else's format, as workflow files of ours. There is one: WfFormat, of WfCommons.
 */

import { type Problem, pathText } from "../core/workflow/problem.ts";
import { type LocatedProblem, readSource } from "./document.ts";
import { type Assumed, type AssumedCounts, instanceFile } from "./instance-file.ts";
import { graphOf, type InstanceGraph } from "./instance-graph.ts";
import type { WorkflowFile } from "./schema.ts";
import { type Instance, isWfFormat, readInstance } from "./wfformat.ts";

export type ForeignResult =
  | ({ readonly ok: true } & Foreign)
  | { readonly ok: false; readonly problems: readonly LocatedProblem[] };

export interface Foreign {
  readonly file: WorkflowFile;
  readonly instance: Instance;
  readonly graph: InstanceGraph;
  readonly taken: AssumedCounts;
}

const NOTHING: Assumed = { runtime_s: undefined, bytes: undefined };

/** undefined: the text is no foreign workflow. Never throws. Cost: linear in the text. */
export function readForeign(text: string, assumed: Assumed = NOTHING): ForeignResult | undefined {
  const data = jsonIn(text);
  if (!isWfFormat(data)) return undefined;
  const reading = readInstance(data);
  if (!reading.ok) return { ok: false, problems: located(text, reading.problems) };
  const { instance } = reading;
  const problems: Problem[] = [...reading.problems];
  if (instance.tasks.length === 0) problems.push(NO_TASK);
  const graph = graphOf(instance, problems);
  const { file, taken } = instanceFile(instance, { graph, assumed }, problems);
  if (problems.length > 0) return { ok: false, problems: located(text, problems) };
  return { ok: true, file, instance, graph, taken };
}

const NO_TASK: Problem = {
  path: ["workflow"],
  found: "there is no task",
  remedy: "Give a recording of a workflow that has one.",
};

/** What JSON says; undefined for any other text. Ten times as fast as a YAML reader would be. */
function jsonIn(text: string): unknown {
  if (!/^\s*\{/.test(text)) return undefined;
  try {
    return JSON.parse(text.trim()); // a byte order mark is a space, but not to JSON
  } catch {
    return undefined; // the YAML reader says what is wrong with it
  }
}

/** Beyond it, finding lines would take longer than all else. */
const MAX_LOCATED = 8 * 1024 * 1024;
/** More of them help nobody. */
const MAX_PROBLEMS = 100;

function located(text: string, problems: readonly Problem[]): readonly LocatedProblem[] {
  const { locate } = text.length > MAX_LOCATED ? {} : readSource(text);
  const shown = problems.slice(0, MAX_PROBLEMS).map(({ path, found, remedy }): LocatedProblem => {
    const { line, column } = locate?.(path) ?? { line: 0, column: 0 };
    return { line, column, where: pathText(path), found, remedy };
  });
  shown.sort((a, b) => a.line - b.line || a.column - b.column);
  const more = problems.length - shown.length;
  if (more === 0) return shown;
  const found = `there are ${more} more problems`;
  return [...shown, { line: 0, column: 0, where: "", found, remedy: "Mend these first." }];
}
