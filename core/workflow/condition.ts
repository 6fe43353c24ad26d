/**
 * Conditions of a switch: a closed expression tree over task outputs, evaluated without eval.
 *
 * The text is parsed in `workflows/expression.ts`; the core sees the tree only. A name that has no
 * value (never written, skipped, not small enough to travel inline) is `undefined`; comparing with
 * it gives false, so a switch never fails, it goes on to the next case.
 */

export type Value = string | number | boolean | null | undefined;

export type Expression =
  | { readonly tag: "literal"; readonly value: Value }
  /** `TASK.DATUM` or `input.DATUM`. */
  | { readonly tag: "name"; readonly name: string }
  | { readonly tag: "not"; readonly operand: Expression }
  | { readonly tag: "negate"; readonly operand: Expression }
  | {
      readonly tag: "binary";
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    };

export const BINARY_OPERATORS = [
  "||",
  "&&",
  "==",
  "!=",
  "<",
  "<=",
  ">",
  ">=",
  "+",
  "-",
  "*",
  "/",
  "%",
] as const;
export type BinaryOperator = (typeof BINARY_OPERATORS)[number];

export function evaluate(expression: Expression, lookUp: (name: string) => Value): Value {
  switch (expression.tag) {
    case "literal":
      return expression.value;
    case "name":
      return lookUp(expression.name);
    case "not":
      return !isTrue(evaluate(expression.operand, lookUp));
    case "negate": {
      const value = evaluate(expression.operand, lookUp);
      return typeof value === "number" ? -value : undefined;
    }
    case "binary":
      return evaluateBinary(expression, lookUp);
    default:
      return expression satisfies never;
  }
}

/** What counts as holding: everything but false, 0, the empty string, null and no value. */
export function isTrue(value: Value): boolean {
  return value !== undefined && value !== null && value !== false && value !== 0 && value !== "";
}

/** The names an expression asks for, each once, in order of appearance. */
export function namesIn(expression: Expression): readonly string[] {
  const found = new Set<string>();
  const visit = (part: Expression): void => {
    switch (part.tag) {
      case "literal":
        return;
      case "name":
        found.add(part.name);
        return;
      case "not":
      case "negate":
        visit(part.operand);
        return;
      case "binary":
        visit(part.left);
        visit(part.right);
        return;
      default:
        part satisfies never;
    }
  };
  visit(expression);
  return [...found];
}

type Binary = Extract<Expression, { tag: "binary" }>;

function evaluateBinary(expression: Binary, lookUp: (name: string) => Value): Value {
  const left = evaluate(expression.left, lookUp);
  if (expression.operator === "&&" && !isTrue(left)) return false;
  if (expression.operator === "||" && isTrue(left)) return true;
  const right = evaluate(expression.right, lookUp);
  switch (expression.operator) {
    case "&&":
    case "||":
      return isTrue(right);
    case "==":
      return left !== undefined && left === right;
    case "!=":
      return left !== undefined && right !== undefined && left !== right;
    case "<":
    case "<=":
    case ">":
    case ">=":
      return compare(expression.operator, left, right);
    case "+":
    case "-":
    case "*":
    case "/":
    case "%":
      return calculate(expression.operator, left, right);
    default:
      return expression.operator satisfies never;
  }
}

function compare(operator: "<" | "<=" | ">" | ">=", left: Value, right: Value): boolean {
  const numbers = typeof left === "number" && typeof right === "number";
  const texts = typeof left === "string" && typeof right === "string";
  if (!numbers && !texts) return false;
  switch (operator) {
    case "<":
      return left < right;
    case "<=":
      return left <= right;
    case ">":
      return left > right;
    case ">=":
      return left >= right;
    default:
      return operator satisfies never;
  }
}

function calculate(operator: "+" | "-" | "*" | "/" | "%", left: Value, right: Value): Value {
  if (operator === "+" && typeof left === "string" && typeof right === "string") {
    return left + right;
  }
  if (typeof left !== "number" || typeof right !== "number") return undefined;
  switch (operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      return left / right;
    case "%":
      return left % right;
    default:
      return operator satisfies never;
  }
}
