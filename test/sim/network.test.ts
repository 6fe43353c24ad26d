/**
 * The network: shares worked out by hand, and the numerical traps.
 */

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Network } from "../../sim/network.ts";

const MB = 1_000_000;
const SECOND = 1_000_000;

/** A store (host 0) and three workers; 100 MB/s at the store, 80 at each worker. */
function star(): Network<string> {
  const worker = { up: 80 * MB, down: 80 * MB };
  return new Network({ hosts: [{ up: 100 * MB, down: 100 * MB }, worker, worker, worker] });
}

interface Kernel {
  readonly nextTime: () => number;
  readonly takeDone: (now: number) => string | undefined;
}

/** Everything that ends, as `name@time`. */
function runOut(network: Kernel): string[] {
  const ends: string[] = [];
  while (network.nextTime() < Infinity) {
    const now = network.nextTime();
    for (let name = network.takeDone(now); name !== undefined; name = network.takeDone(now)) {
      ends.push(`${name}@${now}`);
    }
  }
  return ends;
}

const test = suite("network");

test("a flow alone runs at the slower of its two links", () => {
  const network = star();
  network.open(0, { from: 0, to: 1, bytes: 80 * MB, target: "a" });
  assert.is(network.rateOf({ from: 0, to: 1 }), 80 * MB);
  assert.equal(runOut(network), ["a@1000000"]);
});

test("flows out of one store share its up link, and one that ends leaves its share to the rest", () => {
  const network = star();
  network.open(0, { from: 0, to: 1, bytes: 25 * MB, target: "a" });
  network.open(0, { from: 0, to: 2, bytes: 50 * MB, target: "b" });
  // 50 MB/s each; b has 25 MB left at 0.5 s, then 80 MB/s.
  assert.equal(runOut(network), ["a@500000", "b@812500"]);
});

test("up and down links are apart", () => {
  const network = star();
  network.open(0, { from: 0, to: 1, bytes: 80 * MB, target: "get" });
  network.open(0, { from: 1, to: 0, bytes: 80 * MB, target: "put" });
  assert.equal(runOut(network), ["get@1000000", "put@1000000"]);
});

test("what a flow cannot use because of its other link goes to the others", () => {
  const slow = { up: 10 * MB, down: 10 * MB };
  const fast = { up: 100 * MB, down: 100 * MB };
  const network = new Network<string>({ hosts: [fast, slow, fast] });
  network.open(0, { from: 0, to: 1, bytes: 10 * MB, target: "slow" });
  network.open(0, { from: 0, to: 2, bytes: 90 * MB, target: "fast" });
  assert.is(network.rateOf({ from: 0, to: 1 }), 10 * MB);
  assert.is(network.rateOf({ from: 0, to: 2 }), 90 * MB);
  assert.equal(runOut(network), ["slow@1000000", "fast@1000000"]);
});

test("a duration is rounded up to whole microseconds", () => {
  const network = star();
  network.open(0, { from: 0, to: 1, bytes: 81, target: "a" });
  assert.is(network.nextTime(), 2);
});

test("a local copy and a flow without bytes are done at once", () => {
  const network = star();
  network.open(7, { from: 2, to: 2, bytes: 1000 * MB, target: "local" });
  network.open(7, { from: 0, to: 1, bytes: 0, target: "empty" });
  assert.equal(runOut(network), ["local@7", "empty@7"]);
});

test("a flow through links without limit is done at once", () => {
  const open = { up: Infinity, down: Infinity };
  const network = new Network<string>({ hosts: [open, open] });
  network.open(3, { from: 0, to: 1, bytes: 5 * MB, target: "a" });
  assert.equal(runOut(network), ["a@3"]);
  network.open(9, { from: 0, to: 1, bytes: 5 * MB, target: "b" });
  assert.equal(runOut(network), ["b@9"]);
});

