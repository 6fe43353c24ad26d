/**
 * Reads event logs: a stream of lines to a stream of events. Every line is checked (JSON, field
 * names, types, known names); the lines that are wrong are left out and reported together at the
 * end, so that one reading finds all of them.
 */

import * as Result from "effect/Result";
import * as Schema from "effect/Schema";
import * as SchemaIssue from "effect/SchemaIssue";
import { EVENT_KINDS, type Event, type EventKind, NONE, WHYS, type Why } from "../core/events.ts";
import { type NodeId, nodeNamed } from "../core/node.ts";
import type { Micros } from "../core/units.ts";
import { type Item, itemPath, parseItemPath, ROOT_ITEM } from "../core/workflow/item.ts";
import { LineProblems, shown } from "../core/workflow/line-problems.ts";
import { EventChecks } from "./event-checks.ts";
import { type EventHeader, EventHeaderSchema, type PlanHeader } from "./event-header.ts";
import { NO_ITEM } from "./event-log.ts";
import { headerFaults } from "./header-faults.ts";

export interface EventLog {
  readonly header: EventHeader;
  /** To be read once. Throws `UnreadableFile` after the last line if any line was wrong. */
  readonly events: AsyncIterable<Event>;
}

export interface ReadOptions {
  /** What problems call the file. */
  readonly file: string;
  /** How many problems are told in full; default 20. */
  readonly limit?: number;
}

type Lines = AsyncIterable<string> | Iterable<string>;

/** Reads the header at once (throws `UnreadableFile` if it is wrong), the events as asked for. */
export async function readEventLog(lines: Lines, options: ReadOptions): Promise<EventLog> {
  const problems = new LineProblems(options.file, options.limit);
  const source = (async function* () {
    yield* lines;
  })();
  const first = await source.next();
  const header = readHeader(first.done === true ? undefined : first.value, problems);
  if (header === undefined) {
    problems.check();
    throw new Error("unreachable: a header that is wrong has a problem");
  }
  return { header, events: readEvents(source, new EventParser(header, problems), problems) };
}

const decodeHeader = Schema.decodeUnknownResult(EventHeaderSchema, {
  errors: "all",
  onExcessProperty: "error",
});

const describe = SchemaIssue.makeFormatterStandardSchemaV1();

function readHeader(line: string | undefined, problems: LineProblems): EventHeader | undefined {
  const value = line === undefined ? undefined : parseJson(line);
  const next = "Is this an event log of this version? `faasflow simulate` writes one.";
  if (value === undefined) {
    const found = line === undefined ? "an empty file" : shown(line);
    problems.add({ line: 1, path: "", found, expected: "the header, a JSON object", next });
    return undefined;
  }
  const header = decodeHeader(value);
  if (Result.isSuccess(header)) {
    const faults = headerFaults(header.success);
    for (const fault of faults) problems.add({ line: 1, ...fault, next: "Record the run anew." });
    return faults.length === 0 ? header.success : undefined;
  }
  const all = describe(header.failure.issue).issues.map(({ path = [], message }) => ({
    line: 1,
    path: path.map((step) => String(typeof step === "object" ? step.key : step)).join("."),
    found: "the header",
    expected: message.replace(/^Expected /, ""),
    next,
  }));
  // A header of another format is wrong throughout: saying so once is enough.
  const format = all.filter(({ path }) => path === "format" || path === "version");
  for (const problem of format.length > 0 ? format : all) problems.add(problem);
  return undefined;
}

