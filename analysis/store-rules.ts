/**
 * Rules about data: what is read was written before, with the same bytes, and is still where it is
 * read from; local copies stay within the worker's quota and are given up once.
 */

import { type Event, NONE } from "../core/events.ts";
import { type NodeId, nodeName, workerIndex } from "../core/node.ts";
import type { Plan } from "../core/plan/plan.ts";
import { OUTSIDE } from "../core/workflow/graph.ts";
import { type Item, itemPath } from "../core/workflow/item.ts";
import type { Report, Where } from "./violation.ts";

/** One part of a datum. */
interface Stored {
  bytes: number;
  remote: boolean;
  /** Node to the bytes of the copy in its local store. */
  readonly local: Map<NodeId, number>;
}

/** What is not held against anybody. */
interface Excuses {
  /** Where copies live: some may have been lost. */
  readonly disturbed: boolean;
  /** What those who have not heard of the invocation's end yet get: nobody knows its data any more. */
  readonly over: boolean;
}

type StoredParts = Map<number, Map<Item, Stored>>;

export class StoreRules {
  readonly #report: Report;
  readonly #plans: ReadonlyMap<number, Plan>;
  readonly #byInvocation: Map<number, StoredParts>;
  readonly #used: Map<NodeId, number>;
  /** Worker to the greatest quota that the plans of each workflow give it, added up. */
  readonly #quotas: readonly number[];

  constructor(plans: ReadonlyMap<number, Plan>, report: Report) {
    this.#report = report;
    this.#plans = plans;
    this.#byInvocation = new Map();
    this.#used = new Map();
    this.#quotas = quotasOf([...plans.values()]);
  }

  add(event: Event, { disturbed, over }: Excuses): void {
    switch (event.kind) {
      case "put":
        this.#put(event);
        return;
      case "get":
        if (!over) this.#get(event, disturbed);
        return;
      case "evict":
        this.#giveUp(event, disturbed);
        return;
      case "release":
        this.#giveUp(event, disturbed);
        return;
      default:
    }
  }

  /** The invocation has ended: only what is still in some local store is remembered. */
  ended(invocation: number): void {
    const parts = this.#byInvocation.get(invocation);
    if (parts === undefined) return;
    for (const [datum, items] of parts) {
      for (const [item, stored] of items) {
        if (stored.local.size === 0) items.delete(item);
      }
      if (items.size === 0) parts.delete(datum);
    }
    if (parts.size === 0) this.#byInvocation.delete(invocation);
  }

  /** The worker's copies died with it; gives the invocations that had data anywhere. */
  lost(node: NodeId): readonly number[] {
    this.#used.set(node, 0);
    const touched = [...this.#byInvocation.keys()];
    for (const parts of this.#byInvocation.values()) {
      for (const items of parts.values()) {
        for (const stored of items.values()) stored.local.delete(node);
      }
    }
    return touched;
  }

  /** All workers began anew, and what was under way does so too. */
  allLost(): void {
    this.#used.clear();
    this.#byInvocation.clear();
  }

  /** At the end of the log, with everything ended: local copies of ended invocations are gone. */
  finish(time: number, isInFlight: (invocation: number) => boolean): void {
    for (const [invocation, parts] of this.#byInvocation) {
      if (isInFlight(invocation)) continue;
      for (const [datum, items] of parts) {
        for (const [item, { local }] of items) {
          for (const node of local.keys()) {
            const subject = `datum ${datum}${item === 0 ? "" : `[${itemPath(item)}]`}`;
            const what = `still in the local store of ${nodeName(node)}; expected a release`;
            this.#report("release", { time, invocation, subject }, what);
          }
        }
      }
    }
  }

  #put(event: Event): void {
    const stored = this.#at(event);
    stored.bytes = event.bytes;
    if (event.why === "remote") {
      stored.remote = true;
      return;
    }
    const before = stored.local.get(event.node) ?? 0;
    stored.local.set(event.node, event.bytes);
    const used = (this.#used.get(event.node) ?? 0) + event.bytes - before;
    this.#used.set(event.node, used);
    const quota = this.#quotas[workerIndex(event.node)] ?? 0;
    if (used <= quota) return;
    const what = `the local store of ${nodeName(event.node)} holds ${used} B`;
    this.#report("quota", this.#where(event), `${what}; expected at most its quota, ${quota} B`);
  }

  #get(event: Event, disturbed: boolean): void {
    const datum = this.#plans.get(event.plan)?.graph.data[event.datum];
    if (datum?.producer === OUTSIDE) return;
    const stored = this.#find(event);
    const where = this.#where(event);
    if (event.why === "absent") {
      if (stored !== undefined && !disturbed) {
        this.#report("put-before-get", where, "absent, but it was put; expected its bytes");
      }
      return;
    }
    if (stored === undefined || (event.why === "remote" && !stored.remote)) {
      const what = `get from the ${event.why} store of what was never put there`;
      if (!disturbed) this.#report("put-before-get", where, `${what}; expected a put before`);
      return;
    }
    if (event.why === "local" && !stored.local.has(event.node) && !disturbed) {
      const what = `get from the local store of ${nodeName(event.node)}, which has no copy`;
      this.#report("local-copy", where, `${what} or has given it up`);
    }
    if (stored.bytes !== event.bytes) {
      const what = `get of ${event.bytes} B; expected ${stored.bytes} B, as were put`;
      this.#report("same-bytes", where, what);
    }
  }

