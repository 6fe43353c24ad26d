/**
 * Faults end in a finished invocation or in one that was aborted with a reason; never in silence,
 * never in a broken invariant (with the relaxations that the checker documents).
 */

import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Event } from "../../core/events.ts";
import type { WorkflowSpec } from "../../core/workflow/spec.ts";
import { type Faults, NO_FAULTS } from "../../sim/faults.ts";
import { type Outcome, PreparedScenario, type Scenario } from "../../sim/scenario-config.ts";
import { BENCHMARKS } from "../../workflows/load.ts";
import { randomFaults } from "../fixtures/random-faults.ts";
import {
  CONFIGURATIONS,
  idealBut,
  scenarioOf,
  seconds,
  specIn,
  specOf,
} from "../fixtures/scenario.ts";

/** Random runs a workflow and configuration; a thousand hold as well, in a few minutes. */
const SEEDS = 100;
const WORKERS = 7;

interface Faulty {
  readonly outcome: Outcome;
  readonly events: readonly Event[];
}

/** Runs it and holds it to the rule above. */
function survive(scenario: Scenario): Faulty {
  const events: Event[] = [];
  const prepared = new PreparedScenario(scenario);
  const outcome = prepared.simulate({ check: true, event: (event) => events.push(event) });
  const about = `${scenario.references} ${scenario.scheme} ${scenario.storage} seed ${scenario.seed}`;
  const { violations, result } = outcome;
  assert.is(violations.map(({ text }) => text).join("\n"), "", about);
  assert.equal(result.unfinished, [], about);
  const ends = events.filter(({ kind }) => kind === "finish" || kind === "abort");
  assert.is(ends.length, result.started, about);
  for (const { kind, why } of ends) assert.ok(kind === "finish" || why !== "", about);
  return { outcome, events };
}

const TWO_CLIENTS = { tag: "closed", clients: 2, duration: undefined, invocations: 4 } as const;

function scenarioWith(
  workflow: string | WorkflowSpec,
  faults: Partial<Faults>,
  changes: Partial<Scenario> = {},
): Scenario {
  const all = { ...NO_FAULTS, ...faults };
  return scenarioOf([workflow], { load: TWO_CLIENTS, faults: all, ...changes });
}

function kinds(faulty: Faulty, ...wanted: readonly Event["kind"][]): number {
  return faulty.events.filter(({ kind }) => wanted.includes(kind)).length;
}

/** Each fault alone, hard enough to be felt by every benchmark. */
const ALONE: Readonly<Record<string, Partial<Faults>>> = {
  "a worker lost": { crashes: [{ worker: 1, at: seconds(1.5), back: undefined }] },
  "a worker lost while it is idle": {
    crashes: [{ worker: 6, at: seconds(0.01), back: undefined }],
  },
  "a worker lost that comes back before anybody knows": {
    crashes: [{ worker: 2, at: seconds(1.5), back: seconds(2) }],
  },
  "a worker lost that comes back": {
    crashes: [{ worker: 2, at: seconds(1.5), back: seconds(8) }],
    detection: seconds(0.2),
  },
  "a worker lost twice": {
    crashes: [
      { worker: 0, at: seconds(1.5), back: seconds(3) },
      { worker: 0, at: seconds(7), back: seconds(9) },
    ],
    detection: seconds(0.5),
  },
  "all workers lost but one": {
    crashes: [0, 1, 2, 3, 4, 5].map((worker) => ({
      worker,
      at: seconds(1 + worker / 2),
      back: undefined,
    })),
    detection: seconds(0.3),
  },
  "all workers lost but one, at once": {
    crashes: [1, 2, 3, 4, 5, 6].map((worker) => ({ worker, at: seconds(2), back: undefined })),
  },
  "a slow worker": { slow: [{ worker: 3, from: seconds(0), to: seconds(60), speed: 0.1 }] },
  "a partition that heals": {
    partitions: [{ workers: [0, 1, 2], from: seconds(1), to: seconds(6) }],
  },
  "lost messages, redelivered": { loss: 0.2, redelivery: seconds(0.5) },
  "messages that come twice": { duplication: 0.5 },
  "messages that come late, and out of order": { delayed: 0.5, delay: seconds(2) },
  "store errors": { storeErrors: 0.2 },
  "failed executions": { executionErrors: 0.1 },
};

