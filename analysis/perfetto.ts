/**
 * A run as a trace that ui.perfetto.dev and chrome://tracing open (Trace Event Format, JSON): a
 * process a node, a thread a container, queue lanes beside them, arrows along triggers, and each
 * invocation as an asynchronous slice at the gateway. Written piece by piece as events come; what
 * is kept follows what is in flight.
 */

import { arrivalTime, type Event, GATEWAY_LOST, NONE } from "../core/events.ts";
import { GATEWAY, type NodeId, nodeName, workerNode } from "../core/node.ts";
import { itemPath } from "../core/workflow/item.ts";
import { type Chains, causeOf, chainsOf } from "./attribution.ts";
import type { PlanHeader } from "./event-header.ts";
import { QueueLanes } from "./queue-lanes.ts";
import { type Span, Spans } from "./span.ts";

/** Category of a slice, and the colour that chrome://tracing gives it. */
const COLOURS = {
  queueing: "grey",
  "cold start": "startup",
  activation: "generic_work",
  get: "rail_load",
  execution: "good",
  put: "rail_animation",
} as const;
type Category = keyof typeof COLOURS;

/** Container lanes come after any queue lane of their node. */
const FIRST_CONTAINER = 1_000_000;

interface Lane {
  readonly node: NodeId;
  readonly thread: number;
}

/** What a container does now. */
interface Open {
  readonly event: Event;
  readonly name: string;
  start: number;
  /** End of the last thing shown inside. */
  shown: number;
  gets: number;
  bytes: number;
}

/** Where a completed activation is drawn, for arrows that leave it. */
interface Drawn extends Lane {
  readonly from: number;
  readonly to: number;
}

interface Flight {
  readonly spans: Spans;
  readonly chains: Chains | undefined;
  readonly drawn: Map<Span, Drawn>;
}

export class PerfettoWriter {
  readonly #plans: Map<number, { readonly header: PlanHeader; readonly chains: Chains }>;
  readonly #flights: Map<number, Flight>;
  readonly #lanes: Set<string>;
  readonly #queues: QueueLanes;
  /** By node, by container. */
  readonly #open: Map<NodeId, Map<number, Open>>;
  readonly #boots: Map<NodeId, Map<number, Event>>;
  #out: string[];
  #first: boolean;
  #arrows: number;
  #time: number;

