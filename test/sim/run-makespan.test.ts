/** Whole runs on a cluster without costs, against latencies worked out by hand. Milliseconds. */

import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Event } from "../../core/events.ts";
import { PreparedScenario, type Scenario } from "../../sim/scenario-config.ts";
import {
  CONFIGURATIONS,
  idealBut,
  invocations,
  scenarioOf,
  seconds,
  specIn,
} from "../fixtures/scenario.ts";

const FEW_CORES = idealBut({ cluster: { worker_cores: 2 } });
const IDEAL = idealBut({});

/** Latency of each invocation, by their order. */
function latencies(text: string, changes: Partial<Scenario> = {}): readonly number[] {
  const spec = specIn(`faasflow: 1\nname: small\n${text}`);
  const scenario = scenarioOf([spec], { profile: IDEAL, load: invocations(1), ...changes });
  const events: Event[] = [];
  const { violations } = new PreparedScenario(scenario).simulate({
    check: true,
    event: (event) => events.push(event),
  });
  assert.equal(violations, []);
  return events.filter(({ kind }) => kind === "finish").map(({ wait_us }) => wait_us / 1000);
}

const CHAIN = `
defaults: { container: { memory: 256 MiB } }
tasks:
  a: { compute: 100 ms }
  b: { sleep: 20 ms }
  c: { compute: 300 ms, sleep: 4 ms }
steps: [a, b, c]
`;

const FORK_JOIN = `
defaults: { container: { memory: 256 MiB } }
tasks:
  fork: { sleep: 10 ms }
  long: { sleep: 70 ms }
  short: { sleep: 20 ms }
  after: { sleep: 30 ms }
  join: { sleep: 5 ms }
steps: [fork, { parallel: [long, [short, after]] }, join]
`;

test("a chain takes the sum of its times, under every configuration", () => {
  for (const configuration of CONFIGURATIONS) {
    assert.equal(latencies(CHAIN, configuration), [100 + 20 + 304]);
  }
});

test("a fork and join takes its longest way, under every configuration", () => {
  for (const configuration of CONFIGURATIONS) {
    assert.equal(latencies(FORK_JOIN, configuration), [10 + 70 + 5]);
  }
});

test("a foreach takes one part's time if its parts run at once, else its rounds'", () => {
  const each = (limit: number, work: string): string => `
defaults: { container: { memory: 256 MiB, limit: ${limit} } }
tasks:
  split: { writes: { pieces: { size: 0, items: 6 } } }
  work: { ${work}, reads: [split.pieces] }
steps: [split, { foreach: { name: each, over: split.pieces, steps: [work] } }]
`;
  assert.equal(latencies(each(6, "sleep: 50 ms")), [50]);
  assert.equal(latencies(each(2, "sleep: 50 ms")), [150]);
  const together = { ...CONFIGURATIONS[0], workers: 1 };
  assert.equal(latencies(each(6, "compute: 50 ms"), { ...together, profile: FEW_CORES }), [150]);
});

const TRANSFER = `
defaults: { container: { memory: 256 MiB } }
tasks:
  a: { sleep: 10 ms, writes: { big: { size: 125 MB, content: binary } } }
  b: { sleep: 10 ms, reads: [a.big] }
steps: [a, b]
`;

test("a datum through the remote store takes bytes / link twice, through memory nothing", () => {
  const link = 1000;
  assert.equal(latencies(TRANSFER, CONFIGURATIONS[1]), [10 + link + link + 10]);
  assert.equal(latencies(TRANSFER, CONFIGURATIONS[3]), [10 + link + link + 10]);
  const slow = idealBut({ network: { storage_link: 25e6 } });
  const changes = { ...CONFIGURATIONS[1], profile: slow };
  assert.equal(latencies(TRANSFER, changes), [10 + 5 * link + 5 * link + 10]);
});

test("only a first invocation waits for cold starts", () => {
  const profile = idealBut({ container: { cold_start: seconds(0.5) } });
  assert.equal(latencies(CHAIN, { profile, load: invocations(3) }), [3 * 500 + 424, 424, 424]);
});

test("containers idle for longer than the keep-alive start again", () => {
  const profile = idealBut({ container: { cold_start: seconds(0.5), keep_alive: seconds(3) } });
  const extent = { tag: "count", count: 3 } as const;
  const every = (rate: number): readonly number[] =>
    latencies(CHAIN, { profile, load: { tag: "open", arrivals: "fixed", rate, extent } });
  assert.equal(every(0.5), [1924, 424, 424]);
  assert.equal(every(0.1), [1924, 1924, 1924]);
});

test("two at once on one core take as long as one after the other", () => {
  const profile = idealBut({ cluster: { worker_cores: 1 } });
  const one =
    "tasks:\n  a: { compute: 100 ms, container: { memory: 256 MiB, limit: 5 } }\nsteps: [a]\n";
  const load = { tag: "closed", clients: 2, duration: undefined, invocations: 2 } as const;
  assert.equal(latencies(one, { profile, load, workers: 1 }), [200, 200]);
});

test("messages cost their latency: one to the worker, one back, and one a hop between workers", () => {
  const profile = idealBut({ network: { latency: seconds(0.001) } });
  assert.equal(latencies(CHAIN, { ...CONFIGURATIONS[0], profile }), [424 + 2]);
  const master = latencies(CHAIN, { ...CONFIGURATIONS[2], profile });
  assert.equal(master, [424 + 2 * 3], "assign and completion of each of three tasks");
});

test("a slow worker takes longer to compute, and no longer to sleep", () => {
  const slow = [{ worker: 0, from: seconds(0), to: seconds(60), speed: 0.5 }];
  const { faults } = scenarioOf([]);
  const changes = { workers: 1, faults: { ...faults, slow } };
  assert.equal(latencies(CHAIN, changes), [200 + 20 + 604]);
});

test.run();
