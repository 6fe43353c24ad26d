/**
 * What a comparison finds out. The "live" runs are simulated with costs that are known, so a twin with
 * the same costs is right but for chance, and each mechanism can be made wrong alone.
 */

import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Tolerances } from "../../analysis/twin-cells.ts";
import { compareTwins } from "../../analysis/twin-comparison.ts";
import type { Micros } from "../../core/units.ts";
import { comparedRun } from "../../sim/compare-command.ts";
import type { Profile } from "../../sim/profile.ts";
import type { RecordedRun } from "../../sim/run-log-config.ts";
import { Streams } from "../../sim/streams.ts";
import { knownProfile } from "../fixtures/known-cluster.ts";
import { misread, recordedRun, withFunctions } from "../fixtures/recorded-run.ts";
import { CONFIGURATIONS } from "../fixtures/scenario.ts";

const TOLERANCES: Tolerances = {
  latency: { mean: 0.05, p50: 0.05, p95: 0.1 },
  parts: { mean: 0.03, p50: 0.03 },
  exact: { owners: 0, tiers: 0, bytes: 0, cold_starts: 0 },
  noise: 1,
};

/** Repeats of each configuration: noise is what differs between them. */
const REPEATS = CONFIGURATIONS.map((_, configuration) =>
  ["a", "b", "c"].map((seed) => recordedRun({ configuration, seed })),
);
const WORKER_SP_LOCAL = 0;
const WORKER_SP_REMOTE = 1;
const MASTER_SP_REMOTE = 3;

function violations(runs: readonly RecordedRun[], profile: Profile): readonly string[] {
  const stream = new Streams("faults").stream("bootstrap");
  const compared = runs.map((run, index) => comparedRun(run, { profile, seed: `twin/${index}` }));
  const options = { tolerances: TOLERANCES, warmUp: 0, uniform: () => stream.uniform() };
  return compareTwins(compared, options).violations;
}

for (const [index, { scheme, storage }] of CONFIGURATIONS.entries()) {
  test(`${scheme} with ${storage}: a twin whose costs are right is within the tolerances`, () => {
    assert.equal(violations(REPEATS[index]!, knownProfile()), []);
  });
}

test("what schemes and storage policies are worth is right in a twin whose costs are right", () => {
  assert.equal(violations(REPEATS.flat(), knownProfile()), []);
});

const base = knownProfile();
const times = (value: Micros, factor: number): Micros => Math.round(value * factor) as Micros;
const store = base.remote_store;

/** What is wrong, in which configuration, the profile with it, and how it shows. */
const FAULTS: readonly (readonly [string, number, Profile, RegExp])[] = [
  [
    "a store whose requests take twice as long",
    WORKER_SP_REMOTE,
    {
      ...base,
      remote_store: { ...store, look_up: times(store.look_up, 2), commit: times(store.commit, 2) },
    },
    /(mean|p50) of (get|put): /,
  ],
  [
    "a store whose bytes take twice as long",
    WORKER_SP_REMOTE,
    {
      ...base,
      remote_store: {
        ...store,
        compress_filler: store.compress_filler / 2,
        expand: store.expand / 2,
      },
    },
    /(mean|p50) of (get|put): .* off by \+/,
  ],
  [
    "functions that take a third longer",
    WORKER_SP_LOCAL,
    withFunctions(base, 1.3),
    /mean of execution: .* off by \+/,
  ],
  [
    "cold starts that take three times as long",
    WORKER_SP_LOCAL,
    {
      ...base,
      container: { ...base.container, cold_start: times(base.container.cold_start, 3) },
    },
    /mean of cold start: .* off by \+/,
  ],
  [
    "containers that are not kept",
    WORKER_SP_LOCAL,
    { ...base, container: { ...base.container, keep_alive: 1_000 as Micros } },
    /cold starts: \d+ of \d+ differ \(live \d+ containers, twin \d+/,
  ],
  [
    "messages that take ten times as long",
    MASTER_SP_REMOTE,
    { ...base, daemon: { ...base.daemon!, message: times(base.daemon!.message, 10) } },
    /p50 of trigger: .* off by \+/,
  ],
  [
    "a machine with half the cores",
    WORKER_SP_LOCAL,
    { ...base, cluster: { ...base.cluster, worker_cores: base.cluster.worker_cores / 2 } },
    /p50 of end-to-end: .* off by \+/,
  ],
  [
    "a link that is a tenth as wide",
    WORKER_SP_REMOTE,
    { ...base, network: { ...base.network, storage_link: 20e6 } },
    /(mean|p50) of (get|put): .* off by \+/,
  ],
];

for (const [name, configuration, profile, found] of FAULTS) {
  test(`planted: ${name}`, () => {
    assert.match(violations(REPEATS[configuration]!, profile).join("\n"), found);
  });
}

test("planted: FaaStore switched off", () => {
  const runs = REPEATS[WORKER_SP_LOCAL]!.map((run) => misread(run, { storage: "remote" }));
  const text = violations(runs, base).join("\n");
  assert.match(
    text,
    /tiers of gets and puts: \d+ of \d+ differ \(invocation 0, .*live local, twin remote/,
  );
  assert.match(text, /p50 of end-to-end: .* off by \+/);
});

test("planted: another partition", () => {
  const runs = REPEATS[WORKER_SP_LOCAL]!.map((run) => misread(run, { partition: "raw" }));
  assert.match(violations(runs, base).join("\n"), /workers of activations: \d+ of \d+ differ/);
});

test.run();
