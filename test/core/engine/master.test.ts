/** The master, driven by hand. */

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Master } from "../../../core/engine/master.ts";
import type { Settings } from "../../../core/engine/settings.ts";
import type { Input } from "../../../core/env.ts";
import { GATEWAY, type NodeId, workerNode } from "../../../core/node.ts";
import type { Message } from "../../../core/protocol.ts";
import { diamond, edgeTo, FIRST, LAST, LEFT, RIGHT } from "./chain.ts";
import { RecordEnv, sent } from "./record-env.ts";
import { ROUND_SETTINGS } from "./round-profile.ts";

const test = suite("master");

function master(settings: Partial<Settings> = {}): [Master, RecordEnv] {
  const env = new RecordEnv();
  const machine = new Master(env, { ...ROUND_SETTINGS, scheme: "master-sp", ...settings });
  machine.handle({ tag: "deploy", plan: diamond([0, 0, 1, 1]) });
  return [machine, env];
}

function from(node: NodeId, message: Message): Input {
  return { tag: "message", from: node, message };
}

const INVOKE = {
  tag: "invoke",
  plan: 0,
  invocation: 1,
  round: 0,
  answers: [{ edge: edgeTo(-1, FIRST), item: 0, taken: true }],
  facts: [],
  lost: [],
} as const;
const invoke = from(GATEWAY, INVOKE);

function completed(worker: number, task: number): Input {
  const message = {
    tag: "completed",
    invocation: 1,
    round: 0,
    task,
    item: 0,
    attempt: 1,
    facts: [],
  } as const;
  return from(workerNode(worker), message);
}

/** Worker and task of each assignment. */
function assigned(env: RecordEnv): readonly (readonly number[])[] {
  return sent(env.take()).flatMap(([to, message]) =>
    message.tag === "assign" ? [[to - workerNode(0), message.task, message.attempt]] : [],
  );
}

test("a task goes to the worker with the least to do", () => {
  const [machine, env] = master();
  machine.handle(invoke);
  assert.equal(assigned(env), [[0, FIRST, 1]]);
  machine.handle(completed(0, FIRST));
  assert.equal(assigned(env), [
    [0, LEFT, 1],
    [1, RIGHT, 1],
  ]);
});

test("with polling every worker is asked before a task is assigned, and the idle one gets it", () => {
  const [machine, env] = master({ pollBeforeAssign: true });
  machine.handle(invoke);
  assert.equal(
    sent(env.take()).map(([to, { tag }]) => [to, tag]),
    [
      [workerNode(0), "poll"],
      [workerNode(1), "poll"],
    ],
  );
  machine.handle(from(workerNode(0), { tag: "load", poll: 0, running: 2, queued: 0 }));
  assert.equal(assigned(env), []);
  machine.handle(from(workerNode(1), { tag: "load", poll: 0, running: 0, queued: 0 }));
  assert.equal(assigned(env), [[1, FIRST, 1]]);
});

test("the gateway hears of a sink once it has completed", () => {
  const [machine, env] = master();
  for (const input of [invoke, completed(0, FIRST), completed(0, LEFT)]) machine.handle(input);
  machine.handle(completed(1, RIGHT));
  env.take();
  machine.handle(completed(0, LAST));
  assert.equal(sent(env.take()), [[GATEWAY, { tag: "answered", invocation: 1, sinks: [LAST] }]]);
});

for (const [what, input] of Object.entries({ invoke, completed: completed(0, FIRST) })) {
  test(`a message \`${what}\` that comes twice has no effect`, () => {
    const [machine, env] = master();
    machine.handle(invoke);
    if (what === "completed") machine.handle(input);
    env.take();
    machine.handle(input);
    assert.equal(env.take(), []);
  });
}

test("when a worker is lost, what it ran is assigned again, as the next attempt", () => {
  const [machine, env] = master();
  machine.handle(invoke);
  env.take();
  machine.handle({ tag: "worker-lost", worker: 0 });
  assert.equal(assigned(env), [[1, FIRST, 2]]);
});

