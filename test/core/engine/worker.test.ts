/** A WorkerSP worker, driven by hand: one input at a time, and what it asks for in return. */

import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Settings } from "../../../core/engine/settings.ts";
import { Worker } from "../../../core/engine/worker.ts";
import type { Input } from "../../../core/env.ts";
import { GATEWAY, workerNode } from "../../../core/node.ts";
import type { Plan } from "../../../core/plan/plan.ts";
import type { Answer, Message } from "../../../core/protocol.ts";
import type { Bytes, Micros } from "../../../core/units.ts";
import { type RunSpec, SYNTHETIC } from "../../../core/workflow/spec.ts";
import { planOf, task, workflow } from "../../analysis/builder.ts";
import { diamond, edgeTo, FIRST, LAST, LEFT, RIGHT } from "./chain.ts";
import { RecordEnv, sent } from "./record-env.ts";
import { ROUND_SETTINGS } from "./round-profile.ts";

const test = suite("worker of WorkerSP");

class Bench {
  readonly env = new RecordEnv();
  readonly machine: Worker;

  constructor(plan: Plan, settings: Partial<Settings> = {}) {
    const workerMemory = 1e9 as Bytes;
    const all = { ...ROUND_SETTINGS, workerMemory, ...settings };
    this.machine = new Worker(this.env, workerNode(0), all);
    this.machine.handle({ tag: "deploy", plan });
  }

  /** Handles the inputs one by one; gives what the last one asked for. */
  handle(...inputs: readonly Input[]): ReturnType<RecordEnv["take"]> {
    for (const input of inputs) {
      this.env.take();
      this.env.takeKinds();
      this.machine.handle(input);
    }
    return this.env.take();
  }
}

function trigger(answers: readonly Answer[], invocation = 1): Input {
  const message: Message = { tag: "trigger", plan: 0, invocation, answers, facts: [], lost: [] };
  return { tag: "message", from: GATEWAY, message };
}

const yes = (edge: number): Answer => ({ edge, item: 0, taken: true });
const begin = trigger([yes(edgeTo(-1, FIRST))]);
const runFirst: Input = {
  tag: "timer",
  timer: { tag: "run", invocation: 1, task: FIRST, item: 0 },
};
const ready: Input = { tag: "ready", container: 0 };
const executed = (activation: number): Input => ({
  tag: "executed",
  activation,
  outputs: [100 as Bytes],
  compute: 0 as Micros,
  sleep: 0 as Micros,
  facts: [],
});
const stored: Input = { tag: "stored", activation: 0, slot: 0 };
const untilExecuted = [begin, runFirst, ready, executed(0)];

test("a trigger asks for a turn of its own, the turn for a container, the container for the run", () => {
  const bench = new Bench(diamond([0, 0, 0, 0]));
  assert.equal(
    bench.handle(begin).map(({ call }) => call),
    ["timer"],
  );
  assert.equal(bench.handle(runFirst), [
    { call: "boot", request: { container: 0, plan: 0, task: FIRST } },
  ]);
  const calls = bench.handle(ready).filter(({ call }) => call !== "timer");
  assert.equal(
    calls.map(({ call }) => call),
    ["start"],
  );
});

test("an output goes to the store of its tag", () => {
  const [put] = new Bench(diamond([0, 0, 0, 0], "local")).handle(...untilExecuted);
  assert.ok(put?.call === "put" && put.request.tier === "local" && put.request.bytes === 100);
});

test("successors on this worker get a turn, no message is sent", () => {
  const calls = new Bench(diamond([0, 0, 0, 0])).handle(...untilExecuted, stored);
  const turns = calls.flatMap((call) =>
    call.call === "timer" && call.timer.tag === "run" ? [call.timer.task] : [],
  );
  assert.equal(turns, [LEFT, RIGHT]);
  assert.equal(sent(calls), []);
});

