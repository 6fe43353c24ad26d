/** A cluster on one machine: its cores, its broker, its inputs, its functions' first runs. */

import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Event } from "../../core/events.ts";
import { inputStoring } from "../../core/events.ts";
import type { Micros } from "../../core/units.ts";
import type { FunctionTime, Profile } from "../../sim/profile.ts";
import { PreparedScenario } from "../../sim/scenario-config.ts";
import { CONFIGURATIONS, idealBut, invocations, scenarioOf, specIn } from "../fixtures/scenario.ts";

/** Two tasks at once, which `faasflow` puts on workers of their own; 100 ms of a core each. */
const PAIR = specIn(`
faasflow: 1
name: pair
inputs:
  a: { size: 10, value: 1 }
  list: { items: 3, size: 10, value: [1, 2, 3] }
tasks:
  one: { compute: 100 ms, reads: [input.a, input.list] }
  two: { compute: 100 ms, reads: [input.a] }
steps:
  - parallel: [one, two]
`);

function eventsWith(profile: Profile, count = 1): readonly Event[] {
  const events: Event[] = [];
  const scenario = scenarioOf([PAIR], { profile, partition: "raw", load: invocations(count) });
  new PreparedScenario(scenario).simulate({ check: true, event: (event) => events.push(event) });
  return events;
}

/** One core a worker, and links that take no time. */
function profileWith(changes: Partial<Profile>): Profile {
  const network = { worker_link: Infinity, storage_link: Infinity };
  return { ...idealBut({ cluster: { worker_cores: 1 }, network }), ...changes };
}

const shared: Profile["mechanisms"] = { ...idealBut({}).mechanisms, hosts: "shared" };

function takes(
  time: Partial<Readonly<Record<"compute" | "sleep" | "warm_up" | "set_up", number>>>,
): FunctionTime {
  const micros = (value: number): Micros => value as Micros;
  const { compute = 0, sleep = 0, warm_up = 0, set_up = 0 } = time;
  return {
    ...{ compute: [micros(compute)], sleep: micros(sleep), cores: 1 },
    ...{ warm_up: micros(warm_up), set_up: micros(set_up) },
  };
}

function waits(events: readonly Event[], kind: Event["kind"]): readonly number[] {
  return events.filter((event) => event.kind === kind).map(({ wait_us }) => wait_us);
}

test("workers with cores of their own compute side by side; on one machine they share its core", () => {
  assert.equal(waits(eventsWith(profileWith({})), "execute"), [100_000, 100_000]);
  assert.equal(
    waits(eventsWith(profileWith({ mechanisms: shared })), "execute"),
    [200_000, 200_000],
  );
});

test("on one machine cold starts take core time, so two at once take twice as long", () => {
  const container = { ...idealBut({}).container, cold_start: 50_000 } as Profile["container"];
  assert.equal(waits(eventsWith(profileWith({ container })), "ready"), [50_000, 50_000]);
  const one = profileWith({ container, mechanisms: shared });
  assert.equal(waits(eventsWith(one), "ready"), [100_000, 100_000]);
});

test("on one machine the store's work takes of the cores that functions compute on", () => {
  const store = { ...idealBut({}).remote_store, look_up: 10_000 } as Profile["remote_store"];
  const longest = (mechanisms: Profile["mechanisms"]): number =>
    Math.max(...waits(eventsWith(profileWith({ remote_store: store, mechanisms })), "get"));
  assert.is(longest(idealBut({}).mechanisms), 10_000);
  // Five gets at once, 10 ms of the one core each.
  assert.is(longest(shared), 50_000);
});

test("each stored input part delays the arrival, and the event says how much that was", () => {
  const daemon = { intake: 2_000, message: 0 } as NonNullable<Profile["daemon"]>;
  const arrival = eventsWith(profileWith({ daemon })).find(({ kind }) => kind === "arrival")!;
  assert.is(arrival.wait_us, 4 * 2_000);
  assert.is(inputStoring(arrival), 4 * 2_000);
});

test("the broker's time is added to each message between two daemons", () => {
  const daemon = { intake: 0, message: 1_500 } as NonNullable<Profile["daemon"]>;
  const [finish] = waits(eventsWith(profileWith({ daemon })), "finish");
  assert.is(finish, 1_500 + 100_000 + 1_500);
});

const UNSEEN = { intake: 0, message: 0, spawn: 0, activation: 0, handling: 0 };

function daemonWith(changes: Partial<typeof UNSEEN>): NonNullable<Profile["daemon"]> {
  return { ...UNSEEN, ...changes } as NonNullable<Profile["daemon"]>;
}

