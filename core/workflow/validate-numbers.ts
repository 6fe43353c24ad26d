/**
 * Checks of numbers: sizes, times, items, containers, retries, probabilities.
 */

import { MAX_WIDTH } from "./item.ts";
import type { Problem, ProblemPath } from "./problem.ts";
import type {
  ContainerSpec,
  DatumSpec,
  Quantity,
  RetrySpec,
  Step,
  TaskSpec,
  WorkflowSpec,
} from "./spec.ts";

export function validateNumbers(spec: WorkflowSpec, problems: Problem[]): void {
  if (spec.timeout !== undefined) positive(spec.timeout, ["timeout"], problems);
  for (const input of spec.inputs) {
    checkDatum(input, ["inputs", input.name], problems);
    checkValue(input, ["inputs", input.name, "value"], problems);
  }
  for (const task of spec.tasks) checkTask(task, ["tasks", task.name], problems);
  checkProbabilities(spec.steps, ["steps"], problems);
}

function checkTask(task: TaskSpec, path: ProblemPath, problems: Problem[]): void {
  checkQuantity(task.compute, [...path, "compute"], problems);
  checkQuantity(task.sleep, [...path, "sleep"], problems);
  positive(task.cores, [...path, "cores"], problems);
  if (task.timeout !== undefined) positive(task.timeout, [...path, "timeout"], problems);
  for (const datum of task.writes) {
    const at = [...path, "writes", datum.name];
    checkDatum(datum, at, problems);
    if (!datum.stored) {
      problems.push({
        path: [...at, "stored"],
        found: "a task writes it, so it is stored",
        remedy: "Leave `stored` out; `stored: false` is for inputs whose bytes never exist.",
      });
    }
    if (datum.value !== undefined) {
      problems.push({
        path: [...at, "value"],
        found: "a task writes it, so its function says what it holds",
        remedy: "Leave `value` out; it is for inputs that an invocation does not give.",
      });
    }
  }
  checkContainer(task.container, [...path, "container"], problems);
  checkRetries(task.retries, [...path, "retries"], problems);
}

function checkDatum(datum: DatumSpec, path: ProblemPath, problems: Problem[]): void {
  checkQuantity(datum.size, [...path, "size"], problems);
  const { items } = datum;
  if (items === undefined) return;
  const at = [...path, "items"];
  checkQuantity(items.count, [...at, "count"], problems);
  const most = greatest(items.count);
  if (most > MAX_WIDTH) {
    problems.push({
      path: [...at, "count"],
      found: `${most} items`,
      remedy: `A list has at most ${MAX_WIDTH}; let each item be larger.`,
    });
  }
  if (items.count.tag === "fixed" && !Number.isInteger(items.count.value)) {
    const found = `${items.count.value} is not a whole number of items`;
    problems.push({ path: [...at, "count"], found, remedy: "Write a whole number." });
  }
  for (const [index, size] of items.sizes.entries()) {
    notNegative(size, [...at, "sizes", index], problems);
  }
  if (items.sizes.length > 0 && most > items.sizes.length) {
    problems.push({
      path: [...at, "sizes"],
      found: `${items.sizes.length} sizes for up to ${most} items`,
      remedy: "Give each item a size, or leave `sizes` out.",
    });
  }
}

function checkValue({ value, stored, items }: DatumSpec, path: ProblemPath, problems: Problem[]) {
  if (value === undefined) return;
  if (!stored) {
    const found = "an input that is not stored has no value";
    problems.push({ path, found, remedy: "Leave `value` or `stored: false` out." });
  } else if (items !== undefined && !Array.isArray(value)) {
    const found = "the input is a list, its value is not";
    problems.push({
      path,
      found,
      remedy: "Write a list, one entry an item, or leave `items` out.",
    });
  }
}

function checkContainer(container: ContainerSpec, path: ProblemPath, problems: Problem[]): void {
  positive(container.memory, [...path, "memory"], problems);
  notNegative(container.used, [...path, "used"], problems);
  if (container.used > container.memory) {
    problems.push({
      path: [...path, "used"],
      found: `the function uses ${container.used} B of a container of ${container.memory} B`,
      remedy: "Give the container more `memory`, or say less `used`.",
    });
  }
  atLeast(container.limit, 1, [...path, "limit"], problems);
  positive(container.instances, [...path, "instances"], problems);
  notNegative(container.scale, [...path, "scale"], problems);
}

/** With the default back-off the last delay is then some 29 hours. */
const MAX_RETRIES = 20;

