/** A worker of MasterSP, driven by hand: what a new master means to it. */

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Worker } from "../../../core/engine/worker.ts";
import type { Input } from "../../../core/env.ts";
import { GATEWAY, MASTER, workerNode } from "../../../core/node.ts";
import type { Bytes } from "../../../core/units.ts";
import { diamond, FIRST } from "./chain.ts";
import { RecordEnv, sent } from "./record-env.ts";
import { ROUND_SETTINGS } from "./round-profile.ts";

const test = suite("worker of MasterSP");

function worker(...inputs: readonly Input[]): [Worker, RecordEnv] {
  const env = new RecordEnv();
  const settings = { ...ROUND_SETTINGS, scheme: "master-sp", workerMemory: 1e9 as Bytes } as const;
  const machine = new Worker(env, workerNode(0), settings);
  machine.handle({ tag: "deploy", plan: diamond([0, 0, 0, 0]) });
  for (const input of inputs) machine.handle(input);
  env.take();
  env.takeKinds();
  return [machine, env];
}

function assign(round: number): Input {
  const about = { plan: 0, invocation: 1, task: FIRST, item: 0, attempt: 1 };
  const message = { tag: "assign", ...about, round, facts: [], lost: [] } as const;
  return { tag: "message", from: MASTER, message };
}
const ready: Input = { tag: "ready", container: 0 };

test("the next round ends what runs for the one before, and begins anew", () => {
  const [machine, env] = worker(assign(0), ready);
  machine.handle(assign(1));
  assert.equal(
    env.take().map(({ call }) => call),
    ["stop", "boot"],
  );
  assert.equal(env.takeKinds(), ["fail", "stop", "queue", "cold-start"]);
});

test("an assignment of the round before has no effect", () => {
  const [machine, env] = worker(assign(1));
  machine.handle(assign(0));
  assert.equal([env.take(), env.takeKinds()], [[], []]);
});

test("a new master makes a worker ask the gateway after what it still has", () => {
  const [machine, env] = worker(assign(0));
  machine.handle({ tag: "master-back" });
  assert.equal(sent(env.take()), [[GATEWAY, { tag: "answered", invocation: 1, sinks: [] }]]);
});

test.run();
