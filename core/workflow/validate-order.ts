/**
 * Checks of order: cycles, tasks that nothing starts, reads and conditions whose producer does not
 * come first, and everything that crosses the border of a foreach in a way no join could follow.
 */

import { namesIn } from "./condition.ts";
import type { DataTable } from "./declared-data.ts";
import { MAX_DEPTH } from "./item.ts";
import { encloses, type Layout, type PlacedForeach, type PlacedSwitch, scopeOf } from "./layout.ts";
import { type Problem, type ProblemPath, quoted } from "./problem.ts";
import type { TaskSpec, WorkflowSpec } from "./spec.ts";

export function validateOrder(
  spec: WorkflowSpec,
  layout: Layout,
  data: DataTable,
  problems: Problem[],
): void {
  const order = new OrderCheck(spec, layout, data, problems);
  order.cycles();
  for (const [id, task] of spec.tasks.entries()) order.task(id, task);
  for (const placed of layout.foreachs) order.foreach(placed);
  for (const placed of layout.switches) order.switch(placed);
}

class OrderCheck {
  readonly #spec: WorkflowSpec;
  readonly #layout: Layout;
  readonly #data: DataTable;
  readonly #problems: Problem[];
  readonly #predecessors: number[][];
  /** `#stamp`: the node is known to come before the one that was asked about last. */
  readonly #met: Int32Array;
  #stamp: number;
  #asked: number;
  #isSearched: boolean;

  constructor(spec: WorkflowSpec, layout: Layout, data: DataTable, problems: Problem[]) {
    this.#spec = spec;
    this.#layout = layout;
    this.#data = data;
    this.#problems = problems;
    this.#predecessors = layout.successors.map(() => []);
    for (const [from, targets] of layout.successors.entries()) {
      for (const to of targets) this.#predecessors[to]!.push(from);
    }
    this.#met = new Int32Array(layout.successors.length);
    this.#stamp = 0;
    this.#asked = -1;
    this.#isSearched = false;
  }