function checkRetries(retries: RetrySpec, path: ProblemPath, problems: Problem[]): void {
  atLeast(retries.limit, 0, [...path, "limit"], problems);
  if (retries.limit > MAX_RETRIES) {
    const found = `${retries.limit} retries`;
    const remedy = `Give at most ${MAX_RETRIES}; what fails so often will not work the next time.`;
    problems.push({ path: [...path, "limit"], found, remedy });
  }
  notNegative(retries.delay, [...path, "delay"], problems);
  positive(retries.backoff, [...path, "backoff"], problems);
}

function checkProbabilities(steps: readonly Step[], path: ProblemPath, problems: Problem[]): void {
  for (const [index, step] of steps.entries()) {
    const at = [...path, index];
    if (step.tag === "sequence") checkProbabilities(step.steps, [...at, "sequence"], problems);
    if (step.tag === "parallel") checkProbabilities(step.branches, [...at, "parallel"], problems);
    if (step.tag === "foreach") {
      checkProbabilities(step.steps, [...at, "foreach", "steps"], problems);
    }
    if (step.tag !== "switch") continue;
    let sum = 0;
    for (const [number, { probability, steps: inner }] of step.cases.entries()) {
      const here = [...at, "switch", "cases", number];
      sum += probability ?? 0;
      if (probability !== undefined && !(probability >= 0 && probability <= 1)) {
        problems.push({
          path: [...here, "probability"],
          found: `${probability} is not a probability`,
          remedy: "Write a number from 0 to 1.",
        });
      }
      checkProbabilities(inner, [...here, "steps"], problems);
    }
    const stated = step.cases.filter(({ probability }) => probability !== undefined).length;
    if (stated > 0 && stated < step.cases.length) {
      problems.push({
        path: [...at, "switch", "cases"],
        found: `${stated} of ${step.cases.length} cases state a probability`,
        remedy: "State one for each case, or for none.",
      });
    }
    if (sum > 1 + 1e-9) {
      problems.push({
        path: [...at, "switch", "cases"],
        found: `the probabilities sum to ${Number(sum.toPrecision(6))}`,
        remedy: "They may sum to at most 1; what is left goes to `otherwise`.",
      });
    }
    checkProbabilities(step.otherwise, [...at, "switch", "otherwise"], problems);
  }
}

function checkQuantity(quantity: Quantity, path: ProblemPath, problems: Problem[]): void {
  switch (quantity.tag) {
    case "fixed":
      notNegative(quantity.value, path, problems);
      return;
    case "uniform":
      notNegative(quantity.min, [...path, "uniform", 0], problems);
      notNegative(quantity.max, [...path, "uniform", 1], problems);
      if (quantity.min > quantity.max) {
        problems.push({
          path: [...path, "uniform"],
          found: `${quantity.min} is more than ${quantity.max}`,
          remedy: "Write the least value first: `uniform: [least, most]`.",
        });
      }
      return;
    case "exponential":
      notNegative(quantity.mean, [...path, "exponential"], problems);
      return;
    case "lognormal":
      notNegative(quantity.median, [...path, "lognormal", "median"], problems);
      notNegative(quantity.sigma, [...path, "lognormal", "sigma"], problems);
      return;
    case "empirical":
      for (const [index, value] of quantity.values.entries()) {
        notNegative(value, [...path, "empirical", index], problems);
      }
      if (quantity.values.length === 0) {
        const found = "there is no value to draw from";
        problems.push({ path: [...path, "empirical"], found, remedy: "List at least one." });
      }
      return;
    default:
      quantity satisfies never;
  }
}

/** The most the quantity can be; an open-ended one counts as its mean or median. */
function greatest(quantity: Quantity): number {
  switch (quantity.tag) {
    case "fixed":
      return quantity.value;
    case "uniform":
      return quantity.max;
    case "exponential":
      return quantity.mean;
    case "lognormal":
      return quantity.median;
    case "empirical":
      return quantity.values.reduce((most, value) => Math.max(most, value), 0);
    default:
      return quantity satisfies never;
  }
}

function notNegative(value: number, path: ProblemPath, problems: Problem[]): void {
  if (Number.isFinite(value) && value >= 0) return;
  const found = Number.isFinite(value) ? `${value} is negative` : `${value} is not a number`;
  problems.push({ path, found, remedy: "Write 0 or more." });
}

function positive(value: number, path: ProblemPath, problems: Problem[]): void {
  if (Number.isFinite(value) && value > 0) return;
  problems.push({ path, found: `${value} is not positive`, remedy: "Write more than 0." });
}

function atLeast(value: number, least: number, path: ProblemPath, problems: Problem[]): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  const found = `${value} is not a whole number from ${least} up`;
  problems.push({ path, found, remedy: `Write a whole number, ${least} or more.` });
}
