/** Messages between nodes, over a real nats-server that is killed and comes back. */

import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Redacted from "effect/Redacted";
import * as Scope from "effect/Scope";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { GATEWAY, workerNode } from "../../core/node.ts";
import { volatileBus } from "../../live/volatile-bus.ts";
import { EVERY_KIND } from "./messages.ts";
import {
  BUSES,
  directory,
  join,
  kill,
  link,
  numbered,
  revive,
  run,
  Seen,
  start,
  until,
  upTo,
} from "./nats-cluster.ts";

const WORKER = workerNode(0);
const SUBJECT = "faasflow.a=20test=2e.node.worker-1";

for (const [name, make] of BUSES) {
  test(
    `${name}: every kind of message arrives, in order, with its sender`,
    run(
      Effect.fnUntraced(function* () {
        const server = yield* start();
        const from = yield* join(server, make, { node: GATEWAY });
        const to = yield* join(server, make, { node: WORKER });
        const other = yield* join(server, make, { node: workerNode(1) });
        const seen = new Seen();
        const elsewhere = new Seen();
        yield* to.bus.serve(seen.handle);
        yield* other.bus.serve(elsewhere.handle);
        for (const parcel of EVERY_KIND) from.bus.send(WORKER, parcel);
        yield* from.bus.flush();
        yield* until("all have arrived", () => seen.envelopes.length >= EVERY_KIND.length);
        const parcels = seen.envelopes.map(({ kind, run, message }) => ({ kind, run, message }));
        assert.equal(parcels, EVERY_KIND);
        assert.ok(seen.envelopes.every((each) => each.from === GATEWAY && each.to === WORKER));
        const ids = new Set(seen.envelopes.map(({ id }) => id));
        assert.is(ids.size, EVERY_KIND.length);
        assert.is(elsewhere.envelopes.length, 0);
      }),
    ),
  );

  test(
    `${name}: the next message waits for the promise of the one before`,
    run(
      Effect.fnUntraced(function* () {
        const server = yield* start();
        const from = yield* join(server, make, { node: GATEWAY });
        const to = yield* join(server, make, { node: WORKER });
        const trace: string[] = [];
        yield* to.bus.serve(async ({ id }) => {
          trace.push("begin");
          await new Promise((resolve) => setTimeout(resolve, 1 + (id.length % 3)));
          trace.push("end");
        });
        for (const poll of upTo(20)) from.bus.send(WORKER, numbered(poll));
        yield* until("all are handled", () => trace.length >= 40);
        assert.equal(
          trace,
          upTo(20).flatMap(() => ["begin", "end"]),
        );
      }),
    ),
  );

  test(
    `${name}: a payload that is no message is dropped with a log, the next one arrives`,
    run(
      Effect.fnUntraced(function* (log) {
        const server = yield* start();
        const from = yield* join(server, make, { node: GATEWAY });
        const to = yield* join(server, make, { node: WORKER });
        const seen = new Seen();
        yield* to.bus.serve(seen.handle);
        const release = { kind: "message", message: { tag: "release", plan: 0, invocation: 1 } };
        const text = JSON.stringify({ v: 7, id: "x", from: 0, to: WORKER, ...release });
        for (const payload of ["no JSON", new Uint8Array([255, 0]), text]) {
          from.link.publish(SUBJECT, payload);
        }
        from.bus.send(WORKER, numbered(1));
        yield* until("the message has arrived", () => seen.envelopes.length > 0);
        assert.equal(seen.numbers, [1]);
        assert.is(log.filter((line) => /worker-1: dropped/.test(line)).length, 3, log.join("\n"));
        assert.match(log.join("\n"), /v is 7/);
      }),
    ),
  );

  test(
    `${name}: what is sent while the server is away goes out in order when it is back`,
    run(
      Effect.fnUntraced(function* () {
        const server = yield* start({ directory: yield* directory });
        // On one connection: else the sender may be back before the receiver has subscribed.
        const shared = yield* link(server);
        const from = yield* make(shared, { cluster: "x", node: GATEWAY });
        const to = yield* make(shared, { cluster: "x", node: WORKER });
        const seen = new Seen();
        yield* to.serve(seen.handle);
        yield* kill(server);
        yield* until("the loss is noticed", () => !shared.connected());
        for (const poll of upTo(300)) from.send(WORKER, numbered(poll));
        yield* revive(server);
        yield* from.flush();
        yield* until("the last has arrived", () => seen.numbers.includes(299));
        assert.equal(seen.numbers, upTo(300));
      }),
    ),
  );

  test(
    `${name}: flush ends with an error while the server is away`,
    run(
      Effect.fnUntraced(function* () {
        const server = yield* start();
        const from = yield* join(server, make, { node: GATEWAY, patienceMillis: 200 });
        yield* kill(server);
        yield* until("the loss is noticed", () => !from.link.connected());
        from.bus.send(WORKER, numbered(1));
        const error = yield* Effect.flip(from.bus.flush());
        assert.is(error.reason, "timeout");
        assert.match(error.message, /Is the NATS server up/);
      }),
    ),
  );

  test(
    `${name}: a message that the server would refuse is dropped with an error, the next arrives`,
    run(
      Effect.fnUntraced(function* () {
        const server = yield* start();
        const from = yield* join(server, make, { node: GATEWAY });
        const to = yield* join(server, make, { node: WORKER });
        const seen = new Seen();
        yield* to.bus.serve(seen.handle);
        const sinks = upTo(3_000_000);
        from.bus.send(WORKER, {
          kind: "message",
          run: "a-run",
          message: { tag: "answered", invocation: 1, sinks },
        });
        from.bus.send(WORKER, numbered(2));
        const error = yield* Effect.flip(from.bus.flush());
        assert.is(error.reason, "too-big");
        assert.match(error.message, /max_payload/);
        yield* from.bus.flush();
        yield* until("the message has arrived", () => seen.envelopes.length > 0);
        assert.equal(seen.numbers, [2]);
      }),
    ),
  );

  test(
    `${name}: a handler that throws gets nothing more, and the bus says so`,
    run(
      Effect.fnUntraced(function* () {
        const server = yield* start();
        const from = yield* join(server, make, { node: GATEWAY });
        const to = yield* join(server, make, { node: WORKER });
        const seen = new Seen();
        yield* to.bus.serve((envelope) => {
          seen.handle(envelope);
          throw new Error("a broken invariant");
        });
        for (const poll of upTo(3)) from.bus.send(WORKER, numbered(poll));
        const error = yield* Effect.flip(to.bus.failure);
        assert.is(error.reason, "handler");
        assert.match(error.message, /a broken invariant/);
        yield* from.bus.flush();
        assert.equal(seen.numbers, [0]);
      }),
    ),
  );
}

