/**
 * Same seed, same configuration, same event log: in one process, in a thread, on another machine or
 * Node version. The last is what test/golden/event-log-hashes.json is for: another hash there means
 * that behaviour changed. If that was meant, write the file again:
 *
 *   UPDATE_GOLDEN=1 node --import tsx test/sim/run-determinism.test.ts
 */

import { readFileSync, writeFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Event } from "../../core/events.ts";
import { compile } from "../../core/workflow/compile.ts";
import { NOTHING_RECORDED } from "../../core/workflow/recorded.ts";
import { drawRecorded } from "../../sim/draw.ts";
import { PreparedScenario, type Scenario } from "../../sim/scenario-config.ts";
import { Streams } from "../../sim/streams.ts";
import { BENCHMARKS } from "../../workflows/load.ts";
import { goldenHashes, goldenProfile, hashOf } from "../fixtures/determinism.ts";
import {
  CONFIGURATIONS,
  invocations,
  profileOf,
  scenarioOf,
  specFile,
} from "../fixtures/scenario.ts";

const GOLDEN = new URL("../golden/event-log-hashes.json", import.meta.url);
const BY_CHANCE = specFile("by-chance");

function eventsOf(scenario: Scenario): readonly Event[] {
  const events: Event[] = [];
  new PreparedScenario(scenario).simulate({ check: false, event: (event) => events.push(event) });
  return events;
}

test("every benchmark gives the hash that is checked in, twice and in a thread", async () => {
  const here = goldenHashes();
  if (process.env["UPDATE_GOLDEN"] !== undefined) {
    writeFileSync(GOLDEN, `${JSON.stringify(here, null, 2)}\n`);
  }
  assert.equal(goldenHashes(), here, "a second time in this process");
  assert.equal(await hashesOfThread(), here, "in a thread");
  const golden = JSON.parse(readFileSync(GOLDEN, "utf8"));
  assert.equal(here, golden, "as checked in; the head of this file says how to write it again");
});

/** `--import tsx` does not reach threads in every Node version, so the thread registers it itself. */
function hashesOfThread(): Promise<unknown> {
  const file = new URL("../fixtures/hash-thread.ts", import.meta.url);
  const main = `import("tsx/esm/api").then(({ register }) => { register(); import("${file}"); });`;
  const thread = new Worker(main, { eval: true });
  return new Promise((resolve, reject) => {
    thread.once("message", resolve);
    thread.once("error", reject);
  });
}

test("all eight under the testbed's profile give the same hash twice, faults included", () => {
  for (const configuration of CONFIGURATIONS) {
    const scenario = (): Scenario =>
      scenarioOf(BENCHMARKS, { ...configuration, load: invocations(1) });
    assert.is(hashOf(scenario()), hashOf(scenario()));
  }
});

test("without chance in workflow and profile the seed changes nothing", () => {
  const profile = profileOf("ideal");
  for (const name of BENCHMARKS) {
    const hashes = ["1", "2", "another seed"].map((seed) =>
      hashOf(scenarioOf([name], { profile, seed, load: invocations(2) })),
    );
    assert.is(new Set(hashes).size, 1, name);
  }
});

test("another seed changes cold starts, and nothing else that can be counted", () => {
  for (const configuration of CONFIGURATIONS) {
    const profile = goldenProfile();
    const [one, two] = ["1", "2"].map((seed) =>
      eventsOf(scenarioOf(["genome"], { ...configuration, profile, seed })),
    );
    assert.not.equal(waitsOf(one!, "ready"), waitsOf(two!, "ready"));
    for (const kind of ["trigger", "execute", "get", "put", "complete", "finish"] as const) {
      assert.equal(structureOf(one!, kind), structureOf(two!, kind), kind);
    }
  }
});

function waitsOf(events: readonly Event[], kind: Event["kind"]): readonly number[] {
  return events.filter((event) => event.kind === kind).map(({ wait_us }) => wait_us);
}

