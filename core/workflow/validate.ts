/**
 * The checker: everything that is wrong with a spec, all at once, before anything is planned.
 *
 * `workflows/load.ts` gives each problem its line. A spec without problems compiles, each of its
 * joins fires, and each of its reads has a producer that has ended by then.
 */

import { BINARY_OPERATORS, type Expression, namesIn } from "./condition.ts";
import { type DataTable, declaredData } from "./declared-data.ts";
import { type Layout, layOut } from "./layout.ts";
import { Names, type Problem, type ProblemPath, quoted } from "./problem.ts";
import type { DatumName, Step, WorkflowSpec } from "./spec.ts";
import { validateNumbers } from "./validate-numbers.ts";
import { validateOrder } from "./validate-order.ts";

/**
 * All problems, in the order: names, references, numbers, order. Cost: linear in the spec, and one
 * search of the graph for each task that reads what neither an edge nor the steps put before it.
 */
export function validate(spec: WorkflowSpec): Problem[] {
  const problems: Problem[] = [];
  const data = declaredData(spec);
  const layout = layOut(spec);
  validateNames(spec, problems);
  validateStepNames(spec, layout, problems);
  validateSteps(spec, problems);
  validateReferences(spec, layout, data, problems);
  validateNumbers(spec, problems);
  validateOrder(spec, layout, data, problems);
  return problems;
}

/** Letters, digits and underscores, a letter first: what a condition can say without quoting. */
const NAME = /^[A-Za-z][A-Za-z0-9_]*$/;
const STEP_NAME = /^[A-Za-z][A-Za-z0-9_-]*$/;
const RESERVED = new Set(["input", "true", "false", "null", "this"]);

function validateNames(spec: WorkflowSpec, problems: Problem[]): void {
  if (spec.name === "") {
    problems.push({ path: ["name"], found: "the name is empty", remedy: "Give the workflow one." });
  }
  if (spec.name === "all") {
    const found = '"all" names all workflows of a run together';
    problems.push({ path: ["name"], found, remedy: "Take another name." });
  }
  if (spec.tasks.length === 0) {
    problems.push({
      path: ["tasks"],
      found: "there is no task",
      remedy: "Name at least one, for example `tasks: {hello: {compute: 10 ms}}`.",
    });
  }
  checkNames(spec.inputs, ["inputs"], problems);
  checkNames(spec.tasks, ["tasks"], problems);
  for (const task of spec.tasks) {
    if (RESERVED.has(task.name)) {
      problems.push({
        path: ["tasks", task.name],
        found: `${quoted(task.name)} has a meaning of its own in \`reads\` and conditions`,
        remedy: "Take another name for the task.",
      });
    }
    checkNames(task.writes, ["tasks", task.name, "writes"], problems);
  }
}

function checkNames(
  named: readonly { readonly name: string }[],
  path: ProblemPath,
  problems: Problem[],
): void {
  const seen = new Set<string>();
  for (const { name } of named) {
    if (!NAME.test(name)) {
      problems.push({
        path: [...path, name],
        found: `${quoted(name)} is no name`,
        remedy: "Take letters, digits and underscores, a letter first.",
      });
    }
    if (seen.has(name)) {
      problems.push({
        path: [...path, name],
        found: `the name ${quoted(name)} is given twice`,
        remedy: "Rename one of the two.",
      });
    }
    seen.add(name);
  }
}

function validateStepNames(spec: WorkflowSpec, layout: Layout, problems: Problem[]): void {
  const seen = new Map(spec.tasks.map((task) => [task.name, "a task"]));
  const named = [
    ...layout.switches.map(({ step, path }) => ({ name: step.name, path })),
    ...layout.foreachs.map(({ step, path }) => ({ name: step.name, path })),
  ];
  for (const { name, path } of named) {
    const other = seen.get(name);
    if (other !== undefined) {
      problems.push({
        path: [...path, "name"],
        found: `the name ${quoted(name)} is taken by ${other}`,
        remedy: "Rename one of the two.",
      });
    }
    if (!STEP_NAME.test(name)) {
      problems.push({
        path: [...path, "name"],
        found: `${quoted(name)} is no name`,
        remedy: "Take letters, digits, underscores and hyphens, a letter first.",
      });
    }
    seen.set(name, "another step");
  }
}

