/** illegal_recognizer, live, with each kind of picture: which way it takes, and that mosaic runs once. */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as Effect from "effect/Effect";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { InvariantChecker } from "../../analysis/invariants.ts";
import { Client } from "../../live/client.ts";
import { planOf } from "../../live/deployments.ts";
import { mergeEvents } from "../../live/event-file.ts";
import { startCluster } from "../../live/local-cluster.ts";
import { benchmarkFile, parseWorkflow } from "../../workflows/load.ts";

const PROGRAM = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
const PATIENCE_MS = 60_000;
/** What is still said after the last finish. */
const SETTLE_MS = 500;
const CONFIGURATION = {
  workers: 2,
  scheme: "worker-sp",
  storage: "faastore",
  partition: "faasflow-plus",
  durable: true,
} as const;
const LOOK = ["adult", "upload", "violence"];
const READ = ["extract", "translate", "word_censor"];
/** By the picture's name, the tasks that run. */
const WAYS: Readonly<Record<string, readonly string[]>> = {
  "illegal.jpg": [...LOOK, "mosaic"],
  "violent.jpg": [...LOOK, "mosaic"],
  "rude.jpg": [...LOOK, ...READ, "mosaic"],
  "legal.jpg": [...LOOK, ...READ],
};

test("each kind of picture takes its way, and each task on it runs once", async () => {
  const text = readFileSync(benchmarkFile("illegal_recognizer"), "utf8");
  const parsed = parseWorkflow(text);
  assert.ok(parsed.ok);
  const program = Effect.gen(function* () {
    const log = (): void => undefined;
    const cluster = yield* startCluster({ ...CONFIGURATION, program: PROGRAM, log });
    const client = new Client(cluster.url, cluster.token);
    yield* client.ready(PATIENCE_MS);
    yield* client.deploy(text);
    for (const image_name of Object.keys(WAYS)) {
      yield* client.run("illegal_recognizer", { image_name });
    }
    yield* Effect.sleep(SETTLE_MS);
    yield* cluster.stop;
    return mergeEvents(cluster.events);
  });
  const events = await Effect.runPromise(Effect.scoped(program));
  const plan = planOf({ id: 0, version: 1, spec: parsed.spec, ...CONFIGURATION }, CONFIGURATION);
  const checker = new InvariantChecker({ plans: [plan] });
  const ways = Object.keys(WAYS).map((): string[] => []);
  for (const event of events) {
    checker.add(event);
    if (event.kind !== "complete") continue;
    ways[event.invocation]!.push(plan.graph.vertices[event.task]!.name);
  }
  assert.equal(
    checker.finish().map(({ text: violation }) => violation),
    [],
  );
  const sorted = (names: readonly string[]): readonly string[] => [...names].sort(); // texts
  assert.equal(ways.map(sorted), Object.values(WAYS).map(sorted));
});

test.run();