test("answers for one other worker go in one message if triggers are batched", () => {
  const plan = diamond([0, 1, 1, 1]);
  const counts = [true, false].map((batchTriggers) => {
    const messages = sent(new Bench(plan, { batchTriggers }).handle(...untilExecuted, stored));
    return messages.map(([, message]) => (message.tag === "trigger" ? message.answers.length : 0));
  });
  assert.equal(counts, [[2], [1, 1]]);
});

test("a trigger that comes twice has no effect but an event", () => {
  const bench = new Bench(diamond([0, 0, 0, 0]));
  assert.equal(bench.handle(begin, begin), []);
  assert.equal(bench.env.takeKinds(), ["duplicate"]);
});

test("a join waits for all its in-edges, whichever comes first and however often", () => {
  const bench = new Bench(diamond([1, 1, 1, 0]));
  const left = trigger([yes(edgeTo(LEFT, LAST))]);
  const right = trigger([yes(edgeTo(RIGHT, LAST))]);
  assert.equal(bench.handle(right, right), []);
  assert.is(bench.handle(left).length, 1);
});

test("a task all of whose in-edges are skipped is skipped, and the gateway hears of the sink", () => {
  const bench = new Bench(diamond([1, 1, 1, 0]));
  const skips = [LEFT, RIGHT].map((from) => ({
    edge: edgeTo(from, LAST),
    item: 0,
    taken: false,
  }));
  assert.equal(sent(bench.handle(trigger(skips))), [
    [GATEWAY, { tag: "answered", invocation: 1, sinks: [LAST] }],
  ]);
});

test("a result of an attempt that is over changes nothing", () => {
  const bench = new Bench(diamond([0, 0, 0, 0]));
  const failed: Input = { tag: "execution-failed", activation: 0, reason: "error" };
  bench.handle(begin, runFirst, ready, failed);
  assert.equal(bench.handle(executed(0)), []);
  assert.equal(bench.env.takeKinds(), ["late"]);
});

test("an answer of a container or store that comes twice has no effect", () => {
  const bench = new Bench(diamond([0, 0, 0, 0]));
  assert.equal(bench.handle(...untilExecuted, executed(0)), []);
  bench.handle(stored);
  assert.equal(bench.handle(stored), []);
});

test("a released invocation is forgotten: what comes later of it does nothing", () => {
  const bench = new Bench(diamond([0, 0, 0, 0], "local"));
  bench.handle(...untilExecuted, stored);
  const release: Message = { tag: "release", plan: 0, invocation: 1 };
  const calls = bench.handle({ tag: "message", from: GATEWAY, message: release });
  assert.equal(
    calls.map(({ call }) => call),
    ["drop"],
  );
  assert.equal(bench.handle(begin), []);
  assert.equal(bench.handle({ tag: "message", from: GATEWAY, message: release }), []);
});

test("the same inputs give the same calls and events", () => {
  const runs = [0, 1].map(() => {
    const bench = new Bench(diamond([0, 0, 1, 1], "both"));
    const inputs = [...untilExecuted, stored, begin];
    for (const input of inputs) bench.machine.handle(input);
    return [bench.env.calls, bench.env.events];
  });
  assert.equal(runs[0], runs[1]);
});

test("attempts end with the limit of retries, and the gateway hears why", () => {
  const bench = new Bench(diamond([0, 0, 0, 0]));
  const failed = (activation: number): Input => ({
    tag: "execution-failed",
    activation,
    reason: "error",
  });
  const retry: Input = { tag: "timer", timer: { tag: "retry", activation: 1 } };
  assert.equal(sent(bench.handle(begin, runFirst, ready, failed(0), retry)), []);
  assert.equal(sent(bench.handle(failed(1))), [
    [GATEWAY, { tag: "failed", invocation: 1, task: FIRST, item: 0, reason: "error" }],
  ]);
});

