/**
 * A YAML or JSON text as plain data, and where each part of it stands.
 */

import {
  type Alias,
  Document,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
  visit,
  type YAMLMap,
} from "yaml";
import { invariant } from "../core/invariant.ts";
import { type ProblemPath, quoted } from "../core/workflow/problem.ts";

/** A problem with its place in the file. */
export interface LocatedProblem {
  /** From 1; 0 for the file as a whole. */
  readonly line: number;
  /** From 1; 0 for the file as a whole. */
  readonly column: number;
  /** `tasks.merge.reads[2]`; empty for the file as a whole. */
  readonly where: string;
  readonly found: string;
  readonly remedy: string;
}

/** A text that could be read, though perhaps with problems. */
export interface Source {
  /** undefined: nothing to go on with. */
  readonly data: unknown;
  readonly problems: readonly LocatedProblem[];
  readonly locate: (path: ProblemPath, options?: LocateOptions) => Location;
}

export interface LocateOptions {
  /** Characters into the text at the path. */
  readonly offset?: number | undefined;
  /** The place of the name rather than of what it names. */
  readonly atName?: boolean;
}

export interface Location {
  readonly line: number;
  readonly column: number;
  /** As much of the path as the file has. */
  readonly path: ProblemPath;
}

/** What a file should be, as remedies say it. */
export interface Form {
  /** `a workflow`. */
  readonly one: string;
  /** How its first fields are written. */
  readonly fields: string;
}

const ANY: Form = { one: "settings", fields: "a line each, such as `name: value`" };

const JSON_BEGINS = /^\s*\{/;
/** More uses of one alias than any honest file has. */
const MAX_ALIASES = 100;
const MAX_NESTING = 150;
/** One slip can upset all that follows it. */
const MAX_YAML_PROBLEMS = 20;

/** Never throws; whatever the text is, there is data or a problem. */
export function readSource(text: string, form: Form = ANY): Source {
  if (text.includes("\u0000")) {
    return hopeless("this is a binary file", `Give a file with ${form.one}: YAML or JSON text.`);
  }
  if (text.trim() === "") {
    return hopeless("the file is empty", `Write ${form.one}: ${form.fields}.`);
  }
  if (nesting(text) > MAX_NESTING) {
    return hopeless("this nests too deeply to be read", "Nest less; ten levels are a lot.");
  }
  try {
    return readYaml(text, form);
  } catch (cause) {
    return hopeless(oneLine((cause as Error).message), "Write plain YAML or JSON.");
  }
}

function readYaml(text: string, form: Form): Source {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    logLevel: "error",
    resolveKnownTags: false,
    uniqueKeys: false, // takes quadratic time; see duplicateKeys
  });
  const isJson = JSON_BEGINS.test(text);
  const errors = [...document.errors, ...document.warnings];
  // In JSON one slip is many errors to a reader of YAML: the first is where it is.
  const told = isJson && document.errors.length > 0 ? 1 : MAX_YAML_PROBLEMS;
  const problems = errors.slice(0, told).map((error): LocatedProblem => {
    const { line, col } = place(lines, error.pos[0]);
    const at = { line, column: col, where: "" };
    if (error.code === "MULTIPLE_DOCS") {
      const remedy = `One file holds ${form.one}; take the \`---\` and what follows away.`;
      return { ...at, found: "a second document begins", remedy };
    }
    if (error.code === "TAG_RESOLVE_FAILED") {
      const remedy = "Take it away; there are texts, numbers, true, false, lists and fields.";
      return { ...at, found: `a tag that means nothing here: ${oneLine(error.message)}`, remedy };
    }
    return {
      ...at,
      found: `not ${isJson ? "JSON" : "YAML"}: ${oneLine(error.message)}`,
      remedy: yamlRemedy(isJson, error.code),
    };
  });
  if (document.errors.length > 0) return { data: undefined, problems, locate: () => START };
  if (!isMap(document.contents)) {
    const found = isSeq(document.contents) ? "a list" : `only ${quoted(text.trim())}`;
    return hopeless(
      `there is ${found} where ${form.one} should be`,
      `Write fields: ${form.fields}.`,
    );
  }
  problems.push(...duplicateKeys(document.contents, lines));
  let data: unknown;
  try {
    data = document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (cause) {
    return hopeless(
      `its aliases cannot be followed: ${oneLine((cause as Error).message)}`,
      `Use an alias at most ${MAX_ALIASES} times.`,
    );
  }
  return {
    data,
    problems,
    locate: (path, options) => locate({ document, lines, text }, path, options),
  };
}

