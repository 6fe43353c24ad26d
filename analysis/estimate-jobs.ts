/**
 * What an event log tells of costs: each job (an execution, a cold start, a transfer) with its
 * interval, each control message with how long it took. Nothing is estimated yet.
 */

import { type Event, inputStoring, NONE } from "../core/events.ts";
import { MASTER, type NodeId } from "../core/node.ts";
import { partOf, ROOT_ITEM } from "../core/workflow/item.ts";
import type { EventHeader, PlanHeader } from "./event-header.ts";

/** The log of one cluster. */
export interface RunLog {
  readonly header: EventHeader;
  readonly events: readonly Event[];
}

/** Microseconds. */
export interface Job {
  readonly from: number;
  readonly to: number;
}

export interface Execution extends Job {
  /** `WORKFLOW.TASK`. */
  readonly name: string;
  readonly cpu: number;
  /** What the function itself saw: its wall time less its core time. */
  readonly idle: number;
  /** The first in its container. */
  readonly fresh: boolean;
}

export interface Transfer extends Job {
  readonly node: NodeId;
  readonly kind: "get" | "put";
  readonly bytes: number;
}

/** What one worker moved to or from the remote store without a break. */
export interface Haul extends Job {
  readonly bytes: number;
  /** How many transfers were under way, on average. */
  readonly width: number;
}

/** Local gets or puts of one activation, all of them. */
export interface LocalTransfers extends Job {
  readonly count: number;
}

/** From the event that sends a message to the event that it causes. */
export interface Hop extends Job {
  /** Ends of it that a request takes the engine's loop of: 2, or 0 for a mere report. */
  readonly ends: 0 | 2;
  /** How many of the same sender went out before it, at the same time. */
  readonly rank: number;
}

export interface Jobs {
  readonly executions: readonly Execution[];
  readonly coldStarts: readonly Job[];
  /** From a cold start until the worker's loop, which had more to do, went on. */
  readonly spawns: readonly Job[];
  /** To and from the remote store. */
  readonly transfers: readonly Transfer[];
  readonly hauls: readonly Haul[];
  readonly local: readonly LocalTransfers[];
  readonly hops: readonly Hop[];
  /** When control messages between two daemons went out, as far as events follow from them. */
  readonly messages: readonly number[];
  /** What storing took, an input part that the invocation reads. */
  readonly intakes: readonly number[];
}

export function jobsOf(log: RunLog): Jobs {
  const reader = new JobReader(log.header.workflows);
  for (const event of log.events) reader.add(event);
  return reader.jobs();
}

interface Sent {
  readonly time: number;
  readonly node: NodeId;
}

interface Flow {
  readonly storing: number;
  readonly node: NodeId;
  readonly arrived: number;
  readonly inputs: Set<string>;
  /** Of `VERTEX/ITEM`. */
  readonly completed: Map<string, Sent>;
  readonly triggered: Map<string, Sent>;
  readonly sent: Map<string, number>;
  last: Sent | undefined;
  byMaster: boolean;
}

class JobReader {
  readonly #plans: ReadonlyMap<number, PlanHeader>;
  readonly #executions: Execution[];
  readonly #coldStarts: Job[];
  /** By worker: when it began to start a container, if nothing was heard of it since. */
  readonly #spawning: Map<NodeId, number>;
  readonly #spawns: Job[];
  readonly #transfers: Transfer[];
  /** Of activations whose local transfers may go on. */
  readonly #open: Map<string, { from: number; to: number; count: number }>;
  readonly #local: LocalTransfers[];
  readonly #hops: Hop[];
  readonly #messages: number[];
  readonly #intakes: number[];
  readonly #used: Set<string>;
  readonly #flows: Map<number, Flow>;

  constructor(plans: readonly PlanHeader[]) {
    this.#plans = new Map(plans.map((plan) => [plan.plan, plan]));
    this.#executions = [];
    this.#coldStarts = [];
    this.#spawning = new Map();
    this.#spawns = [];
    this.#transfers = [];
    this.#open = new Map();
    this.#local = [];
    this.#hops = [];
    this.#messages = [];
    this.#intakes = [];
    this.#used = new Set();
    this.#flows = new Map();
  }

