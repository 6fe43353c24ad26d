/**
 * What an invocation brings with it: what was given, else what the workflow says, else, where only
 * synthetic tasks read it, filler of its size.
 */

import type { Fact } from "../core/protocol.ts";
import type { Value } from "../core/workflow/condition.ts";
import type { Graph } from "../core/workflow/graph.ts";
import { childItem, type Item, ROOT_ITEM } from "../core/workflow/item.ts";
import { quoted } from "../core/workflow/problem.ts";
import { type DatumSpec, expected, type WorkflowSpec } from "../core/workflow/spec.ts";

export type Inputs = Readonly<Record<string, unknown>>;

export interface InputPart {
  /** `input.NAME`. */
  readonly datum: string;
  readonly item: Item;
  /** JSON. */
  readonly text: string;
}

/** Values for all inputs that have one; none for those that are not stored. */
export function withDefaults({ inputs }: WorkflowSpec, given: Inputs): Inputs {
  const values = inputs.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]]));
  return { ...Object.fromEntries(values), ...given };
}

/** Of an invocation: they are in the gateway's memory before they are in the store. */
const MAX_FILLER = 256 * 1024 * 1024;

/** What is wrong with the inputs. */
export function inputProblems(spec: WorkflowSpec, inputs: Inputs): readonly string[] {
  const wanted = spec.inputs.filter(({ stored }) => stored);
  const names = wanted.map(({ name }) => name);
  const filled = fillable(spec, inputs);
  const bytes = [...filled].reduce((sum, { size }) => sum + expected(size), 0);
  return [
    ...(bytes > MAX_FILLER
      ? [
          `inputs without a value have ${bytes} B. At most ${MAX_FILLER} B are made up: make them \
smaller in the file, or give them values.`,
        ]
      : []),
    ...wanted.flatMap((input) => {
      const { name, items } = input;
      const value = inputs[name];
      if (filled.has(input)) return [];
      if (value === undefined) return [`input ${quoted(name)} is missing. Give it a value.`];
      if (items === undefined || Array.isArray(value)) return [];
      return [`input ${quoted(name)} is a list. Give it an array, one entry an item.`];
    }),
    ...Object.keys(inputs)
      .filter((name) => !names.includes(name))
      .map((name) => {
        const known = names.join(", ") || "none";
        return `${quoted(name)} is no input of ${spec.name}. Inputs: ${known}.`;
      }),
  ];
}

/** What is to be stored before the invocation starts; of a list, a part an item. */
export function inputParts(spec: WorkflowSpec, inputs: Inputs): readonly InputPart[] {
  const filled = fillable(spec, inputs);
  return spec.inputs.flatMap((input): readonly InputPart[] => {
    const { name, stored, items, size } = input;
    if (!stored) return [];
    const datum = `input.${name}`;
    const value = inputs[name];
    if (filled.has(input)) return [{ datum, item: ROOT_ITEM, text: filler(expected(size)) }];
    if (items === undefined) return [{ datum, item: ROOT_ITEM, text: JSON.stringify(value) }];
    return (value as readonly unknown[]).map((entry, part) => ({
      datum,
      item: childItem(ROOT_ITEM, part),
      text: JSON.stringify(entry),
    }));
  });
}

/**
 * Inputs that have no value and need none. Only in workflows without steps, where no condition and
 * no foreach can ask for one.
 */
function fillable(spec: WorkflowSpec, inputs: Inputs): ReadonlySet<DatumSpec> {
  if (spec.steps.length > 0) return new Set();
  const real = spec.tasks.filter(({ run }) => run.tag !== "synthetic");
  const needed = new Set(real.flatMap(({ reads }) => reads));
  return new Set(
    spec.inputs.filter(
      ({ name, stored, items }) =>
        stored && items === undefined && inputs[name] === undefined && !needed.has(`input.${name}`),
    ),
  );
}

/** So many bytes of JSON, if that can be: 0 bytes cannot. */
function filler(bytes: number): string {
  const size = Math.round(bytes);
  return size < 2 ? "0".repeat(size) : `"${"x".repeat(size - 2)}"`;
}

/** What travels with the triggers: small values, for conditions, and how long lists are. */
export function inputFacts(graph: Graph, inputs: Inputs): readonly Fact[] {
  return graph.data.flatMap(({ spec, inline, name }, datum): readonly Fact[] => {
    if (!name.startsWith("input.") || !spec.stored) return [];
    const value = inputs[spec.name];
    const at = { datum, item: ROOT_ITEM };
    if (spec.items !== undefined) {
      return [{ tag: "count", ...at, count: (value as readonly unknown[]).length }];
    }
    const isSmall = ["string", "number", "boolean"].includes(typeof value) || value === null;
    return inline && isSmall ? [{ tag: "value", ...at, value: value as Value }] : [];
  });
}
