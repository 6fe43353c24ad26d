/** Who is in the cluster, and what it is handed, over a real nats-server. */

import * as Effect from "effect/Effect";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Settings, STORE_RETRIES } from "../../core/engine/settings.ts";
import { type NodeId, nodeName, workerNode } from "../../core/node.ts";
import type { Bytes, Micros } from "../../core/units.ts";
import { systemClock } from "../../live/clock.ts";
import type { Deployment } from "../../live/deployment.ts";
import {
  announce,
  onFarewell,
  onWelcome,
  type Phase,
  type Presence,
} from "../../live/membership.ts";
import type { NatsLink } from "../../live/nats.ts";
import { Roster, type RosterHost } from "../../live/roster.ts";
import { specIn } from "../fixtures/scenario.ts";
import { link, run, start, until } from "./nats-cluster.ts";

const CLUSTER = "a test";
const SETTINGS: Settings = {
  ...{ scheme: "worker-sp", workers: 2, atLimit: "wait", pollBeforeAssign: false },
  ...{ followPlan: true, batchTriggers: false, ...STORE_RETRIES },
  ...{ workerMemory: 1e9 as Bytes, keepAlive: 1e6 as Micros, dispatchTick: 0 as Micros },
};
const SPEC = specIn("faasflow: 1\nname: one\ntasks: { only: { compute: 1 ms } }\n");
const DEPLOYED = [0, 1, 2].map(
  (id): Deployment => ({
    ...{ id, version: id + 1, spec: SPEC },
    ...{ partition: "faasflow-plus", storage: "faastore" },
  }),
);

/** A roster of two workers, and what it told. */
const roster = Effect.fnUntraced(function* (connection: NatsLink, expected: readonly NodeId[]) {
  const told: string[] = [];
  const tell =
    (what: string) =>
    (node: NodeId): unknown =>
      told.push(`${nodeName(node)} ${what}`);
  const host: RosterHost = {
    welcome: () => ({
      ...{ v: 1, run: "r", dataRun: "r", settings: SETTINGS, deployments: DEPLOYED },
    }),
    isMember: (node) => node === workerNode(0) || node === workerNode(1),
    ...{ stranger: tell("stranger"), lost: tell("lost"), leaving: tell("leaving") },
    back: (node, { anew }) => tell(anew ? "back anew" : "back")(node),
  };
  const clock = systemClock();
  yield* Effect.acquireRelease(
    Effect.sync(() => new Roster({ link: connection, cluster: CLUSTER, clock }, host, expected)),
    (opened) => Effect.sync(() => opened.stop()),
  );
  return told;
});

/** A worker that says that it is there, and what it was handed. */
const worker = Effect.fnUntraced(function* (connection: NatsLink, index: number, phase: Phase) {
  const node = workerNode(index);
  const at = { cluster: CLUSTER, node, incarnation: "1" };
  const plans: number[] = [];
  const seen = { plans, messages: 0, most: 0, wrong: [] as string[], letGo: false };
  const presence = (): Presence => ({
    ...{ v: 1, node, incarnation: "1", run: seen.messages > 0 ? "r" : "", phase },
    ...{ plans, ready: true },
  });
  const announced = announce(
    { link: connection, cluster: CLUSTER, clock: systemClock() },
    presence,
  );
  const stops = [
    announced.stop,
    onWelcome(connection, at, {
      welcome: ({ deployments }) => {
        seen.messages += 1;
        seen.most = Math.max(seen.most, deployments.length);
        for (const { id } of deployments) if (!plans.includes(id)) plans.push(id);
      },
      wrong: (why) => seen.wrong.push(why),
    }),
    onFarewell(connection, at, () => {
      seen.letGo = true;
    }),
  ];
  yield* Effect.addFinalizer(() => Effect.sync(() => stops.map((stop) => stop())));
  return seen;
});

test(
  "each deployment comes in a message of its own, until the daemon has all",
  run(
    Effect.fnUntraced(function* () {
      const connection = yield* link(yield* start());
      yield* roster(connection, []);
      const seen = yield* worker(connection, 0, "serving");
      yield* until("it has all", () => seen.plans.length === DEPLOYED.length);
      assert.equal(seen.plans, [0, 1, 2]);
      assert.is(seen.most, 1);
    }),
  ),
);

test(
  "a worker that took part before and is not heard of is lost, and only that one",
  run(
    Effect.fnUntraced(function* () {
      const connection = yield* link(yield* start());
      const told = yield* roster(connection, [workerNode(0), workerNode(1)]);
      yield* worker(connection, 0, "serving");
      yield* until("one is lost", () => told.length > 0);
      assert.equal(told, ["worker-2 lost"]);
      yield* worker(connection, 1, "serving");
      yield* until("it is back", () => told.length > 1);
      assert.equal(told, ["worker-2 lost", "worker-2 back anew"]);
    }),
  ),
);

test(
  "a daemon that the cluster has no place for is told of once, and may go",
  run(
    Effect.fnUntraced(function* () {
      const connection = yield* link(yield* start());
      const told = yield* roster(connection, []);
      const serving = yield* worker(connection, 6, "serving");
      const leaving = yield* worker(connection, 7, "leaving");
      yield* until("it may go", () => leaving.letGo);
      yield* until("both are told of", () => told.length === 2);
      yield* Effect.sleep("600 millis");
      assert.equal(told, ["worker-7 stranger", "worker-8 stranger"]);
      assert.is(serving.messages, 0);
    }),
  ),
);

test(
  "what is no welcome of this release is told, not taken",
  run(
    Effect.fnUntraced(function* () {
      const connection = yield* link(yield* start());
      const seen = yield* worker(connection, 0, "serving");
      const { keepAlive: _, ...settings } = SETTINGS;
      const welcome = { v: 1, run: "r", dataRun: "r", settings, deployments: [] };
      connection.publish("faasflow.a=20test.welcome.worker-1", JSON.stringify(welcome));
      yield* until("it is told", () => seen.wrong.length > 0);
      assert.match(seen.wrong.join(), /keepAlive/);
      assert.is(seen.messages, 0);
    }),
  ),
);

test.run();
