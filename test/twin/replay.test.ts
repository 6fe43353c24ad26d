/**
 * What the daemons of real clusters recorded, played again: a fresh machine comes to the same calls and
 * events, one by one, also where a daemon was killed and came back.
 */

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as Effect from "effect/Effect";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { StorageMethod } from "../../core/plan/plan.ts";
import { Client } from "../../live/client.ts";
import { startCluster } from "../../live/local-cluster.ts";
import { type Replay, replay } from "../../live/replay.ts";
import { benchmarkFile } from "../../workflows/load.ts";
import { faasflow } from "../fixtures/command.ts";
import { plan, withDaemons } from "../live/daemon-cluster.ts";

const PROGRAM = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
const PATIENCE_MS = 60_000;
const LIMIT_BYTES = 64_000_000;
const NAMES = ["wordcount", "genome"];
const CHAIN = `
faasflow: 1
name: chain
tasks:
  one: { sleep: 400 ms, writes: { out: 10 kB } }
  two: { sleep: 400 ms, reads: [one.out], writes: { out: 10 kB } }
  three: { sleep: 400 ms, reads: [two.out], writes: { out: 10 kB } }
`;
/** Of the task `two`. */
const VICTIM = `worker-${plan(CHAIN).workerOf[1]! + 1}`;

function withDirectory<A>(use: (directory: string) => Promise<A>): Promise<A> {
  const directory = mkdtempSync(join(tmpdir(), "faasflow-recordings-"));
  return use(directory).finally(() => rmSync(directory, { recursive: true, force: true }));
}

function replayAll(directory: string): readonly Replay[] {
  return readdirSync(directory)
    .sort() // texts
    .map((name) => replay(join(directory, name)));
}

/** A cluster runs wordcount and genome at once and records; gives how they ended. */
function record(
  directory: string,
  how: { readonly scheme: "worker-sp" | "master-sp"; readonly storage: StorageMethod },
): Promise<readonly string[]> {
  const program = Effect.gen(function* () {
    const cluster = yield* startCluster({
      ...how,
      workers: 3,
      partition: how.storage === "remote" ? "raw" : "faasflow-plus",
      durable: how.storage === "faastore",
      recording: { directory, limit_bytes: LIMIT_BYTES },
      program: PROGRAM,
      log: () => undefined,
    });
    const client = new Client(cluster.url, cluster.token);
    yield* client.ready(PATIENCE_MS);
    for (const name of NAMES) yield* client.deploy(readFileSync(benchmarkFile(name), "utf8"));
    const runs = Effect.forEach(NAMES, (name) => client.run(name, {}), { concurrency: 2 });
    const ended = yield* Effect.raceFirst(runs, cluster.failure);
    yield* cluster.stop;
    return ended.map(({ state }) => state);
  });
  return Effect.runPromise(Effect.scoped(program));
}

for (const [scheme, storage, nodes] of [
  ["worker-sp", "faastore", ["gateway", "worker-1", "worker-2", "worker-3"]],
  ["master-sp", "remote", ["gateway", "master", "worker-1", "worker-2", "worker-3"]],
] as const) {
  test(`${scheme} with ${storage}: each daemon's recording of wordcount and genome comes out the same, call by call`, () =>
    withDirectory(async (directory) => {
      const states = await record(directory, { scheme, storage });
      assert.equal(states, ["finished", "finished"]);
      const played = replayAll(directory);
      assert.equal(
        played.map(({ header, difference, ending }) => [header.node, difference, ending]),
        nodes.map((node) => [node, undefined, "stopped"]),
      );
      // A foreach over 8 texts, 50 tasks: what was compared is not next to nothing.
      assert.ok(played.reduce((sum, { calls }) => sum + calls, 0) > 500);
    }));
}

test("recordings of a worker that is killed by -9 and comes back come out the same, and a planted change is found", () =>
  withDirectory(async (directory) => {
    const states = await withDaemons(
      { scheme: "worker-sp", durable: true, flags: ["--record", directory] },
      ({ cluster }) =>
        Effect.gen(function* () {
          yield* cluster.client.deploy(CHAIN);
          const kill = Effect.delay(
            Effect.sync(() => cluster.signal(VICTIM, "SIGKILL")),
            "700 millis",
          );
          const run = cluster.client.run("chain", {});
          const [first] = yield* Effect.all([run, kill], { concurrency: 2 });
          yield* Effect.promise(() => cluster.start(VICTIM));
          yield* cluster.client.ready(PATIENCE_MS);
          const second = yield* cluster.client.run("chain", {});
          yield* Effect.promise(() => cluster.stop());
          return [first.state, second.state];
        }),
    );
    assert.equal(states, ["finished", "finished"]);
    const played = replayAll(directory);
    assert.equal(
      played.filter(({ difference }) => difference !== undefined),
      [],
    );
    const ofVictim = played.filter(({ header }) => header.node === VICTIM);
    assert.is(ofVictim.filter(({ ending }) => ending === "stopped").length, 1);
    assert.is(ofVictim.filter(({ ending }) => typeof ending === "object").length, 1);

    const file = join(directory, readdirSync(directory).find((name) => /^gateway/.test(name))!);
    const lines = readFileSync(file, "utf8").split("\n");
    const index = lines.findIndex((line) => line.includes('"worker-lost"'));
    lines[index] = lines[index]!.replace('["send",', '["send",1');
    writeFileSync(file, lines.join("\n"));
    const { code, stderr } = faasflow("replay", directory);
    assert.is(code, 1);
    assert.ok(stderr.includes(`${file}:${index + 1}: call 2 of gateway`), stderr);
    assert.match(stderr, /recorded: send 1[234] \{"tag":.*\n {2}replayed: send [234] \{"tag"/);
  }));

test.run();
