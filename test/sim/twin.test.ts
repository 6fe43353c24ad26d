/** The twin of a recorded run: what it takes over from the log, and what it does not. */

import * as Result from "effect/Result";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { EventHash } from "../../analysis/event-hash.ts";
import { arrivalTime, type Event, NONE } from "../../core/events.ts";
import type { Micros } from "../../core/units.ts";
import type { Profile } from "../../sim/profile.ts";
import type { RecordedRun } from "../../sim/run-log-config.ts";
import type { ScenarioLoad } from "../../sim/scenario-config.ts";
import { readRunConfig, saysWorkflows, twinEvents } from "../../sim/twin-config.ts";
import { knownProfile } from "../fixtures/known-cluster.ts";
import { asRecorded, misread, recordedRun, withFunctions } from "../fixtures/recorded-run.ts";
import { profileOf, specIn } from "../fixtures/scenario.ts";

const OPEN: ScenarioLoad = {
  ...{ tag: "open", arrivals: "poisson", rate: 5 },
  extent: { tag: "count", count: 12 },
};
/** Sizes, widths and branches that chance decides. */
const VARIED = specIn(`
faasflow: 1
name: varied
tasks:
  look: { sleep: 10 ms, writes: { kind: 10, parts: { items: { count: { uniform: [2, 6] } }, size: { uniform: [1 kB, 1 MB] } } } }
  often: { sleep: 10 ms }
  seldom: { sleep: 50 ms }
  work: { sleep: 5 ms, reads: [look.parts] }
steps:
  - look
  - foreach: { name: each, over: look.parts, steps: [work] }
  - switch:
      name: which
      cases: [{ when: look.kind == 1, probability: 0.5, steps: [often] }]
      otherwise: [seldom]
`);

function twin(
  run: RecordedRun,
  profile: Profile = knownProfile(),
  seed = "twin",
): readonly Event[] {
  return twinEvents(run.log, run.config, { profile, seed });
}

function ofKind(events: readonly Event[], ...kinds: readonly Event["kind"][]): readonly Event[] {
  return events.filter(({ kind }) => kinds.includes(kind));
}

/** By invocation: what was put, got and chosen, in an order that time does not change. */
function decided(events: readonly Event[]): readonly string[] {
  return ofKind(events, "put", "branch", "expand")
    .map(({ kind, invocation, task, item, datum, part, bytes, value }) =>
      [invocation, kind, task, item, datum, part, bytes, kind === "put" ? "" : value].join(" "),
    )
    .sort(); // texts
}

function withPart(run: RecordedRun, from: number): RecordedRun {
  const { name, header, events } = run.log;
  const part = events.filter(({ invocation }) => invocation === NONE || invocation >= from);
  return asRecorded(name, header, part);
}

test("sizes, counts and branches of each invocation are those of the log, whatever the seed", () => {
  const run = recordedRun({ workflow: VARIED, load: OPEN });
  const live = decided(run.log.events);
  assert.ok(new Set(live.map((each) => each.replace(/^\d+ /, ""))).size > 20);
  for (const seed of ["1", "2"]) assert.equal(decided(twin(run, knownProfile(), seed)), live);
});

test("what the functions take is the profile's to say, not the log's", () => {
  const cpu = (events: readonly Event[]): number =>
    ofKind(events, "execute").reduce((sum, { cpu_us }) => sum + cpu_us, 0);
  const run = recordedRun();
  const ratio = cpu(twin(run, withFunctions(knownProfile(), 3))) / cpu(run.log.events);
  assert.ok(ratio > 2 && ratio < 4, `${ratio}`);
});

test("a twin's processors are as fast as the log says, from when it says so", () => {
  const run = recordedRun();
  const arrivals = ofKind(run.log.events, "arrival").map((event) => arrivalTime(event));
  const speeds = [
    [arrivals[0]! - 5e6, 0.9],
    [arrivals[0]! - 1e6, 1],
    [arrivals[5]!, 0.25],
  ] as const;
  const executions = (events: readonly Event[]): readonly number[] =>
    [0, 5].map((first) => {
      const of = (kind: Event["kind"]): number =>
        ofKind(events, kind)
          .filter(({ invocation }) => invocation >= first && invocation < first + 5)
          .reduce((sum, { time }) => sum + time, 0);
      return of("execute") - of("start");
    });
  const [early, late] = executions(twin(run));
  const slowed = executions(twin(misread(run, { processor_speed: speeds })));
  assert.is(slowed[0], early);
  // A part of an execution is sleep.
  assert.ok(slowed[1]! > 1.5 * late!, `${slowed[1]} ${late}`);
});

test("cores go at the log's pace if the profile tells that of its own times", () => {
  const run = recordedRun();
  const end = (profile: Profile, told: Readonly<Record<string, unknown>>): number =>
    twin(misread(run, told), profile).at(-1)!.time;
  const { cluster, ...rest } = knownProfile();
  const paced = { ...rest, cluster: { ...cluster, pace: 1_000 } };
  const begin = ofKind(run.log.events, "arrival")[0]!.time;
  const half = { processor_pace: [[begin, 500]] };
  const slow = end(knownProfile(), { processor_speed: [[begin, 0.5]] });
  assert.is(end(paced, half), slow);
  assert.is.not(slow, end(paced, {}));
  assert.is(end(paced, { processor_pace: [[begin, 1_000]] }), end(paced, {}));
  assert.is(end(knownProfile(), half), end(knownProfile(), {}));
});

