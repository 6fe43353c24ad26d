/**
 * A cluster of one gateway, nats-server and three workers on the machine that runs the tests: what it
 * did, and a profile measured from that. Which of the two a test changes is its business.
 */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import { estimate } from "../../analysis/estimate.ts";
import { LIVE_WORKER } from "../../core/engine/settings.ts";
import type { StorageMethod } from "../../core/plan/plan.ts";
import { Client } from "../../live/client.ts";
import { startCluster } from "../../live/local-cluster.ts";
import { liveProfileText } from "../../sim/calibrate-live-config.ts";
import type { Profile } from "../../sim/profile.ts";
import { parseProfile } from "../../sim/profile-config.ts";
import { type RecordedRun, readRuns } from "../../sim/run-log-config.ts";
import { daemonCores } from "../../sim/shared-cpu.ts";
import { benchmarkFile } from "../../workflows/load.ts";

const PROGRAM = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
const WORKERS = 3;
const READY_MS = 60_000;
/** What is still said after the last finish. */
const SETTLE_MS = 600;

/** Genome in small: as it fans out and joins, moves much, and computes nothing. */
const SMALL_GENOME = `
faasflow: 1
name: small_genome
tasks:
  individuals_1: { sleep: 10 ms, writes: { out: 3 MB } }
  individuals_2: { sleep: 10 ms, writes: { out: 3 MB } }
  individuals_3: { sleep: 10 ms, writes: { out: 3 MB } }
  sifting: { sleep: 10 ms, writes: { out: 200 kB } }
  merge:
    sleep: 10 ms
    reads: [individuals_1.out, individuals_2.out, individuals_3.out]
    writes: { out: 4 MB }
  mutation_overlap_1: { sleep: 10 ms, reads: [merge.out, sifting.out], writes: { out: 1 MB } }
  mutation_overlap_2: { sleep: 10 ms, reads: [merge.out, sifting.out], writes: { out: 1 MB } }
  frequency_1: { sleep: 10 ms, reads: [merge.out, sifting.out], writes: { out: 2 MB } }
  frequency_2: { sleep: 10 ms, reads: [merge.out, sifting.out], writes: { out: 2 MB } }
`;

const ROUND = ["wordcount", "small_genome", "small_genome"];

export interface LiveSetting {
  readonly storage: StorageMethod;
  readonly durable: boolean;
  /** Each wordcount once and the small genome twice, one after another. */
  readonly rounds: number;
}

/** Both workflows under WorkerSP; what the gateway says of all that happened. */
export function liveRun({ storage, durable, rounds }: LiveSetting): Promise<RecordedRun> {
  const directory = mkdtempSync(join(tmpdir(), "faasflow-twin-"));
  const tokenFile = join(directory, "token");
  const program = Effect.gen(function* () {
    const cluster = yield* startCluster({
      ...{ workers: WORKERS, scheme: "worker-sp", storage, durable },
      partition: storage === "remote" ? "raw" : "faasflow-plus",
      flags: { gateway: ["--bandwidth", "unlimited"] },
      program: PROGRAM,
      log: () => undefined,
    });
    const client = new Client(cluster.url, cluster.token);
    yield* client.ready(READY_MS);
    yield* client.deploy(readFileSync(benchmarkFile("wordcount"), "utf8"));
    yield* client.deploy(SMALL_GENOME);
    const round = Effect.forEach(ROUND, (name) => client.run(name, {}));
    const all = Effect.forEach(Array.from({ length: rounds }), () => round);
    yield* Effect.raceFirst(all, cluster.failure);
    yield* Effect.sleep(SETTLE_MS);
    writeFileSync(tokenFile, cluster.token);
    const [run] = yield* readRuns({ sources: [cluster.url], tokenFile: Option.some(tokenFile) });
    return run!;
  });
  return Effect.runPromise(Effect.scoped(program)).finally(() =>
    rmSync(directory, { recursive: true, force: true }),
  );
}

/** What `faasflow calibrate --live` makes of the run. */
export function calibrated({ log }: RecordedRun): Profile {
  const text = liveProfileText(estimate([log], daemonCores), {
    ...LIVE_WORKER,
    workers: WORKERS,
    capacity: 96,
    about: "a test",
  });
  const result = parseProfile(text, "local");
  if ("problems" in result) throw new Error(JSON.stringify(result.problems));
  return result.profile;
}