test("a container that never comes up costs the first that waits an attempt", () => {
  const bench = new Bench(diamond([0, 0, 0, 0]));
  const lost = (container: number): Input => ({ tag: "container-lost", container });
  const retry: Input = { tag: "timer", timer: { tag: "retry", activation: 1 } };
  const kinds = bench.handle(begin, runFirst, lost(0)).map(({ call }) => call);
  assert.equal(kinds, ["timer"]);
  assert.equal(sent(bench.handle(retry, lost(1))), [
    [GATEWAY, { tag: "failed", invocation: 1, task: FIRST, item: 0, reason: "container" }],
  ]);
});

/** Tasks that begin at once, in this order, each with its memory. */
function version(
  id: number,
  tasks: Readonly<Record<string, number>>,
  run: RunSpec = SYNTHETIC,
): Plan {
  const specs = Object.entries(tasks).map(([name, memory]) => {
    const { container } = task(name);
    return task(name, { run, container: { ...container, memory: memory as Bytes } });
  });
  return planOf(workflow("pair", specs), { id, version: id + 1 });
}

/** Deploys a next version while a container of each task is idle; whether each task's is used again. */
function warmAfter(first: Plan, next: Plan): Readonly<Record<string, boolean>> {
  const bench = new Bench(first);
  const taskNames = (plan: Plan): readonly string[] =>
    plan.graph.spec.tasks.map(({ name }) => name);
  const turn = (plan: Plan, index: number): Input => ({
    tag: "timer",
    timer: { tag: "run", invocation: plan.id, task: index, item: 0 },
  });
  const start = (plan: Plan): Input => {
    const answers = plan.graph.startEdges.map(yes);
    const message = { tag: "trigger", plan: plan.id, invocation: plan.id, answers } as const;
    return { tag: "message", from: GATEWAY, message: { ...message, facts: [], lost: [] } };
  };
  const end = (activation: number): Input => ({ ...executed(activation), outputs: [] }) as Input;
  bench.handle(start(first));
  for (const index of taskNames(first).keys()) {
    bench.handle(turn(first, index), { tag: "ready", container: index }, end(index));
  }
  bench.handle({ tag: "deploy", plan: next }, start(next));
  return Object.fromEntries(
    taskNames(next).map((name, index) => {
      const calls = bench.handle(turn(next, index)).map(({ call }) => call);
      return [name, !calls.includes("boot")];
    }),
  );
}

const MIB = 1_048_576;

test("a version that gives a task more memory gets new containers for it, and warm ones for the rest", () => {
  const first = version(0, { a: 64 * MIB, b: 64 * MIB });
  assert.equal(warmAfter(first, version(1, { a: 128 * MIB, b: 64 * MIB })), { a: false, b: true });
});

test("a version that runs something else in a task gets new containers", () => {
  const first = version(0, { a: 64 * MIB });
  const next = version(1, { a: 64 * MIB }, { tag: "command", command: ["true"] });
  assert.equal(warmAfter(first, next), { a: false });
});

test("a version with its tasks in another order has the warm containers of each", () => {
  const first = version(0, { a: 64 * MIB, b: 128 * MIB });
  const next = version(1, { new: 64 * MIB, a: 64 * MIB, b: 128 * MIB });
  assert.equal(warmAfter(first, next), { new: false, a: true, b: true });
});

test("what is still under way of an old version starts as many containers as the latest allows", () => {
  const limited = (id: number, limit: number): Plan => {
    const { container } = task("a");
    const wide = task("a", { container: { ...container, limit } });
    return planOf(workflow("one", id === 0 ? [wide] : [task("new"), wide]), { id });
  };
  const bench = new Bench(limited(0, 1));
  bench.handle({ tag: "deploy", plan: limited(1, 2) });
  const boots = [1, 2].flatMap((invocation) => {
    const start = trigger([yes(0)], invocation);
    const turn: Input = { tag: "timer", timer: { tag: "run", invocation, task: 0, item: 0 } };
    return bench.handle(start, turn).filter(({ call }) => call === "boot");
  });
  assert.equal(
    boots.map((call) => (call.call === "boot" ? [call.request.plan, call.request.task] : [])),
    [
      [1, 1],
      [1, 1],
    ],
  );
});

test.run();
