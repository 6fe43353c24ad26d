/** The gateway, driven by hand. */

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Gateway } from "../../../core/engine/gateway.ts";
import type { Input } from "../../../core/env.ts";
import { GATEWAY_LOST, NONE } from "../../../core/events.ts";
import { GATEWAY, MASTER, workerNode } from "../../../core/node.ts";
import type { Message } from "../../../core/protocol.ts";
import type { Micros } from "../../../core/units.ts";
import { diamond, edgeTo, FIRST, LAST } from "./chain.ts";
import { RecordEnv, sent } from "./record-env.ts";
import { ROUND_SETTINGS } from "./round-profile.ts";

const test = suite("gateway");

const arrival: Input = {
  tag: "arrival",
  at: 0 as Micros,
  invocation: 7,
  plan: 0,
  facts: [],
};
const answered: Input = {
  tag: "message",
  from: workerNode(1),
  message: { tag: "answered", invocation: 7, sinks: [LAST] },
};
const release: Message = { tag: "release", plan: 0, invocation: 7 };

function gateway(scheme: "worker-sp" | "master-sp" = "worker-sp"): [Gateway, RecordEnv] {
  const env = new RecordEnv();
  const machine = new Gateway(env, { ...ROUND_SETTINGS, scheme });
  machine.handle({ tag: "deploy", plan: diamond([0, 0, 1, 1]) });
  return [machine, env];
}

test("an arrival triggers the first task at its worker", () => {
  const [machine, env] = gateway();
  machine.handle(arrival);
  const answers = [{ edge: edgeTo(-1, FIRST), item: 0, taken: true }];
  const message = { tag: "trigger", plan: 0, invocation: 7, answers, facts: [], lost: [] };
  assert.equal(sent(env.take()), [[workerNode(0), message]]);
});

test("an arrival tells how long its inputs were stored before", () => {
  const [machine, env] = gateway();
  machine.handle({ ...arrival, storing: 1_500 as Micros });
  assert.is(env.events.find(({ kind }) => kind === "arrival")?.value, 1_500);
});

test("under MasterSP an arrival goes to the master", () => {
  const [machine, env] = gateway("master-sp");
  machine.handle(arrival);
  const [to, message] = sent(env.take())[0]!;
  assert.equal([to, message.tag], [MASTER, "invoke"]);
});

test("an arrival that comes twice has no effect", () => {
  const [machine, env] = gateway();
  machine.handle(arrival);
  env.take();
  env.takeKinds();
  machine.handle(arrival);
  assert.equal([env.take(), env.takeKinds()], [[], []]);
});

test("the answer of the last sink finishes the invocation and releases it everywhere", () => {
  const [machine, env] = gateway();
  machine.handle(arrival);
  env.take();
  env.time = 50;
  machine.handle(answered);
  assert.equal(sent(env.take()), [
    [workerNode(0), release],
    [workerNode(1), release],
  ]);
  const finish = env.events.at(-1)!;
  assert.equal([finish.kind, finish.node, finish.wait_us], ["finish", GATEWAY, 50]);
});

test("an answer that comes after the end is met by a release, and by no event", () => {
  const [machine, env] = gateway();
  machine.handle(arrival);
  machine.handle(answered);
  env.take();
  env.takeKinds();
  machine.handle(answered);
  assert.equal(sent(env.take()), [[workerNode(1), release]]);
  assert.equal(env.takeKinds(), []);
});

test("a task that is out of attempts aborts the invocation", () => {
  const [machine, env] = gateway();
  machine.handle(arrival);
  const message: Message = {
    tag: "failed",
    invocation: 7,
    task: FIRST,
    item: 0,
    reason: "timeout",
  };
  machine.handle({ tag: "message", from: workerNode(0), message });
  const abort = env.events.at(-1)!;
  assert.equal([abort.kind, abort.why, abort.task], ["abort", "timeout", FIRST]);
});

test("a cancelled invocation is aborted and released", () => {
  const [machine, env] = gateway();
  machine.handle(arrival);
  env.take();
  machine.handle({ tag: "cancel", invocation: 7 });
  assert.equal(env.events.at(-1)!.why, "cancelled");
  assert.is(sent(env.take()).length, 2);
});

test("when a worker is lost, what moved is triggered anew and everybody hears of it", () => {
  const [machine, env] = gateway();
  machine.handle(arrival);
  env.take();
  machine.handle({ tag: "worker-lost", worker: 0 });
  const calls = sent(env.take());
  assert.equal(
    calls.map(([to, { tag }]) => [to, tag]),
    [
      [workerNode(1), "recover"],
      [workerNode(1), "trigger"],
    ],
  );
});

