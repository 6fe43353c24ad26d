/**
 * Makes event lists by hand: a workflow from a few words, a plan for it, and one call an event or
 * an activation. Tests change what they are about and leave the rest.
 */

import { type Event, type EventKind, NONE } from "../../core/events.ts";
import { GATEWAY, workerNode } from "../../core/node.ts";
import type { Plan, Tag } from "../../core/plan/plan.ts";
import type { Bytes, Micros } from "../../core/units.ts";
import { compile } from "../../core/workflow/compile.ts";
import type { Graph } from "../../core/workflow/graph.ts";
import { ROOT_ITEM } from "../../core/workflow/item.ts";
import {
  type DatumSpec,
  fixed,
  type Step,
  SYNTHETIC,
  type TaskSpec,
  type WorkflowSpec,
} from "../../core/workflow/spec.ts";

export function datum(name: string, size: number, count = 0): DatumSpec {
  const items = count === 0 ? undefined : { count: fixed(count), sizes: [] };
  return { name, size: fixed(size), items, content: "filler", stored: true };
}

export function task(name: string, over: Partial<TaskSpec> = {}): TaskSpec {
  return {
    name,
    run: SYNTHETIC,
    compute: fixed(0),
    sleep: fixed(1_000_000),
    cores: 1,
    reads: [],
    writes: [],
    after: [],
    container: {
      memory: 268_435_456 as Bytes,
      used: 67_108_864 as Bytes,
      limit: 10,
      instances: 1,
      scale: 3,
    },
    retries: { limit: 1, delay: 0 as Micros, backoff: 1 },
    timeout: undefined,
    ...over,
  };
}

export function workflow(
  name: string,
  tasks: readonly TaskSpec[],
  more: { readonly steps?: readonly Step[]; readonly inputs?: readonly DatumSpec[] } = {},
): Graph {
  const spec: WorkflowSpec = {
    name,
    description: "",
    inputs: more.inputs ?? [],
    tasks,
    steps: more.steps ?? [],
    timeout: undefined,
  };
  return compile(spec);
}

export function planOf(graph: Graph, over: Partial<Plan> = {}): Plan {
  const all = <T>(value: T): readonly T[] => graph.vertices.map(() => value);
  return {
    id: 0,
    version: 1,
    graph,
    partition: "raw",
    workerOf: all(0),
    groupOf: all(0),
    groupCount: 1,
    tagOf: graph.data.map((): Tag => "both"),
    quotaOf: [1_000 as Bytes, 1_000 as Bytes],
    criticalPath: [],
    criticalPathBefore_s: 0,
    criticalPathAfter_s: 0,
    chargedBytes: 0 as Bytes,
    overCommitted: false,
    ...over,
  };
}

export type Fields = { readonly [K in keyof Event]?: number | string };

export function event(kind: EventKind, time: number, fields: Fields = {}): Event {
  const blank = {
    time,
    node: GATEWAY,
    kind,
    plan: 0,
    invocation: 0,
    task: NONE,
    item: ROOT_ITEM,
    attempt: NONE,
    container: NONE,
    datum: NONE,
    part: fields.datum === undefined ? NONE : ROOT_ITEM,
    bytes: NONE,
    wait_us: NONE,
    cpu_us: NONE,
    value: NONE,
    why: "",
  };
  return { ...blank, ...fields } as Event;
}

export interface Times {
  readonly trigger: number;
  readonly queue?: number;
  readonly dispatch?: number;
  readonly start?: number;
  readonly execute: number;
  readonly complete?: number;
}

/** An activation without data, from trigger to completion, on worker 0 unless `fields` say so. */
export function activation(task: number, times: Times, fields: Fields = {}): Event[] {
  const queue = times.queue ?? times.trigger;
  const dispatch = times.dispatch ?? queue;
  const start = times.start ?? dispatch;
  const complete = times.complete ?? times.execute;
  const run = { node: workerNode(0), task, attempt: 1, container: task, ...fields };
  const {
    attempt: _attempt,
    container: _container,
    value: cause,
    ...subject
  } = { value: NONE, ...run };
  const ran = { ...run, value: NONE };
  return [
    event("trigger", times.trigger, { ...subject, value: cause }),
    event("queue", queue, { ...ran, container: NONE }),
    event("dispatch", dispatch, { ...ran, wait_us: dispatch - queue, why: "warm" }),
    event("start", start, ran),
    event("execute", times.execute, {
      ...ran,
      wait_us: times.execute - start,
      cpu_us: 0,
      value: 0,
    }),
    event("complete", complete, { ...ran, wait_us: complete - queue }),
  ];
}

/** In order of time; what happens at the same time stays in the order given. */
export function inOrder(events: readonly Event[]): Event[] {
  return [...events].sort((a, b) => a.time - b.time);
}