async function* readEvents(
  lines: AsyncIterable<string>,
  parser: EventParser,
  problems: LineProblems,
): AsyncGenerator<Event> {
  let line = 1;
  for await (const text of lines) {
    line += 1;
    if (text === "") continue;
    const event = parser.parse(text, line);
    if (event !== undefined) yield event;
  }
  problems.check();
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

interface PlanIds {
  readonly plan: number;
  readonly workflow: string;
  readonly tasks: ReadonlyMap<string, number>;
  readonly data: ReadonlyMap<string, number>;
}

const KINDS: ReadonlySet<string> = new Set(EVENT_KINDS);
const REASONS: ReadonlySet<string> = new Set(WHYS);
const FIELDS: ReadonlySet<string> = new Set(
  (
    "time_us node kind workflow plan invocation task item attempt container " +
    "datum part bytes wait_us cpu_us value why"
  ).split(" "),
);

/** Turns lines into events with the ids of the header. */
class EventParser {
  readonly #problems: LineProblems;
  readonly #byPlan: Map<number, PlanIds>;
  readonly #byWorkflow: Map<string, PlanIds>;
  readonly #checks: EventChecks;
  #line: number;
  #record: Record<string, unknown>;
  #wrong: boolean;

  constructor(header: EventHeader, problems: LineProblems) {
    this.#problems = problems;
    this.#byPlan = new Map();
    this.#byWorkflow = new Map();
    this.#checks = new EventChecks(header.workflows);
    this.#line = 1;
    this.#record = {};
    this.#wrong = false;
    for (const plan of header.workflows) {
      const ids = planIds(plan);
      this.#byPlan.set(plan.plan, ids);
      this.#byWorkflow.set(plan.workflow, ids);
    }
  }

  /** Undefined: the line is wrong, and its problems are noted. */
  parse(text: string, line: number): Event | undefined {
    const value = parseJson(text);
    this.#line = line;
    this.#wrong = false;
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      this.#problem("", shown(text), "an event, a JSON object");
      return undefined;
    }
    this.#record = value as Record<string, unknown>;
    for (const field of Object.keys(this.#record)) {
      if (!FIELDS.has(field)) {
        this.#problem(field, "an unknown field", `one of ${[...FIELDS].join(", ")}`);
      }
    }
    const plan = this.#plan();
    const time = this.#whole("time_us", { required: true }) as Micros;
    const task = this.#named("task", plan?.tasks);
    const datum = this.#named("datum", plan?.data);
    const event: Event = {
      time,
      node: this.#node(),
      kind: this.#kind(),
      plan: plan?.plan ?? NONE,
      invocation: this.#whole("invocation"),
      task,
      item: this.#item("item", { otherwise: ROOT_ITEM, of: task }),
      attempt: this.#whole("attempt"),
      container: this.#whole("container"),
      datum,
      part: this.#item("part", { otherwise: datum === NONE ? NONE : ROOT_ITEM, of: datum }),
      bytes: this.#whole("bytes"),
      wait_us: this.#whole("wait_us"),
      cpu_us: this.#whole("cpu_us"),
      value: this.#whole("value"),
      why: this.#why(),
    };
    const fault = this.#wrong ? undefined : this.#checks.faultIn(event);
    if (fault !== undefined) this.#problem(fault.path, fault.found, fault.expected);
    return this.#wrong ? undefined : event;
  }

  #problem(path: string, found: string, expected: string): void {
    this.#wrong = true;
    this.#problems.add({ line: this.#line, path, found, expected, next: "" });
  }

  #whole(field: string, options?: { readonly required: boolean }): number {
    const value = this.#record[field];
    if (value === undefined && options?.required !== true) return NONE;
    if (typeof value === "number" && Number.isSafeInteger(value)) return value;
    this.#problem(field, value === undefined ? "nothing" : shown(value), "a whole number");
    return NONE;
  }

  #node(): NodeId {
    const { node: value } = this.#record;
    const node = typeof value === "string" ? nodeNamed(value) : undefined;
    if (node !== undefined) return node;
    if (value === NONE) return NONE;
    const found = value === undefined ? "nothing" : shown(value);
    this.#problem("node", found, "gateway, master or worker-N with N from 1");
    return NONE;
  }

  #kind(): EventKind {
    const { kind: value } = this.#record;
    if (typeof value === "string" && KINDS.has(value)) return value as EventKind;
    const found = value === undefined ? "nothing" : shown(value);
    this.#problem("kind", found, `one of ${EVENT_KINDS.join(", ")}`);
    return "arrival";
  }

  #why(): Why {
    const { why: value = "" } = this.#record;
    if (typeof value === "string" && REASONS.has(value)) return value as Why;
    this.#problem("why", shown(value), `one of ${WHYS.slice(1).join(", ")}`);
    return "";
  }

  #plan(): PlanIds | undefined {
    const { workflow, plan } = this.#record;
    const known = this.#known("workflow", workflow, this.#byWorkflow);
    if (plan === undefined) return known;
    const ids = this.#known("plan", plan, this.#byPlan);
    if (ids !== undefined && workflow !== undefined && ids.workflow !== workflow) {
      this.#problem("plan", shown(plan), `a plan of the workflow ${shown(workflow)}`);
    }
    return ids;
  }

  #known(
    field: "workflow" | "plan",
    value: unknown,
    plans: ReadonlyMap<unknown, PlanIds>,
  ): PlanIds | undefined {
    const ids = plans.get(value);
    if (ids !== undefined || value === undefined) return ids;
    this.#problem(field, shown(value), `a ${field} of the header: ${[...plans.keys()].join(", ")}`);
    return undefined;
  }

  #named(field: string, ids: ReadonlyMap<string, number> | undefined): number {
    const value = this.#record[field];
    if (value === undefined) return NONE;
    const id = typeof value === "string" ? ids?.get(value) : undefined;
    if (id !== undefined) return id;
    this.#problem(field, shown(value), `a ${field} that the header names for this workflow`);
    return NONE;
  }

  /** `of`: the task or datum, which has one. */
  #item(field: string, { otherwise, of }: { readonly otherwise: Item; readonly of: number }): Item {
    const value = this.#record[field];
    if (value === undefined) return otherwise;
    if (value === NO_ITEM && of === NONE) return NONE;
    if (typeof value === "string") {
      const item = parseItemPath(value);
      if (Number.isSafeInteger(item) && itemPath(item) === value) return item;
    }
    this.#problem(field, shown(value), "part numbers from 0 joined by dots, such as 2.0");
    return NONE;
  }
}

function planIds(plan: PlanHeader): PlanIds {
  return {
    plan: plan.plan,
    workflow: plan.workflow,
    tasks: new Map(plan.tasks.map((name, id) => [name, id])),
    data: new Map(plan.data.map((name, id) => [name, id])),
  };
}
