/** What is held back from a calibration, and how a profile does on it. */

import { test } from "uvu";
import * as assert from "uvu/assert";
import { estimate } from "../../analysis/estimate.ts";
import { LIVE_WORKER } from "../../core/engine/settings.ts";
import { liveProfileText } from "../../sim/calibrate-live-config.ts";
import { split, tried } from "../../sim/calibrate-trial-config.ts";
import type { Profile } from "../../sim/profile.ts";
import { parseProfile } from "../../sim/profile-config.ts";
import type { RecordedRun } from "../../sim/run-log-config.ts";
import { daemonCores } from "../../sim/shared-cpu.ts";
import { knownProfile } from "../fixtures/known-cluster.ts";
import { recordedRun } from "../fixtures/recorded-run.ts";

/** Three runs of each of the four configurations. */
const RUNS = [0, 1, 2, 3].flatMap((configuration) =>
  ["a", "b", "c"].map((seed) => recordedRun({ configuration, seed })),
);

function names(runs: readonly RecordedRun[]): readonly string[] {
  return runs.map(({ log }) => log.name);
}

function calibrated(runs: readonly RecordedRun[]): Profile {
  const estimates = estimate(
    runs.map(({ log }) => log),
    daemonCores,
  );
  const text = liveProfileText(estimates, {
    ...LIVE_WORKER,
    workers: 3,
    capacity: 96,
    about: "test",
  });
  return (parseProfile(text, "local") as { readonly profile: Profile }).profile;
}

test("a third of a workflow's runs is held back, the same by the same seed, none of it fitted", () => {
  const { fitted, held, how } = split(RUNS, "1");
  const out = held.map(({ run }) => run.log.name);
  assert.is(out.length, 4);
  assert.is(fitted.length, 8);
  assert.not.ok(names(fitted).some((name) => out.includes(name)));
  for (const name of out) assert.ok(how.includes(name));
  assert.equal(
    split(RUNS, "1").held.map(({ run }) => run.log.name),
    out,
  );
  const others = ["2", "3", "4"].map((seed) => names(split(RUNS, seed).fitted).join());
  assert.ok(new Set([names(fitted).join(), ...others]).size > 1);
});

test("of fewer runs every third invocation is held back, and nothing of it is fitted", () => {
  const { fitted, held } = split([recordedRun()], "1");
  assert.is(held.length, 1);
  const out = held[0]!.invocations!;
  assert.equal([...out], [2, 5, 8]);
  assert.not.ok(fitted[0]!.log.events.some(({ invocation }) => out.has(invocation)));
});

test("a calibrated profile has the memory and the keep-alive that live workers have", () => {
  const { cluster, container } = knownProfile();
  assert.is(cluster.worker_memory, LIVE_WORKER.workerMemory);
  assert.is(container.keep_alive, LIVE_WORKER.keepAlive);
});

test("what was calibrated on some runs predicts the others, each configuration a cell", () => {
  const { fitted, held } = split(RUNS, "1");
  const cells = tried(held, RUNS, { profile: calibrated(fitted), seed: "1" });
  assert.is(new Set(cells.map(({ scheme, storage }) => scheme + storage)).size, cells.length);
  for (const { mean, p50, p95, local, remote, coldStarts, scheme, storage } of cells) {
    const what = `${scheme} ${storage}: ${JSON.stringify({ mean, p50, p95 })}`;
    assert.ok(Math.abs(mean.sim / mean.live - 1) < 0.05, what);
    assert.ok(Math.abs(p50.sim / p50.live - 1) < 0.05, what);
    // One of its few values is a cold start's: five twins in one would have five of them above it.
    assert.ok(Math.abs(p95.sim / p95.live - 1) < 0.1, what);
    assert.is(local.sim, local.live);
    assert.is(remote.sim, remote.live);
    assert.is(coldStarts.sim, coldStarts.live);
  }
});

test("a profile whose store takes three times as long is seen to be wrong where data are remote", () => {
  const known = knownProfile();
  const { look_up, commit, compress_filler, expand } = known.remote_store;
  const slow = {
    ...known.remote_store,
    ...{ look_up: 3 * look_up, commit: 3 * commit },
    ...{ compress_filler: compress_filler / 3, expand: expand / 3 },
  } as Profile["remote_store"];
  const { held } = split(RUNS, "1");
  const cells = tried(held, RUNS, { profile: { ...known, remote_store: slow }, seed: "1" });
  const remote = cells.filter(({ storage }) => storage === "remote");
  assert.ok(remote.length > 0);
  for (const { mean } of remote) assert.ok(mean.sim / mean.live > 1.2, JSON.stringify(mean));
});

test("noise is how far apart the means of runs are that were set up alike", () => {
  const one = recordedRun({ seed: "a" });
  const other = recordedRun({ seed: "b" });
  const by = { profile: knownProfile(), seed: "1" };
  const [alone] = tried([{ run: one, invocations: undefined }], [one], by);
  assert.is(alone!.noise, undefined);
  const [two] = tried([{ run: one, invocations: undefined }], [one, other], by);
  assert.ok(two!.noise! > 0 && two!.noise! < 0.1);
});

test.run();
