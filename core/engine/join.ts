/**
 * Joins: what each vertex of an invocation has heard so far. A join is a set of in-edges, never a
 * counter: an answer that comes twice changes nothing.
 */

import type { Plan } from "../plan/plan.ts";
import { relocate } from "../plan/relocate.ts";
import type { InvocationId, LostWorkers, Round } from "../protocol.ts";
import type { Holds } from "../storage/holds.ts";
import type { Item } from "../workflow/item.ts";
import { type Wiring, wiringOf } from "../workflow/wiring.ts";
import { Knowledge } from "./knowledge.ts";

/** `waiting` for answers, `fired` once one was taken and all are in, `done` when it has passed that on. */
export type JoinStatus = "waiting" | "fired" | "done" | "skipped";

/** In-edges that fit the bits of a small integer; a join with more keeps a list of such. */
const BITS = 30;

const NONE_LOST: LostWorkers = [];

interface HeldTask {
  readonly task: number;
  readonly item: Item;
}

const NONE_HELD: readonly HeldTask[] = [];

export class Join {
  status: JoinStatus;
  /** Whether any answer was `taken`. */
  taken: boolean;
  #size: number;
  #bits: number;
  #takenBits: number;
  /** Of in-edges beyond the first `BITS`: so many in each word, what was heard and what was taken. */
  #moreBits: number[] | undefined;
  #moreTaken: number[] | undefined;

  constructor() {
    this.status = "waiting";
    this.taken = false;
    this.#size = 0;
    this.#bits = 0;
    this.#takenBits = 0;
    this.#moreBits = undefined;
    this.#moreTaken = undefined;
  }

  /** Notes the answer of in-edge `slot` (plus a stride a part, at a close); false if it was there. */
  hear(slot: number, taken: boolean): boolean {
    if (slot >= BITS ? !this.#hearMore(slot, taken) : !this.#hearFirst(slot, taken)) return false;
    if (taken) this.taken = true;
    this.#size++;
    return true;
  }

  #hearFirst(slot: number, taken: boolean): boolean {
    const bit = 1 << slot;
    if ((this.#bits & bit) !== 0) return false;
    this.#bits |= bit;
    if (taken) this.#takenBits |= bit;
    return true;
  }

  #hearMore(slot: number, taken: boolean): boolean {
    this.#moreBits ??= [];
    this.#moreTaken ??= [];
    const word = Math.floor(slot / BITS) - 1;
    const bit = 1 << (slot % BITS);
    while (this.#moreBits.length <= word) {
      this.#moreBits.push(0);
      this.#moreTaken.push(0);
    }
    if ((this.#moreBits[word]! & bit) !== 0) return false;
    this.#moreBits[word]! |= bit;
    if (taken) this.#moreTaken[word]! |= bit;
    return true;
  }

  /** What in-edge `slot` answered; undefined: nothing yet. */
  heard(slot: number): boolean | undefined {
    const word = Math.floor(slot / BITS) - 1;
    const bit = 1 << (slot % BITS);
    const bits = word < 0 ? this.#bits : (this.#moreBits?.[word] ?? 0);
    if ((bits & bit) === 0) return undefined;
    const takenBits = word < 0 ? this.#takenBits : this.#moreTaken![word]!;
    return (takenBits & bit) !== 0;
  }

  /** How many different answers are in. */
  get size(): number {
    return this.#size;
  }
}

/** One invocation as one machine sees it. */
export class Invocation {
  readonly id: InvocationId;
  readonly plan: Plan;
  readonly round: Round;
  readonly wiring: Wiring;
  readonly knowledge: Knowledge;
  /** Vertex to worker; differs from the plan's once a worker was lost. */
  workerOf: readonly number[];
  lost: LostWorkers;
  /** Activations of it under way on this machine. */
  active: number;
  /** Of this worker's data, once it was asked for. */
  holds: Holds | undefined;
  /** Joins of scope 0, by position. */
  readonly #root: (Join | undefined)[];
  /** Of each inner scope, by item, then by position. */
  readonly #inner: Map<Item, (Join | undefined)[]>[];
  /** Tasks that may run as far as control goes, once data that were lost are written again. */
  #heldBack: readonly HeldTask[];

  constructor(id: InvocationId, plan: Plan, round: Round) {
    this.id = id;
    this.plan = plan;
    this.round = round;
    this.wiring = wiringOf(plan.graph);
    this.knowledge = new Knowledge();
    this.workerOf = plan.workerOf;
    this.lost = NONE_LOST;
    this.active = 0;
    this.holds = undefined;
    this.#root = new Array(plan.graph.scopes[0]!.vertices.length);
    this.#inner = [];
    this.#heldBack = NONE_HELD;
  }

  /** Takes over that workers were lost; false if it knew. */
  lose(lost: LostWorkers): boolean {
    const all = new Set([...this.lost, ...lost]);
    if (all.size === this.lost.length) return false;
    this.lost = [...all].sort((a, b) => a - b);
    this.workerOf = relocate(this.plan, this.lost);
    this.holds = undefined;
    return true;
  }

  holdBack(held: HeldTask): void {
    this.#heldBack = [...this.#heldBack, held];
  }

  /** All that was held back; what still may not run is to be held back again. */
  takeHeldBack(): readonly HeldTask[] {
    const held = this.#heldBack;
    this.#heldBack = NONE_HELD;
    return held;
  }

  /** It is not held back any more, if it was. */
  dropHeldBack({ task, item }: HeldTask): void {
    this.#heldBack = this.#heldBack.filter((held) => held.task !== task || held.item !== item);
  }

  /** The join of `vertex` for `item`, made when first asked for. */
  join(vertex: number, item: Item): Join {
    const scope = this.wiring.scopeOf[vertex]!;
    const position = this.wiring.positionOf[vertex]!;
    const joins = scope === 0 ? this.#root : this.#instance(scope, item);
    let join = joins[position];
    if (join === undefined) {
      join = new Join();
      joins[position] = join;
    }
    return join;
  }

  /** Forgets what the vertex has heard and done, so that it can run again. */
  reset(vertex: number, item: Item): void {
    const { scope, position } = this.plan.graph.vertices[vertex]!;
    const joins = scope === 0 ? this.#root : this.#instance(scope, item);
    joins[position] = undefined;
  }

  /** Calls `visit` for each join there is: by scope, item in order of appearance, position. */
  forEachJoin(visit: (vertex: number, item: Item, join: Join) => void): void {
    const { scopes } = this.plan.graph;
    for (const [scope, { vertices }] of scopes.entries()) {
      const instances: Iterable<[Item, (Join | undefined)[]]> =
        scope === 0 ? [[0, this.#root]] : (this.#inner[scope] ?? []);
      for (const [item, joins] of instances) {
        for (const [position, join] of joins.entries()) {
          if (join !== undefined) visit(vertices[position]!, item, join);
        }
      }
    }
  }

  #instance(scope: number, item: Item): (Join | undefined)[] {
    while (this.#inner.length <= scope) this.#inner.push(new Map());
    const instances = this.#inner[scope]!;
    let joins = instances.get(item);
    if (joins === undefined) {
      joins = new Array<Join | undefined>(this.plan.graph.scopes[scope]!.vertices.length);
      instances.set(item, joins);
    }
    return joins;
  }
}
