/**
 * Every benchmark under every configuration: invocations end, tasks run as often as the spec says,
 * bytes are conserved, the quota holds. The invariant checker sees every event.
 */

import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Event } from "../../core/events.ts";
import type { Graph } from "../../core/workflow/graph.ts";
import { type Outcome, PreparedScenario, type Scenario } from "../../sim/scenario-config.ts";
import { BENCHMARKS } from "../../workflows/load.ts";
import {
  CONFIGURATIONS,
  invocations,
  profileOf,
  scenarioOf,
  seconds,
} from "../fixtures/scenario.ts";

/** Activations of one invocation, as the spec has it: parts of a foreach, tasks of branches not taken. */
const ACTIVATIONS: Readonly<Record<(typeof BENCHMARKS)[number], number>> = {
  cycles: 46,
  epigenomics: 45,
  genome: 50,
  soykb: 45,
  wordcount: 1 + 8 + 1,
  fileprocessing: 4,
  illegal_recognizer: 1 + 2 + 3,
  video: 1 + 1 + 3 + 1,
};

interface Observed {
  readonly outcome: Outcome;
  readonly graphs: readonly Graph[];
  readonly events: readonly Event[];
}

function observe(scenario: Scenario): Observed {
  const prepared = new PreparedScenario(scenario);
  const events: Event[] = [];
  const outcome = prepared.simulate({ check: true, event: (event) => events.push(event) });
  return { outcome, graphs: prepared.plans.map(({ graph }) => graph), events };
}

function countOf({ events }: Observed, kind: Event["kind"]): number {
  return events.filter((event) => event.kind === kind).length;
}

/** What holds of every run without faults. */
function checkSound(observed: Observed): void {
  const { outcome, events } = observed;
  assert.equal(outcome.violations, []);
  assert.equal(outcome.result.unfinished, []);
  assert.ok(outcome.result.started > 0);
  assert.is(countOf(observed, "finish"), outcome.result.started);
  for (const kind of ["abort", "fail", "retry", "late", "duplicate", "lost", "recover"] as const) {
    assert.is(countOf(observed, kind), 0, kind);
  }
  const written = new Set(events.filter(({ kind }) => kind === "put").map(bodyOf));
  for (const event of events) {
    const producer = observed.graphs[event.plan]?.data[event.datum]?.producer ?? -1;
    if (event.kind !== "get" || event.why === "absent" || producer < 0) continue;
    assert.ok(written.has(bodyOf(event)), `a get without its put: ${bodyOf(event)}`);
  }
}

/** One copy of one datum part: where, and how large. A remote one is the same from everywhere. */
function bodyOf(event: Event): string {
  const place = event.why === "local" ? event.node : "remote";
  return `${event.invocation} ${event.datum} ${event.part} ${place} ${event.bytes} B`;
}

/** Each activation that runs does each of its steps once, in the order of the phases. */
function checkActivations(observed: Observed, perInvocation: number): void {
  const expected = perInvocation * observed.outcome.result.started;
  const kinds = ["trigger", "queue", "dispatch", "start", "execute", "complete"] as const;
  for (const kind of kinds) assert.is(countOf(observed, kind), expected, kind);
  const runs = observed.events.filter(({ kind }) => kind === "execute");
  const once = new Set(runs.map(({ invocation, task, item }) => `${invocation} ${task} ${item}`));
  assert.is(once.size, expected);
}

const matrix = suite("matrix");
for (const profile of ["paper-testbed", "ideal"]) {
  for (const configuration of CONFIGURATIONS) {
    const { scheme, storage } = configuration;
    matrix(`all eight, each alone, are sound under ${scheme} with ${storage}, ${profile}`, () => {
      for (const name of BENCHMARKS) {
        const load = invocations(2);
        const changes = { ...configuration, load, profile: profileOf(profile) };
        const observed = observe(scenarioOf([name], changes));
        checkSound(observed);
        checkActivations(observed, ACTIVATIONS[name]);
      }
    });
  }
}

matrix("every configuration moves the same bytes through its stores", () => {
  for (const name of BENCHMARKS) {
    const sums = CONFIGURATIONS.map((configuration) => {
      const { events } = observe(scenarioOf([name], { ...configuration, load: invocations(1) }));
      const parts = new Map<string, number>();
      for (const { kind, invocation, datum, part, bytes } of events) {
        if (kind === "put") parts.set(`${invocation} ${datum} ${part}`, bytes);
      }
      return [...parts.values()].reduce((sum, bytes) => sum + bytes, 0);
    });
    assert.ok(sums[0]! > 0);
    assert.is(new Set(sums).size, 1, `${name}: ${sums.join(", ")}`);
  }
});

matrix("with a remote store nothing is local, with FaaStore the bytes that cross are fewer", () => {
  const remoteBytes = (events: readonly Event[], why: Event["why"]): number =>
    events.filter((event) => event.why === why).reduce((sum, { bytes }) => sum + bytes, 0);
  for (const name of BENCHMARKS) {
    const [faastore, remote] = CONFIGURATIONS.map(
      (configuration) =>
        observe(scenarioOf([name], { ...configuration, load: invocations(1) })).events,
    );
    assert.is(remoteBytes(remote!, "local"), 0);
    assert.ok(remoteBytes(faastore!, "local") > 0, name);
    assert.ok(remoteBytes(faastore!, "remote") < remoteBytes(remote!, "remote"), name);
  }
});

const together = suite("together");
for (const configuration of CONFIGURATIONS) {
  const { scheme, storage } = configuration;
  for (const arrivals of ["fixed", "poisson"] as const) {
    together(`all eight at once in an open loop (${arrivals}), ${scheme} with ${storage}`, () => {
      const extent = { tag: "duration", duration: seconds(60) } as const;
      const load = { tag: "open", arrivals, rate: 0.1, extent } as const;
      const observed = observe(scenarioOf(BENCHMARKS, { ...configuration, load }));
      checkSound(observed);
      if (arrivals === "fixed") assert.ok(observed.outcome.result.started >= 8 * 6);
    });
  }
}

together("all eight at once with many clients saturate the cluster and still end", () => {
  for (const configuration of CONFIGURATIONS) {
    const load = { tag: "closed", clients: 6, duration: undefined, invocations: 8 } as const;
    checkSound(observe(scenarioOf(BENCHMARKS, { ...configuration, load })));
  }
});

together("one worker alone runs everything", () => {
  for (const configuration of CONFIGURATIONS) {
    checkSound(observe(scenarioOf(BENCHMARKS, { ...configuration, workers: 1 })));
  }
});

together("14 workers and a slow store end too", () => {
  const profile = profileOf("paper-testbed");
  const slow = { ...profile, network: { ...profile.network, storage_link: 25e6 } };
  for (const configuration of CONFIGURATIONS) {
    const changes = { ...configuration, workers: 14, profile: slow };
    checkSound(observe(scenarioOf(["genome:200", "video"], changes)));
  }
});

matrix.run();
together.run();
