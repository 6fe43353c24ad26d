/** Control messages: latency, the loops' service times, and what faults do to messages. */

import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Input } from "../../core/env.ts";
import { GATEWAY, MASTER, type NodeId, workerNode } from "../../core/node.ts";
import type { Message } from "../../core/protocol.ts";
import { NO_TIME } from "../../core/units.ts";
import { EngineLoop } from "../../sim/engine-loop.ts";
import { type Faults, NO_FAULTS } from "../../sim/faults.ts";
import { Kernel } from "../../sim/kernel.ts";
import { Streams } from "../../sim/streams.ts";
import { Transport } from "../../sim/transport.ts";
import { seconds } from "../fixtures/scenario.ts";

const [ONE, TWO, THREE] = [workerNode(0), workerNode(1), workerNode(2)];
const LATENCY = seconds(0.001);

interface Heard {
  readonly at: number;
  readonly to: NodeId;
  readonly input: Input;
}

class Net {
  readonly kernel: Kernel;
  readonly transport: Transport;
  readonly heard: Heard[];

  constructor(faults: Partial<Faults> = {}, requestTime = NO_TIME) {
    this.kernel = new Kernel();
    this.heard = [];
    const chance = new Streams("net").stream("messages");
    const all = { ...NO_FAULTS, ...faults };
    this.transport = new Transport({ kernel: this.kernel, latency: LATENCY, faults: all, chance });
    for (const to of [GATEWAY, MASTER, ONE, TWO, THREE]) {
      const loop = new EngineLoop(this.kernel, { requestTime });
      loop.start({ handle: (input) => this.heard.push({ at: this.kernel.now / 1000, to, input }) });
      this.transport.connect(to, loop);
    }
  }

  /** Sends `count` polls at that time. */
  send(at_s: number, from: NodeId, to: NodeId, count = 1): void {
    this.kernel.at(seconds(at_s), {
      step: () => {
        for (let poll = 0; poll < count; poll++) this.transport.send(from, to, POLL(poll));
      },
    });
  }

  /** When each message was heard, milliseconds. */
  times(): readonly number[] {
    this.kernel.run(() => false);
    return this.heard.map(({ at }) => at);
  }

  polls(): readonly number[] {
    return this.heard.flatMap(({ input }) =>
      input.tag === "message" && input.message.tag === "poll" ? [input.message.poll] : [],
    );
  }
}

const POLL = (poll: number): Message => ({ tag: "poll", poll });

test("a message between hosts takes the latency; gateway and master share one host", () => {
  const net = new Net();
  net.send(0, GATEWAY, ONE);
  net.send(0, ONE, TWO);
  net.send(0, GATEWAY, MASTER);
  net.send(0, ONE, ONE);
  const byNode = new Map(net.times().map((at, index) => [net.heard[index]!.to, at]));
  assert.equal(
    byNode,
    new Map([
      [MASTER, 0],
      [ONE, 1],
      [TWO, 1],
    ]),
  );
  assert.equal(net.transport.counts, { sent: 4, lost: 0 });
});

test("messages from one node to another keep their order", () => {
  const net = new Net();
  net.send(0, ONE, TWO, 5);
  net.times();
  assert.equal(net.polls(), [0, 1, 2, 3, 4]);
});

test("a node serves its messages one after another, a service time each", () => {
  const net = new Net({}, seconds(0.002));
  net.send(0, ONE, TWO, 3);
  net.send(0.02, ONE, TWO, 1);
  assert.equal(net.times(), [3, 5, 7, 23]);
});

test("a trigger takes one service time, however many edges it answers; an answer takes none", () => {
  const net = new Net({}, seconds(0.002));
  const answers = [1, 2, 3].map((edge) => ({ edge, item: 0, taken: true }));
  const about = { plan: 0, invocation: 0, facts: [], lost: [] };
  const message: Message = { tag: "trigger", answers, ...about };
  net.kernel.at(seconds(0), { step: () => net.transport.send(ONE, TWO, message) });
  const load: Message = { tag: "load", poll: 0, running: 0, queued: 0 };
  net.kernel.at(seconds(0.01), { step: () => net.transport.send(ONE, TWO, load) });
  assert.equal(net.times(), [1 + 2, 10 + 1]);
});

test("a lost message that is redelivered comes a whole number of redeliveries later", () => {
  const net = new Net({ loss: 0.5, redelivery: seconds(0.1) });
  net.send(0, ONE, TWO, 400);
  const times = net.times();
  assert.is(times.length, 400);
  for (const time of times) assert.is((time - 1) % 100, 0);
  const late = times.filter((time) => time > 1).length;
  assert.ok(late > 150 && late < 250, `${late} of 400`);
  assert.is(net.transport.counts.lost, 0);
});

test("a lost message that nobody redelivers is gone, and counted", () => {
  const net = new Net({ loss: 0.5, redelivery: undefined });
  net.send(0, ONE, TWO, 400);
  const heard = net.times().length;
  assert.ok(heard > 150 && heard < 250, `${heard} of 400`);
  assert.is(net.transport.counts.lost, 400 - heard);
});

test("duplicates come besides, and no message is missing", () => {
  const net = new Net({ duplication: 0.5 });
  net.send(0, ONE, TWO, 400);
  const count = net.times().length;
  assert.ok(count > 550 && count < 650, `${count}`);
  assert.is(new Set(net.polls()).size, 400);
});

test("late messages are late by up to the delay", () => {
  const net = new Net({ delayed: 0.5, delay: seconds(0.02) });
  net.send(0, ONE, TWO, 400);
  const times = net.times();
  const late = times.filter((time) => time > 1);
  assert.ok(late.length > 150 && late.length < 250, `${late.length} of 400`);
  assert.ok(Math.max(...late) <= 21 && Math.max(...late) > 19);
});

test("a partition holds messages across it until it heals, and no others", () => {
  const cut = { workers: [0], from: seconds(1), to: seconds(2) };
  const net = new Net({ partitions: [cut], redelivery: seconds(0.3) });
  net.send(0.5, ONE, TWO);
  net.send(1.5, TWO, THREE);
  net.send(1.5, ONE, TWO);
  net.send(1.5, GATEWAY, ONE);
  net.send(2.5, ONE, TWO);
  assert.equal(net.times(), [501, 1501, 2101, 2101, 2501]);
});

test("a partition without redelivery loses what crosses it", () => {
  const cut = { workers: [0, 1], from: seconds(1), to: seconds(2) };
  const net = new Net({ partitions: [cut], redelivery: undefined });
  net.send(1.5, ONE, TWO);
  net.send(1.5, ONE, THREE);
  assert.equal(net.times(), [1501]);
  assert.is(net.transport.counts.lost, 1);
});

test("a stopped engine hears nothing; what waited for it is lost with it", () => {
  const kernel = new Kernel();
  const loop = new EngineLoop(kernel, { requestTime: seconds(0.01) });
  const heard: string[] = [];
  loop.start({ handle: () => heard.push("old") });
  const input: Input = { tag: "message", from: ONE, message: POLL(0) };
  kernel.at(seconds(0), { step: () => loop.receive(input) });
  kernel.at(seconds(0.005), { step: () => loop.stop() });
  kernel.at(seconds(0.006), { step: () => loop.receive(input) });
  kernel.at(seconds(0.008), { step: () => loop.start({ handle: () => heard.push("new") }) });
  kernel.at(seconds(0.02), { step: () => loop.receive(input) });
  kernel.run(() => false);
  assert.equal(heard, ["new"]);
});

test.run();