test("what an activation leaves for the daemons takes of the cores of those that still compute", () => {
  const functions = {
    "pair.one": takes({ compute: 20_000 }),
    "pair.two": takes({ compute: 100_000 }),
  };
  const two = (activation: number): number => {
    const daemon = daemonWith({ activation });
    return waits(eventsWith(profileWith({ functions, daemon, mechanisms: shared })), "execute")[1]!;
  };
  assert.is(two(0), 120_000);
  // From 40 ms on it shares the core for the 60 ms that take 30 ms of it.
  assert.is(two(30_000), 150_000);
});

test("each message between two daemons takes core time beside its way, on one machine", () => {
  const daemon = daemonWith({ handling: 10_000 });
  // Two of them begin with the functions, and have a third of the core together.
  assert.equal(
    waits(eventsWith(profileWith({ daemon, mechanisms: shared })), "execute"),
    [220_000, 220_000],
  );
  assert.equal(waits(eventsWith(profileWith({ daemon })), "execute"), [100_000, 100_000]);
});

test("while a worker makes the process of a container, its other activations wait", () => {
  const wide = specIn(`
faasflow: 1
name: wide
inputs:
  list: { items: 3, size: 10, value: [1, 2, 3] }
tasks:
  each: { compute: 0, reads: [input.list] }
steps:
  - foreach: { name: all, over: input.list, steps: [each] }
`);
  const profile = profileWith({ daemon: daemonWith({ spawn: 4_000 }), mechanisms: shared });
  const events: Event[] = [];
  const scenario = scenarioOf([wide], { profile, partition: "faasflow", load: invocations(1) });
  new PreparedScenario(scenario).simulate({ check: true, event: (event) => events.push(event) });
  const queued = events.filter(({ kind }) => kind === "queue").map(({ time }) => time);
  assert.equal(queued, [0, 4_000, 8_000]);
  // That they are ready is heard once the last process has been made.
  assert.equal(waits(events, "ready"), [12_000, 8_000, 4_000]);
});

test("functions take what the profile says of them, others what their workflow says", () => {
  const functions = { "pair.one": takes({ compute: 7_000, sleep: 5_000 }) };
  assert.equal(waits(eventsWith(profileWith({ functions })), "execute"), [12_000, 100_000]);
});

test("the first activation in a container takes the warm-up on top, the next ones do not", () => {
  const functions = { "pair.one": takes({ compute: 100_000, warm_up: 30_000 }) };
  const events = eventsWith(profileWith({ functions }), 2);
  const first = events.filter(({ kind, task }) => kind === "execute" && task === 0);
  assert.equal(
    first.map(({ cpu_us }) => cpu_us),
    [130_000, 100_000],
  );
});

test("what is around a function is its own if it was measured, and core time on one machine", () => {
  const container = { ...idealBut({}).container, set_up: 9_000 } as Profile["container"];
  const functions = { "pair.one": takes({ compute: 100_000, set_up: 4_000 }) };
  const apart = profileWith({ container, functions });
  assert.equal(waits(eventsWith(apart), "execute"), [104_000, 109_000]);
  const events = eventsWith({ ...apart, mechanisms: shared });
  // One core: the first is through after twice its own 104 ms, the other when all is done.
  assert.equal(waits(events, "execute"), [208_000, 213_000]);
  const computed = events.filter(({ kind }) => kind === "execute").map(({ cpu_us }) => cpu_us);
  assert.equal(computed, [100_000, 100_000]);
});

test("the embedded store is not asked for what was never stored, and takes all bodies alike", () => {
  const spec = specIn(`
faasflow: 1
name: kinds
inputs:
  never: { size: 1 MB, stored: false }
tasks:
  make:
    reads: [input.never]
    writes:
      text: { size: 1 MB, content: text }
      film: { size: 1 MB, content: binary }
  read: { reads: [make.text, make.film] }
steps: [make, read]
`);
  const store: Partial<Profile["remote_store"]> = {
    ...{ look_up: 5_000 as Micros, compress_filler: 100e6, compress_text: 1e6, disk: 1e6 },
  };
  const base = profileWith({ remote_store: { ...idealBut({}).remote_store, ...store } });
  const profile = { ...base, mechanisms: { ...shared, store_protocol: "embedded" } } as Profile;
  const events: Event[] = [];
  const scenario = scenarioOf([spec], { profile, ...CONFIGURATIONS[1], load: invocations(1) });
  new PreparedScenario(scenario).simulate({ check: true, event: (event) => events.push(event) });
  assert.is(events.find(({ why }) => why === "absent")?.wait_us, 0);
  assert.equal(waits(events, "put"), [10_000, 10_000]);
});

test.run();
