/** What an invocation brings with it: what was given, else what the workflow says. */

import type { Fact } from "../core/protocol.ts";
import type { Value } from "../core/workflow/condition.ts";
import type { Graph } from "../core/workflow/graph.ts";
import { childItem, type Item, ROOT_ITEM } from "../core/workflow/item.ts";
import { quoted } from "../core/workflow/problem.ts";
import type { WorkflowSpec } from "../core/workflow/spec.ts";

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

/** What is wrong with the inputs. */
export function inputProblems(spec: WorkflowSpec, inputs: Inputs): readonly string[] {
  const wanted = spec.inputs.filter(({ stored }) => stored);
  const names = wanted.map(({ name }) => name);
  return [
    ...wanted.flatMap(({ name, items }) => {
      const value = inputs[name];
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
  return spec.inputs.flatMap(({ name, stored, items }): readonly InputPart[] => {
    if (!stored) return [];
    const datum = `input.${name}`;
    const value = inputs[name];
    if (items === undefined) return [{ datum, item: ROOT_ITEM, text: JSON.stringify(value) }];
    return (value as readonly unknown[]).map((entry, part) => ({
      datum,
      item: childItem(ROOT_ITEM, part),
      text: JSON.stringify(entry),
    }));
  });
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
