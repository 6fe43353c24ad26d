/**
 * The event queue against a sorted list.
 */

import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { EventQueue, type EventToken } from "../../sim/event-queue.ts";

interface PlainEvent {
  readonly time: number;
  readonly seq: number;
}

const step = fc.record({
  act: fc.constantFrom("schedule", "schedule", "schedule", "pop", "pop", "cancel", "move"),
  // Few distinct delays, 0 among them, so that ties are common.
  delay: fc.oneof(fc.constant(0), fc.nat(3), fc.nat(1000)),
  which: fc.nat(10_000),
});

const test = suite("event queue");

test("gives events by time, then by sequence number, and never a cancelled one", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400, size: "max" }), (steps) => {
      const queue = new EventQueue();
      const tokens: EventToken[] = [];
      let plain: PlainEvent[] = [];
      let now = 0;
      let seq = 0;
      const next = (): PlainEvent | undefined =>
        [...plain].sort((one, other) => one.time - other.time || one.seq - other.seq)[0];
      const popBoth = (): void => {
        const expected = next();
        assert.is(queue.peekTime(), expected?.time ?? Infinity);
        assert.is(queue.pop(), expected !== undefined);
        if (expected === undefined) return;
        assert.is(queue.time, expected.time);
        assert.is(queue.value, expected.seq);
        now = expected.time;
        plain = plain.filter((event) => event !== expected);
      };
      for (const { act, delay, which } of steps) {
        if (act === "schedule") {
          tokens.push(queue.schedule(now + delay, 1, undefined, seq));
          plain.push({ time: now + delay, seq: seq++ });
        } else if (act === "pop") {
          popBoth();
        } else if (act === "cancel" && seq > 0) {
          queue.cancel(tokens[which % seq]!);
          plain = plain.filter((event) => event.seq !== which % seq);
        } else if (act === "move") {
          now = Math.min(now + delay, next()?.time ?? Infinity);
          queue.moveTo(now);
        }
        assert.is(queue.size, plain.length);
      }
      while (plain.length > 0) popBoth();
      assert.not(queue.pop());
    }),
    { numRuns: 500 },
  );
});

test.run();
