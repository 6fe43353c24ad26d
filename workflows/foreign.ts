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
  const json = jsonIn(text);
  if (json === undefined) return undefined;
  if ("fault" in json) {
    return RECORDING.test(text) && !OURS.test(text) ? notJson(text, json.fault) : undefined;
  }
  const { data } = json;
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

/** What JSON says; undefined for what begins otherwise. Ten times as fast as a YAML reader would be. */
function jsonIn(text: string): { readonly data: unknown } | { readonly fault: string } | undefined {
  if (!/^\s*\{/.test(text)) return undefined;
  try {
    return { data: JSON.parse(text.trim()) }; // a byte order mark is a space, but not to JSON
  } catch (cause) {
    return { fault: (cause as Error).message.split("\n")[0]! };
  }
}

const RECORDING = /"(?:schemaVersion|workflow)"\s*:/;
const OURS = /(?:^\s*\{|,)\s*"?faasflow"?\s*:/;

/** Also where a reader of YAML, which knows more words than JSON, would find nothing wrong. */
function notJson(text: string, fault: string): ForeignResult {
  const at = wrongWordAt(text);
  if (at !== undefined) {
    const before = text.slice(0, at).split("\n");
    const [word] = /^[^\s,:{}[\]]+|^./.exec(text.slice(at, at + 40))!;
    const found = `not JSON: ${word} is here`;
    const place = { line: before.length, column: before.at(-1)!.length + 1, where: "" };
    const remedy =
      word === ","
        ? "Take the comma away, nothing follows it."
        : "JSON has texts in double quotes, numbers, true, false and null: write null for what is not known.";
    return { ok: false, problems: [{ ...place, found, remedy }] };
  }
  const source = text.length > MAX_LOCATED ? undefined : readSource(text);
  if (source?.data === undefined && source !== undefined) {
    return { ok: false, problems: source.problems };
  }
  const remedy = "Check brackets, commas and quotes; if the file was cut off, get it whole.";
  const problem = { line: 0, column: 0, where: "", found: `not JSON: ${fault}`, remedy };
  return { ok: false, problems: [problem] };
}

/** Texts apart. Bounded: of a run of millions the engine of the expression would run out of stack. */
const JSON_PART =
  /[\s{}[\]:]{1,999}|,(?!\s{0,999}[}\]])|-?\d{1,99}(?:\.\d{1,99})?(?:[eE][+-]?\d{1,9})?(?![\w.])|(?:true|false|null)\b/y;

/** Where the first is that is no part of JSON; undefined: its parts are, or a quote never ends. */
function wrongWordAt(text: string): number | undefined {
  let at = 0;
  while (at < text.length) {
    if (text[at] === '"') {
      const end = endOfText(text, at);
      if (end === -1) return undefined;
      at = end + 1;
      continue;
    }
    JSON_PART.lastIndex = at;
    if (!JSON_PART.test(text)) return at;
    at = JSON_PART.lastIndex;
  }
  return undefined;
}

/** Where the quote is that ends what another one begins; -1: nowhere. */
function endOfText(text: string, begin: number): number {
  for (let end = text.indexOf('"', begin + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text[end - 1 - slashes] === "\\") slashes++;
    if (slashes % 2 === 0) return end;
  }
  return -1;
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
