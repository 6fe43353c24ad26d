/** `faasflow compare` as a user starts it; the recorded runs are the simulator's, which needs no cluster. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { faasflow } from "../fixtures/command.ts";

const folder = mkdtempSync(join(tmpdir(), "faasflow-compare-"));
const at = (name: string): string => join(folder, name);
const LOG = at("run.ndjson");
const OTHER = at("other.ndjson");

test.before(() => {
  const run = ["simulate", "wordcount", "--profile", "ideal", "--invocations", "4"];
  assert.is(faasflow(...run, "--events", LOG).code, 0);
  assert.is(faasflow(...run, "--storage", "remote", "--events", OTHER).code, 0);
});
test.after(() => rmSync(folder, { recursive: true, force: true }));

test("a run beside a twin of the same cluster: every error is 0, exit code 0", () => {
  const { code, stdout, stderr } = faasflow("compare", "--live", LOG, "--sim", "ideal");
  assert.is(code, 0, stderr);
  assert.match(
    stdout,
    /4 invocations live, each with its twin \(profile ideal, seed 1\): worker-sp, faastore, /,
  );
  assert.match(stdout, /All within the tolerances\./);
  assert.not.match(stdout, /[1-9]\.\d%/);
});

test("a twin of another cluster: what is beyond the tolerances on standard error, exit code 1", () => {
  const { code, stdout, stderr } = faasflow("compare", "--live", LOG, "--sim", "paper-testbed");
  assert.is(code, 1);
  assert.match(stderr, /^wordcount, worker-sp, faastore, .*: mean of end-to-end: twin \d/m);
  assert.match(stdout, /beyond the tolerances/);
});

test("a warm-up that leaves nothing to compare is refused, of each run", () => {
  const args = ["--live", LOG, "--live", OTHER, "--sim", "ideal", "--warm-up", "4"];
  const { code, stdout, stderr } = faasflow("compare", ...args);
  assert.is(code, 2);
  assert.is(stdout, "");
  for (const name of [LOG, OTHER]) {
    assert.ok(
      stderr.includes(`4 leaves none of the 4 invocations of wordcount in ${name}`),
      stderr,
    );
  }
  assert.is(faasflow("compare", "--live", LOG, "--sim", "ideal", "--warm-up", "3").code, 0);
});

test("tolerances of one's own decide: what they do not state is not checked", () => {
  const file = at("loose.yaml");
  writeFileSync(file, "latency: {}\nparts: {}\nexact: {}\nnoise: 1\n");
  const args = ["--live", LOG, "--sim", "paper-testbed", "--tolerances", file];
  assert.is(faasflow("compare", ...args).code, 0);
});

test("two storage policies are told apart, and what one is worth is told", () => {
  const { code, stdout } = faasflow("compare", "--live", LOG, "--live", OTHER, "--sim", "ideal");
  assert.is(code, 0);
  assert.match(stdout, /wordcount, faastore +│ +wordcount, remote|faastore +remote +\+/);
  assert.match(stdout, / right +│/);
});

test("an arrival in another's place is no crash: each invocation has one twin", () => {
  const lines = readFileSync(LOG, "utf8").trimEnd().split("\n");
  const isArrival = (line: string): boolean => line.includes('"kind":"arrival"');
  const [first] = lines.filter(isArrival);
  const again = at("again.ndjson");
  const last = lines.findLastIndex(isArrival);
  writeFileSync(again, `${lines.with(last, first!).join("\n")}\n`);
  const args = ["--live", again, "--sim", "ideal", "--tolerances", at("loose.yaml")];
  const { code, stdout, stderr } = faasflow("compare", ...args);
  assert.is(stderr, "");
  assert.is(code, 0);
  assert.match(stdout, /invocations live, each with its twin/);
});

test("--json prints one object with every cell, metric, fact and contrast", () => {
  const args = ["--live", LOG, "--live", OTHER, "--sim", "ideal", "--json"];
  const { stdout } = faasflow("compare", ...args);
  const { about, cells, contrasts, violations } = JSON.parse(stdout);
  assert.equal(about, { profile: "ideal", seed: "1" });
  assert.is(cells.length, 2);
  assert.is(cells[0].metrics.length, 7 * 4);
  assert.equal(
    cells[0].facts.map(({ fact }: { fact: string }) => fact),
    ["owners", "tiers", "bytes", "cold_starts"],
  );
  assert.is(contrasts.length, 1);
  assert.equal(violations, []);
});

test("--html writes one page with both distributions and both charts, loading nothing", () => {
  const file = at("page.html");
  const args = ["--live", LOG, "--sim", "paper-testbed", "--html", file];
  assert.is(faasflow("compare", ...args).code, 1);
  const page = readFileSync(file, "utf8");
  assert.is(page.match(/<svg /g)?.length, 2);
  assert.match(page, /<h2>Beyond the tolerances<\/h2>/);
  assert.match(page, /aria-label="One invocation, live and twin"/);
  assert.match(page, /count\[7\]/);
  assert.not.match(page, /<script|(src|href)="http/);
});

test("what is wrong is told at once: a log, a profile, a tolerance, a count; exit code 2", () => {
  const tolerances = at("wrong.yaml");
  writeFileSync(tolerances, "latency: { mean: -1, p51: 0.1 }\nparts: {}\nexact: {}\n");
  const { code, stdout, stderr } = faasflow(
    ...["compare", "--live", at("nothing.ndjson"), "--sim", "papertestbed", "--warm-up", "-1"],
    ...["--tolerances", tolerances],
  );
  assert.is(code, 2);
  assert.is(stdout, "");
  assert.match(stderr, /--warm-up: -1\. Give a whole number of at least 0\./);
  assert.match(stderr, /nothing\.ndjson: there is no such file/);
  assert.match(stderr, /--sim: "papertestbed" is not a profile\. Did you mean "paper-testbed"\?/);
  assert.match(stderr, /wrong\.yaml:1:\d+ .*latency\.mean/);
  assert.match(stderr, /wrong\.yaml:1:\d+ .*p51/);
  assert.match(stderr, /wrong\.yaml:.*noise/);
});

test("a log given twice is no repeat, and a log without a finish is nothing to compare", () => {
  const empty = at("empty.ndjson");
  const [header] = readFileSync(LOG, "utf8").split("\n");
  writeFileSync(empty, `${header}\n`);
  const args = ["--live", LOG, "--live", LOG, "--live", empty, "--sim", "ideal"];
  const { code, stderr } = faasflow("compare", ...args);
  assert.is(code, 2);
  assert.match(stderr, /run\.ndjson is given twice\. Name each run once\./);
  assert.match(stderr, /empty\.ndjson: none of its 0 invocations finished\./);
});

test("what is no event log is refused with its line", () => {
  const file = at("not-a-log");
  writeFileSync(file, "hello\n");
  const { code, stderr } = faasflow("compare", "--live", file, "--sim", "ideal");
  assert.is(code, 2);
  assert.match(stderr, /not-a-log:1.*hello/);
});

test("a gateway that is not there is told with its address", () => {
  const { code, stderr } = faasflow("compare", "--live", "http://127.0.0.1:9", "--sim", "ideal");
  assert.is(code, 2);
  assert.match(stderr, /no gateway answers at http:\/\/127\.0\.0\.1:9/);
});

test.run();
