/**
 * Spec to graph. Asks that `validate` found nothing wrong; what it would have found is an invariant
 * here. Cost: linear in tasks, reads and edges.
 */

import { invariant } from "../invariant.ts";
import { namesIn } from "./condition.ts";
import {
  type Case,
  type Datum,
  type Edge,
  type EdgeKind,
  type Graph,
  OTHERWISE,
  OUTSIDE,
  type Read,
  type ReadKind,
  type Scope,
  type Vertex,
  type VertexKind,
} from "./graph.ts";
import type { DatumSpec, ForeachStep, Step, SwitchStep, TaskSpec, WorkflowSpec } from "./spec.ts";

export function compile(spec: WorkflowSpec): Graph {
  const builder = new Builder(spec);
  builder.addSteps();
  builder.addDataEdges();
  builder.addStartEdges();
  return builder.finish();
}

/** Where a step ends: the vertex, and the branch if that vertex is a switch. */
interface End {
  readonly from: number;
  readonly branch: number;
}

interface DraftVertex {
  readonly kind: VertexKind;
  readonly name: string;
  scope: number;
  readonly inEdges: number[];
  readonly outEdges: number[];
  readonly task: TaskSpec | undefined;
  readonly cases: readonly Case[];
  readonly over: number;
  partner: number;
}

class Builder {
  readonly #spec: WorkflowSpec;
  readonly #vertices: DraftVertex[];
  readonly #edges: Edge[];
  /** One key an edge, so that a step named twice does not double its edges. */
  readonly #edgeKeys: Set<string>;
  readonly #scopes: { parent: number; foreach: number; depth: number; close: number }[];
  readonly #taskIds: Map<string, number>;
  readonly #data: { name: string; producer: number; spec: DatumSpec }[];
  readonly #datumIds: Map<string, number>;
  readonly #placed: Set<number>;

  constructor(spec: WorkflowSpec) {
    this.#spec = spec;
    this.#vertices = [];
    this.#edges = [];
    this.#edgeKeys = new Set();
    this.#scopes = [{ parent: -1, foreach: -1, depth: 0, close: -1 }];
    this.#taskIds = new Map();
    this.#data = [];
    this.#datumIds = new Map();
    this.#placed = new Set();
    for (const task of spec.tasks) {
      this.#taskIds.set(task.name, this.#vertex({ kind: "task", name: task.name, scope: 0, task }));
    }
    for (const input of spec.inputs) this.#datum(`input.${input.name}`, OUTSIDE, input);
    for (const task of spec.tasks) {
      for (const datum of task.writes) {
        this.#datum(`${task.name}.${datum.name}`, this.#taskId(task.name), datum);
      }
    }
  }

  addSteps(): void {
    this.#sequence(this.#spec.steps, [], 0);
  }

