/** Conditions as text. */

import { test } from "uvu";
import * as assert from "uvu/assert";
import { evaluate, type Value } from "../../core/workflow/condition.ts";
import { parseExpression } from "../../workflows/expression.ts";

const VALUES = new Map<string, Value>([
  ["a.x", 4],
  ["a.text", "yes"],
  ["input.flag", true],
]);

function result(text: string): Value {
  const reading = parseExpression(text);
  if (!reading.ok) throw new Error(reading.found);
  return evaluate(reading.expression, (name) => VALUES.get(name));
}

function refusal(text: string): string {
  const reading = parseExpression(text);
  return reading.ok ? "allowed" : reading.found;
}

test("operators bind as in JavaScript", () => {
  assert.is(result("1 + 2 * 3 == 7 && !(a.x < 4)"), true);
  assert.is(result("a.x % 3 - -1 == 2 || false"), true);
  assert.is(result('a.text == "yes" && input.flag'), true);
  assert.is(result("a.nothing == null"), false);
});

test("each construct outside of the closed set is refused by name", () => {
  const refused: readonly (readonly [string, string])[] = [
    ["f(a.x)", 'a call of "f" is not allowed (character 1)'],
    ["a.x > 1 && a.f(3)", 'a call of "f" is not allowed (character 14)'],
    ["(a.x)(3)", "a call is not allowed (character 6)"],
    ["a.x[0] == 1", "indexing and lists are not allowed (character 4)"],
    ["[1, 2]", "indexing and lists are not allowed (character 1)"],
    ["a.x = 3", "assignment is not allowed; to compare, write == (character 5)"],
    ["a.x += 3", "assignment is not allowed; to compare, write == (character 6)"],
    ["a.x === 3", "write == instead of === (character 5)"],
    ["this.x", "`this` is not allowed (character 1)"],
    ["a.x ? 1 : 2", "? : is not allowed; write one case for each (character 5)"],
    ["a.x ?? 2", '"??" is not allowed (character 5)'],
    ["a.x?.y", '"?." is not allowed (character 4)'],
    ["`a`", "templates are not allowed (character 1)"],
    ["a.x; a.x", '";" is not allowed (character 4)'],
    ["a.x, a.x", '"," is not allowed (character 4)'],
    ["a.x & 1", '"&" is not allowed (character 5)'],
    ["a.x ** 2", '"**" is not allowed (character 5)'],
    ["~a.x", '"~" is not allowed (character 1)'],
    ["x > 1", '"x" is no name of a datum, which is TASK.DATUM (character 1)'],
    ["a.b.c", "a name has two parts, TASK.DATUM (character 1)"],
    ["", "the condition is empty (character 1)"],
    ["   ", "the condition is empty (character 1)"],
  ];
  for (const [text, found] of refused) assert.is(refusal(text), found, text);
});

test("broken texts are refused", () => {
  for (const text of [
    "a.x >",
    "(a.x",
    "a.x)",
    '"open',
    "a.x a.y",
    "a.",
    ".x",
    "1 +",
    "&& 1",
    "1..2",
  ]) {
    assert.is.not(refusal(text), "allowed", text);
  }
});

test("what is in a text is not looked at", () => {
  assert.is(result('"f(x)[0] = `this`" == "f(x)[0] = `this`"'), true);
});

test("nesting beyond any use is refused, not a crash", () => {
  assert.match(refusal(`${"(".repeat(5000)}1${")".repeat(5000)}`), "at most 2000");
  assert.match(refusal(`${"(".repeat(500)}1${")".repeat(500)}`), "levels deep");
  assert.match(refusal(`${"!".repeat(1500)}a.x`), "levels deep");
});

test.run();
