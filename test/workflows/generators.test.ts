/** Generated workflows: sound at every size, and the benchmark's shape at the benchmark's size. */

import { readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { WorkflowSpec } from "../../core/workflow/spec.ts";
import { validate } from "../../core/workflow/validate.ts";
import { benchmarkFile, GENERATORS, parseWorkflow } from "../../workflows/load.ts";

/** Names less their numbers. */
function kindOf(name: string): string {
  return name.replace(/_\d+$/, "");
}

/** How many tasks of each kind, and how many reads of each kind by each kind. */
function shape(spec: WorkflowSpec): readonly string[] {
  const counts = new Map<string, number>();
  const count = (what: string): void => {
    counts.set(what, (counts.get(what) ?? 0) + 1);
  };
  for (const { name, reads, writes } of spec.tasks) {
    count(kindOf(name));
    for (const datum of writes) count(`${kindOf(name)} writes ${datum.name}`);
    for (const read of reads) {
      const [owner, datum] = read.split(".");
      count(`${kindOf(name)} reads ${owner === "input" ? owner : `${kindOf(owner!)}.${datum}`}`);
    }
  }
  return [...counts].map(([what, times]) => `${times} ${what}`).sort();
}

function sizesByKind(spec: WorkflowSpec): ReadonlyMap<string, ReadonlySet<number>> {
  const sizes = new Map<string, Set<number>>();
  for (const { name, writes } of spec.tasks) {
    for (const { name: datum, size } of writes) {
      const key = kindOf(name) === "fastqsplit" ? "fastqsplit" : `${kindOf(name)}.${datum}`;
      if (!sizes.has(key)) sizes.set(key, new Set());
      if (size.tag === "fixed") sizes.get(key)!.add(size.value);
    }
  }
  return sizes;
}

function benchmark(name: string): WorkflowSpec {
  const result = parseWorkflow(readFileSync(benchmarkFile(name), "utf8"));
  if (!result.ok) throw new Error(`${name}: ${JSON.stringify(result.problems)}`);
  return result.spec;
}

test("exactly as many tasks as asked for, without a problem, from 10 to 120", () => {
  for (const [name, generate] of GENERATORS) {
    for (let tasks = 10; tasks <= 120; tasks++) {
      const spec = generate(tasks, "1");
      assert.is(spec.tasks.length, tasks, name);
      assert.equal(validate(spec), [], `${name} ${tasks}`);
    }
  }
});

test("10,000 tasks, without a problem", () => {
  for (const [name, generate] of GENERATORS) {
    const spec = generate(10_000, "1");
    assert.is(spec.tasks.length, 10_000, name);
    assert.equal(validate(spec), [], name);
  }
});

test("the benchmark's own number of tasks gives the benchmark's shape", () => {
  for (const [name, generate] of GENERATORS) {
    const own = benchmark(name);
    assert.equal(shape(generate(own.tasks.length, "1")), shape(own), name);
  }
});

test("sizes are those of the same kind of task in the benchmark, and most of them occur", () => {
  for (const [name, generate] of GENERATORS) {
    const own = sizesByKind(benchmark(name));
    for (const [kind, sizes] of sizesByKind(generate(2000, "1"))) {
      for (const size of sizes) assert.ok(own.get(kind)?.has(size), `${name} ${kind} ${size}`);
      assert.ok(sizes.size > own.get(kind)!.size / 2, `${name} ${kind}`);
    }
  }
});

test("the same seed gives the same workflow, another one other sizes", () => {
  for (const [name, generate] of GENERATORS) {
    assert.equal(generate(200, "a"), generate(200, "a"), name);
    assert.not.equal(generate(200, "a"), generate(200, "b"), name);
    assert.equal(shape(generate(200, "a")), shape(generate(200, "b")), name);
  }
});

test("further tasks of one kind change no size of another", () => {
  const [small, large] = [GENERATORS.get("genome")!(50, "1"), GENERATORS.get("genome")!(52, "1")];
  const frequencies = (spec: WorkflowSpec): readonly unknown[] =>
    spec.tasks.filter((one) => kindOf(one.name) === "frequency").map((one) => one.writes);
  assert.equal(frequencies(large), frequencies(small));
});

test.run();