  /** Edges that `after` asks for and, for tasks outside the steps, those that reading implies. */
  addDataEdges(): void {
    for (const task of this.#spec.tasks) {
      const to = this.#taskId(task.name);
      for (const before of task.after) this.#edgeFromTask(this.#taskId(before), to);
      if (this.#placed.has(to)) continue;
      for (const name of task.reads) {
        const producer = this.#data[this.#datumId(name)]!.producer;
        if (producer !== OUTSIDE) this.#edgeFromTask(producer, to);
      }
    }
  }

  addStartEdges(): void {
    for (const [id, vertex] of this.#vertices.entries()) {
      if (vertex.inEdges.length === 0)
        this.#edge({ from: OUTSIDE, branch: OTHERWISE }, id, "plain");
    }
  }

  finish(): Graph {
    const positions = this.#positions();
    const reads = this.#vertices.map((vertex) => this.#readsOf(vertex));
    // Field by field, here and for data: a spread gives each object a hidden class of its own, which
    // makes every look at a graph some ten times as slow.
    const vertices = this.#vertices.map(
      (draft, id): Vertex => ({
        kind: draft.kind,
        name: draft.name,
        scope: draft.scope,
        position: positions.of[id]!,
        inEdges: draft.inEdges,
        outEdges: draft.outEdges,
        task: draft.task,
        reads: reads[id]!,
        writes: (draft.task?.writes ?? []).map((datum) =>
          this.#datumId(`${draft.name}.${datum.name}`),
        ),
        cases: draft.cases,
        over: draft.over,
        partner: draft.partner,
      }),
    );
    return {
      spec: this.#spec,
      name: this.#spec.name,
      vertices,
      taskCount: this.#spec.tasks.length,
      edges: this.#edges,
      startEdges: this.#edges.flatMap((edge, id) => (edge.from === OUTSIDE ? [id] : [])),
      sinks: vertices.flatMap((v, id) => (v.scope === 0 && v.outEdges.length === 0 ? [id] : [])),
      scopes: this.#scopes.map(
        (scope, id): Scope => ({
          parent: scope.parent,
          foreach: scope.foreach,
          depth: scope.depth,
          vertices: positions.byScope[id]!,
        }),
      ),
      data: this.#dataWithReaders(reads),
      order: this.#order(),
    };
  }

  /** Puts the steps one after another behind `before`; gives where the last one ends. */
  #sequence(steps: readonly Step[], before: readonly End[], scope: number): readonly End[] {
    let ends = before;
    for (const step of steps) ends = this.#step(step, ends, scope);
    return ends;
  }

  #step(step: Step, before: readonly End[], scope: number): readonly End[] {
    switch (step.tag) {
      case "task": {
        const id = this.#taskId(step.task);
        this.#placed.add(id);
        this.#vertices[id]!.scope = scope;
        this.#connect(before, id);
        return [{ from: id, branch: OTHERWISE }];
      }
      case "sequence":
        return this.#sequence(step.steps, before, scope);
      case "parallel": {
        const gathered = this.#tie(before, step.branches.length, scope);
        return step.branches.flatMap((branch) => this.#step(branch, gathered, scope));
      }
      case "switch":
        return this.#switch(step, before, scope);
      case "foreach":
        return this.#foreach(step, before, scope);
      default:
        return step satisfies never;
    }
  }

  /** Many ends before many starts go through one join vertex: m + n edges instead of m x n. */
  #tie(before: readonly End[], starts: number, scope: number): readonly End[] {
    if (before.length * starts <= before.length + starts) return before;
    const id = this.#vertex({ kind: "join", name: `join-${this.#vertices.length}`, scope });
    this.#connect(before, id);
    return [{ from: id, branch: OTHERWISE }];
  }

  #switch(step: SwitchStep, before: readonly End[], scope: number): readonly End[] {
    const cases = step.cases.map(({ when, probability }) => ({ when, probability }));
    const id = this.#vertex({ kind: "switch", name: step.name, scope, cases });
    this.#connect(before, id);
    const ends = step.cases.flatMap((branch, index) =>
      this.#sequence(branch.steps, [{ from: id, branch: index }], scope),
    );
    return [...ends, ...this.#sequence(step.otherwise, [{ from: id, branch: OTHERWISE }], scope)];
  }

  #foreach(step: ForeachStep, before: readonly End[], scope: number): readonly End[] {
    const over = this.#datumId(step.over);
    const id = this.#vertex({ kind: "foreach", name: step.name, scope, over });
    const close = this.#vertex({ kind: "close", name: `${step.name}-close`, scope });
    this.#vertices[id]!.partner = close;
    this.#vertices[close]!.partner = id;
    const inner = this.#scopes.length;
    const depth = this.#scopes[scope]!.depth + 1;
    this.#scopes.push({ parent: scope, foreach: id, depth, close });
    this.#connect(before, id);
    this.#edge({ from: id, branch: OTHERWISE }, close, "width");
    const ends = this.#sequence(step.steps, [{ from: id, branch: OTHERWISE }], inner);
    this.#connect(ends, close);
    return [{ from: close, branch: OTHERWISE }];
  }

  #connect(ends: readonly End[], to: number): void {
    for (const end of ends) {
      const from = this.#vertices[end.from]!;
      const inner = this.#vertices[to]!.scope;
      const kind =
        from.scope === inner
          ? "plain"
          : this.#scopes[inner]!.parent === from.scope && this.#scopes[inner]!.foreach === end.from
            ? "fan-out"
            : "gather";
      this.#edge(end, to, kind);
    }
  }

  /** An edge from a task that may sit in a foreach which `to` is outside of: then from its close. */
  #edgeFromTask(task: number, to: number): void {
    let from = task;
    const depth = this.#scopes[this.#vertices[to]!.scope]!.depth;
    while (this.#scopes[this.#vertices[from]!.scope]!.depth > depth) {
      from = this.#scopes[this.#vertices[from]!.scope]!.close;
    }
    this.#edge({ from, branch: OTHERWISE }, to, "plain");
  }

  #edge(end: End, to: number, kind: EdgeKind): void {
    const key = `${end.from} ${end.branch} ${to}`;
    if (this.#edgeKeys.has(key)) return;
    this.#edgeKeys.add(key);
    const id = this.#edges.length;
    const slot = this.#vertices[to]!.inEdges.length;
    this.#edges.push({ from: end.from, to, kind, branch: end.branch, slot });
    if (end.from !== OUTSIDE) this.#vertices[end.from]!.outEdges.push(id);
    this.#vertices[to]!.inEdges.push(id);
  }

  #vertex(draft: {
    kind: VertexKind;
    name: string;
    scope: number;
    task?: TaskSpec;
    cases?: readonly Case[];
    over?: number;
  }): number {
    const id = this.#vertices.length;
    this.#vertices.push({
      kind: draft.kind,
      name: draft.name,
      scope: draft.scope,
      inEdges: [],
      outEdges: [],
      task: draft.task,
      cases: draft.cases ?? [],
      over: draft.over ?? -1,
      partner: -1,
    });
    return id;
  }

  #datum(name: string, producer: number, spec: DatumSpec): void {
    this.#datumIds.set(name, this.#data.length);
    this.#data.push({ name, producer, spec });
  }

  #taskId(name: string): number {
    const id = this.#taskIds.get(name);
    invariant(id !== undefined, `no task ${name}`);
    return id;
  }

  #datumId(name: string): number {
    const id = this.#datumIds.get(name);
    invariant(id !== undefined, `no datum ${name}`);
    return id;
  }

  #readsOf(vertex: DraftVertex): readonly Read[] {
    return (vertex.task?.reads ?? []).map((name) => {
      const datum = this.#datumId(name);
      return { datum, how: this.#readKind(vertex.scope, datum) };
    });
  }

  #readKind(readerScope: number, datum: number): ReadKind {
    const { producer, spec } = this.#data[datum]!;
    const producerScope = producer === OUTSIDE ? 0 : this.#vertices[producer]!.scope;
    let scope = readerScope;
    while (scope !== producerScope) {
      const { foreach, parent } = this.#scopes[scope]!;
      // The producer's scope is not around the reader: it was left, so everything in it is read.
      if (foreach === -1) return "all";
      if (this.#vertices[foreach]!.over === datum) return "item";
      scope = parent;
    }
    return spec.items === undefined ? "same" : "all";
  }

  #dataWithReaders(reads: readonly (readonly Read[])[]): readonly Datum[] {
    const readers: number[][] = this.#data.map(() => []);
    for (const [id, list] of reads.entries()) {
      for (const read of list) readers[read.datum]!.push(id);
    }
    const inline = new Set<number>();
    for (const vertex of this.#vertices) {
      if (vertex.over >= 0) inline.add(vertex.over);
      for (const branch of vertex.cases) {
        for (const name of namesIn(branch.when)) inline.add(this.#datumId(name));
      }
    }
    return this.#data.map(({ name, producer, spec }, id) => ({
      name,
      producer,
      spec,
      readers: readers[id]!,
      inline: inline.has(id),
    }));
  }

  #positions(): { readonly of: readonly number[]; readonly byScope: readonly number[][] } {
    const byScope: number[][] = this.#scopes.map(() => []);
    const of = this.#vertices.map((vertex, id) => byScope[vertex.scope]!.push(id) - 1);
    return { of, byScope };
  }

  /** Wave by wave: a vertex comes once all it depends on has come; inside a wave by id. */
  #order(): readonly number[] {
    const waiting = this.#vertices.map((vertex) => vertex.inEdges.length);
    const order: number[] = [];
    let wave: number[] = [];
    const answer = (edge: number): void => {
      const to = this.#edges[edge]!.to;
      waiting[to]!--;
      if (waiting[to] === 0) wave.push(to);
    };
    for (const [id, edge] of this.#edges.entries()) if (edge.from === OUTSIDE) answer(id);
    while (wave.length > 0) {
      const current = wave.sort((a, b) => a - b);
      wave = [];
      for (const vertex of current) {
        order.push(vertex);
        for (const edge of this.#vertices[vertex]!.outEdges) answer(edge);
      }
    }
    invariant(order.length === this.#vertices.length, `workflow ${this.#spec.name} has a cycle`);
    return order;
  }
}
