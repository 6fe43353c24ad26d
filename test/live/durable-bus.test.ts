/** What the durable bus keeps, over a real nats-server that is killed and comes back. */

import { writeFileSync } from "node:fs";
import { join as path } from "node:path";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Fiber from "effect/Fiber";
import * as Scope from "effect/Scope";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { GATEWAY, MASTER, workerNode } from "../../core/node.ts";
import { durableBus } from "../../live/durable-bus.ts";
import type { NatsServer } from "../../live/nats-server.ts";
import { encode } from "../../live/wire.ts";
import {
  directory,
  join,
  kill,
  link,
  numbered,
  restart,
  revive,
  run,
  Seen,
  start,
  until,
  upTo,
} from "./nats-cluster.ts";

const WORKER = workerNode(0);
const SUBJECT = "faasflow.a=20test=2e.node.worker-1";
const STREAM = "faasflow-a=20test=2e";

/** A gateway and a worker that notes what it handles. */
const pair = Effect.fnUntraced(function* (server: NatsServer) {
  const from = yield* join(server, durableBus, { node: GATEWAY });
  const to = yield* join(server, durableBus, { node: WORKER });
  const seen = new Seen();
  yield* to.bus.serve(seen.handle);
  return { from, seen };
});

test(
  "durable: a server killed in the middle loses nothing and repeats nothing",
  run(
    Effect.fnUntraced(function* () {
      let server = yield* start({ directory: yield* directory });
      const { from, seen } = yield* pair(server);
      const rounds = 3;
      const many = 2_000;
      for (const round of upTo(rounds)) {
        for (const poll of upTo(many, round * many)) from.bus.send(WORKER, numbered(poll));
        const some = round * many + many / 4;
        yield* until("some have arrived", () => seen.envelopes.length >= some);
        server = yield* restart(server);
      }
      yield* from.bus.flush();
      yield* until("the last has arrived", () => seen.numbers.includes(rounds * many - 1));
      assert.equal(seen.numbers, upTo(rounds * many));
    }),
  ),
);

test(
  "durable: a server that lost its disk gets a new stream and what it had not acknowledged",
  run(
    Effect.fnUntraced(function* () {
      const server = yield* start({ directory: yield* directory });
      const { from, seen } = yield* pair(server);
      yield* kill(server);
      yield* until("the loss is noticed", () => !from.link.connected());
      for (const poll of upTo(5)) from.bus.send(WORKER, numbered(poll));
      yield* revive(server, yield* directory);
      yield* until("all have arrived", () => seen.envelopes.length >= 5);
      assert.equal(seen.numbers, upTo(5));
    }),
  ),
);

test(
  "durable: what a node had not finished when it died comes to its next incarnation, in order",
  run(
    Effect.fnUntraced(function* () {
      const server = yield* start();
      const from = yield* join(server, durableBus, { node: GATEWAY });
      const life = yield* Scope.make();
      const first = yield* join(server, durableBus, { node: WORKER }).pipe(Scope.provide(life));
      const before = new Seen();
      yield* first.bus
        .serve((envelope) => {
          before.handle(envelope);
          // Never done with the third.
          return before.envelopes.length < 3 ? undefined : new Promise(() => undefined);
        })
        .pipe(Scope.provide(life));
      for (const poll of upTo(50)) from.bus.send(WORKER, numbered(poll));
      yield* from.bus.flush();
      yield* until("the third has begun", () => before.envelopes.length === 3);
      yield* Scope.close(life, Exit.void);
      const second = yield* join(server, durableBus, { node: WORKER });
      const after = new Seen();
      yield* second.bus.serve(after.handle);
      yield* until("the last has arrived", () => after.numbers.includes(49));
      assert.equal(before.numbers, [0, 1, 2]);
      assert.equal(after.numbers, upTo(48, 2));
    }),
  ),
);

