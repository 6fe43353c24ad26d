/** What must hold of an event so that analysis can follow its numbers blindly. */

import { type Event, type EventKind, NONE } from "../core/events.ts";
import type { PlanHeader } from "./event-header.ts";
import type { Fault } from "./header-faults.ts";

type Needed = "plan" | "invocation" | "task" | "datum";

/** What an event of a kind is of; without it, it says nothing. */
const NEEDS: ReadonlyMap<EventKind, readonly Needed[]> = new Map(
  (
    [
      ["arrival finish abort", ["plan", "invocation"]],
      ["trigger skip branch expand duplicate recover", ["plan", "invocation", "task"]],
      ["assign queue dispatch start execute complete", ["plan", "invocation", "task"]],
      ["fail retry", ["plan", "invocation", "task"]],
      ["get put spill", ["plan", "invocation", "task", "datum"]],
      ["evict release", ["plan", "invocation", "datum"]],
    ] as const
  ).flatMap(([kinds, needed]) => kinds.split(" ").map((kind) => [kind as EventKind, needed])),
);

/** Takes the events of a log in their order. */
export class EventChecks {
  readonly #plans: ReadonlyMap<number, PlanHeader>;
  /** By plan and vertex: those that it waits for. */
  readonly #sources: ReadonlyMap<number, readonly ReadonlySet<number>[]>;
  /** By invocation, where there is more than one plan. */
  readonly #planOf: Map<number, number>;

  constructor(plans: readonly PlanHeader[]) {
    this.#plans = new Map(plans.map((plan) => [plan.plan, plan]));
    this.#sources = new Map(plans.map((plan) => [plan.plan, sourcesOf(plan)]));
    this.#planOf = new Map();
  }

  /** The first there is. */
  faultIn(event: Event): Fault | undefined {
    const missing = NEEDS.get(event.kind)?.find((field) => event[field] === NONE);
    if (missing !== undefined) {
      const path = missing === "plan" ? "workflow" : missing;
      return { path, found: "nothing", expected: `what this \`${event.kind}\` is of` };
    }
    return this.#wrongCause(event) ?? this.#wrongPlan(event);
  }

  /** Who walks back from cause to cause must come to an end. */
  #wrongCause({ kind, plan, task, value }: Event): Fault | undefined {
    if (kind !== "trigger" || value === NONE) return undefined;
    if (this.#sources.get(plan)?.[task]?.has(value)) return undefined;
    const expected = "the number of a vertex that this one waits for";
    return { path: "value", found: `${value}`, expected };
  }

  /** What an invocation does has the ids of one plan. */
  #wrongPlan({ plan, invocation }: Event): Fault | undefined {
    if (this.#plans.size < 2 || plan === NONE || invocation === NONE) return undefined;
    const first = this.#planOf.get(invocation) ?? plan;
    this.#planOf.set(invocation, first);
    if (first === plan) return undefined;
    const name = (id: number): string => `${this.#plans.get(id)?.workflow}, plan ${id}`;
    const expected = `${name(first)}, as of invocation ${invocation} before`;
    return { path: "workflow", found: name(plan), expected };
  }
}

function sourcesOf({ tasks, edges }: PlanHeader): readonly ReadonlySet<number>[] {
  const sources = tasks.map(() => new Set<number>());
  for (const [from, to] of edges) sources[to]!.add(from);
  return sources;
}
