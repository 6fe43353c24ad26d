/**
 * A workflow file of ours from a recorded run.
 *
 * A task becomes a task; a file that a task writes becomes a datum of it, one that nobody writes an
 * input of the workflow, stored before it starts. Who reads a file waits for its writer, also where
 * the recording does not call that a parent; a parent without a file between is `after`.
 *
 * The average load of the CPU divides a task's runtime: so much CPU time, and what is left of the
 * runtime is sleep (disks, networks, waiting). Alone on a worker a task therefore takes as long as it
 * took, and takes from others what it took from them. Without a load all its cores are busy. A load
 * above its cores means more threads than were asked for: `cores` is raised to it. Times stay as they
 * were measured, whatever the speed of that machine: no one factor would be right for CPU, disk and
 * memory.
 *
 * What a task had in memory is its container's `used`; the container has the least multiple of
 * 256 MiB that this fits in.
 */

import { type Problem, quoted } from "../core/workflow/problem.ts";
import { type InstanceGraph, OUTSIDE } from "./instance-graph.ts";
import { NameMaker } from "./name-maker.ts";
import type { ContainerFile, TaskFile, WorkflowFile } from "./schema.ts";
import type { FileUse, Instance, InstanceTask, Measured } from "./wfformat.ts";

/** What is taken where the recording says nothing; undefined: that is a problem. */
export interface Assumed {
  readonly runtime_s: number | undefined;
  /** Of a file. */
  readonly bytes: number | undefined;
}

/** How often something was taken. */
export interface AssumedCounts {
  readonly runtimes: number;
  readonly sizes: number;
}

/** Adds to `problems` what the recording does not say. */
export function instanceFile(
  instance: Instance,
  { graph, assumed }: { readonly graph: InstanceGraph; readonly assumed: Assumed },
  problems: Problem[],
): { readonly file: WorkflowFile; readonly taken: AssumedCounts } {
  const sizes = new Sizes(instance.tasks, assumed.bytes ?? 0);
  const untimed = instance.tasks.filter(({ measured }) => measured.runtime_s === undefined);
  if (assumed.runtime_s === undefined && untimed.length > 0) {
    const [{ path, label }] = untimed as [InstanceTask];
    const found = `${counted(untimed.length, "task")} no runtime, the first is ${quoted(label)}`;
    problems.push({ path, found, remedy: remedy("--runtime 10s") });
  }
  if (assumed.bytes === undefined && sizes.missing.length > 0) {
    const [{ path, file }] = sizes.missing as [MissingSize];
    const found = `${counted(sizes.missing.length, "file")} no size, the first is ${quoted(file)}`;
    problems.push({ path, found, remedy: remedy("--size 1MB") });
  }
  const file = new FileMaker(instance, { graph, sizes, runtime_s: assumed.runtime_s ?? 0 }).make();
  return { file, taken: { runtimes: untimed.length, sizes: sizes.missing.length } };
}

function counted(count: number, what: string): string {
  return count === 1 ? `1 ${what} has` : `${count} ${what}s have`;
}

function remedy(flag: string): string {
  return `Write it, or make a workflow with one for all of them: \`faasflow import FILE ${flag}\`.`;
}

/** Words that have a meaning of their own where a task is named. */
const RESERVED = ["input", "true", "false", "null", "this"];

class FileMaker {
  readonly #instance: Instance;
  readonly #graph: InstanceGraph;
  readonly #sizes: Sizes;
  readonly #runtime_s: number;
  readonly #names: readonly string[];
  /** Of each task, what the files that it writes are called. */
  readonly #written: readonly ReadonlyMap<string, string>[];
  readonly #inputs: ReadonlyMap<string, string>;

