/** Messages that came in, whatever their order. */

import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Received } from "../../live/received.ts";

test("each id is known once it has come in, in whatever order ids come", () => {
  const ids = fc.array(
    fc.tuple(fc.constantFrom("a.worker-1", "b-_.worker-10"), fc.nat({ max: 20 })),
  );
  fc.assert(
    fc.property(ids, (order) => {
      const received = new Received();
      const model = new Set<string>();
      for (const [line, number] of order) {
        const id = `${line}-${number}`;
        assert.is(received.has(id), model.has(id));
        received.add(id);
        model.add(id);
      }
      for (let number = 0; number <= 21; number++) {
        const id = `a.worker-1-${number}`;
        assert.is(received.has(id), model.has(id));
      }
    }),
  );
});

test("the next of a line is the one after the last that came in; of an unknown line none is", () => {
  const received = new Received();
  assert.not.ok(received.isNext("a.worker-1-0"));
  received.add("a.worker-1-4");
  assert.ok(received.isNext("a.worker-1-5"));
  assert.not.ok(received.isNext("a.worker-1-4"));
  assert.not.ok(received.isNext("a.worker-1-6"));
  assert.not.ok(received.isNext("b.worker-1-5"));
  received.add("a.worker-1-3");
  assert.ok(received.isNext("a.worker-1-5"));
});

test.run();
