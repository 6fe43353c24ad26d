/** Studies as they are read, cells as they are kept, threads as they break. */

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import * as Result from "effect/Result";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { STUDY_METRICS } from "../../analysis/study-rows.ts";
import { CellPool } from "../../sim/cell-pool-command.ts";
import { PreparedScenario, type Scenario } from "../../sim/scenario-config.ts";
import { loadStudy, type Study } from "../../sim/study-config.ts";
import { StudyStore } from "../../sim/study-store-command.ts";
import { builtCli } from "../fixtures/command.ts";
import { scenarioOf } from "../fixtures/scenario.ts";

interface Context {
  folder: string;
}

const reading = suite<Context>("reading");
const keeping = suite<Context>("keeping");
const threads = suite("threads");

for (const each of [reading, keeping]) {
  each.before((context) => {
    context.folder = mkdtempSync(join(tmpdir(), "faasflow-study-"));
  });
  each.after(({ folder }) => rmSync(folder, { recursive: true, force: true }));
}

function read(folder: string, text: string): Result.Result<Study, { readonly message: string }> {
  const file = join(folder, "study.yaml");
  writeFileSync(file, text);
  return Effect.runSync(Effect.result(loadStudy(file)));
}

function cellsOf(folder: string, text: string): Study["cells"] {
  const result = read(folder, text);
  if (Result.isFailure(result)) throw new Error(result.failure.message);
  return result.success.cells;
}

/** Lines without the folder. */
function problemsOf(folder: string, text: string): readonly string[] {
  const result = read(folder, text);
  if (Result.isSuccess(result)) return [];
  return result.failure.message.replaceAll(join(folder, "study.yaml"), "study").split("\n");
}

reading("a product has a cell for each combination, seeds next to each other", ({ folder }) => {
  const cells = cellsOf(
    folder,
    "study: s\nproduct: { workflow: [video, genome], seed: [1, 2], workers: [3, 7] }\n",
  );
  assert.equal(
    cells.map(({ settings, scenario }) => [settings.workflows, settings.workers, scenario.seed]),
    ["video", "genome"].flatMap((name) =>
      [3, 7].flatMap((workers) => ["1", "2"].map((seed) => [name, workers, seed])),
    ),
  );
});

reading("a list gives settings together, each times the product", ({ folder }) => {
  const cells = cellsOf(
    folder,
    `study: s
product: { workflow: video, seed: [1, 2] }
list:
  - { scheme: worker-sp, storage: faastore }
  - { scheme: master-sp, storage: remote }
`,
  );
  assert.equal(
    cells.map(
      ({ settings, scenario }) => `${settings.scheme} ${settings.storage} ${scenario.seed}`,
    ),
    ["worker-sp faastore 1", "worker-sp faastore 2", "master-sp remote 1", "master-sp remote 2"],
  );
});

reading("settings are in the units of the columns", ({ folder }) => {
  const [cell] = cellsOf(
    folder,
    "study: s\nproduct: { workflow: video, bandwidth: 50MB/s, rate: 2/s, duration: 1.5 min }\n",
  );
  const { bandwidth_MBps, rate_per_min, duration_s } = cell!.settings;
  assert.equal([bandwidth_MBps, rate_per_min, duration_s], [50, 120, 90]);
});

reading("workflows in one text run together; so do faults, and none is no fault", ({ folder }) => {
  const cells = cellsOf(
    folder,
    "study: s\nproduct: { workflow: video genome, fault: [none, loss=1% delay=5%*20ms] }\n",
  );
  assert.equal(cells[0]!.scenario.specs.length, 2);
  assert.equal(
    cells.map(({ scenario: { faults } }) => faults.loss > 0),
    [false, true],
  );
});

reading("all that is wrong with the shape is told with its line", ({ folder }) => {
  const problems = problemsOf(
    folder,
    "study: s\nprodukt: {}\nproduct: { workflows: video, rate: true }\nshow: [p90]\nlist: 3\n",
  );
  assert.equal(
    problems.map((line) => line.split(":")[1]).sort((a, b) => +a! - +b!),
    [...["2", "3", "3", "4", "5"]],
  );
});