test(
  "durable: what is sent to a node that is not there waits for it",
  run(
    Effect.fnUntraced(function* () {
      const server = yield* start();
      const from = yield* join(server, durableBus, { node: GATEWAY });
      for (const poll of upTo(10)) from.bus.send(WORKER, numbered(poll));
      yield* from.bus.flush();
      const to = yield* join(server, durableBus, { node: WORKER });
      const seen = new Seen();
      yield* to.bus.serve(seen.handle);
      yield* until("the last has arrived", () => seen.numbers.includes(9));
      assert.equal(seen.numbers, upTo(10));
    }),
  ),
);

test(
  "durable: a message stored twice is handled once",
  run(
    Effect.fnUntraced(function* () {
      const server = yield* start();
      const { from, seen } = yield* pair(server);
      const text = encode({ ...numbered(7), id: "twice-0", from: GATEWAY, to: WORKER });
      // Without the header JetStream takes both; with it, one.
      for (const options of [{}, {}, { id: "twice-0" }, { id: "twice-0" }]) {
        from.link.publish(SUBJECT, text, options);
      }
      from.bus.send(WORKER, numbered(8));
      yield* until("the last has arrived", () => seen.numbers.includes(8));
      assert.equal(seen.numbers, [7, 8]);
    }),
  ),
);

test(
  "durable: a message is handled before JetStream takes it, and once",
  run(
    Effect.fnUntraced(function* () {
      const server = yield* start();
      const { from, seen } = yield* pair(server);
      from.bus.send(WORKER, numbered(0));
      yield* until("the first has arrived", () => seen.numbers.includes(0));
      const { streams } = yield* Effect.promise(() => from.link.jetStream());
      const limit = (max_msgs: number) =>
        Effect.promise(() => streams.update(STREAM, { max_msgs, discard: "new" }));
      const stored = (wanted: number) =>
        Effect.promise(async () => {
          while ((await streams.info(STREAM)).state.messages !== wanted);
        });
      from.bus.send(MASTER, numbered(0));
      yield* from.bus.flush();
      yield* stored(1);
      yield* limit(1);
      for (const poll of upTo(3, 1)) from.bus.send(WORKER, numbered(poll));
      yield* until("all have arrived", () => seen.numbers.includes(3));
      yield* stored(1);
      yield* limit(100);
      yield* from.bus.flush();
      from.bus.send(WORKER, numbered(4));
      yield* until("the last has arrived", () => seen.numbers.includes(4));
      assert.equal(seen.numbers, upTo(5));
    }),
  ),
);

test(
  "durable: who serves a node that another process takes is told at once, and gets nothing more",
  run(
    Effect.fnUntraced(function* () {
      const server = yield* start();
      const from = yield* join(server, durableBus, { node: GATEWAY });
      const one = yield* join(server, durableBus, { node: WORKER });
      const two = yield* join(server, durableBus, { node: WORKER });
      const before = new Seen();
      const after = new Seen();
      yield* one.bus.serve(before.handle);
      from.bus.send(WORKER, numbered(0));
      yield* until("the first has arrived", () => before.numbers.includes(0));
      yield* from.bus.flush();
      yield* two.bus.serve(after.handle);
      yield* Effect.promise(() => two.link.flush());
      for (const poll of upTo(3, 1)) from.bus.send(WORKER, numbered(poll));
      const error = yield* Effect.flip(one.bus.failure);
      assert.is(error.reason, "taken-over");
      yield* until("all have arrived", () => after.numbers.includes(3));
      assert.equal(before.numbers, [0]);
    }),
  ),
);

