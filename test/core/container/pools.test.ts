/** Container pools: who gets which container, and who gives way. */

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Pools, type Step } from "../../../core/container/pools.ts";
import type { Bytes, Micros } from "../../../core/units.ts";

const test = suite("container pools");

const at = (time: number): Micros => time as Micros;

/** Pools of these limits, 100 B a container; keep-alive 1,000 us. */
function poolsOf(memory: number, ...limits: readonly number[]): Pools {
  return poolsWith({ memory, atLimit: "wait" }, limits);
}

function poolsWith(
  options: { readonly memory: number; readonly atLimit: "wait" | "stall" },
  limits: readonly number[],
): Pools {
  const { atLimit } = options;
  const memory = options.memory as Bytes;
  const pools = new Pools({ memory, keepAlive: at(1_000), atLimit });
  for (const [task, limit] of limits.entries()) {
    const spec = { memory: 100 as Bytes, used: 0 as Bytes, limit, instances: 1, scale: 1 };
    pools.add({ plan: 0, task, spec });
  }
  return pools;
}

/** The step in a word: what, and for whom or with which container. */
function words(step: Step | undefined): string {
  if (step === undefined) return "nothing";
  if (step.tag === "stall") return "stall";
  const { container } = step;
  return step.tag === "run"
    ? `run ${step.activation} in ${container.id}`
    : `${step.tag} ${container.id}`;
}

/** A container of the pool, started at `time` and idle from then on. */
function idle(pools: Pools, pool: number, time: number): number {
  pools.enqueue(pool, -1);
  const step = pools.next(pool, at(time));
  pools.withdraw(pool, -1);
  if (step?.tag !== "boot") throw new Error(`no container starts: ${words(step)}`);
  return pools.ready(step.container.id, at(time))!.id;
}

test("activations are served first come, first served", () => {
  const pools = poolsOf(1_000, 1);
  const container = idle(pools, 0, 0);
  for (const activation of [7, 8, 9]) pools.enqueue(0, activation);
  const order = [7, 8, 9].map(() => {
    const step = pools.next(0, at(1));
    pools.release(container, at(1));
    return words(step);
  });
  assert.equal(order, ["run 7 in 0", "run 8 in 0", "run 9 in 0"]);
});

test("the idle container used most recently comes first", () => {
  const pools = poolsOf(1_000, 3);
  idle(pools, 0, 0);
  pools.enqueue(0, 1);
  const first = pools.next(0, at(1));
  assert.is(words(first), "run 1 in 0");
  idle(pools, 0, 2);
  pools.release(0, at(3));
  pools.enqueue(0, 2);
  assert.is(words(pools.next(0, at(4))), "run 2 in 0");
});

test("no more containers are started than the task's limit", () => {
  const pools = poolsOf(1_000, 2);
  for (const activation of [1, 2, 3]) pools.enqueue(0, activation);
  const steps = [1, 2, 3].map(() => words(pools.next(0, at(0))));
  assert.equal(steps, ["boot 0", "boot 1", "nothing"]);
});

/** The next steps of the first pool, so many. */
function steps(pools: Pools, count: number): readonly string[] {
  return Array.from({ length: count }, () => words(pools.next(0, at(0))));
}

test("a pool that stalls has one container more than its limit, and stalls when another is wanted", () => {
  const pools = poolsWith({ memory: 1_000, atLimit: "stall" }, [2]);
  for (const activation of [1, 2, 3]) pools.enqueue(0, activation);
  assert.equal(steps(pools, 4), ["boot 0", "boot 1", "boot 2", "nothing"]);
  for (const container of [0, 1, 2]) pools.ready(container, at(1));
  assert.equal(steps(pools, 3), ["run 1 in 2", "run 2 in 1", "run 3 in 0"]);
  pools.enqueue(0, 4);
  assert.equal(steps(pools, 2), ["stall", "nothing"]);
});

test("a stalled pool starts nothing any more, whatever is free", () => {
  const pools = poolsWith({ memory: 1_000, atLimit: "stall" }, [0]);
  const container = idle(pools, 0, 0);
  for (const activation of [1, 2]) pools.enqueue(0, activation);
  assert.equal(steps(pools, 2), ["run 1 in 0", "stall"]);
  pools.release(container, at(1));
  assert.equal(steps(pools, 1), ["nothing"]);
  pools.remove(container);
  assert.equal(steps(pools, 1), ["nothing"]);
});

test("a pool does not stall while enough containers are starting", () => {
  const pools = poolsWith({ memory: 1_000, atLimit: "stall" }, [1]);
  pools.enqueue(0, 1);
  assert.equal(steps(pools, 2), ["boot 0", "nothing"]);
});

test("no more containers are started than activations wait", () => {
  const pools = poolsOf(1_000, 2);
  pools.enqueue(0, 1);
  assert.equal([words(pools.next(0, at(0))), words(pools.next(0, at(0)))], ["boot 0", "nothing"]);
});

