/** What a gateway notes for its successors, over a real nats-server. */

import * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { GATEWAY } from "../../core/node.ts";
import type { Micros } from "../../core/units.ts";
import type { Deployment } from "../../live/deployment.ts";
import { durableLedger } from "../../live/durable-ledger.ts";
import type { Accepted, Ledger } from "../../live/ledger.ts";
import type { NatsServer } from "../../live/nats-server.ts";
import { specIn } from "../fixtures/scenario.ts";
import { directory, kill, link, revive, run, start } from "./nats-cluster.ts";

const CLUSTER = "a test";
const SPEC = specIn("faasflow: 1\nname: one\ntasks: { only: { compute: 1 ms } }\n");
const DEPLOYMENT: Deployment = {
  ...{ id: 0, version: 1, spec: SPEC },
  ...{ partition: "faasflow-plus", storage: "faastore" },
};

function accepted(id: number, state: "running" | "finished" | "failed" = "running"): Accepted {
  const ended = state === "running" ? undefined : 1.25;
  const reason = state === "failed" ? "timeout in task only" : undefined;
  return {
    status: { id, workflow: "one", state, arrived_us: 1_000_000, latency_s: ended, reason },
    plan: 0,
    storing: 1_234 as Micros,
    facts: [
      { tag: "value", datum: 0, item: 0, value: Number.POSITIVE_INFINITY },
      { tag: "count", datum: 1, item: 0, count: 3 },
    ],
  };
}

/** As one gateway after another sees it: each ends before the next one. */
function byGateway<A, E = never>(
  server: NatsServer,
  gateway: string,
  act: (ledger: Ledger) => Effect.Effect<A, E, Scope.Scope>,
) {
  const used = Effect.gen(function* () {
    const connection = yield* link(server);
    const place = { cluster: CLUSTER, node: GATEWAY, run: gateway };
    return yield* act(yield* durableLedger(connection, place));
  });
  return Effect.scoped(used);
}

test(
  "the next gateway finds what was deployed, what is under way and how the rest ended, also after nats-server was killed",
  run(
    Effect.fnUntraced(function* () {
      const server = yield* start({ directory: yield* directory });
      const first = yield* byGateway(server, "first", (ledger) =>
        Effect.promise(async () => {
          ledger.deployed(DEPLOYMENT);
          for (const id of [2, 0, 1, 3]) ledger.invocation(accepted(id));
          ledger.invocation(accepted(0, "finished"));
          ledger.invocation(accepted(2, "failed"));
          await ledger.safe();
          return [ledger.run, ledger.legacy];
        }),
      );
      assert.equal(first, ["first", undefined]);
      yield* kill(server);
      const revived = yield* revive(server);
      const second = yield* byGateway(revived, "second", (ledger) => Effect.succeed(ledger));
      assert.is(second.run, "first");
      assert.is(JSON.stringify(second.legacy?.deployments), JSON.stringify([DEPLOYMENT]));
      assert.equal(second.legacy?.invocations, [
        accepted(0, "finished"),
        accepted(1),
        accepted(2, "failed"),
        accepted(3),
      ]);
    }),
  ),
);

test(
  "what is forgotten is not found again",
  run(
    Effect.fnUntraced(function* () {
      const server = yield* start();
      yield* byGateway(server, "first", (ledger) =>
        Effect.promise(async () => {
          ledger.invocation(accepted(0, "finished"));
          ledger.invocation(accepted(1));
          await ledger.safe();
        }),
      );
      yield* byGateway(server, "second", (ledger) =>
        Effect.andThen(
          Effect.sync(() => ledger.forget(0)),
          Effect.repeat(
            byGateway(server, "third", ({ legacy }) => Effect.succeed(legacy?.invocations)),
            { until: (found) => JSON.stringify(found) === JSON.stringify([accepted(1)]) },
          ),
        ),
      );
    }),
  ),
);

test(
  "a record of another release ends the start with an error that names it",
  run(
    Effect.fnUntraced(function* () {
      const server = yield* start();
      yield* byGateway(server, "first", (ledger) => Effect.promise(() => ledger.safe()));
      const connection = yield* link(server);
      const subject = "faasflow.a=20test.ledger.invocation.7";
      connection.publish(subject, JSON.stringify({ v: 99 }));
      yield* Effect.promise(() => connection.flush());
      const error = yield* Effect.flip(byGateway(server, "second", () => Effect.void));
      assert.is(error._tag, "BusError");
      assert.match(error.message, /invocation\.7 of the stream faasflow-a=20test-ledger/);
      assert.match(error.message, /nats stream rm/);
    }),
  ),
);

test.run();