/** What happened, without when and where it did. */
function structureOf(events: readonly Event[], kind: Event["kind"]): readonly string[] {
  return events
    .filter((event) => event.kind === kind)
    .map((at) => `${at.invocation} ${at.task} ${at.item} ${at.datum} ${at.part} ${at.bytes}`)
    .sort(); // texts
}

test("with random sizes another seed gives other sizes, of the same data of the same tasks", () => {
  const fixed = ["cut", "merge", "end"].map((name) =>
    compile(BY_CHANCE).vertices.findIndex((each) => each.name === name),
  );
  const [one, two] = ["1", "2"].map((seed) =>
    eventsOf(scenarioOf([BY_CHANCE], { seed, load: invocations(5) })).filter(({ task }) =>
      fixed.includes(task),
    ),
  );
  const ran = (events: readonly Event[]): readonly string[] =>
    events
      .filter(({ kind }) => kind === "complete")
      .map(({ invocation, task, item }) => `${invocation} ${task} ${item}`);
  assert.is(ran(one!).length, 15);
  assert.equal(ran(one!), ran(two!));
  const sizes = (events: readonly Event[]): readonly number[] =>
    events.filter(({ kind }) => kind === "put").map(({ bytes }) => bytes);
  assert.not.equal(sizes(one!), sizes(two!));
});

test("the schemes meet the same invocations: work, sizes, items and branches", () => {
  const [first, ...others] = CONFIGURATIONS.map((configuration) =>
    decidedIn(eventsOf(scenarioOf([BY_CHANCE], { ...configuration, load: invocations(8) }))),
  );
  assert.ok(first!.length > 100);
  for (const other of others) assert.equal(other, first);
});

/** All that chance decides for invocations, in an order of its own. A datum may be put twice. */
function decidedIn(events: readonly Event[]): readonly string[] {
  const texts = events.flatMap((at) => {
    const subject = `${at.kind} ${at.invocation} ${at.task} ${at.item}`;
    if (at.kind === "expand" || at.kind === "branch") return [`${subject}: ${at.value}`];
    if (at.kind === "execute") return [`${subject}: ${at.cpu_us} + ${at.value}`];
    if (at.kind === "put") return [`${subject}: ${at.datum} ${at.part} ${at.bytes}`];
    return [];
  });
  return [...new Set(texts)].sort(); // texts
}

test("what was drawn for one workflow stays the same whoever runs beside it", () => {
  const merged = (workflows: Scenario["specs"]): readonly string[] => {
    const scenario = scenarioOf(workflows, { load: invocations(4) });
    const plan = workflows.indexOf(BY_CHANCE);
    return eventsOf(scenario)
      .filter((event) => event.plan === plan && event.kind === "execute")
      .map(({ task, cpu_us }) => `${task} ${cpu_us}`)
      .sort(); // texts
  };
  const other = scenarioOf(["wordcount"]).specs[0]!;
  assert.equal(merged([BY_CHANCE]), merged([other, BY_CHANCE]));
});

test("a value that is known draws nothing, and shifts no other stream", () => {
  const graph = compile(BY_CHANCE);
  const drawn = drawRecorded(graph, NOTHING_RECORDED, new Streams("1"));
  const cut = graph.vertices.findIndex(({ name }) => name === "cut");
  const known = { ...NOTHING_RECORDED, compute: new Map([[cut, 5]]) };
  const other = drawRecorded(graph, known, new Streams("1"));
  assert.is(other.compute.get(cut), 5);
  assert.equal(other.sleep, drawn.sleep);
  assert.equal(other.bytes, drawn.bytes);
  assert.equal(other.counts, drawn.counts);
  assert.equal(other.branches, drawn.branches);
});

test("a generated workflow is the same for the same seed, and another for another", () => {
  assert.is(hashOf(scenarioOf(["genome:40:3"])), hashOf(scenarioOf(["genome:40:3"])));
  assert.is.not(hashOf(scenarioOf(["genome:40:3"])), hashOf(scenarioOf(["genome:40:4"])));
});

test.run();
