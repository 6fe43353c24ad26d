/** Recorded workflows of WfCommons as a user meets them: run as they are, or imported first. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { faasflow, jsonRows } from "../fixtures/command.ts";
import { mosaicFile, VERSIONS, wide } from "../fixtures/wfformat/recording.ts";

const imports = suite<{ folder: string }>("import");
imports.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), "faasflow-import-"));
});
imports.after.each(({ folder }) => rmSync(folder, { recursive: true }));

/** What a simulation comes to, whatever the file is called that it is of. */
function hashOf(file: string): unknown {
  const run = faasflow("simulate", file, "--workers", "14", "--bandwidth", "50MB/s", "--json");
  assert.is(run.code, 0, run.stderr);
  const rows = jsonRows(run);
  assert.is(rows.find(({ metric }) => metric === "invocations_finished")?.value, 10);
  return rows.find(({ metric }) => metric === "event_log_hash")?.value;
}

imports("each version is checked and simulated as it is, and comes to the same", ({ folder }) => {
  const renamed = join(folder, "anything.yml");
  writeFileSync(renamed, readFileSync(mosaicFile("1.4")));
  const files = [...VERSIONS.map(mosaicFile), renamed];
  const check = faasflow("check", ...files);
  assert.is(check.code, 0, check.stderr);
  assert.is(check.stdout.match(/workflow mosaic is fine: 4 tasks/g)?.length, files.length);
  assert.is(new Set(files.map(hashOf)).size, 1);
});

imports("what is imported runs as the recording itself does", ({ folder }) => {
  const out = join(folder, "mosaic.yaml");
  const made = faasflow("import", mosaicFile("1.5"), "--out", out);
  assert.is(made.code, 0, made.stderr);
  assert.match(made.stdout, /tasks: 4, edges: 4\n {2}data written: 5, 16481520 B/);
  for (const command of ["check", "simulate"]) assert.match(made.stdout, `${command} ${out}`);
  assert.is(hashOf(out), hashOf(mosaicFile("1.5")));
  const { stdout } = faasflow("import", mosaicFile("1.5"));
  assert.is(stdout, readFileSync(out, "utf8"));
  const again = faasflow("import", mosaicFile("1.5"), "--out", out);
  assert.is(again.code, 2);
  assert.match(again.stderr, `${out} is there already. Name another file.`);
});

imports("`check` counts the edges that `import` counts, between tasks", ({ folder }) => {
  const single = join(folder, "single.yaml");
  writeFileSync(single, "faasflow: 1\nname: single\ntasks: { only: {} }\n");
  const check = faasflow("check", mosaicFile("1.5"), single, "genome", "illegal_recognizer");
  assert.is(check.code, 0, check.stderr);
  assert.match(check.stdout, /mosaic is fine: 4 tasks, 4 edges/);
  assert.match(check.stdout, /single is fine: 1 task, 0 edges/);
  assert.match(check.stdout, /genome is fine: 50 tasks, 74 edges/);
  assert.match(check.stdout, /illegal_recognizer is fine: 7 tasks, 9 edges/);
});

imports("a benchmark is no recording", () => {
  const { code, stderr } = faasflow("import", "genome");
  assert.is(code, 2);
  assert.match(stderr, /^genome: there is no such file\. Check the path of the recording/);
  assert.not.match(stderr, "name a benchmark");
});

imports("plans, studies and experiments take a recording", ({ folder }) => {
  const plan = faasflow("plan", mosaicFile("1.6"));
  assert.is(plan.code, 0, plan.stderr);
  assert.match(plan.stdout, /add_up_ID03/);
  const study = join(folder, "study.yaml");
  writeFileSync(study, `study: S\nproduct:\n  workflow: ${mosaicFile("1.3")}\n  invocations: 1\n`);
  const sweep = faasflow("sweep", study, "--out", join(folder, "out"));
  assert.is(sweep.code, 0, sweep.stderr);
  assert.match(readFileSync(join(folder, "out", "results.csv"), "utf8"), /,e2e_mean,s,/);
  const run = faasflow("experiment", "e2e", "--workflows", mosaicFile("1.4"), "--json");
  assert.is(run.code, 0, run.stderr);
  assert.ok(jsonRows(run).some(({ workflow }) => workflow === "mosaic"));
});

imports("a thousand tasks are imported, and simulated end to end", ({ folder }) => {
  const [json, yaml] = [join(folder, "wide.json"), join(folder, "wide.yaml")];
  writeFileSync(json, wide(1000));
  assert.is(faasflow("import", json, "--out", yaml).code, 0);
  const flags = ["--invocations", "1", "--bandwidth", "50MB/s", "--check", "--json"];
  const [direct, imported] = [json, yaml].map((file) => faasflow("simulate", file, ...flags));
  assert.is(direct!.code, 0, direct!.stderr);
  const value = (metric: string): unknown =>
    jsonRows(direct!).find((row) => row.metric === metric)?.value;
  assert.is(value("invocations_finished"), 1);
  assert.is(jsonRows(direct!).length, jsonRows(imported!).length);
  assert.equal(jsonRows(imported!), jsonRows(direct!));
});

imports("all that is wrong is told at once, and nothing is written", ({ folder }) => {
  const file = join(folder, "wrong.json");
  const out = join(folder, "out.yaml");
  const tasks = [{ name: "a", parents: ["b"], files: [{ link: "input", name: "f" }] }];
  writeFileSync(
    file,
    JSON.stringify({ name: "n", schemaVersion: "1.4", workflow: { tasks } }, null, 1),
  );
  const run = faasflow("import", file, "--runtime", "soon", "--out", out);
  assert.is(run.code, 2);
  assert.is(run.stdout, "");
  const told = run.stderr.trim().split("\n");
  assert.match(told[0]!, /--runtime: "soon" is not a time/);
  assert.match(run.stderr, /wrong\.json:\d+:\d+ {2}workflow\.tasks\[0\]: 1 file has no size/);
  assert.match(run.stderr, /wrong\.json:\d+:\d+ {2}workflow\.tasks\[0\]\.parents\[0\]: no task/);
  assert.throws(() => readFileSync(out), /ENOENT/);
  const simulated = faasflow("simulate", file);
  assert.is(simulated.code, 2);
  assert.match(simulated.stderr, /no task is called "b"/);
});

imports("a number that JSON does not know is told with its line", ({ folder }) => {
  const file = join(folder, "nan.json");
  const told = readFileSync(mosaicFile("1.5"), "utf8");
  writeFileSync(file, told.replace(/"runtimeInSeconds": [\d.]+/, '"runtimeInSeconds": NaN'));
  for (const command of ["import", "simulate", "check"]) {
    const { code, stdout, stderr } = faasflow(command, file);
    assert.is(code, 2);
    assert.is(stdout, "");
    assert.match(stderr, /^\S*nan\.json:\d+:\d+ {2}not JSON: NaN is here\. .*\n$/);
  }
});

imports("a file that is no recording, and flags that have no effect", () => {
  const ours = faasflow("import", "workflows/benchmarks/genome.yaml");
  assert.is(ours.code, 2);
  assert.match(ours.stderr, /genome\.yaml: this is no recorded workflow/);
  assert.match(faasflow("import", "no-such.json").stderr, /no-such\.json: there is no such file/);
  const run = faasflow("import", mosaicFile("1.3"), "--runtime", "1s", "--size", "1MB");
  assert.is(run.code, 2);
  assert.match(run.stderr, /--runtime: has no effect.*\n--size: has no effect/);
});

imports.run();
