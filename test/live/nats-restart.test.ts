/** nats-server killed under a cluster, and another in its place seconds later. */

import * as Effect from "effect/Effect";
import * as Schedule from "effect/Schedule";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { logOf, withDaemons } from "./daemon-cluster.ts";
import { kill, revive } from "./nats-cluster.ts";

/** Two branches on different workers, so that triggers cross NATS all the time. */
const FORK = `
faasflow: 1
name: fork
tasks:
  first: { sleep: 200 ms, writes: { out: 10 kB } }
  left: { sleep: 400 ms, reads: [first.out], writes: { out: 10 MB } }
  right: { sleep: 300 ms, reads: [first.out], writes: { out: 10 MB } }
  last: { sleep: 200 ms, reads: [left.out, right.out] }
steps:
  - first
  - parallel: [left, right]
  - last
`;
const TASKS = 4;
const CLIENTS = 4;
const ROUNDS = 6;

for (const scheme of ["worker-sp", "master-sp"] as const) {
  test(`${scheme}, durable: no trigger is lost or repeated, and every invocation finishes`, async () => {
    const { states, log, text } = await withDaemons(
      { scheme, durable: true },
      ({ cluster, nats }) =>
        Effect.gen(function* () {
          yield* cluster.client.deploy(FORK);
          const states: string[] = [];
          const client = Effect.gen(function* () {
            for (let round = 0; round < ROUNDS; round++) {
              // Refused while there is no connection: nothing is accepted that could be lost.
              const run = Effect.retry(cluster.client.run("fork", {}), {
                while: ({ status }) => status === 503,
                schedule: Schedule.spaced("200 millis"),
              });
              states.push((yield* run).state);
            }
          });
          const outage = Effect.gen(function* () {
            yield* Effect.sleep("1 second");
            yield* kill(nats);
            yield* Effect.sleep("4 seconds");
            yield* revive(nats);
          });
          const clients = Array.from({ length: CLIENTS }, () => client);
          yield* Effect.all([outage, ...clients], { concurrency: "unbounded" });
          yield* Effect.sleep("500 millis");
          yield* Effect.promise(() => cluster.stop());
          return { states, log: logOf(cluster, FORK), text: cluster.log.join("\n") };
        }),
    );
    assert.match(text, /connection to NATS at .* is back/);
    assert.is(states.length, CLIENTS * ROUNDS);
    assert.equal(
      states.filter((state) => state !== "finished"),
      [],
    );
    assert.equal(log.wrong, []);
    const kinds = log.events.map(({ kind }) => kind);
    assert.is(kinds.filter((kind) => kind === "complete").length, CLIENTS * ROUNDS * TASKS);
    assert.not.ok(kinds.includes("lost"));
    assert.not.ok(kinds.includes("duplicate"));
  });
}

test("volatile: what is lost in an outage fails at the invocation's timeout; nothing waits for ever", async () => {
  const ends = await withDaemons(
    { scheme: "worker-sp", durable: false, gatewayFlags: ["--invocation-timeout", "6s"] },
    ({ cluster, nats }) =>
      Effect.gen(function* () {
        yield* cluster.client.deploy(FORK);
        const outage = Effect.gen(function* () {
          yield* Effect.sleep("500 millis");
          yield* kill(nats);
          yield* Effect.sleep("1 second");
          yield* revive(nats);
        });
        const client = cluster.client.run("fork", {});
        const [, ...ends] = yield* Effect.all([outage, client, client, client], {
          concurrency: "unbounded",
        });
        return ends.map(({ state, reason }) => reason ?? state);
      }),
  );
  for (const end of ends) assert.match(end, /^(finished|timeout)$/);
});

test("an invocation of a workflow without a timeout ends at the gateway's", async () => {
  const endless = FORK.replaceAll(/\d+ ms/g, "60 s");
  const { state, reason } = await withDaemons(
    { scheme: "worker-sp", durable: true, gatewayFlags: ["--invocation-timeout", "1s"] },
    ({ cluster }) => Effect.andThen(cluster.client.deploy(endless), cluster.client.run("fork", {})),
  );
  assert.equal([state, reason], ["failed", "timeout"]);
});

test.run();