  constructor(plans: readonly PlanHeader[]) {
    this.#plans = new Map(
      plans.map((header) => [header.plan, { header, chains: chainsOf(header) }]),
    );
    this.#flights = new Map();
    this.#lanes = new Set();
    this.#queues = new QueueLanes();
    this.#open = new Map();
    this.#boots = new Map();
    this.#out = [];
    this.#first = true;
    this.#arrows = 0;
    this.#time = 0;
  }

  /** The next piece of the file; mostly short, often empty. */
  add(event: Event): string {
    this.#time = Math.max(this.#time, event.time);
    const flight = this.#flights.get(event.invocation);
    if (event.task !== NONE && event.invocation !== NONE) {
      flight?.spans.add(event);
    }
    this.#show(event, flight);
    return this.#take();
  }

  /** The last piece: ends what is still open. */
  finish(): string {
    for (const node of [...this.#open.keys()]) this.#endAll(node, this.#time);
    for (const invocation of [...this.#flights.keys()]) this.#endInvocation(invocation, this.#time);
    const rest = this.#take();
    const head = this.#first ? '{"traceEvents":[' : "";
    this.#first = false;
    return `${rest}${head}\n],"displayTimeUnit":"ms"}\n`;
  }

  #take(): string {
    const text = this.#out.join("");
    this.#out = [];
    return text;
  }

  #show(event: Event, flight: Flight | undefined): void {
    switch (event.kind) {
      case "arrival":
        this.#arrive(event);
        return;
      case "finish":
      case "abort":
        this.#endInvocation(event.invocation, event.time);
        return;
      case "queue":
        this.#queues.enter(event);
        return;
      case "dispatch":
        this.#dispatch(event, flight);
        return;
      case "cold-start":
        inner(this.#boots, event.node).set(event.container, event);
        return;
      case "ready":
        this.#ready(event);
        return;
      case "get":
      case "start":
      case "execute":
      case "put":
        this.#inside(event);
        return;
      case "complete":
      case "fail":
      case "stop":
        this.#end(event, flight);
        return;
      case "lost": {
        const isAll = event.value === GATEWAY_LOST;
        const nodes = isAll ? [...this.#open.keys()] : [workerNode(event.value)];
        for (const node of nodes) this.#endAll(node, event.time);
        return;
      }
      default:
    }
  }

  #arrive(event: Event): void {
    const plan = this.#plans.get(event.plan);
    const flight = {
      spans: new Spans(plan?.header.tasks.length ?? 0),
      chains: plan?.chains,
      drawn: new Map<Span, Drawn>(),
    };
    this.#flights.set(event.invocation, flight);
    this.#lane({ node: GATEWAY, thread: 1 }, "invocations");
    const name = JSON.stringify(`${plan?.header.workflow ?? "?"} #${event.invocation}`);
    this.#asynchronous("b", event.invocation, arrivalTime(event), `,"name":${name}`);
  }

  #endInvocation(invocation: number, time: number): void {
    if (!this.#flights.delete(invocation)) return;
    this.#asynchronous("e", invocation, time, "");
  }

  #asynchronous(phase: "b" | "e", id: number, time: number, more: string): void {
    const at = `"pid":${pidOf(GATEWAY)},"tid":1,"ts":${time}`;
    this.#write(`{"ph":"${phase}","cat":"invocation","id":${id},${at}${more}}`);
  }

  #dispatch(event: Event, flight: Flight | undefined): void {
    const queued = this.#queues.leave(event);
    const name = this.#nameOf(event);
    const lane = this.#containerLane(event);
    let target: Lane = lane;
    if (queued !== undefined && queued.since < event.time) {
      target = { node: event.node, thread: queued.lane + 1 };
      this.#lane(target, "queue");
      this.#slice("queueing", target, { name, from: queued.since, to: event.time, event });
    }
    const opened = { event, name, start: NONE, shown: event.time, gets: 0, bytes: 0 };
    inner(this.#open, event.node).set(event.container, opened);
    const span = flight?.spans.get(event.task, event.item);
    if (span === undefined || flight?.chains === undefined || event.attempt !== 1) return;
    const cause = causeOf(span, flight.spans, flight.chains);
    const source = cause === undefined ? undefined : flight.drawn.get(cause);
    if (source === undefined) return;
    // An arrow holds on to the slice that its time lies in, so it leaves just before the end.
    const leaves = Math.max(source.from, source.to - 1);
    this.#arrow(source, leaves, target, target === lane ? event.time : queued!.since);
  }

  #arrow(source: Lane, leaves: number, target: Lane, arrives: number): void {
    const id = this.#arrows++;
    const head = `"cat":"trigger","name":"trigger","id":${id}`;
    this.#write(`{"ph":"s",${head},${placeOf(source)},"ts":${leaves}}`);
    this.#write(`{"ph":"f","bp":"e",${head},${placeOf(target)},"ts":${arrives}}`);
  }

  #ready(event: Event): void {
    const began = this.#boots.get(event.node)?.get(event.container);
    if (began === undefined) return;
    this.#boots.get(event.node)!.delete(event.container);
    const span = { name: "cold start", from: began.time, to: event.time, event };
    this.#slice("cold start", this.#containerLane(event), span);
  }

  #inside(event: Event): void {
    const open = this.#open.get(event.node)?.get(event.container);
    if (open === undefined) return;
    const lane = this.#containerLane(event);
    switch (event.kind) {
      case "get":
        open.gets += 1;
        open.bytes += Math.max(0, event.bytes);
        return;
      case "start":
        if (open.gets > 0) {
          const bytes = { ...open.event, bytes: open.bytes, value: open.gets };
          const span = { name: "get", from: open.event.time, to: event.time, event: bytes };
          this.#slice("get", lane, span);
        }
        open.start = event.time;
        break;
      case "execute":
        if (open.start === NONE) return;
        this.#slice("execution", lane, {
          name: "execution",
          from: open.start,
          to: event.time,
          event,
        });
        break;
      default: {
        const from = Math.max(open.shown, event.time - Math.max(0, event.wait_us));
        this.#slice("put", lane, { name: `put ${event.why}`, from, to: event.time, event });
      }
    }
    open.shown = event.time;
  }

  #end(event: Event, flight: Flight | undefined): void {
    if (event.kind === "fail" && event.container === NONE) this.#queues.leave(event);
    if (event.kind === "stop") this.#boots.get(event.node)?.delete(event.container);
    const open = this.#open.get(event.node)?.get(event.container);
    if (open === undefined) return;
    this.#open.get(event.node)!.delete(event.container);
    const lane = this.#containerLane(event);
    const from = open.event.time;
    const ended = { ...open.event, why: event.kind === "complete" ? open.event.why : event.why };
    this.#slice("activation", lane, { name: open.name, from, to: event.time, event: ended });
    const span = flight?.spans.get(event.task, event.item);
    if (event.kind === "complete" && span !== undefined) {
      flight!.drawn.set(span, { ...lane, from, to: event.time });
    }
  }

  #endAll(node: NodeId, time: number): void {
    for (const [container, { event, name }] of this.#open.get(node) ?? []) {
      const lane = { node, thread: FIRST_CONTAINER + container };
      this.#slice("activation", lane, { name, from: event.time, to: time, event });
    }
    this.#open.delete(node);
    this.#boots.delete(node);
    this.#queues.clear(node);
  }

  #nameOf(event: Event): string {
    const task = this.#plans.get(event.plan)?.header.tasks[event.task] ?? `task ${event.task}`;
    return event.item === 0 ? task : `${task}[${itemPath(event.item)}]`;
  }

  #containerLane(event: Event): Lane {
    const lane = { node: event.node, thread: FIRST_CONTAINER + event.container };
    this.#lane(lane, `container ${event.container}`);
    return lane;
  }

  #slice(
    category: Category,
    lane: Lane,
    span: { name: string; from: number; to: number; event: Event },
  ): void {
    const { name, from, to, event } = span;
    const head = `"ph":"X","cat":"${category}","cname":"${COLOURS[category]}"`;
    const time = `"ts":${from},"dur":${to - from}`;
    const place = placeOf(lane);
    this.#write(
      `{${head},"name":${JSON.stringify(name)},${place},${time},"args":${argsOf(event)}}`,
    );
  }

  /** Names the node and the lane when they are met first. */
  #lane({ node, thread }: Lane, name: string): void {
    const pid = pidOf(node);
    const key = `${pid}/${thread}`;
    if (this.#lanes.has(key)) return;
    if (!this.#lanes.has(`${pid}`)) {
      this.#lanes.add(`${pid}`);
      this.#metadata(`"process_name","pid":${pid},"tid":0`, `"name":"${nodeName(node)}"`);
      this.#metadata(`"process_sort_index","pid":${pid},"tid":0`, `"sort_index":${pid}`);
    }
    this.#lanes.add(key);
    this.#metadata(`"thread_name","pid":${pid},"tid":${thread}`, `"name":"${name}"`);
    this.#metadata(`"thread_sort_index","pid":${pid},"tid":${thread}`, `"sort_index":${thread}`);
  }

  #metadata(name: string, args: string): void {
    this.#write(`{"ph":"M","name":${name},"args":{${args}}}`);
  }

  #write(record: string): void {
    this.#out.push(this.#first ? '{"traceEvents":[\n' : ",\n", record);
    this.#first = false;
  }
}

function pidOf(node: NodeId): number {
  return node + 1;
}

function placeOf({ node, thread }: Lane): string {
  return `"pid":${pidOf(node)},"tid":${thread}`;
}

function argsOf(event: Event): string {
  const args: Record<string, number | string> = {};
  for (const field of ["invocation", "attempt", "bytes", "wait_us"] as const) {
    if (event[field] !== NONE) args[field] = event[field];
  }
  if (event.why !== "") args["why"] = event.why;
  return JSON.stringify(args);
}

function inner<V>(tables: Map<NodeId, Map<number, V>>, node: NodeId): Map<number, V> {
  let table = tables.get(node);
  if (table === undefined) {
    table = new Map();
    tables.set(node, table);
  }
  return table;
}