test("a twin's containers have the memory and the keep-alive that the log says", () => {
  const run = recordedRun({ load: OPEN });
  const coldStarts = (settings: Readonly<Record<string, unknown>>): number =>
    ofKind(twin(misread(run, settings)), "cold-start").length;
  const usual = coldStarts({});
  assert.ok(coldStarts({ keep_alive_us: 1_000 }) > usual);
  const waits = (settings: Readonly<Record<string, unknown>>): number =>
    ofKind(twin(misread(run, settings)), "finish").reduce((sum, { time }) => sum + time, 0);
  assert.ok(waits({ worker_memory: 300e6 }) > waits({}));
});

test("invocations keep their numbers, also in a log that begins late", () => {
  const run = withPart(recordedRun({ load: OPEN }), 4);
  const numbers = (events: readonly Event[]) =>
    [...new Set(events.map(({ invocation }) => invocation))]
      .filter((id) => id !== NONE)
      .sort((a, b) => a - b);
  assert.equal(numbers(twin(run)), numbers(run.log.events));
  assert.is(numbers(run.log.events)[0], 4);
});

test("invocations that overlap arrive at their own times", () => {
  const run = recordedRun({ load: OPEN });
  assert.is(run.config.isClosed, false);
  const times = (events: readonly Event[]) => {
    const all = ofKind(events, "arrival").map((event) => arrivalTime(event));
    return all.map((time) => time - Math.min(...all));
  };
  assert.equal(times(twin(run)), times(run.log.events));
});

test("invocations one after another stay so in a slower twin, with the pauses that were", () => {
  const run = recordedRun();
  assert.is(run.config.isClosed, true);
  const { container } = knownProfile();
  const slow = { ...knownProfile(), container: { ...container, set_up: 200_000 as Micros } };
  const events = twin(run, slow);
  const arrivals = ofKind(events, "arrival");
  const ends = ofKind(events, "finish");
  for (const [index, arrival] of arrivals.slice(1).entries()) {
    assert.is(arrivalTime(arrival), ends[index]!.time);
  }
});

test("the same log, profile and seed give the same events; another seed others", () => {
  const run = recordedRun();
  const digest = (events: readonly Event[]): string => {
    const hash = new EventHash();
    for (const event of events) hash.add(event);
    return hash.digest();
  };
  assert.is(digest(twin(run)), digest(twin(run)));
  assert.is.not(digest(twin(run)), digest(twin(run, knownProfile(), "other")));
});

test("a bandwidth in the header is the storage node's link", () => {
  const end = (run: RecordedRun): number => twin(run).at(-1)!.time;
  const run = recordedRun({ configuration: 1 });
  const narrow = misread(run, { bandwidth: 5_000_000 });
  assert.is(narrow.config.bandwidth, 5_000_000);
  assert.ok(end(narrow) > 2 * end(run));
  assert.is(misread(run, { bandwidth: "unlimited" }).config.bandwidth, undefined);
});

test("a profile of another cluster will do: its mechanisms, with the log's workers", () => {
  const run = recordedRun();
  assert.is(ofKind(twin(run, profileOf("ideal")), "finish").length, 10);
});

test("what the header lacks is told, with the name of the log", () => {
  const { log } = recordedRun();
  const header = { ...log.header, config: { scheme: "worker-sp" } };
  const read = readRunConfig({ ...log, header });
  assert.ok(Result.isFailure(read));
  assert.match(
    read.failure.join("\n"),
    /^0\/live: its header does not say how the run was set up: /,
  );
});

test("a log without its workflows says so; told which they are, it is read", () => {
  const { log } = recordedRun({ workflow: VARIED });
  const { specs: _, ...config } = log.header.config;
  const bare = { ...log, header: { ...log.header, config } };
  assert.is(saysWorkflows(bare), false);
  assert.ok(saysWorkflows(log));
  const unknown = readRunConfig(bare);
  assert.ok(Result.isFailure(unknown));
  assert.match(unknown.failure.join("\n"), /its workflow varied is not known/);
  assert.ok(Result.isSuccess(readRunConfig(bare, new Map([["varied", VARIED]]))));
});

test("a workflow that is not the one that ran is refused", () => {
  const { log } = recordedRun({ workflow: VARIED });
  const other = { ...VARIED, tasks: VARIED.tasks.map((task) => ({ ...task })) };
  const specs = [{ ...other, steps: [], tasks: other.tasks.slice(0, 1) }];
  const header = { ...log.header, config: { ...log.header.config, specs } };
  const read = readRunConfig({ ...log, header });
  assert.ok(Result.isFailure(read));
  assert.match(read.failure.join("\n"), /its workflow varied is not the one that ran/);
});

test("a workflow in the header that is none is refused, not a crash", () => {
  const { log } = recordedRun();
  const header = { ...log.header, config: { ...log.header.config, specs: [{ name: "known" }] } };
  const read = readRunConfig({ ...log, header });
  assert.ok(Result.isFailure(read));
  assert.match(read.failure.join("\n"), /its workflow known is not the one that ran/);
});

test.run();