test("a flow across a dead link never ends, and goes on when the link does", () => {
  const network = star();
  network.open(0, { from: 0, to: 1, bytes: 80 * MB, target: "a" });
  network.setCapacity(SECOND / 2, 1, { up: 0, down: 0 });
  assert.is(network.nextTime(), Infinity);
  network.setCapacity(3 * SECOND, 1, { up: 80 * MB, down: 80 * MB });
  assert.equal(runOut(network), ["a@3500000"]);
});

test("a closed flow frees its share and is never given", () => {
  const network = star();
  const first = network.open(0, { from: 0, to: 1, bytes: 50 * MB, target: "a" });
  network.open(0, { from: 0, to: 2, bytes: 50 * MB, target: "b" });
  assert.ok(network.close(SECOND / 2, first));
  assert.not(network.close(SECOND / 2, first));
  // b has 25 MB left, then 80 MB/s.
  assert.equal(runOut(network), ["b@812500"]);
});

test("a flow that is done but not taken can still be closed", () => {
  const network = star();
  const first = network.open(0, { from: 0, to: 1, bytes: 40 * MB, target: "a" });
  const second = network.open(0, { from: 0, to: 2, bytes: 40 * MB, target: "b" });
  const now = network.nextTime();
  assert.is(network.takeDone(now), "a");
  assert.ok(network.close(now, second));
  assert.not(network.close(now, first));
  assert.is(network.takeDone(now), undefined);
  assert.is(network.size, 0);
});

test("5,000 equal flows that end at one instant come in the order of opening", () => {
  const network = star();
  const names: string[] = [];
  for (let index = 0; index < 5000; index++) {
    names.push(`${index}`);
    network.open(0, { from: 0, to: 1 + (index % 3), bytes: 1000, target: `${index}` });
  }
  const ends = runOut(network);
  assert.equal(
    ends,
    names.map((name) => `${name}@50000`),
  );
});

test("a caller who comes late finds the flows as they would have ended", () => {
  const late = star();
  late.open(0, { from: 0, to: 1, bytes: 25 * MB, target: "a" });
  late.open(0, { from: 0, to: 2, bytes: 50 * MB, target: "b" });
  late.open(10 * SECOND, { from: 0, to: 3, bytes: 1 * MB, target: "c" });
  assert.is(late.nextTime(), 500_000);
  assert.is(late.takeDone(10 * SECOND), "a");
  assert.is(late.nextTime(), 812_500);
  assert.is(late.takeDone(10 * SECOND), "b");
  assert.is(late.takeDone(10 * SECOND), undefined);
});

test("a pair that is busy for a year keeps times to the microsecond", () => {
  const network = star();
  const year = 365 * 24 * 3600 * SECOND;
  network.open(0, { from: 0, to: 1, bytes: 1000, target: "begin" });
  network.open(0, { from: 0, to: 1, bytes: 40 * MB * (year / SECOND), target: "long" });
  network.takeDone(network.nextTime());
  let now = 0;
  // At 40 MB/s each, half a million bytes take 12,500 us; only 2,000 rounds are looked at.
  for (let round = 1; round <= 2000; round++) {
    now = Math.floor((round * year) / 4000);
    network.open(now, { from: 0, to: 1, bytes: MB / 2, target: "short" });
    assert.is(network.nextTime(), now + 12_500);
    assert.is(network.takeDone(now + 12_500), "short");
  }
});

test("time goes forward only", () => {
  const network = star();
  network.open(5, { from: 0, to: 1, bytes: 1, target: "a" });
  assert.throws(() => network.open(4, { from: 0, to: 1, bytes: 1, target: "b" }));
});

test("hosts that are not there, sizes below 0 and capacities below 0 are mistakes", () => {
  const network = star();
  assert.throws(() => network.open(0, { from: 0, to: 4, bytes: 1, target: "a" }));
  assert.throws(() => network.open(0, { from: 0, to: 1, bytes: -1, target: "a" }));
  assert.throws(() => network.setCapacity(0, 1, { up: -1, down: 1 }));
});

test.run();
