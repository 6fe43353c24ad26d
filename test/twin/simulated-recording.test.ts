/** What simulated machines did, recorded as live ones record it and played again, crashes and all. */

import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { replay } from "../../live/replay.ts";
import { faasflow } from "../fixtures/command.ts";

const RUN = ["simulate", "wordcount", "genome", "--rate", "30/min", "--duration", "10s", "--json"];
const LOST = ["--fault", "crash=worker-2@3s+2s", "--fault", "master-crash=5s"];

function logHash(stdout: string): unknown {
  const { rows } = JSON.parse(stdout) as { readonly rows: readonly Record<string, unknown>[] };
  return rows.find(({ metric }) => metric === "event_log_hash")!["value"];
}

for (const [scheme, faults, starts] of [
  ["worker-sp", LOST.slice(0, 2), 9],
  ["master-sp", LOST, 11],
] as const) {
  test(`${scheme}: a simulated run does the same when it is recorded, and its recordings come out the same, call by call`, () => {
    const directory = mkdtempSync(join(tmpdir(), "faasflow-recordings-"));
    try {
      const run = [...RUN, "--scheme", scheme, ...faults];
      const recorded = faasflow(...run, "--record", directory);
      assert.is(recorded.code, 0, recorded.stderr);
      assert.is(logHash(recorded.stdout), logHash(faasflow(...run).stdout));
      const played = readdirSync(directory).map((name) => replay(join(directory, name)));
      assert.is(played.length, starts);
      for (const { header, difference, ending } of played) {
        assert.equal([header.node, difference, ending], [header.node, undefined, "stopped"]);
      }
      assert.ok(played.reduce((sum, { calls }) => sum + calls, 0) > 5_000);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
}

test.run();