function duplicateKeys(root: Node, lines: LineCounter): LocatedProblem[] {
  const problems: LocatedProblem[] = [];
  visit(root, {
    Map(_, map) {
      const seen = new Set<unknown>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        if (seen.has(key.value)) {
          const { line, col } = place(lines, key.range?.[0] ?? 0);
          problems.push({
            line,
            column: col,
            where: "",
            found: `the key ${quoted(`${key.value}`)} is there twice`,
            remedy: "Rename one of the two, or leave it out.",
          });
        }
        seen.add(key.value);
      }
    },
  });
  return problems;
}

const START: Location = { line: 1, column: 1, path: [] };

function hopeless(found: string, remedy: string): Source {
  const problem = { line: 0, column: 0, where: "", found, remedy };
  return { data: undefined, problems: [problem], locate: () => START };
}

function yamlRemedy(isJson: boolean, code: string): string {
  if (code === "TAB_AS_INDENT") return "Indent with spaces.";
  if (isJson) return "Check brackets, commas and quotes; if the file was cut off, get it whole.";
  return "Check the indentation, and quote texts that hold `: ` or begin with a special sign.";
}

/**
 * How deep brackets, indentation and `- - -` nest, at most. The parser recurses, and running out
 * of stack can end the whole process rather than throw, so this comes first.
 */
function nesting(text: string): number {
  let most = 0;
  let brackets = 0;
  const indents: number[] = [];
  for (const line of text.split("\n")) {
    const plain = line.replace(/"[^"]*"|'[^']*'|(^|\s)#.*$/g, "");
    const [lead] = /^[\s?:-]*/.exec(plain)!;
    if (lead.length === plain.length && !/[?:-]/.test(lead)) continue;
    while (indents.length > 0 && indents.at(-1)! >= lead.length) indents.pop();
    indents.push(lead.length);
    const marks = lead.replace(/\s/g, "").length;
    for (const mark of plain) {
      if (mark === "[" || mark === "{") brackets++;
      else if ((mark === "]" || mark === "}") && brackets > 0) brackets--;
      if (brackets + indents.length + marks > most) most = brackets + indents.length + marks;
    }
  }
  return most;
}

/**
 * Plain data as YAML, under a comment. `flow`: names of what is written in one line, if it fits;
 * `apart`: names at the top with an empty line before them.
 */
export function yamlText(
  data: unknown,
  {
    comment,
    flow,
    apart,
  }: {
    readonly comment: string;
    readonly flow: readonly string[];
    readonly apart: readonly string[];
  },
): string {
  const document = new Document(data, { aliasDuplicateObjects: false });
  document.commentBefore = comment.replace(/^/gm, " ");
  visit(document, {
    Pair(_, { key, value }, ancestors) {
      if (!isScalar(key)) return;
      const name = `${key.value}`;
      if (isCollection(value) && flow.includes(name)) value.flow = true;
      if (ancestors.length === 2 && apart.includes(name)) key.spaceBefore = true;
    },
  });
  return document.toString({ lineWidth: 100, flowCollectionPadding: false });
}

/** The text with other values in some places; all else, comments and spaces too, stays as it is. */
export function withValues(
  text: string,
  changes: readonly { readonly path: ProblemPath; readonly value: string }[],
): string {
  const document = parseDocument(text, { prettyErrors: false, logLevel: "error" });
  const places = changes.map(({ path, value }) => {
    const node: unknown = document.getIn(path, true);
    invariant(isScalar(node) && node.range != null, `${path.join(".")} is a value in the file`);
    return { from: node.range[0], to: node.range[1], value };
  });
  places.sort((one, other) => other.from - one.from);
  return places.reduce(
    (result, { from, to, value }) => result.slice(0, from) + value + result.slice(to),
    text,
  );
}

