/**
 * Rules about containers: each runs one activation at a time, and is not ended while it does; a task
 * that has stalled starts nothing.
 */

import { type Event, NONE } from "../core/events.ts";
import { type NodeId, nodeName } from "../core/node.ts";
import type { Report } from "./violation.ts";

export class ContainerRules {
  readonly #report: Report;
  /** By node: container to the activation it runs. */
  readonly #busy: Map<NodeId, Map<number, string>>;
  /** By node: tasks that have stalled, `PLAN TASK`. */
  readonly #stalled: Map<NodeId, Set<string>>;

  constructor(report: Report) {
    this.#report = report;
    this.#busy = new Map();
    this.#stalled = new Map();
  }

  /** `subject` names the activation, `task work[0.2]`. */
  add(event: Event, subject: string): void {
    if (event.kind === "stall") {
      const stalled = this.#stalled.get(event.node) ?? new Set();
      this.#stalled.set(event.node, stalled.add(`${event.plan} ${event.task}`));
    }
    if (event.container === NONE) return;
    switch (event.kind) {
      case "cold-start":
        // A worker that came back before its loss was known numbers its containers anew.
        this.#busy.get(event.node)?.delete(event.container);
        return;
      case "dispatch":
        this.#dispatch(event, subject);
        return;
      case "complete":
      case "fail":
        this.#busy.get(event.node)?.delete(event.container);
        return;
      case "stop":
        this.#stop(event);
        return;
      default:
    }
  }

  /** The worker's containers died with it. */
  lost(node: NodeId): void {
    this.#busy.delete(node);
    this.#stalled.delete(node);
  }

  /** All workers began anew. */
  allLost(): void {
    this.#busy.clear();
    this.#stalled.clear();
  }

  #dispatch(event: Event, subject: string): void {
    let busy = this.#busy.get(event.node);
    if (busy === undefined) {
      busy = new Map();
      this.#busy.set(event.node, busy);
    }
    const where = { time: event.time, invocation: event.invocation, subject };
    if (this.#stalled.get(event.node)?.has(`${event.plan} ${event.task}`)) {
      this.#report("container", where, `dispatch at ${nodeName(event.node)}, where it has stalled`);
    }
    const other = busy.get(event.container);
    if (other !== undefined) {
      const container = `container ${event.container} of ${nodeName(event.node)}`;
      this.#report("container", where, `dispatch to ${container}, which still runs ${other}`);
    }
    busy.set(event.container, `invocation ${event.invocation}, ${subject}`);
  }

  #stop(event: Event): void {
    const busy = this.#busy.get(event.node);
    const running = busy?.get(event.container);
    busy?.delete(event.container);
    if (running === undefined || (event.why !== "keep-alive" && event.why !== "memory")) return;
    const where = { time: event.time, invocation: NONE, subject: `container ${event.container}` };
    this.#report("container", where, `stopped (${event.why}) while it runs ${running}`);
  }
}
