/** What a schema found wrong with one line's record, in the words of line problems. */

import type * as Schema from "effect/Schema";
import * as SchemaIssue from "effect/SchemaIssue";
import { type LineProblem, shown } from "../core/workflow/line-problems.ts";

const describe = SchemaIssue.makeFormatterStandardSchemaV1();

/** `value`: the record as it was read. */
export function schemaProblems(
  error: Schema.SchemaError,
  value: unknown,
  at: { readonly line: number; readonly next: string },
): readonly LineProblem[] {
  return describe(error.issue).issues.map(({ path = [], message }) => {
    const steps = path.map((step) => (typeof step === "object" ? step.key : step));
    const found = valueAt(value, steps);
    return { path: steps.join("."), ...wording(message, found), ...at };
  });
}

function wording(message: string, found: unknown): { found: string; expected: string } {
  if (message === "Missing key") return { found: "nothing", expected: "a value" };
  if (/excess property/.test(message)) {
    return { found: "an unknown field", expected: "only the fields of the format" };
  }
  return { found: shown(found), expected: message.replace(/^Expected /, "") };
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at: unknown = value;
  for (const step of path) {
    if (typeof at !== "object" || at === null) return undefined;
    at = (at as Record<PropertyKey, unknown>)[step];
  }
  return at;
}
