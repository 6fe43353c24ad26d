/**
 * What the steps of a spec say, read without any trust: who comes before whom, in which foreach.
 *
 * The checker works on this. Unlike the compiled graph it exists for wrong specs too: it may have
 * cycles, tasks in two scopes, and names that mean nothing are left out.
 */

import type { ProblemPath } from "./problem.ts";
import type { ForeachStep, Step, SwitchStep, WorkflowSpec } from "./spec.ts";

/** One place of the steps that names a task. */
export interface Placement {
  readonly path: ProblemPath;
  readonly scope: number;
  /** The switch branches around it, outermost first, each unique in the workflow. */
  readonly branches: readonly string[];
}

export interface PlacedSwitch {
  readonly node: number;
  readonly scope: number;
  readonly step: SwitchStep;
  readonly path: ProblemPath;
}

export interface PlacedForeach {
  readonly node: number;
  readonly close: number;
  /** The scope the foreach stands in. */
  readonly scope: number;
  /** The scope of its body. */
  readonly body: number;
  readonly step: ForeachStep;
  readonly path: ProblemPath;
}

export interface LayoutScope {
  readonly parent: number;
  readonly depth: number;
  /** Into `foreachs`; -1 for scope 0, the whole invocation. */
  readonly foreach: number;
}

export interface Layout {
  /** Node ids below this are tasks, in the order of the spec; the rest are control. */
  readonly taskCount: number;
  readonly successors: readonly (readonly number[])[];
  readonly placements: readonly (readonly Placement[])[];
  readonly switches: readonly PlacedSwitch[];
  readonly foreachs: readonly PlacedForeach[];
  readonly scopes: readonly LayoutScope[];
  readonly taskIds: ReadonlyMap<string, number>;
}

/** Reads the steps, then `after`, then the reads of tasks that no step places. Cost: O(spec). */
export function layOut(spec: WorkflowSpec): Layout {
  const layout = new LayoutBuilder(spec);
  layout.sequence(spec.steps, { path: ["steps"], scope: 0, branches: [] });
  layout.addOrder(spec);
  return layout;
}

/** The scope of a task: of its first placement, or the whole invocation. */
export function scopeOf(layout: Layout, task: number): number {
  return layout.placements[task]?.[0]?.scope ?? 0;
}

/** Whether `outer` is `inner` or around it. */
export function encloses(layout: Layout, span: { outer: number; inner: number }): boolean {
  let scope = span.inner;
  while (scope > span.outer) scope = layout.scopes[scope]!.parent;
  return scope === span.outer;
}

interface Place {
  readonly path: ProblemPath;
  readonly scope: number;
  readonly branches: readonly string[];
}

/** The first and last nodes of a part of the steps; nothing if it has none. */
interface Ends {
  readonly entries: readonly number[];
  readonly exits: readonly number[];
}

class LayoutBuilder implements Layout {
  readonly taskCount: number;
  readonly successors: number[][];
  readonly placements: Placement[][];
  readonly switches: PlacedSwitch[] = [];
  readonly foreachs: PlacedForeach[] = [];
  readonly scopes: LayoutScope[] = [{ parent: -1, depth: 0, foreach: -1 }];
  readonly taskIds: Map<string, number>;

  constructor(spec: WorkflowSpec) {
    this.taskCount = spec.tasks.length;
    this.successors = spec.tasks.map(() => []);
    this.placements = spec.tasks.map(() => []);
    this.taskIds = new Map(spec.tasks.map((task, index) => [task.name, index]));
  }

  sequence(steps: readonly Step[], place: Place): Ends | undefined {
    let entries: readonly number[] | undefined;
    let exits: readonly number[] = [];
    for (const [index, step] of steps.entries()) {
      const ends = this.#step(step, { ...place, path: [...place.path, index] });
      if (ends === undefined) continue;
      if (entries === undefined) entries = ends.entries;
      else this.#link(exits, ends.entries);
      exits = ends.exits;
    }
    return entries === undefined ? undefined : { entries, exits };
  }