test("what a worker that was given up for lost reports is not heard", () => {
  const [machine, env] = master();
  machine.handle(invoke);
  machine.handle({ tag: "worker-lost", worker: 0 });
  env.take();
  machine.handle(completed(0, FIRST));
  assert.equal(env.take(), []);
  machine.handle(completed(1, FIRST));
  assert.is(assigned(env).length, 2);
});

test("a release goes to every worker that took part, and the invocation is forgotten", () => {
  const [machine, env] = master();
  machine.handle(invoke);
  env.take();
  const release: Message = { tag: "release", plan: 0, invocation: 1 };
  machine.handle(from(GATEWAY, release));
  assert.equal(sent(env.take()), [[workerNode(0), release]]);
  machine.handle(invoke);
  assert.equal(env.take(), []);
});

test("a next round of an invocation takes the place of the one before", () => {
  const [machine, env] = master();
  machine.handle(invoke);
  machine.handle(completed(0, FIRST));
  env.take();
  machine.handle(from(GATEWAY, { ...INVOKE, round: 1 }));
  assert.equal(assigned(env), [[0, FIRST, 1]]);
});

test("what was assigned in the round before is not heard", () => {
  const [machine, env] = master();
  machine.handle(from(GATEWAY, { ...INVOKE, round: 1 }));
  env.take();
  machine.handle(completed(0, FIRST));
  assert.equal(env.take(), []);
});

test("a worker that is leaving is given nothing more where the load decides", () => {
  const [machine, env] = master();
  machine.handle({ tag: "worker-leaving", worker: 0 });
  machine.handle(invoke);
  assert.equal(assigned(env), [[1, FIRST, 1]]);
});

test("a poll does not wait for a worker that has left before it answered", () => {
  const [machine, env] = master({ pollBeforeAssign: true });
  machine.handle(invoke);
  machine.handle(from(workerNode(0), { tag: "load", poll: 0, running: 0, queued: 0 }));
  machine.handle({ tag: "worker-leaving", worker: 1 });
  assert.equal(assigned(env), []);
  machine.handle({ tag: "worker-left", worker: 1 });
  assert.equal(assigned(env), [[0, FIRST, 1]]);
});

test("what began goes on with a worker that is leaving, though the invocation comes twice", () => {
  const [machine, env] = master({ followPlan: true });
  machine.handle(invoke);
  machine.handle({ tag: "worker-leaving", worker: 0 });
  machine.handle(invoke);
  env.take();
  machine.handle(completed(0, FIRST));
  assert.equal(assigned(env), [
    [0, LEFT, 1],
    [1, RIGHT, 1],
  ]);
});

test("all workers lost and back have as little to do as one another", () => {
  const [machine, env] = master();
  const invocations = Array.from({ length: 10 }, (_, index) => index + 1);
  for (const invocation of invocations) machine.handle(from(GATEWAY, { ...INVOKE, invocation }));
  for (const worker of [0, 1]) machine.handle({ tag: "worker-lost", worker });
  for (const invocation of invocations) {
    machine.handle(from(GATEWAY, { tag: "release", plan: 0, invocation }));
  }
  for (const worker of [0, 1]) machine.handle({ tag: "worker-back", worker });
  env.take();
  for (const next of invocations) {
    machine.handle(from(GATEWAY, { ...INVOKE, invocation: 100 + next }));
  }
  const workers = assigned(env).map(([worker]) => worker);
  assert.equal(workers, [0, 1, 0, 1, 0, 1, 0, 1, 0, 1]);
});

for (const tag of ["worker-lost", "worker-leaving"] as const) {
  test(`\`${tag}\` of a worker that the run does not have is a mistake of the driver`, () => {
    const [machine] = master();
    const { workers } = ROUND_SETTINGS;
    assert.throws(
      () => machine.handle({ tag, worker: workers }),
      `invariant: worker-${workers + 1} is one of the run's ${workers} workers`,
    );
  });
}

test.run();
