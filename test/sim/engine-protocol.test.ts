/**
 * What a hop costs by the engine protocol of the original, added up by hand: 1 ms of a loop for a
 * request at each end, 10 ms of the store for a look-up, 20 ms for a record.
 */

import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Event } from "../../core/events.ts";
import { PreparedScenario, type Scenario } from "../../sim/scenario-config.ts";
import { idealBut, invocations, scenarioOf, seconds, specIn } from "../fixtures/scenario.ts";

const PROFILE = idealBut({
  network: { latency: seconds(0) },
  remote_store: { look_up: seconds(0.01), record: seconds(0.02) },
  engine: { request: seconds(0.001) },
  mechanisms: { engine_protocol: "faasflow-v1", triggers: "single" },
});
const SLEEP = 100;
/** The gateway looks up database and entry, and sends; whoever gets it serves. */
const START = 2 * (1 + 10) + 1 + 1;
/** The engine asks the container to run. */
const RUN = 1 + SLEEP;
/** It notes the end: a look-up and a record. */
const END = 1 + 10 + 1 + 20;
/** The master asks the only worker, looks up four times, and assigns. */
const PLACE = 1 + 1 + 4 * (1 + 10) + 1 + 1;

const CHAIN = `
defaults: { sleep: ${SLEEP} ms }
tasks: { a: {}, b: {} }
steps: [a, b]
`;

function eventsOf(text: string, changes: Partial<Scenario>): readonly Event[] {
  const spec = specIn(`faasflow: 1\nname: small\n${text}`);
  const events: Event[] = [];
  const scenario = scenarioOf([spec], { profile: PROFILE, workers: 1, ...changes });
  const { violations } = new PreparedScenario(scenario).simulate({
    check: true,
    event: (event) => events.push(event),
  });
  assert.equal(violations, []);
  return events;
}

function latencies(text: string, changes: Partial<Scenario>): readonly number[] {
  return eventsOf(text, changes)
    .filter(({ kind }) => kind === "finish")
    .map(({ wait_us }) => wait_us / 1000);
}

test("WorkerSP: a start, then each task and the note of its end", () => {
  const changes = { scheme: "worker-sp", load: invocations(1) } as const;
  assert.equal(latencies(CHAIN, changes), [START + 2 * (RUN + END)]);
});

test("MasterSP: a start, then each task's placement, the task and the note of its end", () => {
  const changes = { scheme: "master-sp", load: invocations(1) } as const;
  assert.equal(latencies(CHAIN, changes), [START + 2 * (PLACE + RUN + END)]);
});

test("MasterSP asks every worker: one request of the master's loop for each", () => {
  const one = { scheme: "master-sp", load: invocations(1) } as const;
  const [alone, many] = [1, 7].map((workers) => latencies(CHAIN, { ...one, workers })[0]!);
  assert.is(many! - alone!, 2 * 6);
});

test("tasks that start together leave the gateway one after another", () => {
  const wide = `
defaults: { sleep: ${SLEEP} ms }
tasks: { a: {}, b: {}, c: {} }
steps: [{ parallel: [a, b, c] }]
`;
  const changes = { scheme: "worker-sp", load: invocations(1) } as const;
  const triggers = eventsOf(wide, changes).filter(({ kind }) => kind === "trigger");
  // Their look-ups take turns, the requests leave 1 ms apart; the third finds the worker's loop
  // busy with asking the first one's container, and waits.
  assert.equal(
    triggers.map(({ time }) => time / 1000),
    [START, START + 1, START + 3],
  );
});

test("the bodies of a foreach are one function: assigned with the first, noted with the first", () => {
  const foreach = (width: number): string => `
tasks:
  a: { sleep: 100 ms, writes: { parts: { size: 8, items: ${width} } } }
  b: { sleep: 100 ms, reads: [a.parts], container: { limit: 9 } }
steps: [a, { foreach: { name: each, over: a.parts, steps: [b] } }]
`;
  const changes = { scheme: "master-sp", load: invocations(1), workers: 7 } as const;
  const [one, nine] = [1, 9].map((width) => {
    const events = eventsOf(foreach(width), changes);
    return events.filter(({ kind }) => kind === "assign").map(({ time }) => time);
  });
  assert.is(new Set(nine!.slice(1)).size, 1, "all bodies at once");
  assert.is(nine![1], one![1]);
});

const STALLING = `
timeout: 30 s
tasks:
  only: { sleep: 3 s, container: { limit: 1 } }
steps: [only]
`;

function stalling(at_limit: "wait" | "stall"): readonly string[] {
  const load = {
    tag: "open",
    arrivals: "fixed",
    rate: 1,
    extent: { tag: "count", count: 4 },
  } as const;
  const profile = { ...PROFILE, mechanisms: { ...PROFILE.mechanisms, at_limit } };
  return eventsOf(STALLING, { scheme: "worker-sp", profile, load })
    .filter(({ kind }) => kind === "finish" || kind === "abort" || kind === "stall")
    .map(({ kind }) => kind);
}

test("a function that stalls starts nothing any more: its invocations time out, and a stall says why", () => {
  assert.equal(stalling("stall"), ["stall", "finish", "finish", "abort", "abort"]);
  assert.equal(stalling("wait"), ["finish", "finish", "finish", "finish"]);
});

test.run();