interface Parsed {
  readonly document: Document.Parsed;
  readonly lines: LineCounter;
  readonly text: string;
}

function locate(parsed: Parsed, path: ProblemPath, options?: LocateOptions): Location {
  const own = walk(parsed, path);
  const [top, , ...rest] = path;
  if (own.path.length < path.length && top === "tasks" && rest.length > 0) {
    const shared = walk(parsed, ["defaults", ...rest]);
    if (shared.path.length > 1 && shared.path.length > own.path.length - 1) {
      return { ...position(parsed, shared, options), path: shared.path };
    }
  }
  return { ...position(parsed, own, options), path: own.path };
}

interface Walked {
  readonly key: Node | undefined;
  readonly value: Node | undefined;
  readonly path: ProblemPath;
}

function walk({ document }: Parsed, path: ProblemPath): Walked {
  let value: Node | undefined = document.contents ?? undefined;
  let key: Node | undefined;
  const found: (string | number)[] = [];
  for (const [index, part] of path.entries()) {
    const node: unknown = isAlias(value) ? (value as Alias).resolve(document) : value;
    if (isSeq(node) && typeof part === "number" && part < node.items.length) {
      key = undefined;
      value = node.items[part] as Node;
    } else if (isMap(node)) {
      const pair = pairsOf(node).get(`${part}`);
      if (pair === undefined) {
        if (part === "size" && path.length > index + 1) continue; // a distribution as shorthand
        break;
      }
      key = pair.key;
      value = pair.value ?? undefined;
    } else if (isSeq(node) && part === "sequence") {
      continue; // a list that stands for a sequence
    } else break;
    found.push(part);
  }
  return { key, value, path: found };
}

const pairsByMap = new WeakMap<object, ReadonlyMap<string, Pair<Node, Node | null>>>();

/** By name, the last of those that share one: a file may have as many problems as it has tasks. */
function pairsOf(map: YAMLMap): ReadonlyMap<string, Pair<Node, Node | null>> {
  const known = pairsByMap.get(map);
  if (known !== undefined) return known;
  const pairs = new Map<string, Pair<Node, Node | null>>();
  for (const pair of map.items as Pair<Node, Node | null>[]) {
    if (isScalar(pair.key)) pairs.set(`${pair.key.value}`, pair);
  }
  pairsByMap.set(map, pairs);
  return pairs;
}

function position(
  { lines, text }: Parsed,
  { key, value }: Walked,
  options: LocateOptions | undefined,
): { line: number; column: number } {
  const byName = isCollection(value) || options?.atName === true;
  const node = (byName ? key : undefined) ?? value ?? key;
  let start = node?.range?.[0] ?? 0;
  const offset = options?.offset;
  if (offset !== undefined && isScalar(node)) start += offsetIn(node, text, offset);
  const { line, col } = place(lines, start);
  return { line, column: col };
}

/** Characters from the start of a scalar in the file to one of its value; 0 where they differ. */
function offsetIn(node: Scalar, text: string, offset: number): number {
  const value = `${node.value}`;
  const start = node.range?.[0] ?? 0;
  for (const quotes of [0, 1]) {
    if (text.startsWith(value, start + quotes)) return offset + quotes;
  }
  return 0;
}

function place(lines: LineCounter, offset: number): { line: number; col: number } {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), col: Math.max(1, col) };
}

function oneLine(text: string): string {
  const [first] = text.split("\n");
  return (first ?? "").replace(/[.:]+$/, "");
}

/** `file.yaml:12:5  tasks.merge.reads[2]: what was found. What to do.` */
export function formatProblem(file: string, problem: LocatedProblem): string {
  const where = problem.where === "" ? "" : `${problem.where}: `;
  const at = problem.line === 0 ? ":" : `:${problem.line}:${problem.column} `;
  return `${file}${at} ${where}${problem.found}. ${problem.remedy}`;
}
