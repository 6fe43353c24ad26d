/** What a workflow must run, told from its steps alone: no graph, no joins, no messages. */

import { evaluate, isTrue } from "../../../core/workflow/condition.ts";
import { childItem, type Item, ROOT_ITEM } from "../../../core/workflow/item.ts";
import { expected, type Step, type WorkflowSpec } from "../../../core/workflow/spec.ts";

/** `TASK ITEM` of each activation, in alphabetical order. Names in conditions have no value. */
export function activationsOf(spec: WorkflowSpec): readonly string[] {
  const ran = new Set<string>();
  const all = (steps: readonly Step[], item: Item): void => {
    for (const step of steps) one(step, item);
  };
  const one = (step: Step, item: Item): void => {
    switch (step.tag) {
      case "task":
        ran.add(`${step.task} ${item}`);
        return;
      case "sequence":
        all(step.steps, item);
        return;
      case "parallel":
        all(step.branches, item);
        return;
      case "switch": {
        const taken = step.cases.find(({ when }) => isTrue(evaluate(when, () => undefined)));
        all(taken === undefined ? step.otherwise : taken.steps, item);
        return;
      }
      case "foreach":
        // A list that nobody wrote has no items.
        if (!wrote(ran, step.over)) return;
        for (let part = 0; part < itemsOf(spec, step.over); part++) {
          all(step.steps, childItem(item, part));
        }
        return;
      default:
        step satisfies never;
    }
  };
  all(spec.steps, ROOT_ITEM);
  return [...ran].sort();
}

/** Whether the task ran: for any item, since a foreach walks only lists of the scopes around it. */
function wrote(ran: ReadonlySet<string>, datum: string): boolean {
  const task = datum.slice(0, datum.indexOf("."));
  for (const each of ran) if (each.startsWith(`${task} `)) return true;
  return false;
}

function itemsOf(spec: WorkflowSpec, name: string): number {
  const [task, datum] = name.split(".");
  const written = spec.tasks.find((each) => each.name === task)!.writes;
  return expected(written.find((each) => each.name === datum)!.items!.count);
}
