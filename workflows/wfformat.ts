/**
 * Recorded workflows of WfCommons, in its WfFormat 1.0 to 1.6, as one plain form.
 *
 * Up to 1.4 all of a task is in one place, tasks are called by name, and each use of a file repeats
 * its size; up to 1.2 the tasks are `jobs`. From 1.5 on `specification` has the graph and `execution`
 * what was measured, and tasks are called by id. Fields that mean nothing here are let pass, as WfFormat
 * itself does.
 *
 * Source: github.com/wfcommons/WfFormat: the schemas, and for units the migration tool (`memory` of
 * before 1.4 is in kB, everything else is seconds and bytes).
 */

import * as Result from "effect/Result";
import * as Schema from "effect/Schema";
import { shown } from "../core/workflow/line-problems.ts";
import { type Problem, type ProblemPath, quoted } from "../core/workflow/problem.ts";
import { problemsOf, type ShapeProblem } from "./issues.ts";

/** A run of a workflow, whatever version told it. */
export interface Instance {
  readonly version: string;
  readonly name: string;
  readonly description: string | undefined;
  /** What ran it: `Pegasus 5.0`. */
  readonly system: string | undefined;
  readonly makespan_s: number | undefined;
  /** In the order of the file. */
  readonly tasks: readonly InstanceTask[];
  /** Files that are listed but that no task reads or writes. */
  readonly unusedFiles: number;
  /** Measurements of tasks that are not there. */
  readonly unknownRuns: number;
}

export interface InstanceTask {
  readonly path: ProblemPath;
  /** What people read. */
  readonly label: string;
  /** What others may call it as parents and children, best first. No two tasks have all in common. */
  readonly keys: readonly string[];
  readonly parents: readonly string[];
  readonly children: readonly string[];
  /** Each file once, here and among the outputs. */
  readonly inputs: readonly FileUse[];
  readonly outputs: readonly FileUse[];
  readonly measured: Measured;
}

export interface FileUse {
  readonly file: string;
  /** undefined: the file does not say. */
  readonly bytes: number | undefined;
}

/** undefined: the file does not say. */
export interface Measured {
  readonly runtime_s: number | undefined;
  /** CPU time by wall time in percent; of several threads above 100. */
  readonly avgCPU: number | undefined;
  readonly cores: number | undefined;
  /** Bytes. */
  readonly memory: number | undefined;
}

export type InstanceReading =
  /** `problems`: of values; what is wrong with the graph can be told beside them. */
  | { readonly ok: true; readonly instance: Instance; readonly problems: readonly Problem[] }
  | { readonly ok: false; readonly problems: readonly ShapeProblem[] };

