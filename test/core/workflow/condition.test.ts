/** Conditions: what they evaluate to, above all where something has no value. */

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { evaluate, isTrue, namesIn, type Value } from "../../../core/workflow/condition.ts";
import { parseExpression } from "../../../workflows/expression.ts";

const test = suite("condition");

const VALUES: Readonly<Record<string, Value>> = {
  "check.score": 3,
  "check.name": "cat",
  "check.empty": "",
  "check.flag": true,
  "check.none": null,
};

function value(text: string): Value {
  const reading = parseExpression(text);
  if (!reading.ok) throw new Error(reading.found);
  return evaluate(reading.expression, (name) => VALUES[name]);
}

const CASES: readonly (readonly [string, Value])[] = [
  ["check.score > 2", true],
  ["check.score >= 3 && check.score <= 3", true],
  ["check.score < 3 || check.flag", true],
  ["check.score + 2 * 3", 9],
  ["(check.score + 2) * 3 % 4", 3],
  ["-check.score", -3],
  ["check.name == 'cat'", true],
  ["check.name != 'dog'", true],
  ["check.name < 'dog'", true],
  ["check.name + 's'", "cats"],
  ["!check.empty", true],
  ["check.none == null", true],
  // Texts and numbers do not compare, and do not add up.
  ["check.name > 2", false],
  ["check.score == '3'", false],
  ["check.name + 1", undefined],
  ["-check.name", undefined],
];

for (const [text, expected] of CASES) {
  test(`${text} is ${JSON.stringify(expected) ?? "no value"}`, () => {
    assert.is(value(text), expected);
  });
}

test("a name without a value compares with nothing, not even with its own kind", () => {
  for (const operator of ["==", "!=", "<", "<=", ">", ">="]) {
    assert.is(value(`other.gone ${operator} other.gone`), false);
  }
  assert.is(value("!other.gone"), true);
});

test("`&&` and `||` look at the right side only where the left does not decide", () => {
  const asked: string[] = [];
  const reading = parseExpression("a.no && b.never || c.yes || d.never");
  assert.ok(reading.ok);
  if (!reading.ok) return;
  const answer = evaluate(reading.expression, (name) => {
    asked.push(name);
    return name === "c.yes";
  });
  assert.equal([answer, asked], [true, ["a.no", "c.yes"]]);
});

test("false, 0, the empty text, null and no value do not hold; all else does", () => {
  const values: readonly Value[] = [false, 0, "", null, undefined, true, -1, "0"];
  assert.equal(values.map(isTrue), [false, false, false, false, false, true, true, true]);
});

test("names are listed once, in order of appearance", () => {
  const reading = parseExpression("b.x > 1 && !(a.y == b.x) && -c.z < 0");
  assert.ok(reading.ok && namesIn(reading.expression).join(" ") === "b.x a.y c.z");
});

test.run();
