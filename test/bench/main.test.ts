/** The benchmarks run, in small, and say what they measured in the form that people compare. */

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";

const test = suite("bench");

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));
const FIGURE =
  /^.+: [\d.e+]+ (M events\/s|M flows\/s|ms|k activations\/s|k steps\/s), peak \d+ MiB, hash [0-9a-f]+/;

function bench(...args: readonly string[]): {
  status: number | null;
  lines: string[];
  err: string;
} {
  const run = spawnSync(process.execPath, ["--import", "tsx", MAIN, ...args], { encoding: "utf8" });
  return { status: run.status, lines: run.stdout.trim().split("\n"), err: run.stderr };
}

test("every benchmark of the simulator runs in small, and each line is a figure", () => {
  const names = ["event-queue", "network", "partition", "run"];
  const { status, lines, err } = bench(...names, "--small");
  assert.is(status, 0, err);
  const [machine, ...rest] = lines.filter((line) => line !== "");
  assert.match(machine!, /^Node [\d.]+, \d+ x /);
  const heads = rest.filter((line) => line.startsWith("#"));
  assert.equal(
    heads,
    names.map((name) => `# ${name}`),
  );
  const figures = rest.filter((line) => !line.startsWith("#"));
  assert.ok(figures.length > 40, `${figures.length} figures`);
  for (const line of figures) assert.match(line, FIGURE);
});

test("a saved run is compared figure by figure, and the same work has the same hash", () => {
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  try {
    const file = join(folder, "saved.json");
    assert.is(bench("event-queue", "--small", "--json", file).status, 0);
    assert.is(JSON.parse(readFileSync(file, "utf8")).figures.length, 11);
    const { status, lines } = bench("event-queue", "--small", "--compare", file);
    assert.is(status, 0);
    const compared = lines.filter((line) => /; [\d.]+ times as good$/.test(line));
    assert.is(compared.length, 11);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("what nobody knows is told at once, with exit code 2", () => {
  const { status, err } = bench("flies", "--fast", "--compare", "no-such-file.json");
  assert.is(status, 2);
  for (const word of ["flies", "--fast", "no-such-file.json"]) assert.match(err, word);
});

test.run();
