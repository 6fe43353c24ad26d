/** One run of a workflow, as one machine knows it: its joins, its facts, and who has which task. */

import type { Plan } from "../plan/plan.ts";
import { relocate } from "../plan/relocate.ts";
import type { InvocationId, LostWorkers, Round } from "../protocol.ts";
import type { Holds } from "../storage/holds.ts";
import type { Item } from "../workflow/item.ts";
import { type Wiring, wiringOf } from "../workflow/wiring.ts";
import { Join } from "./join.ts";
import { Knowledge } from "./knowledge.ts";

const NONE_LOST: LostWorkers = [];

interface HeldTask {
  readonly task: number;
  readonly item: Item;
}

const NONE_HELD: readonly HeldTask[] = [];

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
