/**
 * The first line of an event log: what run it was, and what the ids in its events stand for. With
 * it, analysis needs neither the workflow files nor the plans that the run used.
 */

import * as Schema from "effect/Schema";
import type { Plan } from "../core/plan/plan.ts";
import { SYNTHETIC, type WorkflowSpec } from "../core/workflow/spec.ts";

const EVENT_LOG_FORMAT = "faasflow-events";
const EVENT_LOG_VERSION = 1;

/** A plan as an event log knows it; arrays are indexed by the ids that events carry. */
export interface PlanHeader {
  /** Plan id. */
  readonly plan: number;
  /** The workflow's name. */
  readonly workflow: string;
  /** Names of all vertices, each once; tasks first. */
  readonly tasks: readonly string[];
  /** Vertices below this are tasks, those above run nothing. */
  readonly task_count: number;
  /** How many foreach are around each vertex. */
  readonly depths: readonly number[];
  /** Pairs [from, to] of vertices; edges that the invocation itself answers are left out. */
  readonly edges: readonly (readonly [number, number])[];
  /** Names of all data. */
  readonly data: readonly string[];
  readonly workers: number;
  /** Tasks of the plan's longest path, in order. */
  readonly criticalPath: readonly number[];
}

export interface EventHeader {
  readonly format: typeof EVENT_LOG_FORMAT;
  readonly version: typeof EVENT_LOG_VERSION;
  readonly seed: number | string;
  /** The run's settings, in whatever form the driver keeps them. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly config_hash: string;
  readonly workflows: readonly PlanHeader[];
}

const PlanHeaderSchema = Schema.Struct({
  plan: Schema.Natural,
  workflow: Schema.String,
  tasks: Schema.Array(Schema.String),
  task_count: Schema.Natural,
  depths: Schema.Array(Schema.Natural),
  edges: Schema.Array(Schema.Tuple([Schema.Natural, Schema.Natural])),
  data: Schema.Array(Schema.String),
  workers: Schema.Natural,
  criticalPath: Schema.Array(Schema.Natural),
}) satisfies Schema.Decoder<PlanHeader>;

export const EventHeaderSchema = Schema.Struct({
  format: Schema.Literal(EVENT_LOG_FORMAT),
  version: Schema.Literal(EVENT_LOG_VERSION),
  seed: Schema.Union([Schema.Finite, Schema.String]),
  config: Schema.Record(Schema.String, Schema.Unknown),
  config_hash: Schema.String,
  workflows: Schema.Array(PlanHeaderSchema),
}) satisfies Schema.Decoder<EventHeader>;

export function planHeader(plan: Plan): PlanHeader {
  const { graph } = plan;
  const edges = graph.edges.filter(({ from }) => from >= 0);
  return {
    plan: plan.id,
    workflow: graph.name,
    tasks: uniqueNames(graph.vertices),
    task_count: graph.taskCount,
    depths: graph.vertices.map(({ scope }) => graph.scopes[scope]!.depth),
    edges: edges.map(({ from, to }) => [from, to] as const),
    data: graph.data.map(({ name }) => name),
    workers: plan.quotaOf.length,
    criticalPath: plan.criticalPath,
  };
}

/** What identifies a run, for the header line. */
export interface RunIdentity {
  readonly seed: number | string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly config_hash: string;
}

export function eventHeader(run: RunIdentity, plans: readonly Plan[]): EventHeader {
  return {
    format: EVENT_LOG_FORMAT,
    version: EVENT_LOG_VERSION,
    seed: run.seed,
    config: run.config,
    config_hash: run.config_hash,
    workflows: plans.map(planHeader),
  };
}

/**
 * What decides a workflow's plan and its simulation: a log that has it can be run again from itself
 * alone. Left out: what its functions are made of, and what its inputs say.
 */
export function specOutline(spec: WorkflowSpec): WorkflowSpec {
  const inputs = spec.inputs.map(({ value: _, ...input }) => input);
  const tasks = spec.tasks.map((task) => ({ ...task, run: SYNTHETIC }));
  return { ...spec, description: "", inputs, tasks };
}

/** Line 1 of an event log, without the line end. */
export function formatHeader(header: EventHeader): string {
  return JSON.stringify(header);
}

/** A close is named like its foreach: a name that was there before gets its kind and id. */
function uniqueNames(vertices: Plan["graph"]["vertices"]): readonly string[] {
  const seen = new Set<string>();
  return vertices.map(({ name, kind }, id) => {
    const unique = seen.has(name) ? `${name}/${kind}-${id}` : name;
    seen.add(unique);
    return unique;
  });
}
