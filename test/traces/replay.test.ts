/**
 * A run replayed from the trace made of its own event log: the same work, the same latencies. In
 * process and over the command line's files.
 */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Event } from "../../core/events.ts";
import { PreparedScenario, type Scenario } from "../../sim/scenario-config.ts";
import { TraceRecorder } from "../../traces/from-events.ts";
import { formatTraceEntry, readTrace, TRACE_HEADER, type TraceEntry } from "../../traces/record.ts";
import { faasflow, jsonRows } from "../fixtures/command.ts";
import {
  CONFIGURATIONS,
  invocations,
  scenarioOf,
  specFile,
  workflowFile,
} from "../fixtures/scenario.ts";

const BY_CHANCE = specFile("by-chance");
const OPEN = {
  tag: "open",
  arrivals: "poisson",
  rate: 0.5,
  extent: { tag: "count", count: 30 },
} as const;

interface Run {
  readonly prepared: PreparedScenario;
  readonly events: readonly Event[];
}

function simulate(scenario: Scenario, trace?: readonly string[]): Run {
  const prepared = new PreparedScenario(scenario, (workflows) =>
    readTrace(trace ?? [], { file: "trace", workflows }),
  );
  const events: Event[] = [];
  const { violations } = prepared.simulate({ check: true, event: (event) => events.push(event) });
  assert.equal(violations, []);
  return { prepared, events };
}

/** The run's own trace, through the text of the format. */
function traceOf({ prepared, events }: Run): readonly string[] {
  const graphs = new Map(prepared.plans.map(({ id, graph }) => [id, graph]));
  const byName = new Map(prepared.plans.map(({ graph }) => [graph.name, graph]));
  const recorder = new TraceRecorder(graphs);
  const entries: TraceEntry[] = events.flatMap((event) => recorder.add(event));
  entries.push(...recorder.finish());
  const lines = entries.map((entry) => formatTraceEntry(entry, byName.get(entry.workflow)!));
  return [TRACE_HEADER, ...lines];
}

/** Microseconds, in the order of arrival. */
function latenciesOf({ events }: Run): readonly number[] {
  const ends = events.filter(({ kind }) => kind === "finish");
  return ends.sort((a, b) => a.invocation - b.invocation).map(({ wait_us }) => wait_us);
}

const replay = suite("replay");
for (const configuration of CONFIGURATIONS) {
  const { scheme, storage } = configuration;
  replay(`gives every latency again, exactly: ${scheme} with ${storage}`, () => {
    const workflows = [BY_CHANCE, ...scenarioOf(["wordcount"]).specs];
    const run = simulate(scenarioOf(workflows, { ...configuration, load: OPEN }));
    assert.is(latenciesOf(run).length, 60);
    assert.ok(new Set(latenciesOf(run)).size > 30, "chance has decided something");
    const again = simulate(
      scenarioOf(workflows, { ...configuration, load: { tag: "trace", sha256: "" } }),
      traceOf(run),
    );
    assert.equal(latenciesOf(again), latenciesOf(run));
    assert.equal(again.events, run.events);
  });
}

replay("of a replay gives the same trace", () => {
  const run = simulate(scenarioOf([BY_CHANCE], { load: OPEN }));
  const trace = traceOf(run);
  const again = simulate(scenarioOf([BY_CHANCE], { load: { tag: "trace", sha256: "" } }), trace);
  assert.equal(traceOf(again), trace);
});

replay("asks no chance for what was recorded: another seed gives the same work", () => {
  const trace = traceOf(simulate(scenarioOf([BY_CHANCE], { load: OPEN })));
  const [one, two] = ["1", "2"].map((seed) => {
    const run = simulate(
      scenarioOf([BY_CHANCE], { seed, load: { tag: "trace", sha256: "" } }),
      trace,
    );
    return traceOf(run);
  });
  assert.equal(one, two);
});

replay("of a closed loop gives each arrival its time", () => {
  const load = invocations(6);
  const run = simulate(scenarioOf([BY_CHANCE], { load }));
  const again = simulate(
    scenarioOf([BY_CHANCE], { load: { tag: "trace", sha256: "" } }),
    traceOf(run),
  );
  const arrivals = ({ events }: Run): readonly number[] =>
    events.filter(({ kind }) => kind === "arrival").map(({ time }) => time);
  assert.equal(arrivals(again), arrivals(run));
  assert.equal(latenciesOf(again), latenciesOf(run));
});

replay("under another scheme does the same work", () => {
  const run = simulate(scenarioOf([BY_CHANCE], { load: OPEN }));
  const other = scenarioOf([BY_CHANCE], {
    ...CONFIGURATIONS[3],
    load: { tag: "trace", sha256: "" },
  });
  const work = ({ events }: Run): readonly string[] =>
    events
      .filter(({ kind }) => kind === "execute")
      .map(({ invocation, task, item, cpu_us }) => `${invocation} ${task} ${item} ${cpu_us}`)
      .sort(); // texts
  assert.equal(work(simulate(other, traceOf(run))), work(run));
});