const alone = suite("alone");
for (const [name, faults] of Object.entries(ALONE)) {
  alone(`${name}: every benchmark ends, whatever the configuration`, () => {
    for (const [index, workflow] of BENCHMARKS.entries()) {
      for (const half of [0, 2]) {
        const configuration = CONFIGURATIONS[half + ((index + half / 2) % 2)]!;
        survive(scenarioWith(workflow, faults, configuration));
      }
    }
  });
}

alone("no invocation is lost with a worker where tasks may be tried again", () => {
  for (const configuration of CONFIGURATIONS) {
    const crashes = [{ worker: 1, at: seconds(2), back: undefined }];
    const faulty = survive(scenarioWith("genome", { crashes }, configuration));
    assert.is(kinds(faulty, "abort"), 0);
    assert.ok(kinds(faulty, "lost") > 0);
    const dead = faulty.events.filter(({ node, time }) => node === 3 && time > seconds(2));
    assert.equal(dead, [], "a dead worker says nothing");
  }
});

alone("work that a lost worker had done is not done again where its data outlive it", () => {
  const crashes = [{ worker: 1, at: seconds(5), back: undefined }];
  const runsOf = (faults: Partial<Faults>): number => {
    const load = { ...TWO_CLIENTS, clients: 1, invocations: 1 };
    const changes = { ...CONFIGURATIONS[1], load };
    return kinds(survive(scenarioWith("genome", faults, changes)), "execute");
  };
  const again = runsOf({ crashes, detection: seconds(0.1) }) - runsOf({});
  assert.ok(again < specOf("genome").tasks.length / 7, `${again} tasks ran again`);
});

alone("messages that come twice change nothing but the count of duplicates", () => {
  for (const { scheme, storage, partition } of CONFIGURATIONS) {
    const changes = { scheme, storage, partition };
    const twice = survive(scenarioWith("genome", { duplication: 0.9 }, changes));
    const once = survive(scenarioWith("genome", {}, changes));
    assert.ok(kinds(twice, "duplicate") > 0, scheme);
    for (const kind of ["execute", "get", "put", "complete", "finish"] as const) {
      assert.is(kinds(twice, kind), kinds(once, kind), kind);
    }
  }
});

alone("a failed execution is tried again, and the result of each task counts once", () => {
  const faulty = survive(scenarioWith("wordcount", { executionErrors: 0.3 }));
  assert.ok(kinds(faulty, "retry") > 0);
  const finished = kinds(faulty, "finish");
  assert.ok(finished > 0);
  assert.ok(kinds(faulty, "complete") >= 10 * finished);
});

const PATIENT = specIn(
  [
    "faasflow: 1",
    "name: patient",
    "timeout: 30 s",
    "defaults: { sleep: 1 s, container: { memory: 256 MiB } }",
    "tasks:",
    "  one: { writes: { a: 1 MB } }",
    "  two: { reads: [one.a], writes: { b: 1 MB }, retries: 0 }",
    "  three: { reads: [two.b] }",
    "steps: [one, two, three]",
  ].join("\n"),
);

alone("messages lost for good end an invocation by its timeout", () => {
  for (const configuration of CONFIGURATIONS) {
    const faults = { loss: 0.3, redelivery: undefined };
    const changes = { ...configuration, profile: idealBut({}) };
    const faulty = survive(scenarioWith(PATIENT, faults, changes));
    const aborts = faulty.events.filter(({ kind }) => kind === "abort");
    assert.ok(aborts.length > 0);
    for (const { why, wait_us } of aborts) assert.equal([why, wait_us], ["timeout", seconds(30)]);
  }
});

alone("a task without retries ends its invocation, with the reason", () => {
  const faulty = survive(
    scenarioWith(PATIENT, { executionErrors: 0.6 }, { profile: idealBut({}) }),
  );
  const whys = new Set(faulty.events.filter(({ kind }) => kind === "abort").map(({ why }) => why));
  assert.equal([...whys], ["error"]);
});

const chance = suite("chance");
for (const workflow of ["wordcount", "genome"]) {
  for (const [index, configuration] of CONFIGURATIONS.entries()) {
    const { scheme, storage } = configuration;
    chance(`${workflow} survives random faults, ${scheme} with ${storage}`, () => {
      for (let seed = index; seed < SEEDS; seed += CONFIGURATIONS.length) {
        const faults = randomFaults(seed, WORKERS);
        survive(scenarioWith(workflow, faults, { ...configuration, seed: `${seed}` }));
      }
    });
  }
}

alone.run();
chance.run();