test("short of memory, the idle container used least recently gives way", () => {
  const pools = poolsOf(200, 1, 1, 1);
  idle(pools, 0, 3);
  idle(pools, 1, 5);
  pools.enqueue(2, 1);
  const stop = pools.next(2, at(6));
  assert.is(words(stop), "stop 0");
  pools.remove(0);
  assert.is(words(pools.next(2, at(6))), "boot 2");
});

/** The pools of a round, in order; each does what it can in its turn. */
function round(pools: Pools, most = Infinity): readonly string[] {
  const seen: string[] = [];
  pools.beginRound();
  for (let pool = pools.nextUnblocked(most); pool >= 0; pool = pools.nextUnblocked(most)) {
    seen.push(`${pool}: ${words(pools.next(pool, at(9)))}`);
  }
  return seen;
}

test("with no idle container to give way the pool waits, and has its turn once memory is free", () => {
  const pools = poolsOf(100, 1, 1);
  pools.enqueue(0, 1);
  pools.next(0, at(0));
  pools.enqueue(1, 2);
  assert.is(words(pools.next(1, at(0))), "nothing");
  assert.equal([pools.unblocked(), round(pools)], [undefined, []]);
  pools.remove(0);
  assert.equal([pools.unblocked(), round(pools)], [100, ["1: boot 1"]]);
  assert.equal([pools.unblocked(), round(pools)], [undefined, []]);
});

/** Pools that wait one after another for the memory of pool 0, which has all of it. */
function fullWith(count: number): Pools {
  const pools = poolsOf(200, ...Array.from({ length: count + 1 }, () => 2));
  for (const activation of [-1, -2]) {
    pools.enqueue(0, activation);
    pools.next(0, at(0));
  }
  for (let pool = 1; pool <= count; pool++) {
    pools.enqueue(pool, pool);
    pools.next(pool, at(0));
  }
  return pools;
}

test("of a thousand pools short of memory a round names those only that there is memory for", () => {
  const pools = fullWith(1_000);
  pools.remove(0);
  assert.equal(round(pools), ["1: boot 2"]);
  pools.remove(1);
  assert.equal(round(pools), ["2: boot 3"]);
});

test("a pool short of memory with an idle container of its own has its turn in the order of waiting", () => {
  const pools = fullWith(3);
  pools.remove(0);
  assert.equal(round(pools), ["1: boot 2"]);
  pools.enqueue(1, 9);
  pools.enqueue(2, 9);
  pools.next(1, at(1)); // behind 2 and 3
  pools.ready(2, at(1));
  assert.equal(round(pools), ["1: run 1 in 2"]);
});

test("a pool whose queue was withdrawn is short of memory no more", () => {
  const pools = fullWith(2);
  pools.withdraw(1, 1);
  pools.remove(0);
  assert.equal(round(pools), ["2: boot 2"]);
});

test("a withdrawn activation is served no more", () => {
  const pools = poolsOf(1_000, 1);
  idle(pools, 0, 0);
  for (const activation of [1, 2]) pools.enqueue(0, activation);
  assert.equal([pools.withdraw(0, 1), pools.withdraw(0, 1)], [true, false]);
  assert.is(words(pools.next(0, at(1))), "run 2 in 0");
});

test("an idle container ends with its window, not before", () => {
  const pools = poolsOf(1_000, 1);
  idle(pools, 0, 5);
  assert.is(pools.nextExpiry(0), 1_005);
  assert.equal(
    [1_004, 1_005].map((time) => pools.expired(0, at(time)).length),
    [0, 1],
  );
});

test("an idle container that the next tick will use does not end before it", () => {
  const pools = poolsOf(1_000, 1);
  idle(pools, 0, 5);
  pools.enqueue(0, 1);
  assert.equal([pools.expired(0, at(9_999)).length, pools.nextExpiry(0)], [0, undefined]);
});

test("a container that is gone is removed once", () => {
  const pools = poolsOf(1_000, 1);
  idle(pools, 0, 0);
  assert.equal([pools.remove(0)?.id, pools.remove(0)], [0, undefined]);
  assert.is(pools.ready(0, at(1)), undefined);
});

test("a container that says that it is ready once more stays busy, or idle once", () => {
  const pools = poolsOf(1_000, 1);
  const container = idle(pools, 0, 0);
  assert.is(pools.ready(container, at(1)), undefined);
  for (const activation of [1, 2]) pools.enqueue(0, activation);
  assert.equal(steps(pools, 2), ["run 1 in 0", "nothing"]);
  assert.is(pools.ready(container, at(2)), undefined);
  assert.equal(steps(pools, 1), ["nothing"]);
});

test("a cold start is for the plan that the pool was last given", () => {
  const pools = poolsOf(1_000, 1);
  const spec = { memory: 100 as Bytes, used: 0 as Bytes, limit: 1, instances: 1, scale: 1 };
  pools.retarget(0, { plan: 4, task: 0, spec });
  pools.enqueue(0, 1);
  const step = pools.next(0, at(0));
  assert.is(step?.tag === "boot" && step.container.bootedFor.plan, 4);
});

test.run();
