/**
 * From a decoded file to a `WorkflowSpec`: units to numbers, defaults filled in, shorthands
 * expanded, unnamed steps numbered. What has no meaning by then is left to the checker.
 */

import { invariant } from "../core/invariant.ts";
import type { Bytes, Micros } from "../core/units.ts";
import {
  type ContainerSpec,
  type DatumSpec,
  expected,
  fixed,
  type ItemsSpec,
  type Quantity,
  type RetrySpec,
  type RunSpec,
  type Step,
  type SwitchCase,
  SYNTHETIC,
  type TaskSpec,
  type WorkflowSpec,
} from "../core/workflow/spec.ts";
import { DEFAULTS } from "./defaults.ts";
import { parseExpression } from "./expression.ts";
import { type Dimension, readQuantity, readShare } from "./quantity.ts";
import type {
  Amount,
  BranchFile,
  CaseFile,
  ContainerFile,
  DatumFields,
  DatumFile,
  DefaultsFile,
  QuantityFile,
  RetriesFile,
  RunFile,
  StepFile,
  TaskFile,
  WorkflowFile,
} from "./schema.ts";

export function assemble(file: WorkflowFile): WorkflowSpec {
  const steps = new StepReader();
  const widths = foreachWidths(file);
  const defaults = file.defaults ?? {};
  return {
    name: file.name,
    description: file.description ?? "",
    inputs: Object.entries(file.inputs ?? {}).map(([name, datum]) => readDatum(name, datum)),
    tasks: Object.entries(file.tasks).map(([name, task]) =>
      readTask(
        name,
        { ...defaults, ...task },
        {
          defaults,
          width: widths.get(name) ?? 1,
        },
      ),
    ),
    steps: steps.sequence(file.steps ?? []),
    timeout: file.timeout === undefined ? undefined : time(file.timeout),
  };
}

function readTask(
  name: string,
  task: TaskFile,
  { defaults, width }: { defaults: DefaultsFile; width: number },
): TaskSpec {
  return {
    name,
    run: readRun(task.run),
    compute: readDistribution(task.compute ?? 0, "time"),
    sleep: readDistribution(task.sleep ?? 0, "time"),
    cores: task.cores ?? DEFAULTS.cores,
    reads: task.reads ?? [],
    writes: Object.entries(task.writes ?? {}).map(([datum, file]) => readDatum(datum, file)),
    after: task.after ?? [],
    container: readContainer({ ...defaults.container, ...task.container }, width),
    retries: readRetries(defaults.retries, task.retries),
    timeout: task.timeout === undefined ? undefined : time(task.timeout),
  };
}

function readRun(run: RunFile | undefined): RunSpec {
  if (run === undefined) return SYNTHETIC;
  if (typeof run === "string") return { tag: "module", module: run };
  return { tag: "command", command: run };
}

function readContainer(file: ContainerFile, width: number): ContainerSpec {
  const memory = size(file.memory ?? DEFAULTS.memory);
  const used = readShare(file.used ?? DEFAULTS.used, memory);
  invariant(used.ok, "the schema has checked `used`");
  const limit = file.limit ?? DEFAULTS.limit;
  return {
    memory,
    used: used.value as Bytes,
    limit,
    instances: file.instances ?? Math.max(1, Math.min(width, limit)),
    scale: file.scale ?? DEFAULTS.scale,
  };
}

function readRetries(
  defaults: number | RetriesFile | undefined,
  own: number | RetriesFile | undefined,
): RetrySpec {
  const fields = (file: number | RetriesFile | undefined): RetriesFile =>
    typeof file === "number" ? { limit: file } : (file ?? {});
  const file = { ...fields(defaults), ...fields(own) };
  return {
    limit: file.limit ?? DEFAULTS.retries,
    delay: time(file.delay ?? DEFAULTS.delay),
    backoff: file.backoff ?? DEFAULTS.backoff,
  };
}

function readDatum(name: string, file: DatumFile): DatumSpec {
  const fields: DatumFields = typeof file === "object" ? file : { size: file };
  const items = readItems(fields);
  const sizes = items?.sizes ?? [];
  const mean = sizes.reduce((sum, bytes) => sum + bytes, 0) / Math.max(1, sizes.length);
  const { items: _, content, stored, value, size: stated, ...distribution } = fields;
  const own = Object.keys(distribution).length > 0 ? distribution : undefined;
  return {
    name,
    size: readDistribution(stated ?? own ?? Math.round(mean), "size"),
    items,
    content: content ?? "filler",
    stored: stored ?? true,
    ...(value === undefined ? {} : { value }),
  };
}

