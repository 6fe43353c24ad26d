/** FaaStore's decisions: where a datum goes, when it is given up. */

import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Tier } from "../../../core/env.ts";
import { FaaStore, type LocalCopy } from "../../../core/storage/faastore.ts";
import type { Bytes } from "../../../core/units.ts";

const test = suite("FaaStore");

function store(quota: number): FaaStore {
  const faastore = new FaaStore();
  faastore.setQuota(quota as Bytes);
  return faastore;
}

function copy(datum: number, bytes: number, invocation = 1): LocalCopy {
  return { plan: 0, invocation, datum, part: 0, bytes: bytes as Bytes };
}

/** From where a read of it would go now. */
function tierOf(faastore: FaaStore, of: LocalCopy): Tier {
  const tier = faastore.beginRead(of.invocation, of);
  faastore.endRead(of.invocation, of);
  return tier;
}

/** Whether so many bytes still fit without anything giving way, and not one more. */
function hasRoom(faastore: FaaStore, bytes: number): boolean {
  const rest = [bytes + 1, bytes].map((size) => {
    const probe = copy(99, size, 99);
    const { spilled, evicted } = faastore.put(probe, "local", 1);
    faastore.discard(99, probe);
    return !spilled && evicted.length === 0;
  });
  return !rest[0]! && rest[1]!;
}

test("a datum tagged remote takes no room here", () => {
  const faastore = store(100);
  assert.equal(faastore.put(copy(0, 10), "remote", 1).tiers, ["remote"]);
  assert.equal([hasRoom(faastore, 100), tierOf(faastore, copy(0, 10))], [true, "remote"]);
});

test("a datum tagged local stays here while the quota lasts, to the last byte", () => {
  const faastore = store(100);
  assert.equal(faastore.put(copy(0, 100), "local", 1).tiers, ["local"]);
  assert.equal([hasRoom(faastore, 0), tierOf(faastore, copy(0, 100))], [true, "local"]);
  const { tiers, spilled } = faastore.put(copy(1, 1), "local", 1);
  assert.equal([tiers, spilled, hasRoom(faastore, 0)], [["remote"], true, true]);
});

test("a datum tagged both goes here first, then to the remote store", () => {
  assert.equal(store(100).put(copy(0, 10), "both", 1).tiers, ["local", "remote"]);
});

test("a datum tagged both that nobody here reads goes to the remote store only", () => {
  assert.equal(store(100).put(copy(0, 10), "both", 0).tiers, ["remote"]);
});

test("the last of its readers frees a datum", () => {
  const faastore = store(100);
  faastore.put(copy(0, 60), "local", 2);
  assert.is(faastore.letGo(1, copy(0, 0)), undefined);
  assert.is(faastore.letGo(1, copy(0, 0))?.bytes, 60);
  assert.equal([hasRoom(faastore, 100), faastore.letGo(1, copy(0, 0))], [true, undefined]);
});

test("room is made of what the remote store has too, oldest first, and of no more than needed", () => {
  const faastore = store(100);
  for (const datum of [0, 1, 2]) {
    faastore.put(copy(datum, 30), "both", 1);
    faastore.backed(1, copy(datum, 30));
  }
  const { evicted, tiers } = faastore.put(copy(3, 30), "local", 1);
  assert.equal([evicted.map(({ datum }) => datum), tiers], [[0], ["local"]]);
  assert.is(tierOf(faastore, copy(0, 0)), "remote");
  for (const datum of [1, 2]) faastore.letGo(1, copy(datum, 30));
  assert.is(hasRoom(faastore, 70), true);
});

test("what is only here, or whose remote copy is not complete, is never evicted", () => {
  const faastore = store(100);
  faastore.put(copy(0, 60), "local", 1);
  faastore.put(copy(1, 40), "both", 1);
  const { evicted, spilled } = faastore.put(copy(2, 30), "local", 1);
  assert.equal([evicted, spilled], [[], true]);
});

test("a copy that is being read is not evicted before the read has ended", () => {
  const faastore = store(100);
  faastore.put(copy(0, 60), "both", 1);
  faastore.backed(1, copy(0, 60));
  assert.is(faastore.beginRead(1, copy(0, 60)), "local");
  assert.is(faastore.put(copy(1, 60), "local", 1).spilled, true);
  faastore.endRead(1, copy(0, 60));
  assert.is(faastore.put(copy(2, 60), "local", 1).evicted.length, 1);
  assert.is(faastore.beginRead(1, copy(0, 60)), "remote");
});

test("nothing is evicted for a datum that would not fit all the same", () => {
  const faastore = store(100);
  faastore.put(copy(0, 60), "local", 1);
  faastore.put(copy(1, 20), "both", 1);
  faastore.backed(1, copy(1, 20));
  assert.equal(faastore.put(copy(2, 50), "local", 1).evicted, []);
  assert.is(tierOf(faastore, copy(1, 20)), "local");
});

test("a datum written again takes the room of one copy", () => {
  const faastore = store(100);
  faastore.put(copy(0, 60), "local", 1);
  assert.is(faastore.put(copy(0, 80), "local", 1).spilled, false);
  assert.is(hasRoom(faastore, 20), true);
});

test("the end of an invocation frees what it left, and nothing of another", () => {
  const faastore = store(100);
  faastore.put(copy(0, 30, 1), "local", 1);
  faastore.put(copy(1, 20, 1), "local", 1);
  faastore.put(copy(0, 10, 2), "local", 1);
  assert.equal(
    faastore.end(1).map(({ bytes }) => bytes),
    [30, 20],
  );
  assert.equal(
    [hasRoom(faastore, 90), tierOf(faastore, copy(0, 10, 2)), faastore.end(1)],
    [true, "local", []],
  );
});

test.run();
