/** A gateway that is killed, and the next one: nothing that was accepted is lost. */

import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import * as Effect from "effect/Effect";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { GATEWAY_LOST } from "../../core/events.ts";
import { benchmarkFile } from "../../workflows/load.ts";
import { type DaemonCluster, logOf, withDaemons } from "./daemon-cluster.ts";
import { answerOf } from "./gateway-cluster.ts";

const CHAIN = `
faasflow: 1
name: chain
inputs:
  note: 100
tasks:
  one: { sleep: 300 ms, reads: [input.note], writes: { out: 10 kB } }
  two: { sleep: 300 ms, reads: [one.out], writes: { out: 10 kB } }
  three: { sleep: 300 ms, reads: [two.out], writes: { result: 10 kB } }
`;

const replaceGateway = (cluster: DaemonCluster): Effect.Effect<void> =>
  Effect.promise(() => cluster.replace("gateway"));

for (const scheme of ["worker-sp", "master-sp"] as const) {
  test(`${scheme}: what runs when the gateway is killed begins anew at the next one, and what has ended is known`, async () => {
    const { before, running, after, again, next, result, log } = await withDaemons(
      { scheme, durable: true },
      ({ cluster }) =>
        Effect.gen(function* () {
          yield* cluster.client.deploy(CHAIN);
          const before = yield* cluster.client.run("chain", {});
          const running = [
            yield* cluster.client.invoke("chain", {}),
            yield* cluster.client.invoke("chain", {}),
          ];
          yield* Effect.sleep("450 millis");
          yield* replaceGateway(cluster);
          const { client } = cluster;
          const after = yield* Effect.forEach(running, (id) => client.end(id));
          const again = yield* client.end(before.id);
          const next = yield* client.run("chain", {});
          const path = `/v1/invocations/${running[0]}/data/three.result`;
          const result = yield* Effect.promise(() =>
            answerOf(`${cluster.url}${path}`, { headers: cluster.headers }),
          );
          yield* Effect.sleep("500 millis");
          yield* Effect.promise(() => cluster.stop());
          return { before, running, after, again, next, result, log: logOf(cluster, CHAIN) };
        }),
    );
    assert.equal(
      after.map(({ id, state }) => [id, state]),
      running.map((id) => [id, "finished"]),
    );
    // From the first arrival, the outage included.
    for (const { latency_s } of after) assert.ok(latency_s! > 1.3, `${latency_s}`);
    assert.equal(again, before);
    assert.is(next.state, "finished");
    assert.ok(next.id > Math.max(...running));
    assert.is(result.status, 200);
    assert.is(result.text.length, 10_000);
    assert.equal(log.wrong, []);
    assert.is(
      log.events.filter(({ value, kind }) => kind === "lost" && value === GATEWAY_LOST).length,
      1,
    );
  });
}

test("a worker that died with the gateway counts as lost at the next one: the others do its work", async () => {
  const { states, lost } = await withDaemons(
    { scheme: "worker-sp", durable: true },
    ({ cluster }) =>
      Effect.gen(function* () {
        yield* cluster.client.deploy(CHAIN);
        const running = yield* Effect.forEach([1, 2, 3, 4], () =>
          cluster.client.invoke("chain", {}),
        );
        cluster.signal("worker-3", "SIGKILL");
        yield* replaceGateway(cluster);
        const { client } = cluster;
        const ends = yield* Effect.forEach(running, (id) => client.end(id));
        const next = yield* client.run("chain", {});
        return {
          states: [...ends, next].map(({ state }) => state),
          lost: cluster.log.filter((line) => /"worker-3","text":"lost"/.test(line)).length,
        };
      }),
  );
  assert.equal(states, Array(5).fill("finished"));
  assert.is(lost, 1);
});

test("a real benchmark that the gateway is killed in ends as it would have", async () => {
  const file = benchmarkFile("wordcount");
  const text = readFileSync(file, "utf8");
  const { expected, states, answers } = await withDaemons(
    { scheme: "worker-sp", durable: true },
    ({ cluster }) =>
      Effect.gen(function* () {
        yield* cluster.client.deploy(text, dirname(file));
        const first = yield* cluster.client.run("wordcount", {});
        const answer = (id: number) =>
          Effect.promise(async () => {
            const path = `/v1/invocations/${id}/data/merge.result`;
            return (await answerOf(`${cluster.url}${path}`, { headers: cluster.headers })).text;
          });
        const expected = yield* answer(first.id);
        const ids: number[] = [];
        for (let count = 0; count < 12; count++) {
          ids.push(yield* cluster.client.invoke("wordcount", {}));
        }
        // Who waits goes on waiting, at the next one.
        const waiting = Effect.forEach(ids, (id) => cluster.client.end(id), { concurrency: 12 });
        const crash = Effect.andThen(Effect.sleep("100 millis"), replaceGateway(cluster));
        const [ended] = yield* Effect.all([waiting, crash], { concurrency: 2 });
        const answers = yield* Effect.forEach(ids, answer);
        return { expected, states: ended.map(({ state }) => state), answers };
      }),
  );
  assert.equal([...new Set(states)], ["finished"]);
  assert.ok(JSON.parse(expected).words > 1_000);
  assert.equal([...new Set(answers)], [expected]);
});

test("what waits for its daemons at the next gateway can be cancelled", async () => {
  const { state, reason } = await withDaemons(
    { scheme: "worker-sp", durable: true },
    ({ cluster }) =>
      Effect.gen(function* () {
        yield* cluster.client.deploy(CHAIN);
        const id = yield* cluster.client.invoke("chain", {});
        cluster.signal("worker-1", "SIGKILL");
        yield* replaceGateway(cluster);
        yield* cluster.client.cancel(id);
        return yield* cluster.client.end(id);
      }),
  );
  assert.is(state, "failed");
  assert.is(reason, "cancelled");
});

test.run();
