/** The line of pools that wait for memory against a list that is looked through. */

import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { MemoryLine } from "../../core/container/memory-line.ts";

const test = suite("line of pools that wait for memory");

const pool = fc.nat(30);
const acts = fc.array(
  fc.oneof(
    fc.record({ tag: fc.constant("enter" as const), pool, need: fc.nat(9) }),
    fc.record({ tag: fc.constant("leave" as const), pool }),
    fc.record({ tag: fc.constant("begin" as const) }),
    fc.record({ tag: fc.constant("next" as const), most: fc.nat(9) }),
  ),
  { maxLength: 300 },
);

interface Waiting {
  readonly pool: number;
  need: number;
  /** Whether the round has still to come to it. */
  ahead: boolean;
}

test("it names whom a list would, whoever comes and goes during a round", () => {
  fc.assert(
    fc.property(acts, (list) => {
      const line = new MemoryLine();
      let waiting: Waiting[] = [];
      for (const act of list) {
        if (act.tag === "enter") {
          line.enter(act.pool, act.need);
          const known = waiting.find((one) => one.pool === act.pool);
          if (known !== undefined) known.need = act.need;
          else waiting.push({ pool: act.pool, need: act.need, ahead: false });
        } else if (act.tag === "leave") {
          line.leave(act.pool);
          waiting = waiting.filter((one) => one.pool !== act.pool);
        } else if (act.tag === "begin") {
          line.beginRound();
          for (const one of waiting) one.ahead = true;
        } else {
          const index = waiting.findIndex((one) => one.ahead && one.need <= act.most);
          assert.is(line.next(act.most), waiting[index]?.pool ?? -1);
          // A round that names nobody can be asked on.
          for (const one of waiting.slice(0, index + 1)) one.ahead = false;
          assert.is(
            line.hasFor(act.most),
            waiting.some((one) => one.need <= act.most),
          );
        }
      }
    }),
    { seed: 11, numRuns: 500 },
  );
});

test.run();
