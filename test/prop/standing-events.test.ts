/** Standing events against a plain look at all of them. */

import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { StandingEvents } from "../../sim/standing-events.ts";

const test = suite("standing events");

const move = fc.record({ which: fc.nat(1_000), time: fc.option(fc.nat(20), { nil: Infinity }) });

test("the first is the one of the least time, and of the least number at ties, however they move", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 80 }), fc.array(move), (count, moves) => {
      const events = new StandingEvents();
      const plain = Array.from({ length: count }, () => {
        return { index: events.add(), time: Infinity, number: -1 };
      });
      for (const [number, { which, time }] of moves.entries()) {
        const event = plain[which % count]!;
        Object.assign(event, { time, number });
        events.move(event.index, time, number);
        const [first] = [...plain].sort((one, other) =>
          one.time === other.time ? one.number - other.number : one.time - other.time,
        );
        assert.is(events.firstTime, first!.time);
        if (first!.time === Infinity) continue;
        assert.is(events.first, first!.index);
        assert.is(events.firstNumber, first!.number);
      }
    }),
    { seed: 5, numRuns: 300 },
  );
});

test.run();