test("with no worker left an invocation is aborted, and one that arrives waits for the return", () => {
  const [machine, env] = gateway();
  machine.handle(arrival);
  machine.handle({ tag: "worker-lost", worker: 0 });
  machine.handle({ tag: "worker-lost", worker: 1 });
  assert.equal(env.events.at(-1)!.why, "worker-lost");
  env.take();
  machine.handle({ ...arrival, invocation: 8 });
  assert.equal(sent(env.take()), []);
  machine.handle({ tag: "worker-back", worker: 1 });
  const [to, message] = sent(env.take())[0]!;
  assert.equal([to, message.tag], [workerNode(1), "trigger"]);
});

test("a leaving worker has left once the last invocation with a part for it is over", () => {
  const [machine, env] = gateway();
  machine.handle(arrival);
  env.takeKinds();
  machine.handle({ tag: "worker-leaving", worker: 1 });
  assert.equal(env.takeKinds(), ["leaving"]);
  machine.handle(answered);
  assert.equal(env.takeKinds(), ["finish", "left"]);
});

test("a leaving worker that nothing needs has left at once", () => {
  const [machine, env] = gateway();
  machine.handle({ tag: "worker-leaving", worker: 1 });
  assert.equal(env.takeKinds(), ["leaving", "left"]);
});

test("a worker that was lost and is back leaves no sooner than the master can do without it", () => {
  const [machine, env] = gateway("master-sp");
  machine.handle(arrival);
  machine.handle({ tag: "worker-lost", worker: 1 });
  machine.handle({ tag: "worker-back", worker: 1 });
  env.takeKinds();
  machine.handle({ tag: "worker-leaving", worker: 1 });
  assert.equal(env.takeKinds(), ["leaving"]);
  machine.handle({ ...arrival, invocation: 8 });
  machine.handle({ ...answered, from: MASTER } as Input);
  assert.equal(env.takeKinds(), ["arrival", "finish", "left"]);
});

test("an invocation that arrives while a worker is leaving does without it", () => {
  const [machine, env] = gateway();
  machine.handle({ tag: "worker-leaving", worker: 0 });
  machine.handle(arrival);
  const [to, message] = sent(env.take())[0]!;
  assert.equal([to, message.tag], [workerNode(1), "trigger"]);
  assert.equal("lost" in message && message.lost, [0]);
});

test("a worker that has left inherits nothing from one that is lost later", () => {
  const [machine, env] = gateway();
  machine.handle({ tag: "deploy", plan: { ...diamond([0, 0, 0, 0]), id: 1 } });
  machine.handle({ ...arrival, plan: 1 });
  machine.handle({ tag: "worker-leaving", worker: 1 });
  machine.handle({ tag: "worker-lost", worker: 0 });
  assert.is(env.events.at(-1)!.why, "worker-lost");
});

test("a new master is given what is under way as its next round, and it is released everywhere", () => {
  const [machine, env] = gateway("master-sp");
  machine.handle(arrival);
  const [[, first]] = sent(env.take()) as [[number, Message]];
  machine.handle({ tag: "master-back" });
  assert.equal(sent(env.take()), [[MASTER, { ...first, round: 1 }]]);
  machine.handle({ ...answered, from: MASTER } as Input);
  assert.equal(
    sent(env.take()).map(([to, { tag }]) => [to, tag]),
    [MASTER, workerNode(0), workerNode(1)].map((to) => [to, "release"]),
  );
});

test("a gateway that takes the place of another says so, and begins what it is told of again", () => {
  const [machine, env] = gateway();
  machine.handle({ tag: "gateway-back" });
  machine.handle({ ...arrival, at: 3 as Micros });
  assert.equal(
    env.events.map(({ kind, value }) => [kind, value]),
    [
      ["lost", GATEWAY_LOST],
      ["arrival", NONE],
    ],
  );
  assert.equal(
    sent(env.take()).map(([to, { tag }]) => [to, tag]),
    [[workerNode(0), "trigger"]],
  );
});

for (const tag of ["worker-lost", "worker-leaving"] as const) {
  test(`\`${tag}\` of a worker that the run does not have is a mistake of the driver`, () => {
    const [machine] = gateway();
    const { workers } = ROUND_SETTINGS;
    assert.throws(
      () => machine.handle({ tag, worker: workers }),
      `invariant: worker-${workers + 1} is one of the run's ${workers} workers`,
    );
  });
}

test.run();
