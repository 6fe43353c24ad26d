/**
 * When clients send, how long they wait, and what follows what: against a cluster that answers each
 * request after a time that the test says. Seconds.
 */

import { test } from "uvu";
import * as assert from "uvu/assert";
import { NOTHING_RECORDED } from "../../core/workflow/recorded.ts";
import { type Arrival, Clients, type Load } from "../../sim/clients.ts";
import { Kernel } from "../../sim/kernel.ts";
import { seconds } from "../fixtures/scenario.ts";

const SECOND = 1_000_000;

interface Course {
  /** When each request was sent, and for which plan. */
  readonly sent: readonly (readonly [at: number, plan: number])[];
  /** When every client had left, if the run ended so. */
  readonly left: number | undefined;
}

/** `answers`: how long each request takes, in the order sent; undefined: for ever. */
function course(loads: readonly Load[], answers: readonly (number | undefined)[]): Course {
  const kernel = new Kernel();
  const sent: (readonly [number, number])[] = [];
  const clients = new Clients(kernel, (plan) => {
    const invocation = sent.length;
    sent.push([kernel.now / SECOND, plan]);
    const takes = invocation < answers.length ? answers[invocation] : 1;
    if (takes !== undefined) {
      const step = (): void => clients.ended(invocation, { answered: true });
      kernel.after(seconds(takes), { step });
    }
    return invocation;
  });
  for (const load of loads) clients.begin(load);
  kernel.run(() => clients.haveLeft);
  return { sent, left: clients.haveLeft ? kernel.now / SECOND : undefined };
}

function timesOf({ sent }: Course): readonly number[] {
  return sent.map(([at]) => at);
}

const CLOSED = {
  tag: "closed",
  plan: 0,
  clients: 1,
  start: seconds(0),
  duration: undefined,
  invocations: undefined,
} as const;

function open(times: readonly number[]): Load {
  const arrivals = times.map((at): Arrival => {
    return { at: seconds(at), plan: 0, recorded: NOTHING_RECORDED };
  });
  return { tag: "open", arrivals: arrivals[Symbol.iterator]() };
}

function patience(wait: number, inVain: number, skip = 0) {
  return { wait: seconds(wait), inVain, skip };
}

test("a closed loop sends the next request when the one before is over, up to its end", () => {
  const loop = { ...CLOSED, duration: seconds(10) };
  assert.equal(timesOf(course([loop], [4, 3, 3, 9])), [0, 4, 7]);
});

test("a limit of requests ends a closed loop before its time is up", () => {
  const loop = { ...CLOSED, duration: seconds(100), invocations: 3 };
  assert.equal(timesOf(course([loop], [])), [0, 1, 2]);
});

test("loops that start apart run for as long as each other", () => {
  const loops = [0, 5].map((start, plan) => {
    return { ...CLOSED, plan, start: seconds(start), duration: seconds(6) };
  });
  assert.equal(course(loops, [3, 2, 3, 2, 2, 2]).sent, [
    [0, 0],
    [3, 0],
    [5, 1],
    [5, 0],
    [8, 1],
    [10, 1],
  ]);
});

test("a client that waits no longer sends its next request", () => {
  const loop = { ...CLOSED, invocations: 3, patience: patience(60, 9) };
  assert.equal(timesOf(course([loop], [1, undefined, 1])), [0, 1, 61]);
});

test("the run is over when every client has left, whatever is still under way", () => {
  const loop = { ...CLOSED, invocations: 1, patience: patience(60, 9) };
  assert.is(course([loop], [500]).left, 60);
  assert.is(course([{ ...CLOSED, invocations: 1 }], [500]).left, undefined);
});

test("a closed loop goes on beyond its time until one measured request was answered", () => {
  const loop = { ...CLOSED, duration: seconds(100), patience: patience(60, 5, 2) };
  const answers = [undefined, undefined, undefined, undefined, 7];
  assert.equal(timesOf(course([loop], answers)), [0, 60, 120, 180, 240]);
});

test("after so many measured requests in vain, no more is sent", () => {
  const loop = { ...CLOSED, duration: seconds(100), patience: patience(60, 5, 2) };
  const never = Array.from({ length: 20 }, () => undefined);
  assert.is(timesOf(course([loop], never)).length, 2 + 5);
  const steady = { ...open([0, 10, 20, 30, 80, 90]), patience: patience(60, 2) };
  assert.equal(timesOf(course([steady], never)), [0, 10, 20, 30]);
});

test("an open loop does not wait for answers", () => {
  assert.equal(timesOf(course([open([0, 10, 20])], [60, 60, 60])), [0, 10, 20]);
});

test("a load that follows starts when every client of the one before has left", () => {
  const measured = open([0, 10]);
  const warming = { ...open([0, 10]), patience: patience(60, 9), next: measured };
  assert.equal(timesOf(course([warming], [30, 5])), [0, 10, 30, 40]);
  const stuck = { ...open([0, 10]), patience: patience(60, 9), next: open([0, 10]) };
  assert.equal(timesOf(course([stuck], [1, undefined])), [0, 10, 70, 80]);
});

test.run();
