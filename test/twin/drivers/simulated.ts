/**
 * A scenario in the simulator. It is deterministic: a run without a fault shows when the event comes
 * that the fault waits for, and the next run is the same up to there.
 */

import type { Scheme } from "../../../core/engine/settings.ts";
import type { Event } from "../../../core/events.ts";
import type { Plan } from "../../../core/plan/plan.ts";
import type { Micros } from "../../../core/units.ts";
import { childItem, ROOT_ITEM } from "../../../core/workflow/item.ts";
import { type ByItem, NOTHING_RECORDED, type Recorded } from "../../../core/workflow/recorded.ts";
import type { Arrival } from "../../../sim/clients.ts";
import { type Faults, NO_FAULTS } from "../../../sim/faults.ts";
import type { Profile } from "../../../sim/profile.ts";
import { type Cancel, run } from "../../../sim/run.ts";
import { ROUND_PROFILE } from "../../core/engine/round-profile.ts";
import { violationsIn } from "../conformance-ledger.ts";
import {
  type Driver,
  type Fault,
  type Invocation,
  isMoment,
  type Played,
  planIn,
  type Scenario,
  settingsOf,
  workerOf,
} from "./driver.ts";

/** From an event to what happens at it. */
const MOMENT_US = 10_000;
/** Until a lost worker is back. */
const BACK_US = 500_000;
/** Longer than any invocation takes. */
const APART_US = 60_000_000;

export const simulated: Driver = (scheme, scenarios) =>
  Promise.resolve(
    scenarios.map((scenario, index) => {
      const before = scenarios.slice(0, index + 1);
      return play(
        scheme,
        scenario,
        before.map((each, id) => planIn(each, { id })),
      );
    }),
  );

/** `plans`: those that are deployed, the scenario's own last. */
function play(scheme: Scheme, scenario: Scenario, plans: readonly Plan[]): Played {
  const plan = plans.at(-1)!;
  const moments: Event[] = [];
  for (;;) {
    const events = simulate(scheme, scenario, { plans, moments });
    const next = scenario.faults?.[moments.length];
    if (next === undefined) {
      return { plan, events, wrong: violationsIn(plans, events).map(({ text }) => text) };
    }
    const moment = events.find((event) => isMoment(next, event, plan));
    if (moment === undefined) throw new Error(`there is no ${next.at.kind} of ${next.at.task}`);
    moments.push(moment);
  }
}

interface Given {
  readonly plans: readonly Plan[];
  /** The events of the faults that are known. */
  readonly moments: readonly Event[];
}

function simulate(scheme: Scheme, scenario: Scenario, { plans, moments }: Given): readonly Event[] {
  const plan = plans.at(-1)!;
  const events: Event[] = [];
  const settings = settingsOf(scheme);
  const { workers, workerMemory: worker_memory } = settings;
  const profile: Profile = {
    ...ROUND_PROFILE,
    cluster: { ...ROUND_PROFILE.cluster, workers, worker_memory },
  };
  const known = (scenario.faults ?? []).slice(0, moments.length);
  const due = known.map((fault, index) => ({ fault, moment: moments[index]! }));
  run({
    profile,
    settings,
    plans,
    loads: [{ tag: "open", arrivals: arrivals(scenario, plan) }],
    seed: 1,
    faults: faultsOf(scenario, { due, plan, events }),
    cancels: due.flatMap(({ fault, moment }): readonly Cancel[] =>
      fault.what === "cancel" ? [{ invocation: moment.invocation, at: after(moment) }] : [],
    ),
    record: (event) => events.push(event),
  });
  return events;
}

interface Due {
  readonly fault: Fault;
  readonly moment: Event;
}

function faultsOf(
  scenario: Scenario,
  { due, plan, events }: { due: readonly Due[]; plan: Plan; events: readonly Event[] },
): Faults {
  const at = (what: Fault["what"]): readonly Due[] =>
    due.filter(({ fault }) => fault.what === what);
  return {
    ...NO_FAULTS,
    crashes: [...at("worker-lost"), ...at("worker-silent")].map(({ fault, moment }) => {
      const back = fault.what === "worker-silent" ? undefined : after(moment, BACK_US);
      return { worker: workerOf(fault, plan), at: after(moment), back };
    }),
    departures: at("worker-leaving").map(({ fault, moment }) => {
      return { worker: workerOf(fault, plan), at: after(moment) };
    }),
    masterCrashes: at("master-lost").map(({ moment }) => after(moment)),
    // Shares are read at each request: these follow what the run has come to.
    get storeErrors() {
      return isStoreAway(due, events) ? 1 : 0;
    },
    get executionErrors() {
      return isFailing(scenario, plan, events.at(-1)) ? 1 : 0;
    },
  };
}

function isStoreAway(due: readonly Due[], events: readonly Event[]): boolean {
  const now = events.at(-1)?.time ?? 0;
  const [last] = due
    .filter(({ fault, moment }) => /^store/.test(fault.what) && moment.time <= now)
    .slice(-1);
  return last?.fault.what === "store-away";
}

/** A function that begins is the last that was heard of. */
function isFailing({ failing }: Scenario, plan: Plan, last: Event | undefined): boolean {
  if (failing === undefined || last?.kind !== "start") return false;
  const { name } = plan.graph.vertices[last.task]!;
  return name === failing.task && last.attempt <= failing.attempts;
}

function after({ time }: Event, delay = MOMENT_US): Micros {
  return (time + delay) as Micros;
}

function* arrivals({ invocations, together = false }: Scenario, plan: Plan): Generator<Arrival> {
  for (const [index, invocation] of invocations.entries()) {
    const at = (together ? 0 : index * APART_US) as Micros;
    yield { at, plan: plan.id, recorded: recordedOf(invocation, plan) };
  }
}

function recordedOf({ branches = {}, counts = {} }: Invocation, { graph }: Plan): Recorded {
  const vertex = (name: string): number => graph.vertices.findIndex((each) => each.name === name);
  const datum = (name: string): number => graph.data.findIndex((each) => each.name === name);
  const taken = Object.entries(branches);
  const lengths = Object.entries(counts);
  return {
    ...NOTHING_RECORDED,
    branches: new Map(taken.map(([name, value]) => [vertex(name), byItem(value)] as const)),
    counts: new Map(lengths.map(([name, value]) => [datum(name), value] as const)),
  };
}

function byItem(value: number | readonly number[]): ByItem {
  if (typeof value === "number") return value;
  return new Map(value.map((each, part) => [childItem(ROOT_ITEM, part), each]));
}
