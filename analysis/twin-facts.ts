/** What two runs of the same invocations must have in common whatever time it took: who ran what, where data went. */

import { nodeName } from "../core/node.ts";
import type { PlanHeader } from "./event-header.ts";
import { type InvocationFacts, placeText, type RunFacts } from "./twin-invocations.ts";

const EXACT_FACTS = ["owners", "tiers", "bytes", "cold_starts"] as const;
export type ExactFact = (typeof EXACT_FACTS)[number];

export interface FactComparison {
  readonly fact: ExactFact;
  readonly compared: number;
  readonly differing: number;
  /** The first few differences. */
  readonly examples: readonly string[];
}

/** A run and its twin; both number invocations alike. */
export interface RunPair {
  readonly plans: readonly PlanHeader[];
  readonly live: RunFacts;
  readonly twin: RunFacts;
}

const EXAMPLES = 3;

/** Counts what is compared, and keeps the first differences. */
class Tally {
  readonly #examples: string[];
  #compared: number;
  #differing: number;

  constructor() {
    this.#examples = [];
    this.#compared = 0;
    this.#differing = 0;
  }

  add(compared: number, differing: number, example: () => string): void {
    this.#compared += compared;
    this.#differing += differing;
    if (differing > 0 && this.#examples.length < EXAMPLES) this.#examples.push(example());
  }

  of(fact: ExactFact): FactComparison {
    const [compared, differing] = [this.#compared, this.#differing];
    return { fact, compared, differing, examples: this.#examples };
  }
}

/** What each activation or transfer of an invocation says, by the text that names it. */
type Said = ReadonlyMap<string, string>;

/** Of the invocations of `workflow` that finished on both sides; cold starts are of the whole run. */
export function compareFacts(
  workflow: string,
  pairs: readonly RunPair[],
): readonly FactComparison[] {
  const [owners, tiers, bytes, coldStarts] = [new Tally(), new Tally(), new Tally(), new Tally()];
  for (const { plans, live, twin } of pairs) {
    const ours = new Map(twin.invocations.map((each) => [each.invocation, each]));
    for (const plan of plans) {
      if (plan.workflow !== workflow) continue;
      const of = (facts: RunFacts): number => facts.coldStarts.get(plan.plan) ?? 0;
      const [started, simulated] = [of(live), of(twin)];
      coldStarts.add(Math.max(started, simulated), Math.abs(started - simulated), () =>
        pairText({ live: `${started} containers`, twin: `${simulated}` }),
      );
      for (const invocation of live.invocations) {
        const other = ours.get(invocation.invocation);
        if (invocation.plan !== plan.plan || other === undefined) continue;
        compareSaid(owners, invocation, ownersOf(invocation, plan), ownersOf(other, plan));
        compareSaid(tiers, invocation, tiersOf(invocation), tiersOf(other));
        compareSaid(bytes, invocation, bytesOf(invocation), bytesOf(other));
      }
    }
  }
  return [owners.of("owners"), tiers.of("tiers"), bytes.of("bytes"), coldStarts.of("cold_starts")];
}

function compareSaid(tally: Tally, { invocation }: InvocationFacts, live: Said, twin: Said): void {
  for (const key of new Set([...live.keys(), ...twin.keys()])) {
    const [said, simulated] = [live.get(key) ?? "none", twin.get(key) ?? "none"];
    tally.add(1, said === simulated ? 0 : 1, () => {
      return `invocation ${invocation}, ${key}: ${pairText({ live: said, twin: simulated })}`;
    });
  }
}

function pairText({ live, twin }: { readonly live: string; readonly twin: string }): string {
  return `live ${live}, twin ${twin}`;
}

function ownersOf({ activations }: InvocationFacts, { tasks }: PlanHeader): Said {
  return new Map(
    activations.map(({ task, item, node }) => [
      placeText(tasks[task] ?? `${task}`, item),
      nodeName(node),
    ]),
  );
}

function tiersOf({ transfers }: InvocationFacts): Said {
  return new Map(transfers.map(({ key, tier }) => [key, tier]));
}

function bytesOf({ transfers }: InvocationFacts): Said {
  return new Map(transfers.map(({ key, bytes }) => [key, `${bytes} B`]));
}
