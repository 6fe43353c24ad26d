/** What clients with a time limit saw, told from events. */

import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  type ClientsOf,
  ClientView,
  largestSeen,
  meanSeen,
  quantileSeen,
  TIMEOUT,
} from "../../analysis/client-view.ts";
import { event } from "./builder.ts";

const SECOND = 1_000_000;

/** Latencies in seconds; undefined: never over. Each request comes a second after the one before. */
function seen(
  latencies: readonly (number | undefined)[],
  options: { readonly wait_s: number; readonly skip: number },
): ClientsOf {
  const view = new ClientView(options);
  for (const [invocation, latency] of latencies.entries()) {
    const at = invocation * SECOND;
    view.add(event("arrival", at, { invocation }));
    if (latency === undefined) continue;
    view.add(event("finish", at + latency * SECOND, { invocation }));
  }
  return view.of(0);
}

test("the first requests are left out, answered or not", () => {
  const { latencies_s, inVain } = seen([undefined, 9, 3, 1], { wait_s: 60, skip: 2 });
  assert.equal(latencies_s, [1, 3]);
  assert.is(inVain, 0);
});

test("what took longer than the client waits, or never ended, was in vain", () => {
  const { latencies_s, inVain } = seen([60, 61, undefined], { wait_s: 60, skip: 0 });
  assert.equal(latencies_s, [60]);
  assert.is(inVain, 2);
});

test("an invocation that failed was in vain", () => {
  const view = new ClientView({ wait_s: 60, skip: 0 });
  view.add(event("arrival", 0));
  view.add(event("abort", SECOND));
  assert.equal(view.of(0), { latencies_s: [], inVain: 1 });
});

test("workflows are told apart", () => {
  const view = new ClientView({ wait_s: 60, skip: 0 });
  view.add(event("arrival", 0));
  view.add(event("arrival", 0, { invocation: 1, plan: 1 }));
  view.add(event("finish", SECOND, { invocation: 1, plan: 1 }));
  assert.equal(view.of(1), { latencies_s: [1], inVain: 0 });
  assert.equal(view.of(0), { latencies_s: [], inVain: 1 });
});

test("a quantile that falls among those in vain is a timeout, one below is a number", () => {
  const clients = { latencies_s: [1, 2, 3], inVain: 1 };
  assert.is(quantileSeen(clients, 0.5), 2.5);
  assert.is(quantileSeen(clients, 0.9), TIMEOUT);
  assert.is(largestSeen(clients), TIMEOUT);
  assert.is(largestSeen({ latencies_s: [1, 2, 3], inVain: 0 }), 3);
});

test("a mean bears fewer in vain than its limit, and is a timeout from there", () => {
  assert.is(meanSeen({ latencies_s: [1, 3], inVain: 4 }, 5), 2);
  assert.is(meanSeen({ latencies_s: [1, 3], inVain: 5 }, 5), TIMEOUT);
  assert.is(meanSeen({ latencies_s: [], inVain: 0 }, 5), TIMEOUT);
});

test.run();
