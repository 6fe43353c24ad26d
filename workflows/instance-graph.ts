/**
 * Who waits for whom in a recorded run: what parents and children say, and what files do.
 *
 * A file is read as its writer left it. Where several tasks write one, a reader means the last of
 * those that come before it by parents and children; a task that changes a file reads what was there
 * before, and so does one that its only writers come after.
 */

import { Names, type Problem, type ProblemPath, quoted } from "../core/workflow/problem.ts";
import { findCycles } from "../core/workflow/validate-order.ts";
import type { Instance, InstanceTask } from "./wfformat.ts";

export interface InstanceGraph {
  /** Of each task, those that are its parents by either's word, in the order of the file. */
  readonly parents: readonly (readonly number[])[];
  /** Of each task, whose version of a file it reads; `OUTSIDE`: nobody of the workflow writes it. */
  readonly reads: readonly ReadonlyMap<string, number>[];
}

export const OUTSIDE = -1;

/** Adds to `problems` what is wrong. Cost: linear, and a search for each read of an unclear file. */
export function graphOf({ tasks }: Instance, problems: Problem[]): InstanceGraph {
  const parents = declaredParents(tasks, problems);
  const versions = new Versions(tasks, parents);
  const reads = tasks.map((task, reader) => {
    const sources = new Map<string, number>();
    for (const { file } of task.inputs) {
      const source = versions.readBy(reader, file);
      if (source !== undefined) sources.set(file, source);
      else problems.push(versions.unclear(reader, file));
    }
    return sources;
  });
  checkCircles(tasks, { parents, reads }, problems);
  return { parents, reads };
}

function declaredParents(
  tasks: readonly InstanceTask[],
  problems: Problem[],
): readonly (readonly number[])[] {
  const index = new TaskIndex(tasks, problems);
  const parents = tasks.map(() => new Set<number>());
  for (const [task, { path, parents: before, children: after }] of tasks.entries()) {
    for (const [position, name] of before.entries()) {
      const parent = index.find(name, [...path, "parents", position]);
      if (parent !== undefined) parents[task]!.add(parent);
    }
    for (const [position, name] of after.entries()) {
      const child = index.find(name, [...path, "children", position]);
      if (child !== undefined) parents[child]!.add(task);
    }
  }
  return parents.map((set) => [...set].sort((a, b) => a - b));
}

/** Tasks by what others call them. */
class TaskIndex {
  readonly #problems: Problem[];
  /** By each kind of name, the better kind first. */
  readonly #byKey: readonly ReadonlyMap<string, readonly number[]>[];
  readonly #names: Names;

  constructor(tasks: readonly InstanceTask[], problems: Problem[]) {
    this.#problems = problems;
    const kinds = tasks.reduce((most, { keys }) => Math.max(most, keys.length), 0);
    this.#byKey = Array.from({ length: kinds }, (_, kind) => {
      const found = new Map<string, number[]>();
      for (const [task, { keys }] of tasks.entries()) {
        const key = keys[kind];
        if (key !== undefined) note(found, key, task);
      }
      return found;
    });
    this.#names = new Names(
      "task",
      tasks.map(({ keys }) => keys[0]!),
    );
    this.#checkTwice(tasks);
  }

  find(name: string, path: ProblemPath): number | undefined {
    const found = this.#byKey.find((byKey) => byKey.has(name))?.get(name) ?? [];
    if (found.length === 1) return found[0];
    const problem =
      found.length === 0
        ? { found: `no task is called ${quoted(name)}`, remedy: this.#names.remedy(name) }
        : {
            found: `${found.length} tasks are called ${quoted(name)}`,
            remedy: "Say which one is meant by its `id`.",
          };
    this.#problems.push({ path, ...problem });
    return undefined;
  }

  #checkTwice(tasks: readonly InstanceTask[]): void {
    const seen = new Set<string>();
    for (const { path, keys, label } of tasks) {
      const key = keys.join("\u0000");
      if (seen.has(key)) {
        const found = `the task ${quoted(label)} is there twice`;
        this.#problems.push({ path, found, remedy: "Rename one of the two, or leave it out." });
      }
      seen.add(key);
    }
  }
}

/** Whose version of a file is read. */
class Versions {
  readonly #tasks: readonly InstanceTask[];
  readonly #parents: readonly (readonly number[])[];
  readonly #writers: Map<string, number[]>;
  /** All that come before the task that was asked for last: it often is asked for again. */
  #before: { readonly task: number; readonly all: ReadonlySet<number> };

  constructor(tasks: readonly InstanceTask[], parents: readonly (readonly number[])[]) {
    this.#tasks = tasks;
    this.#parents = parents;
    this.#writers = new Map();
    this.#before = { task: -1, all: new Set() };
    for (const [task, { outputs }] of tasks.entries()) {
      for (const { file } of outputs) note(this.#writers, file, task);
    }
  }

  /** undefined: nobody can tell. */
  readBy(reader: number, file: string): number | undefined {
    const writers = this.#othersThan(reader, file);
    const [first] = writers;
    if (first === undefined) return OUTSIDE;
    if (writers.length === 1 && this.#parents[reader]!.includes(first)) return first;
    const earlier = writers.filter((writer) => this.#comesBefore(writer, reader));
    if (earlier.length > 0) {
      return earlier.find((last) =>
        earlier.every((other) => other === last || this.#comesBefore(other, last)),
      );
    }
    const apart = writers.filter((writer) => !this.#comesBefore(reader, writer));
    if (apart.length === 0) return OUTSIDE;
    return apart.length === 1 ? apart[0] : undefined;
  }

  unclear(reader: number, file: string): Problem {
    const { path, label } = this.#tasks[reader]!;
    const names = this.#othersThan(reader, file).map((task) => quoted(this.#tasks[task]!.label));
    return {
      path,
      found: `${quoted(label)} reads ${quoted(file)}, which ${names.join(" and ")} write: nobody can tell whose it means`,
      remedy: "Order the writers by `parents`, or give each file a name of its own.",
    };
  }

  #othersThan(reader: number, file: string): readonly number[] {
    return (this.#writers.get(file) ?? []).filter((writer) => writer !== reader);
  }

  /** By parents alone. */
  #comesBefore(task: number, other: number): boolean {
    if (this.#before.task !== other) {
      // A set is walked in the order of insertion, also over what is added on the way.
      const all = new Set<number>(this.#parents[other]);
      for (const each of all) for (const parent of this.#parents[each]!) all.add(parent);
      this.#before = { task: other, all };
    }
    return this.#before.all.has(task);
  }
}

function note(lists: Map<string, number[]>, key: string, task: number): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [task]);
  else list.push(task);
}

function checkCircles(
  tasks: readonly InstanceTask[],
  { parents, reads }: InstanceGraph,
  problems: Problem[],
): void {
  const successors = tasks.map((): number[] => []);
  for (const [task, before] of parents.entries()) {
    const sources = [...reads[task]!.values()].filter((source) => source !== OUTSIDE);
    for (const earlier of new Set([...before, ...sources])) successors[earlier]!.push(task);
  }
  for (const circle of findCycles(successors)) {
    const labels = [...circle, circle[0]!].map((task) => tasks[task]!.label);
    problems.push({
      path: tasks[circle[0]!]!.path,
      found: `these wait for each other in a circle: ${labels.join(" -> ")}`,
      remedy: "Take one of these parents or children, or of the files between them, away.",
    });
  }
}