test(
  "volatile: too many messages that nobody takes are dropped, and flush says so",
  run(
    Effect.fnUntraced(function* (log) {
      const server = yield* start({ directory: yield* directory });
      const from = yield* join(server, volatileBus, { node: GATEWAY, maxWaiting: 10 });
      yield* kill(server);
      yield* until("the loss is noticed", () => !from.link.connected());
      for (const poll of upTo(15)) from.bus.send(WORKER, numbered(poll));
      yield* revive(server);
      const error = yield* Effect.flip(from.bus.flush());
      assert.is(error.reason, "overflow");
      assert.is(log.filter((line) => /dropped/.test(line)).length, 1);
      yield* from.bus.flush();
    }),
  ),
);

test(
  "volatile: a server killed in the middle loses only what was on the way",
  run(
    Effect.fnUntraced(function* () {
      const server = yield* start({ directory: yield* directory });
      const from = yield* join(server, volatileBus, { node: GATEWAY });
      const to = yield* join(server, volatileBus, { node: WORKER });
      const seen = new Seen();
      yield* to.bus.serve(seen.handle);
      for (const poll of upTo(100)) from.bus.send(WORKER, numbered(poll));
      yield* until("the first have arrived", () => seen.envelopes.length >= 100);
      for (const poll of upTo(100, 100)) from.bus.send(WORKER, numbered(poll));
      yield* kill(server);
      yield* until("the loss is noticed", () => !from.link.connected() && !to.link.connected());
      yield* revive(server);
      yield* until("both are back", () => from.link.connected() && to.link.connected());
      for (const poll of upTo(100, 200)) from.bus.send(WORKER, numbered(poll));
      yield* until("the last has arrived", () => seen.numbers.includes(299));
      const { numbers } = seen;
      assert.equal(
        numbers,
        [...new Set(numbers)].sort((a, b) => a - b),
      );
      const lost = upTo(300).filter((poll) => !numbers.includes(poll));
      assert.ok(
        lost.every((poll) => poll >= 100 && poll < 200),
        lost.join(" "),
      );
    }),
  ),
);

test(
  "a server that comes back with another token is logged once, and used once it has the old one",
  run(
    Effect.fnUntraced(function* (log) {
      const server = yield* start({ directory: yield* directory });
      const { bus } = yield* join(server, volatileBus, { node: GATEWAY });
      yield* kill(server);
      const other = yield* revive({ ...server, token: Redacted.make("another") });
      yield* until("the refusal is logged", () => log.some((line) => /NATS refuses/.test(line)));
      yield* kill(other);
      yield* revive(server);
      yield* bus.flush();
      assert.is(log.filter((line) => /NATS refuses: .*Authorization/i.test(line)).length, 1);
      assert.match(log.join("\n"), /is back/);
    }),
  ),
);

test(
  "the connection closed for good ends the bus",
  run(
    Effect.fnUntraced(function* () {
      const server = yield* start();
      const life = yield* Scope.make();
      const connection = yield* link(server).pipe(Scope.provide(life));
      const bus = yield* volatileBus(connection, { cluster: "x", node: GATEWAY });
      yield* Scope.close(life, Exit.void);
      const error = yield* Effect.flip(bus.failure);
      assert.is(error.reason, "closed");
    }),
  ),
);

test.run();
