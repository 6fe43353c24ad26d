/** Events and lines on their way from daemons to the gateway, over a real nats-server. */

import * as Effect from "effect/Effect";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Event } from "../../core/events.ts";
import { systemClock } from "../../live/clock.ts";
import { EventFeed, type FeedOptions, feedSubject, type Lines } from "../../live/event-feed.ts";
import { EventIntake } from "../../live/event-intake.ts";
import type { NatsLink } from "../../live/nats.ts";
import type { NatsServer } from "../../live/nats-server.ts";
import { eventAt } from "./events.ts";
import { link, restart, run, start, until } from "./nats-cluster.ts";

const CLUSTER = "a test.";
const NODE = 2;

interface Gateway {
  readonly intake: EventIntake;
  readonly events: Event[];
  readonly lines: Lines[];
}

/** The gateway's side; `present` are the daemons that it waits for. */
const gateway = Effect.fnUntraced(function* (server: NatsServer, present: readonly number[]) {
  const connection = yield* link(server);
  const events: Event[] = [];
  const lines: Lines[] = [];
  const intake = new EventIntake(connection, CLUSTER, {
    run: "a-run",
    present: () => present,
    event: (event) => events.push(event),
    lines: (some) => lines.push(some),
  });
  yield* Effect.addFinalizer(() => Effect.sync(() => intake.stop()));
  yield* Effect.promise(() => connection.flush());
  const heard: Gateway = { intake, events, lines };
  return heard;
});

const feedOver = Effect.fnUntraced(function* (
  connection: NatsLink,
  options: Partial<FeedOptions> = {},
) {
  const clock = systemClock();
  const parts = { link: connection, clock, cluster: CLUSTER, node: NODE, incarnation: "first" };
  const feed = yield* Effect.acquireRelease(
    Effect.sync(() => new EventFeed({ ...parts, ...options })),
    (opened) => Effect.sync(() => opened.close()),
  );
  feed.join("a-run");
  yield* Effect.promise(() => connection.flush());
  return feed;
});

function upTo(count: number): readonly Event[] {
  return Array.from({ length: count }, (_, value) => eventAt(value, { value, why: "local" }));
}

test(
  "what a daemon observes comes to the gateway whole and in order, by itself",
  run(
    Effect.fnUntraced(function* () {
      const server = yield* start();
      const { events, intake } = yield* gateway(server, [NODE]);
      const feed = yield* feedOver(yield* link(server));
      const said = upTo(5_000);
      for (const event of said) feed.add(event);
      yield* until("all have come", () => events.length >= said.length);
      assert.equal(events, said);
      assert.is(intake.missing, 0);
    }),
  ),
);

test(
  "once gathered, all that happened before is there",
  run(
    Effect.fnUntraced(function* () {
      const server = yield* start();
      const { events, intake } = yield* gateway(server, [NODE]);
      const feed = yield* feedOver(yield* link(server));
      for (const event of upTo(3)) feed.add(event);
      yield* Effect.promise(() => intake.gather());
      assert.is(events.length, 3);
    }),
  ),
);

test(
  "gathering ends also when a daemon does not answer",
  run(
    Effect.fnUntraced(function* () {
      const server = yield* start();
      const { intake } = yield* gateway(server, [NODE, NODE + 1]);
      yield* feedOver(yield* link(server));
      yield* Effect.promise(() => intake.gather());
    }),
  ),
);

test(
  "what waits during an outage comes afterwards",
  run(
    Effect.fnUntraced(function* () {
      const server = yield* start();
      const { events, intake } = yield* gateway(server, [NODE]);
      const connection = yield* link(server);
      const feed = yield* feedOver(connection);
      yield* restart(server);
      for (const event of upTo(10)) feed.add(event);
      yield* until("connected", () => connection.connected());
      yield* until("all have come", () => events.length === 10);
      assert.is(intake.missing, 0);
    }),
  ),
);

test(
  "events that found no room are counted at the gateway",
  run(
    Effect.fnUntraced(function* () {
      const server = yield* start();
      const { events, intake } = yield* gateway(server, [NODE]);
      const feed = yield* feedOver(yield* link(server), { maxWaiting: 4 });
      for (const event of upTo(10)) feed.add(event);
      yield* Effect.promise(() => intake.gather());
      assert.equal([events.length, intake.missing], [4, 6]);
    }),
  ),
);

test(
  "a batch that was lost on the way is counted",
  run(
    Effect.fnUntraced(function* () {
      const server = yield* start();
      const { intake, events } = yield* gateway(server, [NODE]);
      const connection = yield* link(server);
      const batch = { v: 1, run: "a-run", node: NODE, incarnation: "first", dropped: 0 };
      const say = (first: number) =>
        connection.publish(
          feedSubject(CLUSTER, "events"),
          JSON.stringify({ ...batch, first, events: [] }),
        );
      say(0);
      say(7);
      const feed = yield* feedOver(connection, { node: NODE + 1 });
      feed.add(eventAt(0, {}));
      yield* until("what came later is there", () => events.length === 1);
      assert.is(intake.missing, 7);
    }),
  ),
);

test(
  "events for another gateway are not taken",
  run(
    Effect.fnUntraced(function* () {
      const server = yield* start();
      const { events, intake } = yield* gateway(server, [NODE]);
      const feed = yield* feedOver(yield* link(server));
      feed.join("another-run");
      feed.add(eventAt(0, {}));
      yield* Effect.promise(() => intake.gather());
      feed.join("a-run");
      feed.add(eventAt(1, {}));
      yield* Effect.promise(() => intake.gather());
      assert.equal(
        events.map(({ time }) => time),
        [1],
      );
    }),
  ),
);

test(
  "lines come with the activation that wrote them",
  run(
    Effect.fnUntraced(function* () {
      const server = yield* start();
      const { lines, intake } = yield* gateway(server, [NODE]);
      const feed = yield* feedOver(yield* link(server));
      const written = { time_us: 5, node: NODE, invocation: 3, task: "count", item: "0.1" };
      feed.write({ ...written, attempt: 2, text: "grün\n" });
      yield* Effect.promise(() => intake.gather());
      assert.equal(lines, [{ ...written, attempt: 2, text: "grün\n" }]);
    }),
  ),
);

test.run();
