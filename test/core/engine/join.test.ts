/** Joins and knowledge at sizes where they change how they keep things. */

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Join } from "../../../core/engine/join.ts";
import { Knowledge } from "../../../core/engine/knowledge.ts";
import type { Fact } from "../../../core/protocol.ts";

const test = suite("join");

test("a join hears each of many in-edges once, in any order, and remembers what it said", () => {
  const join = new Join();
  const slots = [700, 0, 29, 30, 31, 59, 60, 119, 65_535];
  for (const slot of slots) assert.ok(join.hear(slot, slot % 2 === 1));
  for (const slot of slots) assert.not(join.hear(slot, true));
  for (const slot of slots) assert.is(join.heard(slot), slot % 2 === 1);
  assert.is(join.size, slots.length);
  for (const slot of [1, 32, 61, 701, 70_000]) assert.is(join.heard(slot), undefined);
});

test("what is known is found however much that is, and is learnt once", () => {
  const knowledge = new Knowledge();
  const count = (datum: number): Fact => ({ tag: "count", datum, item: 0, count: 10 * datum });
  for (let datum = 0; datum < 30; datum++) {
    knowledge.learn([count(datum), { tag: "branch", vertex: datum, item: 0, branch: 1 }]);
    knowledge.learn([count(datum)]);
    for (let known = 0; known < 32; known++) {
      assert.is(knowledge.countOf(known, 0), known <= datum ? 10 * known : undefined);
    }
    assert.is(knowledge.facts.length, 2 * (datum + 1));
  }
  assert.is(knowledge.branch(29, 0), 1);
  assert.not(knowledge.absent(7, 5));
  knowledge.learn([{ tag: "absent", datum: 7, item: 0 }]);
  assert.ok(knowledge.absent(7, 5));
});

test.run();
