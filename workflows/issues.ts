/**
 * What Effect Schema finds wrong with a file, as problems: one for each place.
 */

import type * as SchemaAST from "effect/SchemaAST";
import * as SchemaIssue from "effect/SchemaIssue";
import { Names, type Problem, type ProblemPath, quoted } from "../core/workflow/problem.ts";
import { readTold } from "./schema.ts";

export interface ShapeProblem extends Problem {
  /** `unknown`: a field that should not be there; `missing`: one that should; `value`: all else. */
  readonly kind: "unknown" | "missing" | "value";
}

const format = SchemaIssue.makeFormatterStandardSchemaV1();

/** `data` is what was decoded: problems show what they found in it. */
export function problemsOf(issue: SchemaIssue.Issue, data: unknown): ShapeProblem[] {
  return collect(issue, { path: [], value: data });
}

interface Place {
  readonly path: ProblemPath;
  readonly value: unknown;
}

function collect(issue: SchemaIssue.Issue, place: Place): ShapeProblem[] {
  switch (issue._tag) {
    case "Pointer":
      return collect(issue.issue, descend(place, issue.path));
    case "Composite":
      return issue.issues.flatMap((inner) => collect(inner, place));
    case "AnyOf": {
      const members = issue.issues.map((inner) => collect(inner, place));
      const [best] = members.sort((a, b) => leastDepth(b) - leastDepth(a));
      const clear =
        best !== undefined && (members.length === 1 || leastDepth(best) > place.path.length);
      return clear ? best : [wrongValue(issue, place)];
    }
    case "Filter":
      return [filterProblem(issue, place)];
    case "Encoding":
      return collect(issue.issue, place);
    case "UnexpectedKey":
      return [unknownField(issue.ast, place)];
    case "MissingKey": {
      const found = "this field is missing";
      return [{ path: place.path, found, remedy: missingRemedy(place.path), kind: "missing" }];
    }
    default:
      return [wrongValue(issue, place)];
  }
}

function descend(place: Place, path: readonly PropertyKey[]): Place {
  let { value } = place;
  for (const part of path) {
    const inside = typeof value === "object" && value !== null && Object.hasOwn(value, part);
    value = inside ? (value as Record<PropertyKey, unknown>)[part] : undefined;
  }
  const parts = path.map((part) => (typeof part === "number" ? part : String(part)));
  return { path: [...place.path, ...parts], value };
}

function leastDepth(problems: readonly ShapeProblem[]): number {
  return problems.reduce((least, { path }) => Math.min(least, path.length), Number.MAX_VALUE);
}

function filterProblem(issue: SchemaIssue.Filter, place: Place): ShapeProblem {
  const message = format(issue).issues[0]?.message ?? "";
  const told = readTold(message);
  if (told === undefined) return wrongValue(issue, place);
  const { found, remedy, offset } = told;
  const problem = { path: place.path, found, remedy, kind: "value" as const };
  return offset === undefined ? problem : { ...problem, offset };
}

function unknownField(ast: SchemaAST.AST, { path }: Place): ShapeProblem {
  const known =
    ast._tag === "Objects" ? ast.propertySignatures.map(({ name }) => String(name)) : [];
  const name = String(path.at(-1) ?? "");
  const found = `there is no field ${quoted(name)} here`;
  return { path, found, remedy: new Names("field", known).remedy(name), kind: "unknown" };
}

function missingRemedy(path: ProblemPath): string {
  if (path[0] === "faasflow") return "Write `faasflow: 1`, the version of this format.";
  return `Write \`${path.at(-1) ?? ""}: ...\`.`;
}

function wrongValue(issue: SchemaIssue.Issue, { path, value }: Place): ShapeProblem {
  const message = format(issue).issues[0]?.message ?? "";
  const words = message.replace(/^Expected /, "");
  const expected = words
    .split(" | ")
    .map((word) => WORDS.get(word) ?? word)
    .join(" or ");
  return { path, found: `${shown(value)} is here`, remedy: `Write ${expected}.`, kind: "value" };
}

const WORDS: ReadonlyMap<string, string> = new Map([
  ["string", "a text"],
  ["number", "a number"],
  ["a finite number", "a number"],
  ["boolean", "true or false"],
  ["array", "a list: `[...]`, or lines that begin with `-`"],
  ["object", "fields: `name: value`"],
]);

function shown(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a group of fields";
  return typeof value === "string" ? quoted(value) : String(value);
}
