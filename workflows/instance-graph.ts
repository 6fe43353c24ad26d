/**
 * Who waits for whom in a recorded run: what parents and children say, and what files do.
 *
 * A file is read as its writer left it. Where several tasks write one, a reader means the last of
 * those that come before it by parents and children; a task that changes a file reads what was there
 * before, and so does one that its only writers come after.
 */

import { Names, type Problem, type ProblemPath, quoted } from "../core/workflow/problem.ts";
import { findCycles } from "../core/workflow/validate-order.ts";
import { Ancestry } from "./ancestry.ts";
import type { Instance, InstanceTask } from "./wfformat.ts";

export interface InstanceGraph {
  /** Of each task, those that are its parents by either's word, in the order of the file. */
  readonly parents: readonly (readonly number[])[];
  /** Of each task, whose version of a file it reads; `OUTSIDE`: nobody of the workflow writes it. */
  readonly reads: readonly ReadonlyMap<string, number>[];
}

export const OUTSIDE = -1;

/** Adds to `problems` what is wrong. Cost: linear, and a search for each read of a file of several writers. */
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

/** Who writes a file. */
interface Writers {
  readonly tasks: ReadonlySet<number>;
  /** The lowest level that any of them has. */
  readonly least: number;
}

/** So many writers of a file are named where nobody can tell whose it is. */
const MAX_NAMED = 8;

/** Whose version of a file is read. */
class Versions {
  readonly #tasks: readonly InstanceTask[];
  readonly #ancestry: Ancestry;
  readonly #writers: ReadonlyMap<string, Writers>;

  constructor(tasks: readonly InstanceTask[], parents: readonly (readonly number[])[]) {
    this.#tasks = tasks;
    this.#ancestry = new Ancestry(parents);
    const writers = new Map<string, number[]>();
    for (const [task, { outputs }] of tasks.entries()) {
      for (const { file } of outputs) note(writers, file, task);
    }
    this.#writers = new Map(
      [...writers].map(([file, list]) => [
        file,
        {
          tasks: new Set(list),
          least: list.reduce(
            (least, task) => Math.min(least, this.#ancestry.levelOf(task)),
            Infinity,
          ),
        },
      ]),
    );
  }

  /** undefined: nobody can tell. */
  readBy(reader: number, file: string): number | undefined {
    const writers = this.#writers.get(file);
    if (writers === undefined) return OUTSIDE;
    const { tasks, least } = writers;
    const others = tasks.size - Number(tasks.has(reader));
    if (others > 1) {
      // Whoever comes before one of these is not the last.
      const earlier = this.#ancestry.nearest(reader, {
        least,
        isWanted: (task) => task !== reader && tasks.has(task),
      });
      if (earlier.length > 0) return this.#lastOf(earlier);
    }
    let apart = OUTSIDE;
    for (const writer of tasks) {
      if (writer === reader || this.#isLater(writer, reader)) continue;
      if (apart !== OUTSIDE) return undefined;
      apart = writer;
    }
    return apart;
  }

  unclear(reader: number, file: string): Problem {
    const { path, label } = this.#tasks[reader]!;
    const writers = [...this.#writers.get(file)!.tasks].filter((writer) => writer !== reader);
    const names = writers.slice(0, MAX_NAMED).map((task) => quoted(this.#tasks[task]!.label));
    if (writers.length > MAX_NAMED) names.push(`${writers.length - MAX_NAMED} more`);
    return {
      path,
      found: `${quoted(label)} reads ${quoted(file)}, which ${names.join(" and ")} write: nobody can tell whose it means`,
      remedy: "Order the writers by `parents`, or give each file a name of its own.",
    };
  }

  /** The one that all others come before. */
  #lastOf(tasks: readonly number[]): number | undefined {
    const ancestry = this.#ancestry;
    // Only the highest can be: each other one fails at the first comparison, by level.
    const highestFirst = [...tasks].sort((a, b) => descending(ancestry, a, b));
    return highestFirst.find((last) =>
      highestFirst.every((other) => other === last || ancestry.comesBefore(other, last)),
    );
  }

  /** In a circle each comes before the other: then it is not. */
  #isLater(writer: number, reader: number): boolean {
    return (
      this.#ancestry.comesBefore(reader, writer) && !this.#ancestry.comesBefore(writer, reader)
    );
  }
}

function descending(ancestry: Ancestry, a: number, b: number): number {
  const [one, other] = [ancestry.levelOf(a), ancestry.levelOf(b)];
  return one === other ? a - b : other - one;
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
