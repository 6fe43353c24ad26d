/** `faasflow calibrate` as a user starts it. The fit itself takes minutes; what is around it does not. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { LIVE_WORKER } from "../../core/engine/settings.ts";
import { liveProfileText } from "../../sim/calibrate-live-config.ts";
import type { Profile } from "../../sim/profile.ts";
import { parseProfile } from "../../sim/profile-config.ts";
import { faasflow } from "../fixtures/command.ts";
import { KNOWN } from "../fixtures/known-cluster.ts";
import { profileText } from "../fixtures/profile-text.ts";

const NO_FIT = ["--published", "--starts", "1", "--rounds", "0", "--generations", "0"];

test("without a fit it says how far off the profile is, and writes it as it was", () => {
  const folder = mkdtempSync(join(tmpdir(), "faasflow-calibrate-"));
  const out = join(folder, "profile.yaml");
  const { code, stdout } = faasflow("calibrate", ...NO_FIT, "--out", out);
  assert.is(code, 0);
  assert.match(stdout, /Fitted: the figures of MasterSP\+remote and WorkerSP\+FaaStore\./);
  assert.is(stdout.match(/ fitted /g)?.length, 48 + 6);
  assert.not.match(stdout, / predicted /);
  assert.is(readFileSync(out, "utf8"), profileText("paper-testbed"));
  rmSync(folder, { recursive: true, force: true });
});

test("with one system fitted, the figures of the other are told as predicted", () => {
  const { stdout } = faasflow("calibrate", ...NO_FIT, "--columns", "worker-sp");
  assert.match(
    stdout,
    /the figures of WorkerSP\+FaaStore\. Predicted: those of MasterSP\+remote\./,
  );
  assert.is(stdout.match(/ predicted /g)?.length, 24 + 3);
  assert.is(stdout.match(/ fitted /g)?.length, 24 + 3);
});

test("what is wrong is told at once: nothing to fit to, nothing to fit, no start", () => {
  const { code, stderr } = faasflow("calibrate", "--profile", "ideal", "--starts", "0");
  assert.is(code, 2);
  assert.match(stderr, /neither --published nor --live/);
  assert.match(stderr, /--profile ideal: no value has a range/);
  assert.match(stderr, /--starts 0/);
});

test("flags of the other way are not passed over in silence", () => {
  const flags = ["--published", "--columns", "all", "--profile", "ideal", "--starts", "1"];
  const { code, stderr } = faasflow("calibrate", "--live", "a.ndjson", ...flags, "--rounds", "2");
  assert.is(code, 2);
  for (const flag of ["published", "columns", "profile", "starts", "rounds"]) {
    assert.match(stderr, new RegExp(`--${flag} with --live is not read`));
  }
  const other = faasflow("calibrate", "--token-file", "token");
  assert.match(other.stderr, /--token-file without --live is not read/);
});

test("logs that cannot be read are told together", () => {
  const { code, stderr } = faasflow("calibrate", "--live", "no.ndjson", "--live", "none.ndjson");
  assert.is(code, 2);
  assert.match(stderr, /no\.ndjson/);
  assert.match(stderr, /none\.ndjson/);
});

/** Event logs of a simulated cluster that is like a live one. */
function knownRuns(folder: string, seeds: readonly number[]): readonly string[] {
  const profile = join(folder, "known.yaml");
  writeFileSync(
    profile,
    liveProfileText(KNOWN, { ...LIVE_WORKER, workers: 3, capacity: 96, about: "known" }),
  );
  return seeds.map((seed) => {
    const log = join(folder, `run-${seed}.ndjson`);
    const flags = ["--workers", "3", "--profile", profile, "--invocations", "6"];
    const { code, stderr } = faasflow(
      ...["simulate", "wordcount", ...flags, "--seed", `${seed}`, "--events", log],
    );
    assert.is(code, 0, stderr);
    return log;
  });
}

test("from event logs it writes a profile, and tries it on a third of the runs", () => {
  const folder = mkdtempSync(join(tmpdir(), "faasflow-calibrate-"));
  const out = join(folder, "local.yaml");
  const logs = knownRuns(folder, [1, 2, 3]).flatMap((log) => ["--live", log]);
  const { code, stdout, stderr } = faasflow("calibrate", ...logs, "--out", out);
  assert.is(code, 0, stderr);
  assert.match(stdout, /Held back, then simulated: 1 of 3 runs \(seed 1\)/);
  // The same model on both sides: what is off is the estimators' doing.
  const [, error] = /Error of the mean: (\d+)%/.exec(stdout)!;
  assert.ok(Number(error) <= 3, stdout);
  const { profile } = parseProfile(readFileSync(out, "utf8"), out) as { profile: Profile };
  assert.is(profile.cluster.workers, 3);
  assert.ok(Math.abs(profile.container.cold_start - 100_000) < 10_000);
  assert.ok(profile.functions?.["wordcount.count"] !== undefined);
  rmSync(folder, { recursive: true, force: true });
});

test("logs of clusters that are set up otherwise are told apart", () => {
  const folder = mkdtempSync(join(tmpdir(), "faasflow-calibrate-"));
  const [one, other] = knownRuns(folder, [1, 2]);
  const [first, ...rest] = readFileSync(other!, "utf8").split("\n");
  const header = JSON.parse(first!);
  Object.assign(header.config, { worker_memory: 2 ** 30, keep_alive_us: 5e6 });
  writeFileSync(other!, [JSON.stringify(header), ...rest].join("\n"));
  const { code, stderr } = faasflow("calibrate", "--live", one!, "--live", other!);
  assert.is(code, 2);
  assert.match(stderr, /run-2\.ndjson: 3 workers with 1 GiB for containers, kept 5 s; /);
  assert.match(stderr, /run-1\.ndjson has 3 workers with 8 GiB for containers, kept 600 s\./);
  rmSync(folder, { recursive: true, force: true });
});

test("from one log alone every third invocation is held back", () => {
  const folder = mkdtempSync(join(tmpdir(), "faasflow-calibrate-"));
  const [log] = knownRuns(folder, [1]);
  const { code, stdout } = faasflow("calibrate", "--live", log!);
  assert.is(code, 0);
  assert.match(stdout, /every third invocation of each run/);
  rmSync(folder, { recursive: true, force: true });
});

test.run();
