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

test.run();
