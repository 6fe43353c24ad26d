/** What an invocation brings with it, given or by the workflow's own values. */

import { test } from "uvu";
import * as assert from "uvu/assert";
import { compile } from "../../core/workflow/compile.ts";
import { childItem, ROOT_ITEM } from "../../core/workflow/item.ts";
import type { WorkflowSpec } from "../../core/workflow/spec.ts";
import { readInputs, readInputsFor } from "../../live/input-flags.ts";
import {
  inputFacts,
  inputParts,
  inputProblems,
  withDefaults,
} from "../../live/invocation-inputs.ts";
import { parseWorkflow } from "../../workflows/load.ts";

const SPEC = spec(`
faasflow: 1
name: fed
inputs:
  mode: { size: 8, value: fast }
  note: { size: 100, value: { by: [me, null] } }
  pages: { size: 100, items: 2, value: [a, b] }
  must: 8
  gone: { size: 8, stored: false }
tasks:
  read: { reads: [input.mode, input.note, input.must, input.gone], writes: { out: 8 } }
  page: { reads: [input.pages, read.out] }
steps:
  - read
  - switch: { cases: [{ when: input.mode == "fast", steps: [] }] }
  - foreach: { over: input.pages, steps: [page] }
`);

function spec(text: string): WorkflowSpec {
  const parsed = parseWorkflow(text);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return parsed.spec;
}

test("an input that is not given has the workflow's value, one that is given its own", () => {
  assert.equal(withDefaults(SPEC, { must: 1, mode: null }), {
    mode: null,
    note: { by: ["me", null] },
    pages: ["a", "b"],
    must: 1,
  });
});

test("what is missing, unknown or no list is told at once", () => {
  const inputs = withDefaults(SPEC, { gone: 1, page: 2, pages: "a" });
  assert.equal(inputProblems(SPEC, inputs), [
    'input "pages" is a list. Give it an array, one entry an item.',
    'input "must" is missing. Give it a value.',
    '"gone" is no input of fed. Inputs: mode, note, pages, must.',
    '"page" is no input of fed. Inputs: mode, note, pages, must.',
  ]);
});

test("an input is one part of JSON; a list is a part an item", () => {
  const parts = inputParts(SPEC, withDefaults(SPEC, { must: "x" }));
  assert.equal(
    parts.map(({ datum, item, text }) => [datum, item, text]),
    [
      ["input.mode", ROOT_ITEM, '"fast"'],
      ["input.note", ROOT_ITEM, '{"by":["me",null]}'],
      ["input.pages", childItem(ROOT_ITEM, 0), '"a"'],
      ["input.pages", childItem(ROOT_ITEM, 1), '"b"'],
      ["input.must", ROOT_ITEM, '"x"'],
    ],
  );
});

const SYNTHETIC = spec(`
faasflow: 1
name: filled
inputs: { page: 8, tiny: 1, none: 0, given: { size: 8, value: x }, huge: 300 MiB, real: 8 }
tasks:
  read: { reads: [input.page, input.tiny, input.none, input.given, input.huge] }
  count: { run: [wc], reads: [input.real] }
`);

test("an input that only synthetic tasks read is filler of its size, if that can be", () => {
  const given = withDefaults(SYNTHETIC, { real: 1, huge: "small" });
  assert.equal(inputProblems(SYNTHETIC, given), []);
  assert.equal(
    inputParts(SYNTHETIC, given).map(({ datum, text }) => [datum, text]),
    [
      ["input.page", '"xxxxxx"'],
      ["input.tiny", "0"],
      ["input.none", ""],
      ["input.given", '"x"'],
      ["input.huge", '"small"'],
      ["input.real", "1"],
    ],
  );
  const [large, missing, ...more] = inputProblems(SYNTHETIC, withDefaults(SYNTHETIC, {}));
  assert.match(large!, "inputs without a value have 314572809 B. At most 268435456 B are made up");
  assert.is(missing, 'input "real" is missing. Give it a value.');
  assert.equal(more, []);
});

test("facts are the values that conditions name, and how long lists are", () => {
  const graph = compile(SPEC);
  const facts = inputFacts(graph, withDefaults(SPEC, { must: "x", pages: [1, 2, 3] }));
  const told = facts.map((fact) => ("datum" in fact ? [graph.data[fact.datum]!.name, fact] : fact));
  assert.equal(told, [
    ["input.mode", { tag: "value", datum: 0, item: ROOT_ITEM, value: "fast" }],
    ["input.pages", { tag: "count", datum: 2, item: ROOT_ITEM, count: 3 }],
  ]);
});

test("--input takes JSON, or else a text", () => {
  const { inputs, problems } = readInputs(["a=1", "b=true", 'c=["x"]', "d=a=b", "e=", 'f="1"']);
  assert.equal(problems, []);
  assert.equal(inputs, { a: 1, b: true, c: ["x"], d: "a=b", e: "", f: "1" });
});

test("--input that is no NAME=VALUE, given twice or no input is told", () => {
  assert.equal(readInputs(["a", "=1", "b=1", "b=2"]).problems, [
    '--input: "a" is not NAME=VALUE, such as split=true.',
    '--input: "=1" is not NAME=VALUE, such as split=true.',
    '--input: "b" is given twice. Give it once.',
  ]);
  assert.equal(readInputsFor(SPEC, ["x=1"]).problems, [
    '--input: input "must" is missing. Give it a value.',
    '--input: "x" is no input of fed. Inputs: mode, note, pages, must.',
  ]);
});

test.run();
