/** All benchmarks on one live cluster, for tests: an invocation each, and what its log says. */

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as Effect from "effect/Effect";
import { InvariantChecker } from "../../analysis/invariants.ts";
import { Client } from "../../live/client.ts";
import { planOf } from "../../live/deployments.ts";
import { mergeEvents } from "../../live/event-file.ts";
import { type ClusterOptions, startCluster } from "../../live/local-cluster.ts";
import { missingPrograms } from "../../live/programs.ts";
import { replay } from "../../live/replay.ts";
import { BENCHMARKS, benchmarkFile, parseWorkflow } from "../../workflows/load.ts";

export interface BenchmarkRuns {
  /** `NAME finished`, or how else it ended. */
  readonly ends: readonly string[];
  /** What the invariant checker found in the merged log. */
  readonly violations: readonly string[];
  /** Each daemon whose recording, played again, came out otherwise, and where. */
  readonly differences: readonly string[];
}

const PROGRAM = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
const WORKERS = 3;
/** The scientific ones mostly sleep: another can run meanwhile. */
const AT_ONCE = 2;
const PATIENCE_MS = 60_000;
/** What is still said after the last finish. */
const SETTLE_MS = 500;
const LIMIT_BYTES = 200_000_000;

/** The benchmarks that can run here: one needs a program that may not be installed. */
export function runnable(): readonly string[] {
  return BENCHMARKS.filter((name) => missingPrograms(specOf(name)).length === 0);
}

/** No inputs are given: those of the workflow files do. */
export function runBenchmarks(
  configuration: Pick<ClusterOptions, "scheme" | "storage" | "durable">,
): Promise<BenchmarkRuns> {
  const partition = configuration.storage === "remote" ? "raw" : "faasflow-plus";
  const names = runnable();
  const program = Effect.gen(function* () {
    const directory = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "faasflow-recordings-"))),
      (made) => Effect.sync(() => rmSync(made, { recursive: true, force: true })),
    );
    const cluster = yield* startCluster({
      ...configuration,
      workers: WORKERS,
      partition,
      recording: { directory, limit_bytes: LIMIT_BYTES },
      program: PROGRAM,
      log: () => undefined,
    });
    const client = new Client(cluster.url, cluster.token);
    yield* client.ready(PATIENCE_MS);
    for (const name of names) yield* client.deploy(readFileSync(benchmarkFile(name), "utf8"));
    const runs = Effect.forEach(names, (name) => client.run(name, {}), { concurrency: AT_ONCE });
    const ended = yield* Effect.raceFirst(runs, cluster.failure);
    yield* Effect.sleep(SETTLE_MS);
    yield* cluster.stop;
    const differences = differencesIn(directory);
    return { ended, differences, events: mergeEvents(cluster.events) };
  });
  return Effect.runPromise(Effect.scoped(program)).then(({ ended, differences, events }) => {
    const { storage } = configuration;
    const plans = names.map((name, id) =>
      planOf({ id, version: 1, spec: specOf(name), partition, storage }, { workers: WORKERS }),
    );
    const checker = new InvariantChecker({ plans });
    for (const event of events) checker.add(event);
    return {
      ends: ended.map(({ workflow, state, reason = "" }) => `${workflow} ${state}${reason}`),
      violations: checker.finish().map(({ text }) => text),
      differences,
    };
  });
}

function differencesIn(directory: string): readonly string[] {
  return readdirSync(directory).flatMap((name) => {
    const { header, difference, ending, calls } = replay(join(directory, name));
    if (difference === undefined && ending === "stopped" && calls > 0) return [];
    return [`${header.node}: ${calls} calls, line ${difference?.turn.line}, ${ending}`];
  });
}

function specOf(name: string) {
  const parsed = parseWorkflow(readFileSync(benchmarkFile(name), "utf8"));
  if (!parsed.ok) throw new Error(`${name}: ${parsed.problems.length} problems`);
  return parsed.spec;
}
