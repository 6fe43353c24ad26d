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
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "FaaSFlow workflow",
    ...document.schema,
    $defs: document.definitions,
  };
}