  /** One problem for each edge that closes a circle, naming the circle. */
  cycles(): void {
    for (const round of findCycles(this.#layout.successors)) {
      const names = round
        .filter((node) => node < this.#layout.taskCount)
        .map((node) => this.#spec.tasks[node]!.name);
      const first = names[0];
      if (first === undefined) continue;
      const twice = round.find((node) => (this.#layout.placements[node]?.length ?? 0) > 1);
      const second = twice === undefined ? undefined : this.#layout.placements[twice]?.[1];
      this.#problems.push({
        path: second?.path ?? ["tasks", first],
        found: `these wait for each other in a circle: ${[...names, first].join(" -> ")}`,
        remedy:
          second === undefined
            ? "Take one of these reads, `after` or steps away."
            : `The steps name ${this.#spec.tasks[twice!]!.name} again after itself; ` +
              "to run it twice, write two tasks.",
      });
    }
  }

  task(id: number, task: TaskSpec): void {
    const [first, ...others] = this.#layout.placements[id]!;
    for (const other of others) {
      if (other.scope === first!.scope) continue;
      this.#problems.push({
        path: other.path,
        found: `${task.name} is placed in and outside of one foreach body`,
        remedy: "Its join could never fire; write a second task for the other place.",
      });
    }
    if (first === undefined && this.#spec.steps.length > 0 && !this.#hasOrder(task)) {
      this.#problems.push({
        path: ["tasks", task.name],
        found: "the steps do not place this task, and it reads from none and comes after none",
        remedy: "Place it in `steps`, give it `after`, or leave it out.",
      });
    }
    for (const [index, name] of task.after.entries()) this.#after(id, task, { name, index });
    for (const [index, name] of task.reads.entries()) this.#read(id, task, { name, index });
  }

  foreach(placed: PlacedForeach): void {
    const { step, path, scope, body } = placed;
    if (this.#layout.scopes[body]!.depth > MAX_DEPTH) {
      this.#problems.push({
        path,
        found: `foreach in foreach, ${this.#layout.scopes[body]!.depth} deep`,
        remedy: `At most ${MAX_DEPTH} may nest; let one list hold what two did.`,
      });
    }
    const datum = this.#data.get(step.over);
    if (datum === undefined) return;
    const at = [...path, "over"];
    if (datum.spec.items === undefined) {
      this.#problems.push({
        path: at,
        found: `${quoted(step.over)} is not a list`,
        remedy: "Say how many `items` it has where it is written, or walk another datum.",
      });
    }
    for (let outer = scope; outer > 0; outer = this.#layout.scopes[outer]!.parent) {
      if (this.#foreachOf(outer).step.over !== step.over) continue;
      this.#problems.push({
        path: at,
        found: `the foreach around it walks ${quoted(step.over)} already`,
        remedy: "An item is no list; walk another datum.",
      });
    }
    if (datum.producer < 0) return;
    const producer = this.#spec.tasks[datum.producer]!.name;
    const from = scopeOf(this.#layout, datum.producer);
    if (encloses(this.#layout, { outer: body, inner: from })) {
      this.#problems.push({
        path: at,
        found: `${producer} writes ${quoted(step.over)} inside this very foreach`,
        remedy: `Place ${producer} before the foreach.`,
      });
    } else if (!encloses(this.#layout, { outer: from, inner: scope })) {
      this.#problems.push({
        path: at,
        found: `${quoted(step.over)} is written once an item of ${this.#foreachOf(from).step.name}`,
        remedy: "Walk a datum that is written once; let a task gather the lists first.",
      });
    } else if (!this.#comesBefore(datum.producer, placed)) {
      this.#problems.push({
        path: at,
        found: `${producer}, which writes ${quoted(step.over)}, does not come before the foreach`,
        remedy: `Place ${producer} before the foreach.`,
      });
    }
  }

  switch(placed: PlacedSwitch): void {
    const { step, path, scope } = placed;
    for (const [index, { when }] of step.cases.entries()) {
      const at = [...path, "cases", index, "when"];
      for (const name of namesIn(when)) {
        const datum = this.#data.get(name);
        if (datum === undefined) continue;
        if (datum.spec.items !== undefined && !this.#walks(scope, name)) {
          const found = `${quoted(name)} is a list`;
          const remedy =
            "A condition needs one value; let the task write it as a datum of its own.";
          this.#problems.push({ path: at, found, remedy });
        }
        if (datum.producer < 0) continue;
        const producer = this.#spec.tasks[datum.producer]!.name;
        const from = scopeOf(this.#layout, datum.producer);
        if (!this.#comesBefore(datum.producer, placed)) {
          this.#problems.push({
            path: at,
            found: `${producer}, which writes ${quoted(name)}, does not come before the switch`,
            remedy: `Place ${producer} before the switch.`,
          });
        } else if (!encloses(this.#layout, { outer: from, inner: scope })) {
          this.#problems.push({
            path: at,
            found: `${quoted(name)} has one value an item of ${this.#foreachOf(from).step.name}`,
            remedy: "A condition needs one value; let a task after the foreach write it.",
          });
        }
      }
    }
  }

  #read(id: number, task: TaskSpec, read: { name: string; index: number }): void {
    const datum = this.#data.get(read.name);
    if (datum === undefined || datum.producer < 0) return;
    const reader = { node: id, path: this.#layout.placements[id]![0]?.path };
    if (this.#comesBefore(datum.producer, reader)) return;
    const producer = this.#spec.tasks[datum.producer]!.name;
    if (this.#layout.placements[id]!.length === 0) return; // a circle, which has been said
    const inside = scopeOf(this.#layout, datum.producer);
    const hidden = !encloses(this.#layout, { outer: inside, inner: scopeOf(this.#layout, id) });
    this.#problems.push({
      path: ["tasks", task.name, "reads", read.index],
      found:
        datum.producer === id
          ? `${quoted(read.name)} is what the task itself writes`
          : `${quoted(read.name)} is written by ${producer}, ` +
            `which does not come before ${task.name}`,
      remedy:
        datum.producer === id
          ? "Take this read away."
          : hidden
            ? `Place ${task.name} after the foreach that ${producer} is in.`
            : `Place ${task.name} after ${producer} in \`steps\`, or add \`after: [${producer}]\`.`,
    });
  }

  #after(id: number, task: TaskSpec, after: { name: string; index: number }): void {
    const other = this.#layout.taskIds.get(after.name);
    if (other === undefined) return;
    const path = ["tasks", task.name, "after", after.index];
    if (scopeOf(this.#layout, other) !== scopeOf(this.#layout, id)) {
      this.#problems.push({
        path,
        found: `${after.name} and ${task.name} are not in the same foreach body`,
        remedy: "The join could never fire; order them by `steps`.",
      });
      return;
    }
    const places = this.#layout.placements[id]!;
    const others = this.#layout.placements[other]!;
    const [place] = places;
    if (places.length !== 1 || place!.branches.length === 0) return;
    const branch = place!.branches.at(-1)!;
    if (others.length > 0 && others.every(({ branches }) => branches.includes(branch))) return;
    this.#problems.push({
      path,
      found: `${after.name} is outside of the switch case that ${task.name} is in`,
      remedy:
        `${task.name} would run even when its case is not taken; ` +
        `place ${after.name} before the switch in \`steps\` and leave this out.`,
    });
  }

  #hasOrder(task: TaskSpec): boolean {
    const reads = task.reads.some((name) => (this.#data.get(name)?.producer ?? -1) >= 0);
    return reads || task.after.length > 0;
  }

  #foreachOf(scope: number): PlacedForeach {
    return this.#layout.foreachs[this.#layout.scopes[scope]!.foreach]!;
  }

  /** Whether a foreach around the scope walks the datum. */
  #walks(scope: number, name: string): boolean {
    for (let outer = scope; outer > 0; outer = this.#layout.scopes[outer]!.parent) {
      if (this.#foreachOf(outer).step.over === name) return true;
    }
    return false;
  }

  /**
   * Whether there is a way from the task. Asking again about the same node is a look-up; the graph is
   * searched only if neither an edge nor the order of the steps says so.
   */
  #comesBefore(task: number, { node, path }: PlacedNode): boolean {
    if (task === node) return false;
    if (this.#asked !== node) {
      this.#asked = node;
      this.#isSearched = false;
      this.#stamp++;
      for (const before of this.#predecessors[node]!) this.#met[before] = this.#stamp;
    }
    if (this.#met[task] === this.#stamp) return true;
    const place = this.#layout.placements[task]![0];
    if (place !== undefined && path !== undefined && isEarlier(place.path, path)) return true;
    if (!this.#isSearched) this.#search(node);
    return this.#met[task] === this.#stamp;
  }

  /** Meets all that come before the node; its own predecessors are met. */
  #search(node: number): void {
    this.#isSearched = true;
    const open = [...this.#predecessors[node]!];
    for (let met = open.pop(); met !== undefined; met = open.pop()) {
      for (const before of this.#predecessors[met]!) {
        if (this.#met[before] === this.#stamp) continue;
        this.#met[before] = this.#stamp;
        open.push(before);
      }
    }
  }
}

interface PlacedNode {
  readonly node: number;
  /** Where the steps name it; undefined: nowhere. */
  readonly path: ProblemPath | undefined;
}

/** Of these parts of a path the number behind says which branch, not which step of a sequence. */
const BRANCHING: ReadonlySet<string | number> = new Set(["parallel", "cases"]);

/** Whether the paths part at two steps of one sequence, the first one first. */
function isEarlier(one: ProblemPath, other: ProblemPath): boolean {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at++;
  const step = one[at];
  const otherStep = other[at];
  if (typeof step !== "number" || typeof otherStep !== "number") return false;
  return step < otherStep && !BRANCHING.has(one[at - 1]!);
}

/**
 * The circles that a depth-first walk closes: their nodes in order, the last leads back to the
 * first. None if and only if the graph has no cycle. Cost: O(V + E).
 */
export function findCycles(successors: readonly (readonly number[])[]): number[][] {
  const cycles: number[][] = [];
  const done = new Uint8Array(successors.length);
  const onPath = new Int32Array(successors.length).fill(-1);
  for (let root = 0; root < successors.length; root++) {
    if (done[root] === 1) continue;
    const path = [{ node: root, next: 0 }];
    onPath[root] = 0;
    while (path.length > 0) {
      const top = path.at(-1)!;
      const to = successors[top.node]![top.next++];
      if (to === undefined) {
        done[top.node] = 1;
        onPath[top.node] = -1;
        path.pop();
      } else if (onPath[to]! >= 0) {
        cycles.push(path.slice(onPath[to]!).map(({ node }) => node));
        if (cycles.length >= MAX_CYCLES) return cycles;
      } else if (done[to] === 0) {
        onPath[to] = path.length;
        path.push({ node: to, next: 0 });
      }
    }
  }
  return cycles;
}

/** Each edge that closes a circle is one; more of them help nobody. */
const MAX_CYCLES = 20;