test(
  "durable: of two processes that serve one node, one goes on and one is told",
  run(
    Effect.fnUntraced(function* () {
      const server = yield* start({ directory: yield* directory });
      const one = yield* join(server, durableBus, { node: WORKER });
      const two = yield* join(server, durableBus, { node: WORKER });
      const seen = new Seen();
      yield* one.bus.serve(seen.handle);
      yield* two.bus.serve(seen.handle);
      const told = yield* Effect.forkChild(
        Effect.flip(Effect.raceFirst(one.bus.failure, two.bus.failure)),
      );
      yield* restart(server);
      const error = yield* Fiber.join(told);
      assert.is(error.reason, "taken-over");
      assert.match(error.message, /another process serves worker-1/);
      const from = yield* join(server, durableBus, { node: GATEWAY });
      from.bus.send(WORKER, numbered(1));
      yield* until("the message has arrived", () => seen.envelopes.length > 0);
      assert.equal(seen.numbers, [1]);
    }),
  ),
);

test(
  "durable: a consumer that was made, though the answer came too late, is our own",
  run(
    Effect.fnUntraced(function* () {
      const server = yield* start({ directory: yield* directory });
      const connection = yield* link(server);
      let late = 0;
      const manager = connection.jetStream.bind(connection);
      connection.jetStream = async () => {
        const { consumers, streams } = await manager();
        const add: typeof consumers.add = async (...asked) => {
          const made = await consumers.add(...asked);
          if (late-- > 0) throw new Error("timeout");
          return made;
        };
        const same = {
          info: consumers.info.bind(consumers),
          delete: consumers.delete.bind(consumers),
        };
        return { streams, consumers: { ...same, add } } as Awaited<ReturnType<typeof manager>>;
      };
      const bus = yield* durableBus(connection, { cluster: "a test.", node: WORKER });
      const seen = new Seen();
      yield* bus.serve(seen.handle);
      late = 1;
      const failed = yield* Effect.forkChild(Effect.flip(bus.failure));
      const revived = yield* restart(server);
      const hasFailed = (): boolean => failed.pollUnsafe() !== undefined;
      yield* until("it has asked again", () => late < 0 || hasFailed());
      assert.not.ok(hasFailed());
      const from = yield* join(revived, durableBus, { node: GATEWAY });
      from.bus.send(WORKER, numbered(1));
      yield* until("the message has arrived", () => seen.envelopes.length > 0);
      assert.equal(seen.numbers, [1]);
    }),
  ),
);

test(
  "durable: too many messages that nobody takes end the bus with an error",
  run(
    Effect.fnUntraced(function* () {
      const server = yield* start();
      const from = yield* join(server, durableBus, { node: GATEWAY, maxWaiting: 10 });
      yield* kill(server);
      yield* until("the loss is noticed", () => !from.link.connected());
      for (const poll of upTo(11)) from.bus.send(WORKER, numbered(poll));
      const error = yield* Effect.flip(from.bus.failure);
      assert.is(error.reason, "overflow");
    }),
  ),
);

test(
  "durable: a server without JetStream gives an error that says how to start it",
  run(
    Effect.fnUntraced(function* () {
      const binary = path(yield* directory, "without-jetstream");
      const script = `sed -i.bak /jetstream/d "$2"; PATH="$PATH:/usr/sbin" exec nats-server "$@"`;
      writeFileSync(binary, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
      const server = yield* start({ binary });
      const error = yield* Effect.flip(
        join(server, durableBus, { node: GATEWAY, patienceMillis: 300 }),
      );
      assert.is(error._tag === "BusError" && error.reason, "no-jetstream");
      assert.match(error.message, /-js -sd DIRECTORY/);
    }),
  ),
);

test(
  "durable: a stream of another kind under the cluster's name gives an error that names it",
  run(
    Effect.fnUntraced(function* () {
      const server = yield* start();
      const connection = yield* link(server);
      const { streams } = yield* Effect.promise(() => connection.jetStream());
      yield* Effect.promise(() => streams.add({ name: STREAM, subjects: ["something.else"] }));
      const error = yield* Effect.flip(join(server, durableBus, { node: GATEWAY }));
      assert.is(error._tag === "BusError" && error.reason, "stream");
      assert.match(error.message, new RegExp(STREAM));
    }),
  ),
);

test.run();
