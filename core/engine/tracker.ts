/**
 * Triggers and joins: turns answers on edges into activations that may run, and what has ended into
 * answers on further edges. The same code counts for one worker (WorkerSP) and for the master
 * (MasterSP); the host says which vertices are its own and what becomes of the rest.
 *
 * A vertex runs once every in-edge has answered and one of them was taken; if all were skipped it
 * passes the skip on. So every join ends, whichever branches were taken.
 */

import { NONE } from "../events.ts";
import type { Answer } from "../protocol.ts";
import { evaluate, isTrue, type Value } from "../workflow/condition.ts";
import { type Graph, OTHERWISE, type Vertex } from "../workflow/graph.ts";
import { childItem, type Item, parentItem, partOf } from "../workflow/item.ts";
import { datumScope, itemIn, widthOf } from "../workflow/parts.ts";
import type { Invocation } from "./invocation.ts";
import type { Join } from "./join.ts";
import type { Journal } from "./journal.ts";

export interface TrackerHost {
  /** Whether this machine keeps the join of `vertex`. */
  owns(invocation: Invocation, vertex: number): boolean;
  /** The task may run. */
  run(invocation: Invocation, task: number, item: Item): void;
  /** An answer for a join that another machine keeps. */
  forward(invocation: Invocation, answer: Answer): void;
  /** A vertex of this machine was skipped, or a close has gathered: readers in it are through. */
  resolved(invocation: Invocation, vertex: number, item: Item): void;
  /** A vertex that ends the workflow has answered. */
  sink(invocation: Invocation, vertex: number): void;
}

export class Tracker {
  readonly #host: TrackerHost;
  readonly #journal: Journal;
  // Answers to hear; the first `#queued` count: cutting the lists would free their memory each time.
  readonly #edges: number[];
  readonly #items: Item[];
  readonly #taken: boolean[];
  #queued: number;

  constructor(host: TrackerHost, journal: Journal) {
    this.#host = host;
    this.#journal = journal;
    this.#edges = [];
    this.#items = [];
    this.#taken = [];
    this.#queued = 0;
  }

  /** Answers that came from elsewhere, on edges into this machine's vertices. */
  answer(invocation: Invocation, answers: readonly Answer[]): void {
    for (const { edge, item, taken } of answers) this.#enqueue(edge, item, taken);
    this.#drain(invocation);
  }

  /** The task has run; its out-edges are taken. */
  complete(invocation: Invocation, task: number, item: Item): void {
    const join = invocation.join(task, item);
    if (join.status === "done") return;
    this.#pass(invocation, { vertex: task, item, join }, true);
    this.#drain(invocation);
  }

  #enqueue(edge: number, item: Item, taken: boolean): void {
    this.#edges[this.#queued] = edge;
    this.#items[this.#queued] = item;
    this.#taken[this.#queued] = taken;
    this.#queued++;
  }

  /** All answers of a drain are of one invocation: what they set going comes as further inputs. */
  #drain(invocation: Invocation): void {
    for (let head = 0; head < this.#queued; head++) {
      this.#hear(invocation, this.#edges[head]!, this.#items[head]!, this.#taken[head]!);
    }
    this.#queued = 0;
  }

  #hear(invocation: Invocation, edge: number, told: Item, taken: boolean): void {
    const { wiring } = invocation;
    const vertex = wiring.edgeTo[edge]!;
    const gathers = wiring.gathers[edge] === 1;
    const item = gathers ? parentItem(told) : told;
    const slot = gathers ? gatherSlot(invocation, edge, told) : wiring.edgeSlot[edge]!;
    const join = invocation.join(vertex, item);
    if (!join.hear(slot, taken)) {
      this.#journal.vertex("duplicate", invocation, { vertex, item }, edge);
      return;
    }
    if (join.status !== "waiting") return;
    if (wiring.widthSlot[vertex] !== -1) this.#gather(invocation, { vertex, item, join });
    else if (join.size === wiring.inEdgeCount[vertex]) {
      const cause = invocation.plan.graph.edges[edge]!.from;
      this.#resolve(invocation, { vertex, item, join, cause });
    }
  }

  #resolve(invocation: Invocation, at: Resolution): void {
    const vertex = invocation.plan.graph.vertices[at.vertex]!;
    if (!at.join.taken) {
      this.#skip(invocation, at, vertex);
      return;
    }
    at.join.status = "fired";
    switch (vertex.kind) {
      case "task":
        this.#journal.vertex("trigger", invocation, at, at.cause);
        this.#host.run(invocation, at.vertex, at.item);
        return;
      case "switch": {
        const branch = branchValue(vertex, chooseBranch(invocation, at));
        this.#journal.vertex("branch", invocation, at, branch);
        this.#pass(invocation, at, true);
        return;
      }
      case "foreach":
        this.#journal.vertex("expand", invocation, at, width(invocation, at));
        this.#pass(invocation, at, true);
        return;
      case "join":
        this.#pass(invocation, at, true);
        return;
      case "close":
        return;
      default:
        vertex.kind satisfies never;
    }
  }

  /** Readers learn that nothing comes from here; a skipped foreach skips its close, not its bodies. */
  #skip(invocation: Invocation, at: Place, vertex: Vertex): void {
    const { graph } = invocation.plan;
    this.#journal.vertex("skip", invocation, at, NONE);
    const unwritten = vertex.kind === "foreach" ? writtenInside(graph, at.vertex) : vertex.writes;
    const absent = unwritten.filter((datum) => graph.data[datum]!.readers.length > 0);
    invocation.knowledge.learn(absent.map((datum) => ({ tag: "absent", datum, item: at.item })));
    this.#host.resolved(invocation, at.vertex, at.item);
    this.#pass(invocation, at, false);
  }

  /** A close waits for its foreach (which tells the width, or the skip) and then for every body. */
  #gather(invocation: Invocation, at: Place): void {
    const vertex = invocation.plan.graph.vertices[at.vertex]!;
    const entered = at.join.heard(invocation.wiring.widthSlot[at.vertex]!);
    if (entered === undefined) return;
    if (!entered) {
      this.#skip(invocation, at, vertex);
      return;
    }
    const bodies = width(invocation, { vertex: vertex.partner, item: at.item });
    if (at.join.size < 1 + (vertex.inEdges.length - 1) * bodies) return;
    this.#host.resolved(invocation, at.vertex, at.item);
    this.#pass(invocation, at, true);
  }

  /** The vertex is through: its out-edges answer, here or elsewhere. */
  #pass(invocation: Invocation, at: Place, taken: boolean): void {
    at.join.status = taken ? "done" : "skipped";
    const { kind, outEdges } = invocation.plan.graph.vertices[at.vertex]!;
    if (kind === "foreach" || kind === "switch") {
      for (const answer of answersOf(invocation, at, taken)) {
        this.#tell(invocation, answer.edge, answer.item, answer.taken);
      }
    } else {
      // As `answersOf` has it for all others, without the list.
      for (const edge of outEdges) this.#tell(invocation, edge, at.item, taken);
    }
    if (outEdges.length === 0) this.#host.sink(invocation, at.vertex);
  }

  #tell(invocation: Invocation, edge: number, item: Item, taken: boolean): void {
    const to = invocation.wiring.edgeTo[edge]!;
    if (this.#host.owns(invocation, to)) this.#enqueue(edge, item, taken);
    else this.#host.forward(invocation, { edge, item, taken });
  }
}