function readItems({ items }: DatumFields): ItemsSpec | undefined {
  if (items === undefined) return undefined;
  if (typeof items === "number") return { count: fixed(items), sizes: [] };
  const sizes = (items.sizes ?? []).map(size);
  return { count: readDistribution(items.count ?? sizes.length, "count"), sizes };
}

function readDistribution(file: QuantityFile, dimension: Dimension): Quantity {
  const read = (text: Amount): number => amount(text, dimension);
  if (typeof file !== "object") return fixed(read(file));
  if (file.uniform !== undefined) {
    return { tag: "uniform", min: read(file.uniform[0]), max: read(file.uniform[1]) };
  }
  if (file.exponential !== undefined) return { tag: "exponential", mean: read(file.exponential) };
  if (file.lognormal !== undefined) {
    const { median, sigma } = file.lognormal;
    return { tag: "lognormal", median: read(median), sigma };
  }
  return { tag: "empirical", values: (file.empirical ?? []).map(read) };
}

class StepReader {
  #switches: number;
  #foreachs: number;

  constructor() {
    this.#switches = 0;
    this.#foreachs = 0;
  }

  sequence(files: readonly StepFile[]): readonly Step[] {
    return files.map((file) => this.#step(file));
  }

  #step(file: BranchFile): Step {
    if (typeof file === "string") return { tag: "task", task: file };
    if (isSequence(file)) return { tag: "sequence", steps: this.sequence(file) };
    if (file.sequence !== undefined) {
      return { tag: "sequence", steps: this.sequence(file.sequence) };
    }
    if (file.parallel !== undefined) {
      return { tag: "parallel", branches: file.parallel.map((branch) => this.#step(branch)) };
    }
    if (file.switch !== undefined) {
      const name = file.switch.name ?? `switch-${++this.#switches}`;
      const cases = file.switch.cases.map((one) => this.#case(one));
      return { tag: "switch", name, cases, otherwise: this.sequence(file.switch.otherwise ?? []) };
    }
    const { foreach } = file;
    invariant(foreach !== undefined, "the schema asks for one kind of step");
    const name = foreach.name ?? `foreach-${++this.#foreachs}`;
    return { tag: "foreach", name, over: foreach.over, steps: this.sequence(foreach.steps) };
  }

  #case({ when, probability, steps }: CaseFile): SwitchCase {
    const reading = parseExpression(`${when}`);
    invariant(reading.ok, "the schema has checked `when`");
    return { when: reading.expression, probability, steps: this.sequence(steps) };
  }
}

/** For each task in a foreach: how many times it is expected to run at once. */
function foreachWidths(file: WorkflowFile): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const note = (owner: string, data: { readonly [name: string]: DatumFile } | undefined): void => {
    for (const [name, datum] of Object.entries(data ?? {})) {
      const items = typeof datum === "object" ? readItems(datum) : undefined;
      if (items !== undefined) counts.set(`${owner}.${name}`, expected(items.count));
    }
  };
  note("input", file.inputs);
  for (const [name, task] of Object.entries(file.tasks)) note(name, task?.writes);
  const widths = new Map<string, number>();
  const visit = (files: readonly BranchFile[], width: number): void => {
    for (const step of files) {
      if (typeof step === "string") widths.set(step, Math.max(1, Math.round(width)));
      else if (isSequence(step)) visit(step, width);
      else {
        visit(step.sequence ?? [], width);
        visit(step.parallel ?? [], width);
        for (const one of step.switch?.cases ?? []) visit(one.steps, width);
        visit(step.switch?.otherwise ?? [], width);
        if (step.foreach === undefined) continue;
        visit(step.foreach.steps, width * (counts.get(step.foreach.over) ?? 1));
      }
    }
  };
  visit(file.steps ?? [], 1);
  return widths;
}

function isSequence(file: BranchFile): file is readonly StepFile[] {
  return Array.isArray(file);
}

function amount(text: Amount, dimension: Dimension): number {
  const reading = readQuantity(text, dimension);
  invariant(reading.ok, `the schema has checked ${text}`);
  return reading.value;
}

function time(text: Amount): Micros {
  return amount(text, "time") as Micros;
}

function size(text: Amount): Bytes {
  return amount(text, "size") as Bytes;
}
