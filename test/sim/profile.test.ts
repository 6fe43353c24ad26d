/** Cluster profiles: what comes with the package can be read, what is wrong is told all at once. */

import { readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { PROFILES, parseProfile, readRate } from "../../sim/profile-config.ts";
import { knownProfile } from "../fixtures/known-cluster.ts";
import { profileOf } from "../fixtures/scenario.ts";

const ideal = readFileSync(new URL("../../sim/profiles/ideal.yaml", import.meta.url), "utf8");

/** Line and finding of each problem. */
function problemsIn(text: string): readonly string[] {
  const result = parseProfile(text, "test");
  if ("profile" in result) return [];
  return result.problems.map(({ line, where, found }) => `${line} ${where}: ${found}`);
}

test("every profile of the package can be read, each value with its source", () => {
  for (const name of PROFILES) {
    const profile = profileOf(name);
    assert.is(profile.name, name);
    assert.is(profile.cluster.workers, 7);
  }
});

test("units are read: sizes decimal, times whole microseconds, rates bytes a second", () => {
  const { cluster, network, local_store, container } = profileOf("ideal");
  assert.is(cluster.worker_memory, 32e9);
  assert.is(network.storage_link, 125e6);
  assert.is(local_store.bandwidth, Number.POSITIVE_INFINITY);
  assert.is(container.keep_alive, 600_000_000);
});

test("counts are whole, and at least 1 where without one nothing could run", () => {
  const text = ideal
    .replace("workers: { value: 7,", "workers: { value: 2.5,")
    .replace("worker_cores: { value: 8,", "worker_cores: { value: 0,")
    .replace(/connections: \{ value: \d+,/, "connections: { value: 0,");
  assert.equal(
    problemsIn(text).map((problem) => problem.replace(/^\d+ /, "")),
    [
      'cluster.workers.value: found "2.5"',
      'cluster.worker_cores.value: found "0"',
      'remote_store.connections.value: found "0"',
    ],
  );
});

test("a rate is a size a second, or unlimited", () => {
  assert.equal(readRate("50 MB/s"), { value: 50e6 });
  assert.equal(readRate("50MB/s"), { value: 50e6 });
  assert.equal(readRate("unlimited"), { value: Number.POSITIVE_INFINITY });
  for (const wrong of ["50", "50 MB", "0 MB/s", "-1 MB/s", "fast", "MB/s", 50]) {
    assert.ok("found" in readRate(wrong), `${wrong}`);
  }
});

test("all problems of a profile come at once, each with its line", () => {
  const wrong = ideal
    .replace("workers: { value: 7,", "workers: { value: seven,")
    .replace("latency: { value: 0,", "latancy: { value: 0,")
    .replace("document: { value: per-datum,", "document: { value: each,")
    .replace("commit: { value: 0,", "commit: { value: 2 ms, range: [3 ms, 4 ms],")
    .replace("cold_start: { value: 0, source: ideal }", "cold_start: { value: 0 }");
  const found = problemsIn(wrong).join("\n");
  assert.match(found, /\d+ cluster\.workers\.value: .*seven/);
  assert.match(found, /\d+ network\.latancy: .*not a field/);
  assert.match(found, /\d+ network: "latency" is missing/);
  assert.match(found, /\d+ mechanisms\.document\.value: .*each/);
  assert.match(found, /\d+ remote_store\.commit\.range: /);
  assert.match(found, /\d+ container\.cold_start/);
  for (const line of found.split("\n")) assert.not.match(line, /^0 /);
});

test("what only some clusters have may be left out, and is read where it stands", () => {
  assert.is(profileOf("ideal").daemon, undefined);
  assert.is(profileOf("ideal").functions, undefined);
  assert.is(profileOf("ideal").mechanisms.hosts, undefined);
  const { daemon, functions, mechanisms } = knownProfile();
  const nothing = { spawn: 0, activation: 0, handling: 0 };
  assert.equal(daemon, { intake: 2_500, message: 1_000, ...nothing });
  assert.is(mechanisms.hosts, "shared");
  assert.equal(functions?.["known.split"], {
    ...{
      compute: [38_000, 40_000, 42_000],
      sleep: 10_000,
      cores: 1,
      warm_up: 30_000,
      set_up: 1_500,
    },
  });
});

test("what is wrong in the parts that may be left out is told with the rest", () => {
  const text = `${ideal.replace("at_limit:", "hosts: { value: some, source: x }\n  at_limit:")}
daemon:
  intake: { value: 2, source: x }
functions:
  a.b: { compute: [1 ms, 2], sleep: 0, cores: 0, warm_up: 0 }
network2: {}
`;
  const found = problemsIn(text).join("\n");
  assert.match(found, /mechanisms\.hosts\.value: .*some/);
  assert.match(found, /daemon\.intake\.value: .*no unit/);
  assert.match(found, /daemon: "message" is missing/);
  assert.match(found, /functions\.a\.b\.compute: .*no unit/);
  assert.match(found, /functions\.a\.b\.cores: /);
  assert.match(found, /functions\.a\.b: "source" is missing/);
  assert.match(found, /network2: .*not a field/);
});

test("hosts belongs to the mechanisms and to no other section", () => {
  const text = ideal.replace("network:\n", "network:\n  hosts: { value: own, source: x }\n");
  assert.match(problemsIn(text).join("\n"), /network\.hosts: .*not a field/);
});

test("a section that is missing, a text that is no profile, YAML that is none", () => {
  const cut = ideal.replace(/\nmechanisms:[\s\S]*$/, "\n");
  assert.match(problemsIn(cut).join(), /"mechanisms" is missing/);
  assert.ok(problemsIn("[1, 2]").length > 0);
  assert.ok(problemsIn("").length > 0);
  assert.ok(problemsIn("a: [").length > 0);
});

test.run();