const files = suite<{ folder: string }>("files");
files.before((context) => {
  context.folder = mkdtempSync(join(tmpdir(), "faasflow-replay-"));
});
files.after(({ folder }) => rmSync(folder, { recursive: true, force: true }));

files("simulate --events, trace from-events, simulate --trace: the same latencies", (context) => {
  const [events, trace] = ["run.ndjson", "run.trace"].map((name) => join(context.folder, name));
  const workflow = workflowFile("by-chance");
  const load = ["--rate", "30/min", "--arrivals", "poisson", "--invocations", "20"];
  const run = faasflow("simulate", workflow, ...load, "--json", "--events", events!);
  assert.is(run.code, 0, run.stderr);
  const made = faasflow("trace", "from-events", events!, "--out", trace!);
  assert.is(made.code, 0, made.stderr);
  assert.is(readFileSync(trace!, "utf8").trim().split("\n").length, 1 + 20);
  const again = faasflow("simulate", workflow, "--trace", trace!, "--json");
  assert.is(again.code, 0, again.stderr);
  assert.equal(jsonRows(again), jsonRows(run));
});

files("a trace goes to standard output where no file is named", (context) => {
  const events = join(context.folder, "few.ndjson");
  const load = ["--invocations", "2", "--events", events];
  assert.is(faasflow("simulate", "wordcount", ...load).code, 0);
  const { code, stdout } = faasflow("trace", "from-events", events);
  assert.is(code, 0);
  const lines = stdout.trim().split("\n");
  assert.is(lines[0], TRACE_HEADER);
  assert.is(lines.length, 1 + 2);
});

files("every wrong line of a trace is told, with its number, and ends in code 2", (context) => {
  const trace = join(context.folder, "wrong.trace");
  const lines = [
    TRACE_HEADER,
    '{"at_us":0,"workflow":"wordcount"}',
    "not json",
    '{"at_us":5,"workflow":"nobody"}',
    '{"at_us":-1,"workflow":"wordcount"}',
    '{"at_us":6,"workflow":"wordcount","sleeps":1}',
    '{"at_us":7,"workflow":"wordcount","compute_us":{"strat":1}}',
    '{"at_us":2,"workflow":"wordcount"}',
  ];
  writeFileSync(trace, lines.join("\n"));
  const { code, stdout, stderr } = faasflow("simulate", "wordcount", "--trace", trace);
  assert.is(code, 2);
  assert.is(stdout, "");
  for (const line of [3, 4, 5, 6, 7, 8]) {
    assert.match(stderr, new RegExp(`wrong\\.trace:${line}\\b`), `line ${line} in:\n${stderr}`);
  }
  assert.not.match(stderr, /wrong\.trace:[12]\b/);
});

files("a file that is no event log is told as such", (context) => {
  const file = join(context.folder, "no.ndjson");
  writeFileSync(file, "a,b,c\n");
  const { code, stdout, stderr } = faasflow("trace", "from-events", file);
  assert.is(code, 2);
  assert.is(stdout, "");
  assert.match(stderr, /no\.ndjson:1\b/);
});

files("a log whose workflow has moved can be given its file", (context) => {
  const events = join(context.folder, "moved.ndjson");
  const workflow = join(context.folder, "by-chance.yaml");
  writeFileSync(workflow, readFileSync(workflowFile("by-chance"), "utf8"));
  const run = faasflow("simulate", workflow, "--invocations", "1", "--events", events);
  assert.is(run.code, 0, run.stderr);
  rmSync(workflow);
  const without = faasflow("trace", "from-events", events);
  assert.is(without.code, 2);
  const given = faasflow("trace", "from-events", events, "--workflow", workflowFile("by-chance"));
  assert.is(given.code, 0, given.stderr);
});

files("of a log's workflow the file is looked for beside the log, or asked for", (context) => {
  const events = join(context.folder, "beside.ndjson");
  const run = faasflow(
    "simulate",
    workflowFile("by-chance"),
    "--invocations",
    "1",
    "--events",
    events,
  );
  assert.is(run.code, 0, run.stderr);
  const [head, ...rest] = readFileSync(events, "utf8").split("\n");
  const header = JSON.parse(head!);
  const named = (reference: string): readonly [number | null, string] => {
    const config = { ...header.config, references: [reference] };
    writeFileSync(events, [JSON.stringify({ ...header, config }), ...rest].join("\n"));
    const { code, stderr } = faasflow("trace", "from-events", events);
    return [code, stderr];
  };
  const asks = `${events}: its workflow by-chance is not known. Name its file by --workflow.\n`;
  assert.equal(named("by-chance"), [2, asks]); // as live runs name it
  const [code, told] = named("./copy.yaml");
  assert.is(code, 2);
  assert.ok(told.startsWith("./copy.yaml: there is no such file.") && told.endsWith(asks), told);
  writeFileSync(join(context.folder, "copy.yaml"), readFileSync(workflowFile("by-chance"), "utf8"));
  assert.equal(named("./copy.yaml"), [0, ""]);
});

replay.run();
files.run();
