/**
 * Latency and throughput of both buses on loopback, over a nats-server of its own, and the cost of
 * the wire format. Needs nats-server. Run: node --import tsx test/bench/bus.ts
 */

import * as Effect from "effect/Effect";
import { workerNode } from "../../core/node.ts";
import type { BusService } from "../../live/bus.ts";
import { durableBus } from "../../live/durable-bus.ts";
import { connect } from "../../live/nats.ts";
import { startNatsServer } from "../../live/nats-server.ts";
import { volatileBus } from "../../live/volatile-bus.ts";
import { decode, type Envelope, encode, type Parcel } from "../../live/wire.ts";

const ROUNDS = 3_000;
const WARM_UP = 1_000;
const BURST = 20_000;

const trigger: Parcel = {
  kind: "message",
  run: "5f0a91c2",
  message: {
    tag: "trigger",
    plan: 0,
    invocation: 4,
    answers: [
      { edge: 1, item: 0, taken: true },
      { edge: 2, item: 0, taken: false },
      { edge: 5, item: 77, taken: true },
    ],
    facts: [
      { tag: "value", datum: 2, item: 0, value: "positive" },
      { tag: "count", datum: 1, item: 0, count: 5 },
      { tag: "absent", datum: 2, item: 0 },
    ],
    lost: [],
  },
};
const release: Parcel = {
  ...{ kind: "message", run: "5f0a91c2" },
  message: { tag: "release", plan: 0, invocation: 4 },
};

function wire(name: string, parcel: Parcel): void {
  const envelope: Envelope = { ...parcel, id: "k3v9x0ab-17", from: 0, to: 2 };
  const text = encode(envelope);
  const rounds = 50_000;
  const cost = (act: () => unknown): string => {
    for (let round = 0; round < rounds; round++) act();
    const start = performance.now();
    for (let round = 0; round < rounds; round++) act();
    return (((performance.now() - start) * 1000) / rounds).toFixed(1);
  };
  console.log(
    `wire, ${name}, ${text.length} bytes: encode ${cost(() => encode(envelope))} us, ` +
      `decode ${cost(() => decode(text))} us, ` +
      `of which JSON.parse ${cost(() => JSON.parse(text))} us`,
  );
}

function quantile(sorted: readonly number[], share: number): string {
  return `${(sorted[Math.floor((sorted.length - 1) * share)]! * 1000).toFixed(0)} us`;
}

/** One message at a time from one node to another, both in this process. */
async function latency(name: string, from: BusService, signal: Signal): Promise<void> {
  const took: number[] = [];
  for (let round = 0; round < WARM_UP + ROUNDS; round++) {
    const start = performance.now();
    const handled = signal.next();
    from.send(workerNode(1), trigger);
    await handled;
    if (round >= WARM_UP) took.push(performance.now() - start);
  }
  took.sort((a, b) => a - b);
  console.log(
    `${name}, send to handle: p50 ${quantile(took, 0.5)}, p95 ${quantile(took, 0.95)}, ` +
      `p99 ${quantile(took, 0.99)}, ${ROUNDS} messages`,
  );
}

async function throughput(name: string, from: BusService, signal: Signal): Promise<void> {
  const start = performance.now();
  const handled = signal.next(BURST);
  for (let index = 0; index < BURST; index++) from.send(workerNode(1), release);
  await handled;
  const rate = BURST / (performance.now() - start);
  console.log(`${name}, burst of ${BURST}: ${rate.toFixed(1)} k messages/s`);
}

class Signal {
  #left = 0;
  #resolve: () => void = () => undefined;

  next(count = 1): Promise<void> {
    this.#left = count;
    return new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  hit(): void {
    this.#left--;
    if (this.#left === 0) this.#resolve();
  }
}

const bench = Effect.gen(function* () {
  const server = yield* startNatsServer();
  for (const [name, bus] of [
    ["volatile", volatileBus],
    ["durable", durableBus],
  ] as const) {
    const open = Effect.fnUntraced(function* (node: number) {
      const credentials = { tag: "token", token: server.token } as const;
      const link = yield* connect({ url: server.url, name: "bench", credentials });
      return yield* bus(link, { cluster: "bench", node });
    });
    const from = yield* open(workerNode(0));
    const to = yield* open(workerNode(1));
    const signal = new Signal();
    yield* to.serve(() => signal.hit());
    yield* Effect.promise(() => latency(name, from, signal));
    yield* Effect.promise(() => throughput(name, from, signal));
  }
});

wire("release", release);
wire("trigger", trigger);
await Effect.runPromise(Effect.scoped(bench));
