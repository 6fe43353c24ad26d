/**
 * What survivors of a lost worker can tell those who take over. A survivor's joins are all the
 * record there is: what it had passed on, and what it had heard.
 */

import type { Answer } from "../protocol.ts";
import { OUTSIDE } from "../workflow/graph.ts";
import { childItem, type Item, parentItem, ROOT_ITEM } from "../workflow/item.ts";
import { partsOf } from "../workflow/parts.ts";
import type { Invocation } from "./invocation.ts";
import { answersOf, gatherSlot, width } from "./tracker.ts";

/**
 * Answers this machine gave on edges into vertices that have moved. A machine that keeps every
 * join (the master) names no `mine`; it gave the start edges' answers too.
 */
export function toldTo(
  invocation: Invocation,
  moved: (vertex: number) => boolean,
  mine: (vertex: number) => boolean = everything,
): readonly Answer[] {
  const { graph } = invocation.plan;
  const told: Answer[] = [];
  for (const edge of graph.startEdges) {
    if (mine === everything && moved(graph.edges[edge]!.to)) {
      told.push({ edge, item: ROOT_ITEM, taken: true });
    }
  }
  invocation.forEachJoin((vertex, item, join) => {
    if (!mine(vertex) || (join.status !== "done" && join.status !== "skipped")) return;
    for (const answer of answersOf(invocation, { vertex, item }, join.status === "done")) {
      if (moved(graph.edges[answer.edge]!.to)) told.push(answer);
    }
  });
  return told;
}

/** Answers this machine had heard from vertices that have moved. */
export function heardFrom(
  invocation: Invocation,
  moved: (vertex: number) => boolean,
): readonly Answer[] {
  const { graph } = invocation.plan;
  const heard: Answer[] = [];
  invocation.forEachJoin((vertex, item, join) => {
    for (const id of graph.vertices[vertex]!.inEdges) {
      const edge = graph.edges[id]!;
      if (edge.from === OUTSIDE || !moved(edge.from)) continue;
      if (edge.kind !== "gather") {
        const taken = join.heard(edge.slot);
        if (taken !== undefined) heard.push({ edge: id, item, taken });
        continue;
      }
      const bodies = width(invocation, { vertex: graph.vertices[vertex]!.partner, item });
      for (let part = 0; part < bodies; part++) {
        const child = childItem(item, part);
        const taken = join.heard(gatherSlot(invocation, id, child));
        if (taken !== undefined) heard.push({ edge: id, item: child, taken });
      }
    }
  });
  return heard;
}

/**
 * Tasks that need not run again at their new owner: somebody heard that they ended, every datum of
 * theirs that has readers is in the remote store, and its count, if it is a list, is known.
 */
export function takeOver(
  invocation: Invocation,
  heard: readonly Answer[],
): readonly { readonly vertex: number; readonly item: Item }[] {
  const { graph, tagOf } = invocation.plan;
  const found: { vertex: number; item: Item }[] = [];
  for (const { edge, item, taken } of heard) {
    const vertex = graph.edges[edge]!.from;
    if (!taken || graph.vertices[vertex]!.kind !== "task") continue;
    const survives = graph.vertices[vertex]!.writes.every((datum) => {
      const { readers, spec } = graph.data[datum]!;
      if (readers.length > 0 && tagOf[datum] === "local") return false;
      return spec.items === undefined || invocation.knowledge.countOf(datum, item) !== undefined;
    });
    const fresh = invocation.join(vertex, item).status === "waiting";
    const known = found.some((other) => other.vertex === vertex && other.item === item);
    if (survives && fresh && !known) found.push({ vertex, item });
  }
  return found;
}

/**
 * What the master has to run again after a loss: what ran there, and what had ended there with a
 * datum only in that worker's memory which somebody has yet to read. Latest tasks first, since a
 * task that runs again is itself a reader of its producers.
 */
export function lostWork(
  invocation: Invocation,
  at: {
    readonly running: readonly { readonly task: number; readonly item: Item }[];
    readonly wasThere: (task: number) => boolean;
  },
): readonly { readonly task: number; readonly item: Item }[] {
  const { graph, tagOf } = invocation.plan;
  const byVertex = new Map<number, { task: number; item: Item; done: boolean }[]>();
  invocation.forEachJoin((task, item, { status }) => {
    if (status !== "done" && status !== "fired") return;
    const list = byVertex.get(task) ?? [];
    list.push({ task, item, done: status === "done" });
    byVertex.set(task, list);
  });
  const again: { task: number; item: Item }[] = [];
  const rerun = new Set<number>();
  const unread = (datum: number): boolean =>
    tagOf[datum] === "local" &&
    graph.data[datum]!.readers.some(
      (reader) => rerun.has(reader) || !allDone(byVertex.get(reader)),
    );
  for (const task of [...graph.order].reverse()) {
    for (const { item, done } of byVertex.get(task) ?? []) {
      const ran = at.running.some((other) => other.task === task && other.item === item);
      // What has not ended runs on, unless it ran there: the plan's worker need not be the one.
      const wanted = done && at.wasThere(task) && graph.vertices[task]!.writes.some(unread);
      if (!ran && !wanted) continue;
      again.push({ task, item });
      rerun.add(task);
    }
  }
  return again;
}

/**
 * Whether all that the task reads from memories that were lost has been written again. Control alone
 * does not say so: a producer further up may run again while what is between it and the task did not
 * have to. Producer and task have the same owner, so its joins tell.
 */
export function isReadable(invocation: Invocation, task: number, item: Item): boolean {
  const { knowledge, lost, plan } = invocation;
  if (lost.length === 0) return true;
  return plan.graph.vertices[task]!.reads.every((read) => {
    const { producer, spec } = plan.graph.data[read.datum]!;
    if (producer === OUTSIDE || plan.tagOf[read.datum] !== "local") return true;
    if (!lost.includes(plan.workerOf[producer]!)) return true;
    return partsOf(plan.graph, read, { vertex: task, item }, knowledge.countOf).every((part) => {
      const { status } = invocation.join(
        producer,
        spec.items === undefined ? part : parentItem(part),
      );
      return status === "done" || status === "skipped" || knowledge.absent(read.datum, part);
    });
  });
}

function allDone(instances: readonly { readonly done: boolean }[] | undefined): boolean {
  return instances?.every(({ done }) => done) ?? false;
}

function everything(): boolean {
  return true;
}