const VERSIONS = ["1.0", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6"];

/** By what is in it, not by its name: a workflow of tasks, and none of our own format. */
export function isWfFormat(data: unknown): boolean {
  if (!isFields(data) || "faasflow" in data || !isFields(data["workflow"])) return false;
  const { workflow } = data;
  return (
    "schemaVersion" in data || ["specification", "tasks", "jobs"].some((name) => name in workflow)
  );
}

/** Never throws. Cost: linear in the file. */
export function readInstance(data: unknown): InstanceReading {
  const written = isFields(data) ? data["schemaVersion"] : undefined;
  const version = VERSIONS.find((known) => known === written || Number(known) === written);
  if (version === undefined) return { ok: false, problems: [unknownVersion(written)] };
  const { workflow, ...rest } = data as { readonly workflow?: unknown };
  const instance = { ...rest, schemaVersion: version, workflow };
  if (version >= "1.5") return readApart(instance);
  return readTogether(instance, isFields(workflow) && "jobs" in workflow ? "jobs" : "tasks");
}

function unknownVersion(version: unknown): ShapeProblem {
  const known = `${VERSIONS[0]} to ${VERSIONS.at(-1)}`;
  const path = ["schemaVersion"];
  if (version === undefined) {
    const remedy = `Write the version of WfFormat: ${known} are known.`;
    return { path, found: "this field is missing", remedy, kind: "missing" };
  }
  const found = `${shown(version)} is no version of WfFormat that is known here`;
  return { path, found, remedy: `Known are ${known}.`, kind: "value" };
}

const Text = Schema.String.annotate({ expected: "a text" });
/** 100 days, and 1,000 cores for so long: beyond it numbers are no longer exact. */
const Seconds = optionalNumber("a time in seconds, from 0 to 9000000", 9_000_000);
const Percent = optionalNumber("a percentage, from 0 to 100000", 100_000);
const Cores = optionalNumber("a number of cores, from 0 to 1000", 1_000);
const Size = optionalNumber("a number of bytes, from 0 to 2^53 - 1", Number.MAX_SAFE_INTEGER);

function optionalNumber(expected: string, most: number) {
  const number = Schema.Finite.check(
    Schema.makeFilter((value: number) => (value >= 0 && value <= most ? undefined : expected)),
  );
  return optional(number, expected);
}

/** What is null is not there. */
function optional<S extends Schema.Top>(schema: S, expected: string) {
  return Schema.optionalKey(Schema.NullOr(schema).annotate({ expected }));
}

const OptionalText = optional(Text, "a text");
const OptionalTexts = optional(Schema.Array(Text), "a list of texts");
const System = optional(Schema.Struct({ name: OptionalText, version: OptionalText }), "fields");

const Use = Schema.Struct({
  link: Schema.Literals(["input", "output"]),
  name: Text,
  path: OptionalText,
  size: Size,
  sizeInBytes: Size,
});

const Together = Schema.Struct({
  schemaVersion: Text,
  name: Text,
  description: OptionalText,
  wms: System,
  workflow: Schema.Struct({
    makespan: Seconds,
    makespanInSeconds: Seconds,
    tasks: Schema.Array(
      Schema.Struct({
        name: Text,
        id: OptionalText,
        parents: OptionalTexts,
        children: OptionalTexts,
        files: optional(Schema.Array(Use), "a list of files"),
        runtime: Seconds,
        runtimeInSeconds: Seconds,
        avgCPU: Percent,
        cores: Cores,
        memory: Size,
        memoryInBytes: Size,
      }),
    ),
  }),
});

const Run = Schema.Struct({
  id: Text,
  runtimeInSeconds: Seconds,
  avgCPU: Percent,
  coreCount: Cores,
  memoryInBytes: Size,
});

const Apart = Schema.Struct({
  schemaVersion: Text,
  name: Text,
  description: OptionalText,
  runtimeSystem: System,
  workflow: Schema.Struct({
    specification: Schema.Struct({
      tasks: Schema.Array(
        Schema.Struct({
          name: Text,
          id: Text,
          parents: OptionalTexts,
          children: OptionalTexts,
          inputFiles: OptionalTexts,
          outputFiles: OptionalTexts,
        }),
      ),
      files: optional(
        Schema.Array(Schema.Struct({ id: Text, sizeInBytes: Size })),
        "a list of files",
      ),
    }),
    execution: optional(
      Schema.Struct({
        makespanInSeconds: Seconds,
        tasks: optional(Schema.Array(Run), "a list of runs"),
      }),
      "fields",
    ),
  }),
});

const decodeTogether = Schema.decodeUnknownResult(Together, { errors: "all" });
const decodeApart = Schema.decodeUnknownResult(Apart, { errors: "all" });

const BYTES_PER_KB = 1_000;

/** Up to 1.4. Files in between have old and new names side by side; the new one counts. */
function readTogether(data: unknown, list: "jobs" | "tasks"): InstanceReading {
  const named = list === "jobs" ? withTasks(data) : data;
  const decoded = decodeTogether(named);
  if (Result.isFailure(decoded)) {
    const problems = problemsOf(decoded.failure.issue, named);
    return { ok: false, problems: problems.map((problem) => asNamed(problem, list)) };
  }
  const { schemaVersion: version, name, description, wms, workflow } = decoded.success;
  const tasks = workflow.tasks.map((task, index): InstanceTask => {
    const uses = (link: "input" | "output"): readonly FileUse[] =>
      distinct(
        (task.files ?? [])
          .filter((file) => file.link === link)
          .map((file) => ({
            file: `${file.path ?? ""}${file.name}`,
            bytes: file.sizeInBytes ?? file.size ?? undefined,
          })),
      );
    const kilobytes = task.memory ?? undefined;
    return {
      path: ["workflow", list, index],
      label: labelOf(task.name, task.id ?? undefined),
      keys: task.id == null ? [task.name] : [task.name, task.id, `${task.name}_${task.id}`],
      parents: task.parents ?? [],
      children: task.children ?? [],
      inputs: uses("input"),
      outputs: uses("output"),
      measured: {
        runtime_s: task.runtimeInSeconds ?? task.runtime ?? undefined,
        avgCPU: task.avgCPU ?? undefined,
        cores: task.cores ?? undefined,
        memory: known(task.memoryInBytes ?? (kilobytes && kilobytes * BYTES_PER_KB)),
      },
    };
  });
  const instance: Instance = {
    version,
    name,
    description: description ?? undefined,
    system: systemText(wms ?? {}),
    makespan_s: workflow.makespanInSeconds ?? workflow.makespan ?? undefined,
    tasks,
    unusedFiles: 0,
    unknownRuns: 0,
  };
  return { ok: true, instance, problems: [] };
}

/** 1.5 and 1.6. */
function readApart(data: unknown): InstanceReading {
  const decoded = decodeApart(data);
  if (Result.isFailure(decoded)) {
    return { ok: false, problems: problemsOf(decoded.failure.issue, data) };
  }
  const { schemaVersion: version, name, description, runtimeSystem, workflow } = decoded.success;
  const { specification, execution } = workflow;
  const fileList = (specification.files ?? []).map(({ id, sizeInBytes }) => {
    return { id, sizeInBytes: sizeInBytes ?? undefined };
  });
  const runList = (execution?.tasks ?? []).map((run) => {
    return { id: run.id, measured: measuredIn(run) };
  });
  const files = new Map(fileList.map((file) => [file.id, file.sizeInBytes]));
  const runs = new Map(runList.map(({ id, measured }) => [id, measured]));
  const problems = [
    ...contradictions(fileList, {
      path: ["workflow", "specification", "files"],
      found: (id) => `the file ${quoted(id)} is there again with another size`,
    }),
    ...contradictions(runList, {
      path: ["workflow", "execution", "tasks"],
      found: (id) => `the task ${quoted(id)} is there again with other measurements`,
    }),
  ];
  const uses = (names: readonly string[] | null | undefined): readonly FileUse[] =>
    distinct((names ?? []).map((file) => ({ file, bytes: files.get(file) })));
  const tasks = specification.tasks.map((task, index): InstanceTask => {
    return {
      path: ["workflow", "specification", "tasks", index],
      label: labelOf(task.name, task.id),
      keys: [task.id],
      parents: task.parents ?? [],
      children: task.children ?? [],
      inputs: uses(task.inputFiles),
      outputs: uses(task.outputFiles),
      measured: runs.get(task.id) ?? measuredIn({}),
    };
  });
  const used = new Set(
    tasks.flatMap(({ inputs, outputs }) => [...inputs, ...outputs].map(({ file }) => file)),
  );
  const ids = new Set(specification.tasks.map(({ id }) => id));
  const instance: Instance = {
    version,
    name,
    description: description ?? undefined,
    system: systemText(runtimeSystem ?? {}),
    makespan_s: execution?.makespanInSeconds ?? undefined,
    tasks,
    unusedFiles: [...files.keys()].filter((file) => !used.has(file)).length,
    unknownRuns: [...runs.keys()].filter((id) => !ids.has(id)).length,
  };
  return { ok: true, instance, problems };
}

function measuredIn(run: Partial<typeof Run.Type>): Measured {
  return {
    runtime_s: run.runtimeInSeconds ?? undefined,
    avgCPU: run.avgCPU ?? undefined,
    cores: run.coreCount ?? undefined,
    memory: known(run.memoryInBytes),
  };
}

/** Entries of one id that differ. Real recordings have equal ones twice, which harms nobody. */
function contradictions(
  entries: readonly { readonly id: string }[],
  { path, found }: { readonly path: ProblemPath; readonly found: (id: string) => string },
): readonly Problem[] {
  const first = new Map<string, string>();
  return entries.flatMap((entry, index) => {
    const value = JSON.stringify(entry);
    const earlier = first.get(entry.id);
    if (earlier === undefined) first.set(entry.id, value);
    if (earlier === undefined || earlier === value) return [];
    const remedy = "Leave one of the two out, or give it an `id` of its own.";
    return [{ path: [...path, index], found: found(entry.id), remedy }];
  });
}

/** `jobs` under their later name. */
function withTasks(data: unknown): unknown {
  const { workflow, ...rest } = data as { readonly workflow: Readonly<Record<string, unknown>> };
  const { jobs: tasks, ...others } = workflow;
  return { ...rest, workflow: { ...others, tasks } };
}

function asNamed(problem: ShapeProblem, list: "jobs" | "tasks"): ShapeProblem {
  const [top, field, ...rest] = problem.path;
  if (top !== "workflow" || field !== "tasks") return problem;
  return { ...problem, path: [top, list, ...rest] };
}

/** Name and id as one: of `mProject` and `ID01` `mProject_ID01`, which many files have as the name. */
function labelOf(name: string, id: string | undefined): string {
  if (id === undefined || plain(name).includes(plain(id))) return name;
  return plain(id).includes(plain(name)) ? id : `${name}_${id}`;
}

function plain(text: string): string {
  return text.replace(/[^A-Za-z0-9]+/g, "_");
}

/** A run too short to be looked at has 0 bytes. */
function known(memory: number | null | undefined): number | undefined {
  return memory === 0 || memory === null ? undefined : memory;
}

/** Of a file that is listed twice the first counts. */
function distinct(uses: readonly FileUse[]): readonly FileUse[] {
  const byFile = new Map<string, FileUse>();
  for (const use of uses) if (!byFile.has(use.file)) byFile.set(use.file, use);
  return [...byFile.values()];
}

function systemText(of: {
  readonly name?: string | null;
  readonly version?: string | null;
}): string | undefined {
  const words = [of.name, of.version].filter((word) => word != null && word !== "");
  return words.length === 0 ? undefined : words.join(" ");
}

function isFields(data: unknown): data is Record<string, unknown> {
  return typeof data === "object" && data !== null && !Array.isArray(data);
}