  /** What `after` adds, and the reads of tasks that no step places. */
  addOrder(spec: WorkflowSpec): void {
    for (const [id, task] of spec.tasks.entries()) {
      for (const name of task.after) this.#edgeFrom(this.taskIds.get(name), id);
      if (this.placements[id]!.length > 0) continue;
      for (const read of task.reads) {
        this.#edgeFrom(this.taskIds.get(read.slice(0, read.indexOf("."))), id);
      }
    }
  }

  #step(step: Step, place: Place): Ends | undefined {
    switch (step.tag) {
      case "task": {
        const id = this.taskIds.get(step.task);
        if (id === undefined) return undefined;
        this.placements[id]!.push(place);
        return { entries: [id], exits: [id] };
      }
      case "sequence":
        return this.sequence(step.steps, { ...place, path: [...place.path, "sequence"] });
      case "parallel": {
        const branches = step.branches.map((branch, index) =>
          this.#step(branch, { ...place, path: [...place.path, "parallel", index] }),
        );
        const some = branches.filter((ends) => ends !== undefined);
        if (some.length === 0) return undefined;
        return {
          entries: [...new Set(some.flatMap((ends) => ends.entries))],
          exits: [...new Set(some.flatMap((ends) => ends.exits))],
        };
      }
      case "switch":
        return this.#switch(step, { ...place, path: [...place.path, "switch"] });
      case "foreach":
        return this.#foreach(step, { ...place, path: [...place.path, "foreach"] });
      default:
        return step satisfies never;
    }
  }

  #switch(step: SwitchStep, place: Place): Ends {
    const node = this.#node();
    this.switches.push({ node, scope: place.scope, step, path: place.path });
    const exits = new Set<number>();
    const branch = (steps: readonly Step[], path: ProblemPath, name: string): void => {
      const branches = [...place.branches, `${node}.${name}`];
      const ends = this.sequence(steps, { path, scope: place.scope, branches });
      if (ends !== undefined) this.#link([node], ends.entries);
      for (const exit of ends?.exits ?? [node]) exits.add(exit);
    };
    for (const [index, { steps }] of step.cases.entries()) {
      branch(steps, [...place.path, "cases", index, "steps"], `${index}`);
    }
    branch(step.otherwise, [...place.path, "otherwise"], "otherwise");
    return { entries: [node], exits: [...exits] };
  }

  #foreach(step: ForeachStep, place: Place): Ends {
    const node = this.#node();
    const close = this.#node();
    const body = this.scopes.length;
    const { scope, path } = place;
    const depth = this.scopes[scope]!.depth + 1;
    this.scopes.push({ parent: scope, depth, foreach: this.foreachs.length });
    this.foreachs.push({ node, close, scope, body, step, path });
    const inside = { path: [...path, "steps"], scope: body, branches: place.branches };
    const ends = this.sequence(step.steps, inside);
    if (ends !== undefined) {
      this.#link([node], ends.entries);
      this.#link(ends.exits, [close]);
    }
    this.#link([node], [close]);
    return { entries: [node], exits: [close] };
  }

  /** An edge from a task, or from the end of the outermost foreach that hides it from the other. */
  #edgeFrom(from: number | undefined, to: number): void {
    if (from === undefined) return;
    let [node, scope] = [from, scopeOf(this, from)];
    while (!encloses(this, { outer: scope, inner: scopeOf(this, to) })) {
      node = this.foreachs[this.scopes[scope]!.foreach]!.close;
      scope = this.scopes[scope]!.parent;
    }
    this.#link([node], [to]);
  }

  #node(): number {
    return this.successors.push([]) - 1;
  }

  /** Many to many goes over a node of its own, so that wide parallels stay linear. */
  #link(from: readonly number[], to: readonly number[]): void {
    if (from.length > 1 && to.length > 1) {
      const join = this.#node();
      this.#link(from, [join]);
      this.#link([join], to);
      return;
    }
    for (const source of from) for (const target of to) this.successors[source]!.push(target);
  }
}
