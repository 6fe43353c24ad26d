/**
 * Conditions as text: `adult.illegal_flag || word_censor.count > 3`. Parsed, never evaluated, here.
 *
 * Allowed: names of data (`TASK.DATUM`, `input.DATUM`), numbers, "texts", true, false, null,
 * parentheses and the operators of `core/workflow/condition.ts`. Everything else that JavaScript
 * has is refused by name.
 */

import jsep from "jsep";
import {
  BINARY_OPERATORS,
  type BinaryOperator,
  type Expression,
} from "../core/workflow/condition.ts";
import { quoted } from "../core/workflow/problem.ts";

export type ExpressionReading =
  | { readonly ok: true; readonly expression: Expression }
  | {
      readonly ok: false;
      readonly found: string;
      readonly remedy: string;
      /** Characters into the text, from 0. */
      readonly offset: number;
    };

/** Deepest nesting of operators and parentheses: far beyond what anybody writes. */
const MAX_NESTING = 100;
const MAX_LENGTH = 2_000;

const ALLOWED =
  `A condition has names (\`task.datum\`, \`input.datum\`), numbers, "texts", true, false, null, ` +
  `parentheses and ${BINARY_OPERATORS.join(" ")} !.`;

export function parseExpression(text: string): ExpressionReading {
  if (text.trim() === "") return wrong("the condition is empty", 0);
  if (text.length > MAX_LENGTH) {
    return wrong(`the condition has ${text.length} characters, at most ${MAX_LENGTH} may be`, 0);
  }
  const deep = firstTooDeep(text);
  if (deep >= 0) return wrong(`more than ${MAX_NESTING} levels deep`, deep);
  const foreign = firstForeign(text);
  if (foreign !== undefined) return wrong(foreign.found, foreign.offset);
  try {
    const refused: { found?: string } = {};
    const expression = convert(jsep(text) as unknown as Node, refused);
    if (refused.found === undefined) return { ok: true, expression };
    return wrong(refused.found, 0);
  } catch (cause) {
    const { index, description } = cause as { index?: number; description?: string };
    return wrong(`${lower(description ?? "no condition")}`, index ?? 0);
  }
}

function wrong(found: string, offset: number): ExpressionReading {
  return { ok: false, found: `${found} (character ${offset + 1})`, remedy: ALLOWED, offset };
}

/** What of the parser's tree is looked at. */
interface Node {
  readonly type: string;
  readonly name?: string;
  readonly value?: unknown;
  readonly operator?: string;
  readonly argument?: Node;
  readonly left?: Node;
  readonly right?: Node;
  readonly object?: Node;
  readonly property?: Node;
  readonly computed?: boolean;
}

/** Converts what is allowed; the first thing that is not is noted in `refused`. */
function convert(node: Node, refused: { found?: string }): Expression {
  const refuse = (found: string): Expression => {
    refused.found ??= found;
    return { tag: "literal", value: undefined };
  };
  switch (node.type) {
    case "Literal": {
      const { value } = node;
      const plain = value === null || ["string", "number", "boolean"].includes(typeof value);
      return plain
        ? { tag: "literal", value: value as string | number | boolean | null }
        : refuse("a literal of an unknown kind");
    }
    case "MemberExpression": {
      const { object, property } = node;
      if (node.computed || object?.type !== "Identifier" || property?.type !== "Identifier") {
        return refuse("a name has two parts, TASK.DATUM");
      }
      return { tag: "name", name: `${object.name}.${property.name}` };
    }
    case "Identifier":
      return refuse(`${quoted(node.name ?? "")} is no name of a datum, which is TASK.DATUM`);
    case "UnaryExpression": {
      if (node.operator !== "!" && node.operator !== "-") {
        return refuse(`${quoted(node.operator ?? "")} is not allowed`);
      }
      const operand = convert(node.argument!, refused);
      return { tag: node.operator === "!" ? "not" : "negate", operand };
    }
    case "BinaryExpression": {
      const { operator } = node;
      if (!isBinary(operator)) return refuse(`${quoted(operator ?? "")} is not allowed`);
      const left = convert(node.left!, refused);
      return { tag: "binary", operator, left, right: convert(node.right!, refused) };
    }
    case "ThisExpression":
      return refuse("`this` is not allowed");
    case "Compound":
    case "SequenceExpression":
      return refuse("more than one expression");
    default:
      return refuse(`${node.type} is not allowed`);
  }
}

function isBinary(operator: string | undefined): operator is BinaryOperator {
  return (BINARY_OPERATORS as readonly string[]).includes(operator ?? "");
}

const TOKEN = new RegExp(
  [
    /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/, // texts
    /[A-Za-z_$][\w$]*|\d[\w.]*/, // names and numbers
    /=>|\?\.|[!=]==|[=!<>]=|&&|\|\||<<|>>|\*\*|\?\?/, // signs of more than one character
    /\s+|./,
  ]
    .map(({ source }) => source)
    .join("|"),
  "gsu",
);

/**
 * The first token that no condition may have, with its position: the parser's tree has none.
 * Also names that are not of the form TASK.DATUM.
 */
function firstForeign(text: string): { found: string; offset: number } | undefined {
  const tokens = [...text.matchAll(TOKEN)].filter(([token]) => token.trim() !== "");
  for (const [index, match] of tokens.entries()) {
    const [token] = match;
    const offset = match.index;
    const before = tokens[index - 1]?.[0] ?? "";
    const after = tokens[index + 1]?.[0] ?? "";
    const found = foreign(token, before, after);
    if (found !== undefined) return { found, offset };
  }
  return undefined;
}

const WORD = /^[A-Za-z_$]/;
const CONSTANTS = new Set(["true", "false", "null"]);
const MARKS = new Set<string>([...BINARY_OPERATORS, "!", "(", ")", "."]);

function foreign(token: string, before: string, after: string): string | undefined {
  if (WORD.test(token)) {
    if (token === "this") return "`this` is not allowed";
    if (after === "(") return `a call of ${quoted(token)} is not allowed`;
    const isPart = before === "." || after === ".";
    if (!isPart && !CONSTANTS.has(token)) {
      return `${quoted(token)} is no name of a datum, which is TASK.DATUM`;
    }
    return undefined;
  }
  if (/^["'\d]/.test(token) && token.length > (/^\d/.test(token) ? 0 : 1)) return undefined;
  if (token === "(" && before === ")") return "a call is not allowed";
  if (token === "[") return "indexing and lists are not allowed";
  if (token === "=") return "assignment is not allowed; to compare, write ==";
  if (token === "===" || token === "!==") return `write ${token.slice(0, 2)} instead of ${token}`;
  if (token === "?") return "? : is not allowed; write one case for each";
  if (token === "`") return "templates are not allowed";
  if (token === "+" && isOperand(before) === false) return "a + needs something on its left";
  return MARKS.has(token) ? undefined : `${quoted(token)} is not allowed`;
}

/** Whether a token ends an operand, so that what follows is a binary operator. */
function isOperand(token: string): boolean {
  return token === ")" || /^["'\w$]/.test(token);
}

/** Where parentheses and signs nest too deep; -1 if they do not. */
function firstTooDeep(text: string): number {
  let depth = 0;
  let signs = 0;
  for (let index = 0; index < text.length; index++) {
    const mark = text[index]!;
    if (mark === "(") depth++;
    if (mark === ")") depth--;
    signs = mark === "!" || mark === "-" ? signs + 1 : mark.trim() === "" ? signs : 0;
    if (depth + signs > MAX_NESTING) return index;
  }
  return -1;
}

function lower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
