/**
 * A workflow as its author wrote it, after loading: units resolved, defaults filled in, shorthands
 * expanded. `workflows/schema.ts` decodes files into this type; `compile.ts` compiles it.
 */

import type { Bytes, Micros } from "../units.ts";
import type { Expression } from "./condition.ts";

export interface WorkflowSpec {
  readonly name: string;
  readonly description: string;
  /** What each invocation brings with it, by name; read as `input.NAME`. */
  readonly inputs: readonly DatumSpec[];
  readonly tasks: readonly TaskSpec[];
  /** Control: what data alone does not say. Empty: tasks are ordered by what they read and by `after`. */
  readonly steps: readonly Step[];
  /** Longest end-to-end latency before an invocation is given up; none: no limit. */
  readonly timeout: Micros | undefined;
}

export interface TaskSpec {
  readonly name: string;
  /** The function's body, for live runs; the simulator knows `compute`, `sleep` and sizes only. */
  readonly run: RunSpec;
  /** CPU time of one activation on one core-second scale (core-microseconds). */
  readonly compute: Quantity;
  /** Wall time that takes no CPU, microseconds. */
  readonly sleep: Quantity;
  /** Most cores that one activation can use at once; may be fractional. */
  readonly cores: number;
  /** `TASK.DATUM` or `input.DATUM`. */
  readonly reads: readonly DatumName[];
  readonly writes: readonly DatumSpec[];
  /** Tasks that must have ended before, beyond what `reads` and `steps` say. */
  readonly after: readonly string[];
  readonly container: ContainerSpec;
  readonly retries: RetrySpec;
  /** Longest time of one attempt, from its container to its last put; none: no limit. */
  readonly timeout: Micros | undefined;
}

/** What a container runs for a task. */
export type RunSpec =
  /** Computes and sleeps as the task says, and writes so many bytes. */
  | { readonly tag: "synthetic" }
  /**
   * A module that exports the function: `builtin:FOLDER/NAME`, or a path from the workflow file.
   * `digest`: of its text when it was deployed; with another text it is another function.
   */
  | { readonly tag: "module"; readonly module: string; readonly digest?: string }
  /** A program and its arguments; data over stdin and stdout. */
  | { readonly tag: "command"; readonly command: readonly string[] };

export const SYNTHETIC: RunSpec = { tag: "synthetic" };

export interface ContainerSpec {
  readonly memory: Bytes;
  /** Memory that the function itself needs; the rest, less a reserve, is FaaStore's. */
  readonly used: Bytes;
  /** Most containers of this task on one worker. */
  readonly limit: number;
  /** Instances that the plan reckons with (quota, capacity): the expected width of a foreach, else 1. */
  readonly instances: number;
  /** Capacity units one instance takes from its worker. */
  readonly scale: number;
}

export interface RetrySpec {
  /** Attempts after the first. */
  readonly limit: number;
  readonly delay: Micros;
  /** Each delay is this times the one before. */
  readonly backoff: number;
}

/** `TASK.DATUM` or `input.DATUM`. */
export type DatumName = string;

export interface DatumSpec {
  readonly name: string;
  /** Bytes of the datum, or of each item of it. */
  readonly size: Quantity;
  /** A list, one item a part of a foreach: how many, and their sizes where they differ. */
  readonly items: ItemsSpec | undefined;
  /** What the bytes are, which is what a store's compression cares about. */
  readonly content: Content;
  /** False: the name exists, the bytes never do; a read is a look-up that fails. Only for inputs. */
  readonly stored: boolean;
  /**
   * What an invocation has that does not give this input; none: it must. Of a list an array, one
   * entry an item. Only for stored inputs of live runs: the simulator knows sizes.
   */
  readonly value?: Json;
}

/** What JSON can say. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [name: string]: Json };

/** `filler` and `text` are JSON bodies (a store compresses them); `binary` goes as it is. */
export type Content = "filler" | "text" | "binary";

export interface ItemsSpec {
  readonly count: Quantity;
  /** Bytes of item 0, 1, ...; empty: `size` for each. */
  readonly sizes: readonly Bytes[];
}

/** A number, or how it varies from invocation to invocation. */
export type Quantity =
  | { readonly tag: "fixed"; readonly value: number }
  | { readonly tag: "uniform"; readonly min: number; readonly max: number }
  | { readonly tag: "exponential"; readonly mean: number }
  | { readonly tag: "lognormal"; readonly median: number; readonly sigma: number }
  | { readonly tag: "empirical"; readonly values: readonly number[] };

export type Step =
  | { readonly tag: "task"; readonly task: string }
  | { readonly tag: "sequence"; readonly steps: readonly Step[] }
  | { readonly tag: "parallel"; readonly branches: readonly Step[] }
  | SwitchStep
  | ForeachStep;

export interface SwitchStep {
  readonly tag: "switch";
  /** Unique in the workflow; the loader numbers those that have none. */
  readonly name: string;
  /** Tried in order; the first that holds is taken. */
  readonly cases: readonly SwitchCase[];
  /** Taken when none holds; may be empty. */
  readonly otherwise: readonly Step[];
}

export interface SwitchCase {
  readonly when: Expression;
  /** Share of invocations that take this case, for simulation; none: not stated. */
  readonly probability: number | undefined;
  readonly steps: readonly Step[];
}

export interface ForeachStep {
  readonly tag: "foreach";
  readonly name: string;
  /** The datum whose items are walked. */
  readonly over: DatumName;
  readonly steps: readonly Step[];
}

export function fixed(value: number): Quantity {
  return { tag: "fixed", value };
}

/** The value that planning reckons with: the mean. */
export function expected(quantity: Quantity): number {
  switch (quantity.tag) {
    case "fixed":
      return quantity.value;
    case "uniform":
      return (quantity.min + quantity.max) / 2;
    case "exponential":
      return quantity.mean;
    case "lognormal":
      return quantity.median * Math.exp(quantity.sigma ** 2 / 2);
    case "empirical":
      return quantity.values.reduce((sum, value) => sum + value, 0) / quantity.values.length;
    default:
      return quantity satisfies never;
  }
}
