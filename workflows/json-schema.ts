/**
 * The file format as JSON Schema (draft 2020-12), for editors that check while one types.
 *
 * `workflow.schema.json` beside this file is its output. It knows shapes; units, names and order
 * are checked when the file is loaded.
 */

import * as Schema from "effect/Schema";
import { WorkflowFileSchema } from "./schema.ts";

export function workflowJsonSchema(): object {
  const document = Schema.toJsonSchemaDocument(WorkflowFileSchema, {
    onExcessProperty: "error",
  });
  const schema = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "FaaSFlow workflow",
    ...document.schema,
    $defs: document.definitions,
  };
  return JSON.parse(JSON.stringify(schema), (_, value) => withDescription(value));
}

/** What Effect says of a field in an `allOf` of its own, beside the rest of it: editors show that. */
function withDescription(value: unknown): unknown {
  const { allOf, ...rest } = Object(value);
  const [only, ...more] = Array.isArray(allOf) ? allOf : [];
  const isPlain = more.length === 0 && Object.keys(only ?? {}).join() === "description";
  return isPlain && !("description" in rest) ? { ...rest, ...only } : value;
}