function validateSteps(spec: WorkflowSpec, problems: Problem[]): void {
  const tasks = new Names(
    "task",
    spec.tasks.map((task) => task.name),
  );
  const visit = (steps: readonly Step[], path: ProblemPath): void => {
    for (const [index, step] of steps.entries()) visitStep(step, [...path, index]);
  };
  const needSome = (count: number, path: ProblemPath, what: string): void => {
    if (count > 0) return;
    problems.push({
      path,
      found: `there is no ${what}`,
      remedy: "Write one, or leave the step out.",
    });
  };
  const visitStep = (step: Step, path: ProblemPath): void => {
    switch (step.tag) {
      case "task":
        if (!tasks.has(step.task)) {
          const found = `no task is named ${quoted(step.task)}`;
          problems.push({ path, found, remedy: tasks.remedy(step.task) });
        }
        return;
      case "sequence":
        needSome(step.steps.length, [...path, "sequence"], "step");
        visit(step.steps, [...path, "sequence"]);
        return;
      case "parallel":
        needSome(step.branches.length, [...path, "parallel"], "branch");
        visit(step.branches, [...path, "parallel"]);
        return;
      case "switch":
        needSome(step.cases.length, [...path, "switch", "cases"], "case");
        for (const [index, { steps }] of step.cases.entries()) {
          visit(steps, [...path, "switch", "cases", index, "steps"]);
        }
        visit(step.otherwise, [...path, "switch", "otherwise"]);
        return;
      case "foreach":
        needSome(step.steps.length, [...path, "foreach", "steps"], "step");
        visit(step.steps, [...path, "foreach", "steps"]);
        return;
      default:
        step satisfies never;
    }
  };
  visit(spec.steps, ["steps"]);
}

function validateReferences(
  spec: WorkflowSpec,
  layout: Layout,
  data: DataTable,
  problems: Problem[],
): void {
  const all = new Names("datum", data.keys());
  const tasks = new Names("task", layout.taskIds.keys());
  const used = new Set<DatumName>();
  const checkDatum = (name: DatumName, path: ProblemPath, offset?: number): void => {
    used.add(name);
    if (data.has(name)) return;
    const owner = name.slice(0, Math.max(0, name.indexOf(".")));
    const found =
      owner === ""
        ? `${quoted(name)} is not the name of a datum, which is TASK.DATUM or input.DATUM`
        : owner === "input"
          ? `${quoted(name)} is not among the inputs`
          : `${quoted(name)} is not written by any task`;
    const problem = { path, found, remedy: all.remedy(name) };
    problems.push(offset === undefined ? problem : { ...problem, offset });
  };
  for (const task of spec.tasks) {
    const path = ["tasks", task.name];
    checkTwice(task.reads, [...path, "reads"], problems);
    checkTwice(task.after, [...path, "after"], problems);
    for (const [index, name] of task.reads.entries()) checkDatum(name, [...path, "reads", index]);
    for (const [index, name] of task.after.entries()) {
      if (tasks.has(name)) continue;
      const found = `no task is named ${quoted(name)}`;
      problems.push({ path: [...path, "after", index], found, remedy: tasks.remedy(name) });
    }
  }
  for (const { step, path } of layout.foreachs) checkDatum(step.over, [...path, "over"]);
  for (const { step, path } of layout.switches) {
    for (const [index, { when }] of step.cases.entries()) {
      const at = [...path, "cases", index, "when"];
      for (const name of namesIn(when)) checkDatum(name, at);
      checkOperators(when, at, problems);
    }
  }
  for (const { name } of spec.inputs) {
    if (used.has(`input.${name}`)) continue;
    problems.push({
      path: ["inputs", name],
      found: "nothing reads this input",
      remedy: `Name \`input.${name}\` in the reads of a task, or leave it out.`,
    });
  }
}

function checkTwice(names: readonly string[], path: ProblemPath, problems: Problem[]): void {
  const seen = new Set<string>();
  for (const [index, name] of names.entries()) {
    if (seen.has(name)) {
      const found = `${quoted(name)} is named twice`;
      problems.push({
        path: [...path, index],
        found,
        remedy: "Once is enough; leave this one out.",
      });
    }
    seen.add(name);
  }
}

/** For specs that no parser has seen. */
function checkOperators(expression: Expression, path: ProblemPath, problems: Problem[]): void {
  if (expression.tag === "not" || expression.tag === "negate") {
    checkOperators(expression.operand, path, problems);
  }
  if (expression.tag !== "binary") return;
  checkOperators(expression.left, path, problems);
  checkOperators(expression.right, path, problems);
  if (BINARY_OPERATORS.includes(expression.operator)) return;
  problems.push({
    path,
    found: `${quoted(expression.operator)} is not an operator of conditions`,
    remedy: `Use one of ${BINARY_OPERATORS.join(" ")} !.`,
  });
}
