/** Whatever the text, there is a spec or a list of problems, never a crash. */

import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { parseExpression } from "../../workflows/expression.ts";
import { parseWorkflow } from "../../workflows/load.ts";

function answers(text: string): boolean {
  const result = parseWorkflow(text);
  return result.ok ? result.spec.tasks.length > 0 : result.problems.length > 0;
}

test("any text", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 300 }), answers), { numRuns: 200 });
});

test("any text of YAML's signs", () => {
  const sign = fc.constantFrom(..."abc:-[]{}&*!|>'\"#%@`,?\n\t 01~.<=".split(""));
  fc.assert(fc.property(fc.string({ unit: sign, maxLength: 80 }), answers), { numRuns: 500 });
});

test("any JSON", () => {
  fc.assert(
    fc.property(fc.json(), (text) => answers(text)),
    { numRuns: 500 },
  );
});

const word = fc.constantFrom("a", "b", "c", "input", "a.x", "b.x", "c.y", "1 s", "-4", "5 MB", "");
const leaf = fc.oneof(word, fc.integer(), fc.boolean(), fc.constant(null), fc.double());
const key = fc.constantFrom(
  ..."compute sleep cores reads writes after container retries timeout size items count sizes content stored uniform empirical lognormal exponential memory used sequence parallel switch foreach over steps cases when probability otherwise name a b c x y".split(
    " ",
  ),
);
const { node } = fc.letrec((tie) => ({
  node: fc.oneof(
    { maxDepth: 5 },
    leaf,
    fc.array(tie("node"), { maxLength: 3 }),
    fc.dictionary(key, tie("node"), { maxKeys: 4 }),
  ),
}));

test("any file of the format's own fields", () => {
  const file = fc.record(
    {
      faasflow: fc.constant(1),
      name: fc.constant("any"),
      tasks: fc.oneof(fc.dictionary(fc.constantFrom("a", "b", "c"), node), node),
      steps: fc.oneof(fc.array(node), node),
      inputs: node,
      defaults: node,
    },
    { requiredKeys: ["faasflow", "name", "tasks"] },
  );
  fc.assert(
    fc.property(file, (data) => answers(JSON.stringify(data))),
    { numRuns: 400 },
  );
});

test("any condition", () => {
  const token = fc.constantFrom(
    ..."a.x input.y 1 2.5 'text' \"t\" true null + - * / % < <= == != && || ! ( ) [ ] = ? : ` . , this f( => ?.".split(
      " ",
    ),
  );
  fc.assert(
    fc.property(fc.array(token), fc.constantFrom("", " "), (tokens, gap) => {
      const reading = parseExpression(tokens.join(gap));
      assert.type(reading.ok, "boolean");
    }),
    { numRuns: 2000 },
  );
});

test("any recorded workflow of WfFormat's own fields", () => {
  const name = fc.constantFrom("a", "b", "c", "");
  const value = fc.oneof({ weight: 4, arbitrary: name }, node);
  const list = fc.oneof({ weight: 4, arbitrary: fc.array(name, { maxLength: 3 }) }, node);
  const number = fc.oneof(fc.double(), fc.nat(), node);
  const file = fc.record(
    {
      ...{ id: value, name: value, path: value, size: number, sizeInBytes: number },
      link: fc.constantFrom("input", "output"),
    },
    { requiredKeys: ["id", "name", "link"] },
  );
  const task = fc.record(
    {
      ...{ name: value, id: value, parents: list, children: list, files: fc.array(file) },
      ...{ inputFiles: list, outputFiles: list, runtimeInSeconds: number, runtime: number },
      ...{
        avgCPU: number,
        cores: number,
        coreCount: number,
        memory: number,
        memoryInBytes: number,
      },
    },
    { requiredKeys: ["name", "id"] },
  );
  const tasks = fc.oneof({ weight: 4, arbitrary: fc.array(task, { maxLength: 4 }) }, node);
  const workflow = fc.record(
    {
      ...{ tasks, jobs: tasks, makespan: number, execution: fc.record({ tasks }) },
      specification: fc.record({ tasks, files: fc.array(file) }),
    },
    { requiredKeys: ["tasks", "specification"] },
  );
  const schemaVersion = fc.constantFrom("1.0", "1.3", "1.4", "1.5", "1.6");
  fc.assert(
    fc.property(fc.record({ name: value, schemaVersion, workflow }), (data) =>
      answers(JSON.stringify(data)),
    ),
    { numRuns: 300 },
  );
});

test.run();
