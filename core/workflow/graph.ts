/**
 * A workflow compiled to dense arrays: what plans, engines and analysis work on.
 *
 * Vertices are tasks first (in the order of the spec), then the control vertices that the steps
 * need: a `switch` picks one of its out-edges, a `foreach` starts its body once for each item of a
 * datum, a `close` gathers those bodies again, a `join` merely ties many ends to many starts.
 * Control vertices run nothing and cost no container.
 *
 * Scopes nest like foreach does. Scope 0 is the whole invocation; each foreach opens one. A body
 * vertex is met once for each item of its scope. Edges stay in their scope but for three kinds:
 * `foreach` to a body start (fans out), a body end to `close` (gathers), and `foreach` to its own
 * `close` (carries the width, and the skip when there is nothing to do).
 */

import type { Expression } from "./condition.ts";
import type { DatumSpec, TaskSpec, WorkflowSpec } from "./spec.ts";

export type VertexKind = "task" | "switch" | "foreach" | "close" | "join";

export interface Vertex {
  readonly kind: VertexKind;
  /** The task's or step's name. */
  readonly name: string;
  readonly scope: number;
  /** Its position among the vertices of its scope. */
  readonly position: number;
  /** Edge ids, in the order of the spec. */
  readonly inEdges: readonly number[];
  readonly outEdges: readonly number[];
  /** The task's spec; undefined for control vertices. */
  readonly task: TaskSpec | undefined;
  readonly reads: readonly Read[];
  /** Datum ids. */
  readonly writes: readonly number[];
  /** Of a switch: its cases in order; out-edges name them by index, `OTHERWISE` for none. */
  readonly cases: readonly Case[];
  /** Of a foreach: the datum walked. -1 otherwise. */
  readonly over: number;
  /** Of a foreach its close, of a close its foreach; -1 otherwise. */
  readonly partner: number;
}

export interface Case {
  readonly when: Expression;
  readonly probability: number | undefined;
}

/** The index of the branch taken when no case holds. */
export const OTHERWISE = -1;
/** `Edge.from` of an edge that the invocation itself answers. */
export const OUTSIDE = -1;

export interface Edge {
  /** A vertex, or `OUTSIDE`. */
  readonly from: number;
  readonly to: number;
  readonly kind: EdgeKind;
  /** Of an edge out of a switch: the case it stands for, `OTHERWISE` included. */
  readonly branch: number;
  /** Its position among the in-edges of `to`. */
  readonly slot: number;
}

/**
 * `plain` joins two vertices of one scope; `fan-out` enters a foreach body, `gather` leaves it;
 * `width` goes from a foreach to its close.
 */
export type EdgeKind = "plain" | "fan-out" | "gather" | "width";

export interface Scope {
  /** The scope around it; -1 for scope 0. */
  readonly parent: number;
  /** The foreach vertex that opens it; -1 for scope 0. */
  readonly foreach: number;
  readonly depth: number;
  /** Vertices whose scope it is, by position. */
  readonly vertices: readonly number[];
}

export interface Datum {
  /** `TASK.DATUM` or `input.DATUM`. */
  readonly name: string;
  /** The task that writes it, or `OUTSIDE` for an input of the invocation. */
  readonly producer: number;
  readonly spec: DatumSpec;
  /** Vertices (tasks) that read it, ascending. */
  readonly readers: readonly number[];
  /** Whether a condition or a foreach needs its value or count inline. */
  readonly inline: boolean;
}

export interface Read {
  readonly datum: number;
  readonly how: ReadKind;
}

/**
 * How a reader's item relates to the datum's: `same` the datum of the reader's own item (or of the
 * item around it); `item` that one item of a list which the foreach around the reader is at;
 * `all` each item of a list, or the datum of each item of a foreach that has ended.
 */
export type ReadKind = "same" | "item" | "all";

export interface Graph {
  readonly spec: WorkflowSpec;
  readonly name: string;
  readonly vertices: readonly Vertex[];
  /** Vertices below this are tasks. */
  readonly taskCount: number;
  readonly edges: readonly Edge[];
  /** Edges from `OUTSIDE`, one for each vertex that waits for nothing else. */
  readonly startEdges: readonly number[];
  /** Vertices of scope 0 with no out-edge: when each has answered, the invocation is finished. */
  readonly sinks: readonly number[];
  readonly scopes: readonly Scope[];
  readonly data: readonly Datum[];
  /** Every vertex after all those it depends on; ties by vertex id. */
  readonly order: readonly number[];
}