interface Place {
  readonly vertex: number;
  readonly item: Item;
  readonly join: Join;
}

interface Resolution extends Place {
  readonly cause: number;
}

/** What a vertex that is through tells on its out-edges, in their order. */
export function answersOf(
  invocation: Invocation,
  at: { readonly vertex: number; readonly item: Item },
  taken: boolean,
): readonly Answer[] {
  const { graph } = invocation.plan;
  const { kind, outEdges } = graph.vertices[at.vertex]!;
  if (kind === "switch" && taken) {
    const chosen = chooseBranch(invocation, at);
    return outEdges.map((edge) => ({
      edge,
      item: at.item,
      taken: graph.edges[edge]!.branch === chosen,
    }));
  }
  if (kind !== "foreach") return outEdges.map((edge) => ({ edge, item: at.item, taken }));
  // A skipped foreach has no bodies: only its close is told.
  const bodies = taken ? width(invocation, at) : 0;
  const answers: Answer[] = [];
  for (const edge of outEdges) {
    if (graph.edges[edge]!.kind === "width") answers.push({ edge, item: at.item, taken });
    else {
      for (let part = 0; part < bodies; part++) {
        answers.push({ edge, item: childItem(at.item, part), taken: true });
      }
    }
  }
  return answers;
}

/** Data that the bodies of the foreach write, those of foreachs inside it too. */
function writtenInside(graph: Graph, foreach: number): readonly number[] {
  const inside = graph.scopes.map(() => false);
  // A scope comes after the one around it.
  for (const [scope, { parent, foreach: opener }] of graph.scopes.entries()) {
    inside[scope] = opener === foreach || (parent >= 0 && inside[parent]!);
  }
  return graph.scopes.flatMap(({ vertices }, scope) =>
    inside[scope] ? vertices.flatMap((vertex) => graph.vertices[vertex]!.writes) : [],
  );
}

/** How many bodies the foreach has; a list that nobody wrote has no items. */
export function width(
  invocation: Invocation,
  foreach: { readonly vertex: number; readonly item: Item },
): number {
  const { knowledge, plan } = invocation;
  return widthOf(plan.graph, foreach, knowledge.countOf) ?? 0;
}

/** At a close each body answers on the same edges: one slot an edge and part. */
export function gatherSlot({ wiring }: Invocation, edge: number, item: Item): number {
  const inEdges = wiring.inEdgeCount[wiring.edgeTo[edge]!]!;
  return (partOf(item) + 1) * inEdges + wiring.edgeSlot[edge]!;
}

/** What the trace or the seeded draw fixed, else the first case that holds, else `OTHERWISE`. */
function chooseBranch(
  invocation: Invocation,
  at: { readonly vertex: number; readonly item: Item },
): number {
  const { graph } = invocation.plan;
  const vertex = graph.vertices[at.vertex]!;
  const recorded = invocation.knowledge.branch(at.vertex, at.item);
  if (recorded !== undefined) return recorded;
  const lookUp = (name: string): Value => {
    const datum = graph.data.findIndex((candidate) => candidate.name === name);
    const to = datumScope(graph, datum);
    return invocation.knowledge.value(datum, itemIn(graph, at.item, { from: vertex.scope, to }));
  };
  const index = vertex.cases.findIndex(({ when }) => isTrue(evaluate(when, lookUp)));
  return index === -1 ? OTHERWISE : index;
}

/** Events have no negative branch: `OTHERWISE` is written as the number of cases. */
function branchValue(vertex: Vertex, chosen: number): number {
  return chosen === OTHERWISE ? vertex.cases.length : chosen;
}