  /** `release` and `evict`: the copy is there, and is not any more. */
  #giveUp(event: Event, disturbed: boolean): void {
    const stored = this.#find(event);
    const bytes = stored?.local.get(event.node);
    const where = this.#where(event);
    if (stored === undefined || bytes === undefined) {
      // An attempt that failed gives up room it took for a write that had not ended.
      if (event.why === "error" || disturbed) return;
      const at = `the local store of ${nodeName(event.node)}`;
      this.#report("release", where, `${event.kind} of a copy that is not in ${at}`);
      return;
    }
    if (event.kind === "evict" && !stored.remote && !disturbed) {
      this.#report("release", where, "evict of the only copy; expected one in the remote store");
    }
    if (event.bytes !== NONE && event.bytes !== bytes) {
      const what = `${event.kind} of ${event.bytes} B; expected ${bytes} B, as were put`;
      this.#report("same-bytes", where, what);
    }
    stored.local.delete(event.node);
    this.#used.set(event.node, (this.#used.get(event.node) ?? 0) - bytes);
  }

  #find(event: Event): Stored | undefined {
    return this.#byInvocation.get(event.invocation)?.get(event.datum)?.get(event.part);
  }

  #at(event: Event): Stored {
    let parts = this.#byInvocation.get(event.invocation);
    if (parts === undefined) {
      parts = new Map();
      this.#byInvocation.set(event.invocation, parts);
    }
    let items = parts.get(event.datum);
    if (items === undefined) {
      items = new Map();
      parts.set(event.datum, items);
    }
    let stored = items.get(event.part);
    if (stored === undefined) {
      stored = { bytes: 0, remote: false, local: new Map() };
      items.set(event.part, stored);
    }
    return stored;
  }

  #where(event: Event): Where {
    const graph = this.#plans.get(event.plan)?.graph;
    const name = graph?.data[event.datum]?.name ?? `${event.datum}`;
    const reader = graph?.vertices[event.task];
    const at = event.item === 0 ? "" : `[${itemPath(event.item)}]`;
    const by = reader === undefined ? "" : `task ${reader.name}${at}, `;
    const part = event.part > 0 ? `[${itemPath(event.part)}]` : "";
    const subject = `${by}datum ${name}${part}`;
    return { time: event.time, invocation: event.invocation, subject };
  }
}

function quotasOf(plans: readonly Plan[]): readonly number[] {
  const byWorkflow = new Map<string, number[]>();
  for (const { graph, quotaOf } of plans) {
    const greatest = byWorkflow.get(graph.name) ?? [];
    for (const [worker, quota] of quotaOf.entries()) {
      greatest[worker] = Math.max(greatest[worker] ?? 0, quota);
    }
    byWorkflow.set(graph.name, greatest);
  }
  const sums: number[] = [];
  for (const quotas of byWorkflow.values()) {
    for (const [worker, quota] of quotas.entries()) sums[worker] = (sums[worker] ?? 0) + quota;
  }
  return sums;
}
