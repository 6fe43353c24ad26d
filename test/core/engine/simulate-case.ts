/** Runs a case in the simulator and says everything that is wrong with what happened. */

import { InvariantChecker } from "../../../analysis/invariants.ts";
import type { Event } from "../../../core/events.ts";
import { NO_TIME } from "../../../core/units.ts";
import { type RunResult, run } from "../../../sim/run.ts";
import type { Case } from "./any-case.ts";
import { activationsOf } from "./interpret.ts";
import { ROUND_PROFILE } from "./round-profile.ts";

/** Far more than any case takes; far less than an idle container is kept. */
const LONGEST_US = 1_000_000_000;
const MOST_EVENTS = 50_000;

export interface CaseRun {
  readonly events: readonly Event[];
  readonly result: RunResult;
}

export function simulateCase(of: Case): CaseRun {
  const events: Event[] = [];
  const { settings, plan, faults, seed, clients, invocations } = of;
  const { workers, workerMemory: worker_memory, keepAlive: keep_alive } = settings;
  const result = run({
    profile: {
      ...ROUND_PROFILE,
      cluster: { ...ROUND_PROFILE.cluster, workers, worker_memory },
      container: { ...ROUND_PROFILE.container, keep_alive },
    },
    settings,
    plans: [plan],
    loads: [{ tag: "closed", plan: 0, clients, start: NO_TIME, duration: undefined, invocations }],
    seed,
    faults,
    record: (event) => {
      events.push(event);
      if (events.length > MOST_EVENTS) throw new Error("the run does not come to its end");
    },
  });
  return { events, result };
}

export function complaints(of: Case, { events, result }: CaseRun): readonly string[] {
  const checker = new InvariantChecker({ plans: [of.plan] });
  for (const event of events) checker.add(event);
  const found = checker.finish().map(({ rule, text }) => `${rule}: ${text}`);
  if (result.started !== of.invocations) found.push(`${result.started} invocations started`);
  for (const id of result.unfinished) found.push(`invocation ${id} never ended`);
  if (result.end > LONGEST_US) found.push(`the run stood still until ${result.end} us`);
  found.push(...unreadable(of, events));
  const expected = activationsOf(of.spec);
  for (let id = 0; id < result.started; id++) {
    const its = events.filter(({ invocation }) => invocation === id);
    const end = its.find(({ kind }) => kind === "finish" || kind === "abort");
    if (end?.kind === "abort" && !mayAbort(of, end)) found.push(`aborted, why = ${end.why}`);
    if (end?.kind === "finish") found.push(...differences(of, its, expected));
  }
  return found;
}

/** Only faults, or a timeout of the workflow's own, give a reason to abort. */
function mayAbort({ faults, spec }: Case, { why }: Event): boolean {
  switch (why) {
    case "error":
      return faults.executionErrors > 0;
    case "store":
      return faults.storeErrors > 0;
    case "worker-lost":
      return faults.crashes.length > 0;
    case "timeout":
      return spec.tasks.some(({ timeout }) => timeout !== undefined);
    default:
      return false;
  }
}

function differences(of: Case, events: readonly Event[], expected: readonly string[]): string[] {
  const { vertices } = of.plan.graph;
  const completed = events.filter(({ kind }) => kind === "complete");
  const names = completed.map(({ task, item }) => `${vertices[task]!.name} ${item}`);
  const ran = [...new Set(names)].sort();
  const found = [
    ...expected.filter((each) => !ran.includes(each)).map((each) => `${each} did not run`),
    ...ran.filter((each) => !expected.includes(each)).map((each) => `${each} ran`),
  ];
  const quiet = of.faults.crashes.length === 0 && of.faults.masterCrashes.length === 0;
  if (quiet && names.length !== ran.length) found.push(`ran twice: ${names.sort().join(", ")}`);
  return found;
}

/** What is read was written before, to where it is read from. */
function unreadable(of: Case, events: readonly Event[]): string[] {
  const written = new Set<string>();
  const found: string[] = [];
  for (const { kind, why, node, invocation, datum, part, time } of events) {
    if (kind !== "put" && kind !== "get") continue;
    const place = `${invocation} ${datum} ${part} ${why === "local" ? node : why}`;
    if (kind === "put") written.add(place);
    else if (why !== "absent" && !written.has(place)) {
      const { name } = of.plan.graph.data[datum]!;
      found.push(`at ${time} us ${name} ${part} is read from the ${why} store, never put there`);
    }
  }
  return found;
}
