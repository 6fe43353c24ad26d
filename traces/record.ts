/**
 * Traces: when invocations arrived and what they did. NDJSON: a header, then a record an arrival,
 * in order of time. Names in the file, ids in memory.
 *
 * A record says when (`at_us`) and which `workflow`; the rest is optional. Each value is one number
 * for every item, or an object from item path (`0`, `2.1`) to number.
 */

import * as Result from "effect/Result";
import * as Schema from "effect/Schema";
import type { Micros } from "../core/units.ts";
import { type Graph, OTHERWISE } from "../core/workflow/graph.ts";
import { type Item, itemPath, parseItemPath } from "../core/workflow/item.ts";
import { LineProblems, shown } from "../core/workflow/line-problems.ts";
import { Names } from "../core/workflow/problem.ts";
import type { ByItem, Recorded } from "../core/workflow/recorded.ts";
import { schemaProblems } from "./schema-problems.ts";

const TRACE_FORMAT = "faasflow-trace";
const TRACE_VERSION = 1;

/** Line 1 of a trace, without the line end. */
export const TRACE_HEADER = JSON.stringify({ format: TRACE_FORMAT, version: TRACE_VERSION });

/** One arrival, ready to be simulated. */
export interface TraceEntry {
  readonly at: Micros;
  readonly workflow: string;
  readonly recorded: Recorded;
}

type NumberByItem = number | { readonly [itemPath: string]: number };
type Branch = number | typeof OTHERWISE_NAME;

/** One line of a trace. */
export interface TraceRecord {
  readonly at_us: number;
  readonly workflow: string;
  /** Task to core-microseconds. */
  readonly compute_us?: { readonly [task: string]: NumberByItem };
  /** Task to microseconds. */
  readonly sleep_us?: { readonly [task: string]: NumberByItem };
  /** `TASK.DATUM` to bytes; by part. */
  readonly bytes?: { readonly [datum: string]: NumberByItem };
  /** `TASK.DATUM` to the number of its items. */
  readonly counts?: { readonly [datum: string]: NumberByItem };
  /** Switch to the case taken, from 0, or `otherwise`. */
  readonly branches?: {
    readonly [name: string]: Branch | { readonly [itemPath: string]: Branch };
  };
}

const OTHERWISE_NAME = "otherwise";

const Header = Schema.Struct({
  format: Schema.Literal(TRACE_FORMAT),
  version: Schema.Literal(TRACE_VERSION),
});
const byItem = <S extends Schema.Constraint>(value: S) =>
  Schema.Record(Schema.String, Schema.Union([value, Schema.Record(Schema.String, value)]));
const Numbers = byItem(Schema.Natural);
const TraceRecordSchema = Schema.Struct({
  at_us: Schema.Natural,
  workflow: Schema.String,
  compute_us: Schema.optionalKey(Numbers),
  sleep_us: Schema.optionalKey(Numbers),
  bytes: Schema.optionalKey(Numbers),
  counts: Schema.optionalKey(Numbers),
  branches: Schema.optionalKey(
    byItem(Schema.Union([Schema.Natural, Schema.Literal(OTHERWISE_NAME)])),
  ),
}) satisfies Schema.Decoder<TraceRecord>;

const STRICT = { errors: "all", onExcessProperty: "error" } as const;
const decodeHeader = Schema.decodeUnknownResult(Header, STRICT);
const decodeRecord = Schema.decodeUnknownResult(TraceRecordSchema, STRICT);

export interface TraceOptions {
  /** What problems call the file. */
  readonly file: string;
  /** Name to graph, of every workflow that may arrive. */
  readonly workflows: ReadonlyMap<string, Graph>;
  /** How many problems are told in full; default 20. */
  readonly limit?: number;
}

/**
 * Lines to arrivals, as they are asked for. Lines that are wrong are left out and reported together
 * by an `UnreadableFile` after the last line.
 */
export function* readTrace(lines: Iterable<string>, options: TraceOptions): Generator<TraceEntry> {
  const problems = new LineProblems(options.file, options.limit);
  const reader = new TraceReader(options.workflows, problems);
  let line = 0;
  let arrivals = 0;
  for (const text of lines) {
    line += 1;
    if (line === 1) {
      if (!checkHeader(text, problems)) break;
      continue;
    }
    const entry = text === "" ? undefined : reader.read(text, line);
    if (entry === undefined) continue;
    arrivals += 1;
    yield entry;
  }
  if (line === 0) checkHeader("", problems);
  if (arrivals === 0 && problems.count === 0) {
    const next = "There is nothing to replay: make the trace anew";
    problems.add({ line, path: "", found: "the end", expected: "an arrival", next });
  }
  problems.check();
}

