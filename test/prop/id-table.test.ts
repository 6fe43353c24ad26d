/** The table of numbered values against a Map. */

import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { IdTable } from "../../core/id-table.ts";

const test = suite("id table");

/** 0: the next number enters; more: one of those that are in, or were, leaves. */
const acts = fc.array(fc.oneof(fc.constant(0), fc.nat(1_000)), { maxLength: 400 });

test("it has what a Map has, however numbers come and go", () => {
  fc.assert(
    fc.property(acts, fc.integer({ min: 0, max: 2 ** 40 }), (list, first) => {
      const table = new IdTable<string>();
      const map = new Map<number, string>();
      let next = first;
      for (const act of list) {
        if (act === 0) {
          table.add(next, `${next}`);
          map.set(next, `${next}`);
          next++;
        } else {
          const id = first + (act % (next - first + 1));
          assert.is(table.delete(id), map.delete(id));
        }
        assert.is(table.size, map.size);
      }
      for (let id = first; id <= next; id++) assert.is(table.get(id), map.get(id));
      assert.equal(table.entries(), [...map]);
    }),
    { seed: 5, numRuns: 300 },
  );
});

test.run();