  constructor(
    instance: Instance,
    of: { readonly graph: InstanceGraph; readonly sizes: Sizes; readonly runtime_s: number },
  ) {
    this.#instance = instance;
    this.#graph = of.graph;
    this.#sizes = of.sizes;
    this.#runtime_s = of.runtime_s;
    const maker = new NameMaker("task", RESERVED);
    this.#names = instance.tasks.map(({ label }) => maker.make(label));
    this.#written = instance.tasks.map(({ outputs }) =>
      datumNames(outputs.map(({ file }) => file)),
    );
    this.#inputs = datumNames(of.graph.reads.flatMap(filesFromOutside));
  }

  make(): WorkflowFile {
    const { name, version, description, tasks } = this.#instance;
    const inputs = [...this.#inputs].map(([file, datum]): [string, number] => [
      datum,
      this.#sizes.of({ file, bytes: undefined }),
    ]);
    return {
      faasflow: 1,
      name: workflowName(name),
      description: description ?? `A run of ${name}, WfFormat ${version}`,
      ...(inputs.length > 0 && { inputs: Object.fromEntries(inputs) }),
      tasks: Object.fromEntries(tasks.map((task, id) => [this.#names[id]!, this.#task(id, task)])),
    };
  }

  #task(id: number, { measured, outputs }: InstanceTask): TaskFile {
    const sources = this.#graph.reads[id]!;
    const reads = [...sources].map(([file, source]) =>
      source === OUTSIDE
        ? `input.${this.#inputs.get(file)}`
        : `${this.#names[source]}.${this.#written[source]!.get(file)}`,
    );
    const writes = outputs.map((use): [string, number] => [
      this.#written[id]!.get(use.file)!,
      this.#sizes.of(use),
    ]);
    const writers = new Set(sources.values());
    const after = this.#graph.parents[id]!.filter((parent) => !writers.has(parent));
    return {
      ...timesOf(measured, this.#runtime_s),
      ...(measured.memory !== undefined && { container: containerOf(measured.memory) }),
      ...(reads.length > 0 && { reads }),
      ...(writes.length > 0 && { writes: Object.fromEntries(writes) }),
      ...(after.length > 0 && { after: after.map((parent) => this.#names[parent]!) }),
    };
  }
}

function filesFromOutside(reads: ReadonlyMap<string, number>): readonly string[] {
  return [...reads].flatMap(([file, source]) => (source === OUTSIDE ? [file] : []));
}

/** What a file's datum is called: after the last part of its path. */
function datumNames(files: readonly string[]): ReadonlyMap<string, string> {
  const maker = new NameMaker("file");
  const distinct = [...new Set(files)];
  return new Map(distinct.map((file) => [file, maker.make(/[^/\\]*[/\\]*$/.exec(file)![0])]));
}

/** A name that is fine for a file, too. */
function workflowName(name: string): string {
  const plain = name.replace(/\.json$/i, "").replace(/[^A-Za-z0-9_-]+/g, "-");
  const trimmed = plain.replace(/^-+|-+$/g, "");
  return trimmed === "" || trimmed === "all" ? "workflow" : trimmed;
}

const MICROS_PER_SECOND = 1_000_000;

/** See the head of this file. */
function timesOf({ runtime_s, avgCPU, cores = 1 }: Measured, assumed_s: number): TaskFile {
  const load = avgCPU === undefined ? Math.max(1, cores) : avgCPU / 100;
  const most = Math.max(1, cores, load);
  const wall = (runtime_s ?? assumed_s) * MICROS_PER_SECOND;
  const compute = Math.round(wall * load);
  const sleep = Math.max(0, Math.round(wall - compute / most));
  return {
    compute: secondsText(compute),
    ...(sleep > 0 && { sleep: secondsText(sleep) }),
    ...(most > 1 && { cores: Number(most.toFixed(6)) }),
  };
}

function secondsText(micros: number): string {
  return `${(micros / MICROS_PER_SECOND).toFixed(6).replace(/\.?0+$/, "")} s`;
}

const MIB = 1024 * 1024;
const MEMORY_STEP_MIB = 256;

function containerOf(bytes: number): ContainerFile {
  const steps = Math.max(1, Math.ceil(bytes / MIB / MEMORY_STEP_MIB));
  return { memory: `${steps * MEMORY_STEP_MIB} MiB`, used: Math.ceil(bytes) };
}

interface MissingSize {
  readonly file: string;
  /** Of the first task that reads or writes it. */
  readonly path: InstanceTask["path"];
}

/** Bytes of files: what the use says, else what another one does, else what is assumed. */
class Sizes {
  readonly missing: readonly MissingSize[];
  readonly #stated: ReadonlyMap<string, number>;
  readonly #assumed: number;

  constructor(tasks: readonly InstanceTask[], assumed: number) {
    const uses = tasks.flatMap(({ path, outputs, inputs }) =>
      [...outputs, ...inputs].map((use) => ({ ...use, path })),
    );
    const stated = new Map<string, number>();
    const missing = new Map<string, MissingSize>();
    for (const { file, bytes } of uses) {
      if (bytes !== undefined && !stated.has(file)) stated.set(file, Math.round(bytes));
    }
    for (const { file, path } of uses) {
      if (!stated.has(file) && !missing.has(file)) missing.set(file, { file, path });
    }
    this.missing = [...missing.values()];
    this.#stated = stated;
    this.#assumed = assumed;
  }

  of({ file, bytes }: FileUse): number {
    return bytes === undefined ? (this.#stated.get(file) ?? this.#assumed) : Math.round(bytes);
  }
}
