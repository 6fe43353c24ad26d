/** Daemons that end, or are killed, in the middle of invocations, and that come back. */

import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import * as Effect from "effect/Effect";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { workerNode } from "../../core/node.ts";
import type { Client } from "../../live/client.ts";
import { benchmarkFile } from "../../workflows/load.ts";
import { logOf, plan, withDaemons } from "./daemon-cluster.ts";
import { until } from "./nats-cluster.ts";

const CHAIN = `
faasflow: 1
name: chain
tasks:
  one: { sleep: 150 ms, writes: { out: 10 kB } }
  two: { sleep: 150 ms, reads: [one.out], writes: { out: 10 kB } }
  three: { sleep: 150 ms, reads: [two.out], writes: { out: 10 kB } }
`;
const CHANGES: ReadonlySet<string> = new Set(["leaving", "left", "lost"]);
/** Of the task `two`. */
const TWO = plan(CHAIN).workerOf[1]!;
const VICTIM = `worker-${TWO + 1}`;

/** Three clients that invoke again and again until that has ended; gives how invocations ended. */
function closedLoop(
  client: Client,
  options: { readonly workflow: string; readonly until: Effect.Effect<void> },
) {
  let isOver = false;
  const states: string[] = [];
  const one = Effect.gen(function* () {
    while (!isOver) {
      const { state, reason } = yield* client.run(options.workflow, {});
      states.push(reason ?? state);
    }
  });
  const ending = Effect.map(options.until, () => {
    isOver = true;
  });
  return Effect.map(Effect.all([one, one, one, ending], { concurrency: 4 }), () => states);
}

for (const [scheme, name] of [
  ["worker-sp", "wordcount"],
  ["worker-sp", "genome"],
  ["master-sp", "wordcount"],
] as const) {
  test(`${scheme}, ${name}: a worker that is asked to end fails no invocation, repeats no task, and is used again when it is back`, async () => {
    const file = benchmarkFile(name);
    const text = readFileSync(file, "utf8");
    const worker = plan(text).workerOf[0]!;
    const victim = `worker-${worker + 1}`;
    const { states, code, back, log } = await withDaemons(
      { scheme, durable: true, flags: ["--drain-limit", "5min"] },
      ({ cluster }) =>
        Effect.gen(function* () {
          yield* cluster.client.deploy(text, dirname(file));
          let code: number | string = "runs";
          const leave = Effect.gen(function* () {
            yield* Effect.sleep("1 second");
            cluster.signal(victim, "SIGTERM");
            code = yield* Effect.promise(() => cluster.ended(victim));
          });
          const states = yield* closedLoop(cluster.client, { workflow: name, until: leave });
          yield* Effect.promise(() => cluster.start(victim));
          yield* cluster.client.ready(60_000);
          const back = yield* cluster.client.run(name, {});
          yield* Effect.sleep("500 millis");
          yield* Effect.promise(() => cluster.stop());
          return { states, code, back, log: logOf(cluster, text) };
        }),
    );
    assert.is(code, 0);
    assert.equal(
      states.filter((state) => state !== "finished"),
      [],
    );
    assert.equal(log.wrong, []);
    const ofWorker = log.events.filter(({ kind, value }) => CHANGES.has(kind) && value === worker);
    assert.equal(
      ofWorker.map(({ kind }) => kind),
      ["leaving", "left"],
    );
    const completed = log.events.filter(({ kind }) => kind === "complete");
    const runs = completed.map(({ invocation, task, item }) => `${invocation} ${task} ${item}`);
    assert.is(new Set(runs).size, runs.length);
    const byVictim = completed.filter(({ node }) => node === workerNode(worker));
    assert.ok(byVictim.some(({ invocation }) => invocation === back.id));
  });
}

test("a worker that is not through at its limit goes, and the others finish what it had begun", async () => {
  const slow = CHAIN.replaceAll("150 ms", "2 s");
  const { state, code, log } = await withDaemons(
    { scheme: "worker-sp", durable: true, flags: ["--drain-limit", "500ms"] },
    ({ cluster }) =>
      Effect.gen(function* () {
        yield* cluster.client.deploy(slow);
        const leave = Effect.gen(function* () {
          yield* Effect.sleep("1 second");
          cluster.signal(VICTIM, "SIGTERM");
          return yield* Effect.promise(() => cluster.ended(VICTIM));
        });
        const run = cluster.client.run("chain", {});
        const [{ state }, code] = yield* Effect.all([run, leave], { concurrency: 2 });
        yield* Effect.promise(() => cluster.stop());
        return { state, code, log: logOf(cluster, slow) };
      }),
  );
  assert.is(state, "finished");
  assert.is(code, 0);
  assert.ok(log.events.some(({ kind, value }) => kind === "lost" && value === TWO));
});

