/** What the checker says of a text, for tests. */

import * as assert from "uvu/assert";
import { formatProblem } from "../../workflows/document.ts";
import { parseWorkflow } from "../../workflows/load.ts";

export function problems(text: string): readonly string[] {
  const result = parseWorkflow(text);
  if (result.ok) return [];
  return result.problems.map((problem) => formatProblem("f", problem).slice(2));
}

/** The problems of a file with these lines behind `faasflow: 1` and `name: x`. */
export function of(...lines: readonly string[]): readonly string[] {
  return problems(["faasflow: 1", "name: x", ...lines].join("\n"));
}

export function same(actual: readonly string[], expected: readonly (string | RegExp)[]): void {
  assert.is(actual.length, expected.length, actual.join("\n"));
  for (const [index, line] of expected.entries()) {
    if (typeof line === "string") assert.is(actual[index]!.slice(0, line.length), line);
    else assert.match(actual[index]!, line);
  }
}
