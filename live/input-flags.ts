/** `--input NAME=VALUE`: what the invocations of a command bring with them. */

import * as Flag from "effect/cli/Flag";
import { quoted } from "../core/workflow/problem.ts";
import type { WorkflowSpec } from "../core/workflow/spec.ts";
import { type Inputs, inputProblems, withDefaults } from "./invocation-inputs.ts";

export const INPUT_FLAGS = {
  input: Flag.String("input").pipe(
    Flag.atLeast(0),
    Flag.withDescription(
      "NAME=VALUE, an input of the invocation; VALUE is JSON, or else a text; may be repeated",
    ),
  ),
};

export interface InputReading {
  readonly inputs: Inputs;
  readonly problems: readonly string[];
}

export function readInputs(texts: readonly string[]): InputReading {
  const inputs = new Map<string, unknown>();
  const problems: string[] = [];
  for (const text of texts) {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
    if (name === undefined || value === undefined) {
      problems.push(`--input: ${quoted(text)} is not NAME=VALUE, such as split=true.`);
    } else if (inputs.has(name)) {
      problems.push(`--input: ${quoted(name)} is given twice. Give it once.`);
    } else inputs.set(name, valueIn(value));
  }
  return { inputs: Object.fromEntries(inputs), problems };
}

/** As `readInputs`; also told is what the workflow would say to them. */
export function readInputsFor(spec: WorkflowSpec, texts: readonly string[]): InputReading {
  const { inputs, problems } = readInputs(texts);
  if (problems.length > 0) return { inputs, problems };
  const found = inputProblems(spec, withDefaults(spec, inputs));
  return { inputs, problems: found.map((problem) => `--input: ${problem}`) };
}

function valueIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