  jobs(): Jobs {
    return {
      executions: this.#executions,
      coldStarts: this.#coldStarts,
      spawns: this.#spawns,
      transfers: this.#transfers,
      hauls: haulsOf(this.#transfers),
      local: this.#local,
      hops: this.#hops,
      messages: this.#messages,
      intakes: this.#intakes,
    };
  }

  add(event: Event): void {
    const flow = this.#flows.get(event.invocation);
    switch (event.kind) {
      case "arrival":
        this.#arrive(event);
        return;
      case "cold-start":
        this.#spawning.set(event.node, event.time);
        return;
      case "ready":
        this.#coldStarts.push(intervalOf(event));
        return;
      case "trigger":
        if (flow !== undefined) this.#triggered(flow, event);
        return;
      case "queue":
        if (flow !== undefined && event.attempt === 1) this.#queued(flow, event);
        return;
      case "get":
      case "put":
        this.#transferred(flow, event, event.kind);
        return;
      case "start":
        this.#closeLocal(event, "get");
        return;
      case "execute":
        this.#executed(event);
        return;
      case "complete":
        this.#closeLocal(event, "put");
        flow?.completed.set(`${event.task}/${event.item}`, event);
        if (flow !== undefined) this.#completed(flow, event);
        return;
      case "finish":
        if (flow !== undefined) this.#finished(flow, event);
        return;
      default:
    }
  }

  #arrive(event: Event): void {
    this.#flows.set(event.invocation, {
      storing: inputStoring(event),
      node: event.node,
      arrived: event.time,
      inputs: new Set(),
      completed: new Map(),
      triggered: new Map(),
      sent: new Map(),
      last: undefined,
      byMaster: false,
    });
  }

  /** A vertex that only ties others together has no end of its own: such a hop is left out. */
  #triggered(flow: Flow, event: Event): void {
    flow.triggered.set(`${event.task}/${event.item}`, event);
    if (event.node === MASTER) flow.byMaster = true;
    const first = event.value === NONE;
    const cause = first
      ? { time: flow.arrived, node: flow.node }
      : flow.completed.get(`${event.value}/${event.item}`);
    if (cause === undefined || cause.node === event.node) return;
    // To a worker goes a trigger, which is a request; to the master a report.
    const ends = first || event.node !== MASTER ? 2 : 0;
    // What one engine sends to another at once goes as one message.
    const rank = this.#rank(flow, `${cause.node}-${cause.time}`, `${event.node}`);
    if (rank === undefined) return;
    this.#hops.push({ from: cause.time, to: event.time, ends, rank });
    if (ends === 2) this.#messages.push(cause.time);
  }

  /** Under MasterSP every end is reported. */
  #completed(flow: Flow, event: Event): void {
    flow.last = event;
    if (flow.byMaster) this.#messages.push(event.time);
  }

  #queued(flow: Flow, event: Event): void {
    const trigger = flow.triggered.get(`${event.task}/${event.item}`);
    this.#closeSpawn(trigger, event);
    if (trigger === undefined || trigger.node === event.node) return;
    this.#messages.push(trigger.time);
    // All bodies of a foreach go with its first one.
    if (event.item !== ROOT_ITEM && partOf(event.item) > 0) return;
    const rank = this.#rank(flow, `${trigger.node}-${trigger.time}`, `${event.task}/${event.item}`);
    this.#hops.push({ from: trigger.time, to: event.time, ends: 2, rank: rank ?? 0 });
  }

  /** An activation of the same worker that was triggered before the spawn waited for its end. */
  #closeSpawn(trigger: Sent | undefined, { node, time }: Event): void {
    const from = this.#spawning.get(node);
    this.#spawning.delete(node);
    if (from === undefined || trigger === undefined || trigger.node !== node) return;
    if (trigger.time <= from) this.#spawns.push({ from, to: time });
  }

  /** How many other targets the sender had before; undefined: it has been there. */
  #rank({ sent }: Flow, from: string, to: string): number | undefined {
    if (sent.has(`${from}>${to}`)) return undefined;
    const rank = sent.get(from) ?? 0;
    sent.set(from, rank + 1);
    sent.set(`${from}>${to}`, rank);
    return rank;
  }

  #transferred(flow: Flow | undefined, event: Event, kind: Transfer["kind"]): void {
    const { why, datum, plan, part, bytes } = event;
    if (kind === "get" && why !== "absent") {
      const name = this.#plans.get(plan)?.data[datum];
      if (name?.startsWith("input.") === true) flow?.inputs.add(`${datum}/${part}`);
    }
    if (why === "remote") {
      this.#transfers.push({ ...intervalOf(event), node: event.node, kind, bytes });
    }
    if (why !== "local") return;
    const key = keyOf(event, kind);
    const { from, to } = intervalOf(event);
    const open = this.#open.get(key) ?? { from, to, count: 0 };
    open.from = Math.min(open.from, from);
    open.to = Math.max(open.to, to);
    open.count++;
    this.#open.set(key, open);
  }

  #closeLocal(event: Event, kind: "get" | "put"): void {
    const key = keyOf(event, kind);
    const open = this.#open.get(key);
    if (open === undefined) return;
    this.#local.push(open);
    this.#open.delete(key);
  }

  #executed(event: Event): void {
    const plan = this.#plans.get(event.plan);
    const container = `${event.node}/${event.container}`;
    const fresh = !this.#used.has(container);
    this.#used.add(container);
    if (plan === undefined) return;
    const name = `${plan.workflow}.${plan.tasks[event.task]}`;
    const { cpu_us, value } = event;
    this.#executions.push({
      ...intervalOf(event),
      name,
      fresh,
      cpu: Math.max(0, cpu_us),
      idle: Math.max(0, value),
    });
  }

  #finished(flow: Flow, event: Event): void {
    this.#flows.delete(event.invocation);
    if (flow.inputs.size > 0) this.#intakes.push(flow.storing / flow.inputs.size);
    const { last, byMaster } = flow;
    // Under MasterSP the report goes by the master: two messages.
    if (last === undefined || byMaster) return;
    this.#hops.push({ from: last.time, to: event.time, ends: 0, rank: 0 });
  }
}

function haulsOf(transfers: readonly Transfer[]): readonly Haul[] {
  const hauls: { from: number; to: number; bytes: number; time: number }[] = [];
  const last = new Map<NodeId, (typeof hauls)[number]>();
  const sorted = [...transfers].sort((a, b) => a.from - b.from || a.to - b.to || a.node - b.node);
  for (const { node, from, to, bytes } of sorted) {
    let open = last.get(node);
    if (open === undefined || open.to <= from) {
      open = { from, to, bytes: 0, time: 0 };
      hauls.push(open);
      last.set(node, open);
    }
    open.to = Math.max(open.to, to);
    open.bytes += bytes;
    open.time += to - from;
  }
  return hauls.map(({ from, to, bytes, time }) => {
    return { from, to, bytes, width: time / Math.max(1, to - from) };
  });
}

function intervalOf({ time, wait_us }: Event): Job {
  return { from: time - wait_us, to: time };
}

function keyOf({ node, invocation, task, item, attempt }: Event, kind: "get" | "put"): string {
  return `${kind} ${node} ${invocation} ${task} ${item} ${attempt}`;
}