reading("all wrong values are told, each once, at its place in the file", ({ folder }) => {
  const problems = problemsOf(
    folder,
    `study: s
product:
  workflow: [vido, video]
  scheme: [worker-sp, x]
  bandwidth: fast
  rate: [6, 6/min, 6/min]
  clients: 3
  profile: nope
  fault: [none, crush=worker-1@1s]
  seed: [1, 2]
list:
  - { storage: remote }
  - { storage: faastore, partition: raw, seed: 3 }
`,
  );
  const right = [
    /^study:3:14 {2}product\.workflow\[0\].*"vido".*Did you mean "video"/,
    /^study:4:23 {2}product\.scheme\[1\].*"x".*worker-sp, master-sp/,
    /^study:5:14 {2}product\.bandwidth.*"fast".*50MB\/s/,
    /^study:6:10 {2}product\.rate\[0\].*"6".*6\/min/,
    /^study:6:20 {2}product\.rate\[2\].*given twice/,
    /^study:7:12 {2}product\.clients.*no effect with `rate`/,
    /^study:8:12 {2}product\.profile.*"nope"/,
    /^study:9:17 {2}product\.fault\[1\].*"crush"/,
    /^study:13:37 {2}list\[1\]\.partition.*`storage` remote/,
    /^study:13:48 {2}list\[1\]\.seed.*in the product, too/,
  ];
  assert.is(problems.length, right.length, problems.join("\n"));
  for (const [index, line] of problems.entries()) assert.match(line, right[index]!);
});

reading("more cells than a study may have are refused before they are made", ({ folder }) => {
  const numbers = Array.from({ length: 400 }, (_, index) => index + 1).join(", ");
  const [problem] = problemsOf(
    folder,
    `study: s\nproduct: { workflow: video, seed: [${numbers}], workers: [${numbers}] }\n`,
  );
  assert.match(problem!, /160000 cells.*at most 100000/);
});

reading("every metric that can be shown is one that a run has", () => {
  const { rows } = new PreparedScenario(scenarioOf(["video"])).simulate({
    check: false,
    event: undefined,
  });
  const metrics = rows.map(({ metric }) => metric);
  for (const metric of STUDY_METRICS) assert.ok(metrics.includes(metric), metric);
});

keeping("a cell is found under its inputs, whatever its workflow was called", ({ folder }) => {
  builtCli();
  const store = new StudyStore(folder);
  const scenario = scenarioOf(["video"]);
  const key = store.key(scenario);
  assert.is(store.get(key), undefined);
  store.put(key, []);
  assert.equal(store.get(store.key({ ...scenario, references: ["./video.yaml"] })), []);
  assert.equal(readdirSync(join(folder, "cells")), [`${key}.json`]);
});

keeping("whatever a cell's result depends on is in its key", ({ folder }) => {
  builtCli();
  const store = new StudyStore(folder);
  const base = scenarioOf(["video"]);
  const { network } = base.profile;
  const [spec] = base.specs;
  const others: readonly Scenario[] = [
    base,
    { ...base, seed: "2" },
    { ...base, scheme: "master-sp" },
    { ...base, workers: 3 },
    { ...base, profile: { ...base.profile, network: { ...network, storage_link: 1e6 } } },
    { ...base, profile: { ...base.profile, network: { ...network, storage_link: Infinity } } },
    { ...base, specs: [{ ...spec!, tasks: spec!.tasks.slice(1) }] },
    { ...base, faults: { ...base.faults, loss: 0.1 } },
    scenarioOf(["genome"]),
  ];
  assert.is(new Set(others.map((each) => store.key(each))).size, others.length);
});

threads("a cell that breaks its thread fails alone", async () => {
  builtCli();
  const pool = new CellPool(1);
  const scenario = scenarioOf(["video"]);
  const broken = { ...scenario, load: { tag: "nonsense" } } as unknown as Scenario;
  const tasks = [scenario, broken, scenario].map((each) => ({ tag: "scenario", scenario: each }));
  const results = await Promise.allSettled(
    tasks.map((task) => pool.measure(task as { tag: "scenario"; scenario: Scenario })),
  );
  await pool.close();
  assert.equal(
    results.map(({ status }) => status),
    ["fulfilled", "rejected", "fulfilled"],
  );
});

reading.run();
keeping.run();
threads.run();
