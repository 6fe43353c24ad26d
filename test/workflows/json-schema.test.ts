/** The JSON Schema that editors use. */

import { readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { workflowJsonSchema } from "../../workflows/json-schema.ts";

const FILE = new URL("../../workflows/workflow.schema.json", import.meta.url);

test("the committed file says what the code gives", () => {
  const committed: unknown = JSON.parse(readFileSync(FILE, "utf8"));
  assert.equal(committed, JSON.parse(JSON.stringify(workflowJsonSchema())));
});

test("it names the draft, every top-level field, and allows no other", () => {
  const schema = JSON.parse(JSON.stringify(workflowJsonSchema()));
  assert.is(schema.$schema, "https://json-schema.org/draft/2020-12/schema");
  assert.equal(Object.keys(schema.properties), [
    "faasflow",
    "name",
    "description",
    "timeout",
    "inputs",
    "defaults",
    "tasks",
    "steps",
  ]);
  assert.is(schema.additionalProperties, false);
});

test("fields that may be left out say what holds then", () => {
  const { tasks, timeout } = JSON.parse(JSON.stringify(workflowJsonSchema())).properties;
  const [task] = tasks.additionalProperties.anyOf;
  const { retries, container, timeout: own, cores } = task.properties;
  const [, { properties }] = retries.anyOf;
  const { memory, used, limit, instances, scale } = container.properties;
  const defaults = [retries, ...Object.values<{ description: string }>(properties), memory, used];
  defaults.push(limit, instances, scale, cores, own, timeout);
  assert.equal(
    defaults.map(({ description }) => /Default: (.*)\.$/.exec(description)?.[1]),
    [
      ...["2", "2", "100 ms", "2", "256 MiB", "25%", "10"],
      ...["the expected width of the foreach, else 1", "3", "1", "none", "none"],
    ],
  );
  assert.match(own.description, "of one attempt");
});

test.run();