test("a second SIGTERM ends a worker at once", async () => {
  const slow = CHAIN.replaceAll("150 ms", "20 s");
  const code = await withDaemons({ scheme: "worker-sp", durable: true }, ({ cluster }) =>
    Effect.gen(function* () {
      yield* cluster.client.deploy(slow);
      yield* Effect.forkScoped(Effect.ignore(cluster.client.run("chain", {})));
      yield* Effect.sleep("500 millis");
      cluster.signal(VICTIM, "SIGTERM");
      yield* until("it leaves", () => cluster.log.some((line) => line.includes("asked to end")));
      cluster.signal(VICTIM, "SIGTERM");
      return yield* Effect.promise(() => cluster.ended(VICTIM));
    }),
  );
  assert.is(code, 0);
});

test("a gateway that is asked to end finishes what runs, and refuses more with 503 and Retry-After", async () => {
  const { state, refused, code } = await withDaemons(
    { scheme: "worker-sp", durable: true },
    ({ cluster }) =>
      Effect.gen(function* () {
        yield* cluster.client.deploy(CHAIN.replaceAll("150 ms", "700 ms"));
        const leave = Effect.gen(function* () {
          yield* Effect.sleep("500 millis");
          cluster.signal("gateway", "SIGTERM");
          yield* Effect.sleep("300 millis");
          const path = `${cluster.url}/v1/workflows/chain/invocations`;
          const { headers } = cluster;
          const refused = yield* Effect.promise(() =>
            fetch(path, { method: "POST", headers, body: "{}" }),
          );
          return {
            refused: [refused.status, refused.headers.has("retry-after")],
            code: yield* Effect.promise(() => cluster.ended("gateway")),
          };
        });
        const id = yield* cluster.client.invoke("chain", {});
        const end = cluster.client.end(id);
        const [{ state }, ended] = yield* Effect.all([end, leave], { concurrency: 2 });
        return { state, ...ended };
      }),
  );
  assert.is(state, "finished");
  assert.equal(refused, [503, true]);
  assert.is(code, 0);
});

test("master-sp: what ran when the master was killed begins again at the next one, and finishes", async () => {
  const { states, log } = await withDaemons({ scheme: "master-sp", durable: true }, ({ cluster }) =>
    Effect.gen(function* () {
      yield* cluster.client.deploy(CHAIN);
      const states: string[] = [];
      const runs = Effect.map(cluster.client.run("chain", {}), ({ state }) => states.push(state));
      const crash = Effect.gen(function* () {
        yield* Effect.sleep("600 millis");
        yield* Effect.promise(() => cluster.replace("master"));
      });
      yield* Effect.all([runs, runs, crash], { concurrency: 3 });
      yield* cluster.client.ready(30_000);
      yield* runs;
      yield* Effect.sleep("500 millis");
      yield* Effect.promise(() => cluster.stop());
      return { states, log: logOf(cluster, CHAIN) };
    }),
  );
  assert.equal(states, ["finished", "finished", "finished"]);
  assert.equal(log.wrong, []);
  assert.ok(log.events.some(({ kind, value }) => kind === "lost" && value === -1));
});

test("workers serve the gateway that takes the place of one that was killed", async () => {
  const other = CHAIN.replace("name: chain", "name: other").replace(/ {2}three: .*\n/, "");
  const { before, after } = await withDaemons(
    { scheme: "worker-sp", durable: true },
    ({ cluster }) =>
      Effect.gen(function* () {
        yield* cluster.client.deploy(CHAIN);
        const before = yield* cluster.client.run("chain", {});
        yield* Effect.promise(() => cluster.replace("gateway"));
        yield* cluster.client.ready(30_000);
        // Its plan has the id that the plan of `chain` had.
        yield* cluster.client.deploy(other);
        return { before, after: yield* cluster.client.run("other", {}) };
      }),
  );
  assert.is(before.state, "finished");
  assert.is(after.state, "finished");
});

test("a storage daemon that is killed and back fails only what needed it meanwhile, and says so", async () => {
  const { meanwhile, after } = await withDaemons(
    { scheme: "worker-sp", durable: true },
    ({ cluster }) =>
      Effect.gen(function* () {
        yield* cluster.client.deploy(CHAIN);
        cluster.signal("storage", "SIGKILL");
        yield* Effect.promise(() => cluster.ended("storage"));
        const meanwhile = yield* cluster.client.run("chain", {});
        yield* Effect.promise(() => cluster.start("storage"));
        return { meanwhile, after: yield* cluster.client.run("chain", {}) };
      }),
  );
  assert.is(meanwhile.state, "failed");
  assert.match(meanwhile.reason ?? "", /store in task/);
  assert.is(after.state, "finished");
});

test.run();