function checkHeader(text: string, problems: LineProblems): boolean {
  const value = parseJson(text);
  if (value !== undefined && Result.isSuccess(decodeHeader(value))) return true;
  problems.add({
    line: 1,
    path: "",
    found: text === "" ? "nothing" : shown(text),
    expected: `the header ${TRACE_HEADER}`,
    next: "Is this a trace? `faasflow trace` writes one.",
  });
  return false;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What a workflow's names stand for. */
interface Index {
  readonly graph: Graph;
  readonly tasks: ReadonlyMap<string, number>;
  readonly data: ReadonlyMap<string, number>;
  readonly switches: ReadonlyMap<string, number>;
}

class TraceReader {
  readonly #problems: LineProblems;
  readonly #indexes: Map<string, Index>;
  #line: number;
  #time: number;

  constructor(workflows: ReadonlyMap<string, Graph>, problems: LineProblems) {
    this.#problems = problems;
    this.#indexes = new Map();
    this.#line = 0;
    this.#time = 0;
    for (const [name, graph] of workflows) this.#indexes.set(name, indexOf(graph));
  }

  /** Undefined: the line is wrong, and its problems are noted. */
  read(text: string, line: number): TraceEntry | undefined {
    this.#line = line;
    const before = this.#problems.count;
    const value = parseJson(text);
    if (value === undefined) {
      this.#problem({ path: "", found: shown(text), expected: "a JSON object", next: "" });
      return undefined;
    }
    const decoded = decodeRecord(value);
    if (Result.isFailure(decoded)) {
      const problems = schemaProblems(decoded.failure, value, { line, next: "" });
      for (const problem of problems) this.#problems.add(problem);
      return undefined;
    }
    const record = decoded.success;
    if (record.at_us < this.#time) {
      const expected = `at least ${this.#time}, as on the line before`;
      const next = "Sort the records by time.";
      this.#problem({ path: "at_us", found: `${record.at_us}`, expected, next });
    }
    this.#time = Math.max(this.#time, record.at_us);
    const index = this.#indexes.get(record.workflow);
    if (index === undefined) {
      const next = new Names("workflow", this.#indexes.keys()).remedy(record.workflow);
      const found = shown(record.workflow);
      this.#problem({ path: "workflow", found, expected: "a workflow of this run", next });
      return undefined;
    }
    const recorded: Recorded = {
      compute: this.#values("compute_us", "task", index.tasks, record.compute_us),
      sleep: this.#values("sleep_us", "task", index.tasks, record.sleep_us),
      bytes: this.#values("bytes", "datum", index.data, record.bytes),
      counts: this.#values("counts", "datum", index.data, record.counts),
      branches: this.#values("branches", "switch", index.switches, record.branches),
    };
    this.#checkBranches(index, recorded.branches);
    if (this.#problems.count > before) return undefined;
    return { at: record.at_us as Micros, workflow: record.workflow, recorded };
  }

  #problem(problem: { path: string; found: string; expected: string; next: string }): void {
    this.#problems.add({ line: this.#line, ...problem });
  }

  #values(
    field: string,
    what: string,
    ids: ReadonlyMap<string, number>,
    values: { readonly [name: string]: Branch | { readonly [path: string]: Branch } } | undefined,
  ): Map<number, ByItem> {
    const found = new Map<number, ByItem>();
    for (const [name, value] of Object.entries(values ?? {})) {
      const id = ids.get(name);
      const path = `${field}.${name}`;
      if (id === undefined) {
        const next = new Names(what, ids.keys()).remedy(name);
        const expected = `a ${what} of the workflow`;
        this.#problem({ path, found: `the name ${shown(name)}`, expected, next });
      } else if (typeof value === "object") {
        found.set(id, this.#byItem(path, value));
      } else {
        found.set(id, branchNumber(value));
      }
    }
    return found;
  }

  #byItem(path: string, values: { readonly [path: string]: Branch }): Map<Item, number> {
    const found = new Map<Item, number>();
    for (const [text, value] of Object.entries(values)) {
      const item = parseItemPath(text);
      if (Number.isSafeInteger(item) && itemPath(item) === text) {
        found.set(item, branchNumber(value));
        continue;
      }
      const expected = "part numbers from 0 joined by dots, such as 2.0";
      this.#problem({ path, found: `the item path ${shown(text)}`, expected, next: "" });
    }
    return found;
  }

  #checkBranches(index: Index, branches: ReadonlyMap<number, ByItem>): void {
    for (const [vertex, value] of branches) {
      const { cases, name } = index.graph.vertices[vertex]!;
      for (const branch of typeof value === "number" ? [value] : value.values()) {
        if (branch < cases.length) continue;
        const expected = `a case from 0 to ${cases.length - 1}, or "${OTHERWISE_NAME}"`;
        this.#problem({ path: `branches.${name}`, found: `${branch}`, expected, next: "" });
      }
    }
  }
}

function branchNumber(branch: Branch): number {
  return branch === OTHERWISE_NAME ? OTHERWISE : branch;
}

function indexOf(graph: Graph): Index {
  const tasks = new Map<string, number>();
  const switches = new Map<string, number>();
  for (const [id, { kind, name }] of graph.vertices.entries()) {
    if (kind === "task") tasks.set(name, id);
    if (kind === "switch") switches.set(name, id);
  }
  return { graph, tasks, switches, data: new Map(graph.data.map(({ name }, id) => [name, id])) };
}

/** One line of a trace, without the line end. What was not recorded is left out. */
export function formatTraceEntry(entry: TraceEntry, graph: Graph): string {
  const { compute, sleep, bytes, counts, branches } = entry.recorded;
  const vertex = (id: number): string => graph.vertices[id]!.name;
  const datum = (id: number): string => graph.data[id]!.name;
  const branch = (value: number): Branch => (value === OTHERWISE ? OTHERWISE_NAME : value);
  const same = (value: number): number => value;
  const record = {
    at_us: entry.at,
    workflow: entry.workflow,
    compute_us: named(compute, vertex, same),
    sleep_us: named(sleep, vertex, same),
    bytes: named(bytes, datum, same),
    counts: named(counts, datum, same),
    branches: named(branches, vertex, branch),
  };
  return JSON.stringify(record);
}

function named(
  values: ReadonlyMap<number, ByItem>,
  nameOf: (id: number) => string,
  write: (value: number) => Branch,
): unknown {
  if (values.size === 0) return undefined;
  const entries = [...values].map(([id, value]) => {
    if (typeof value === "number") return [nameOf(id), write(value)];
    const byPath = [...value].map(([item, each]) => [itemPath(item), write(each)]);
    return [nameOf(id), Object.fromEntries(byPath)];
  });
  return Object.fromEntries(entries);
}
