/**
 * The paper's partition (section 4.1, Algorithm 1): the figures that the original's own partitioner
 * gives for its eight benchmarks, each alone on 7 workers. Source: FaaSFlow v1 artifact
 * (ASPLOS'22, Apache-2.0), run on its declared tables.
 */

import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Partition, partition } from "../../core/plan/partition.ts";
import { partitionPlus } from "../../core/plan/partition-plus.ts";
import type { PartitionProblem } from "../../core/plan/partition-problem.ts";
import { taskTags } from "../../core/plan/tags.ts";
import { BENCHMARKS, type Benchmark, benchmark } from "../fixtures/partition/benchmark.ts";
import { leastRemoteBytes, remoteBytes } from "../fixtures/partition/remote-bytes.ts";

/**
 * Tasks, edges, critical path before and after (s), groups, edges inside groups, tasks tagged local,
 * remote, both, charged and quota (MiB).
 */
const PUBLISHED: ReadonlyMap<Benchmark, string> = new Map([
  ["video", "6,5,19.483,8.252,2,4,2,2,2,75.2,985.6"],
  ["illegal-recognizer", "10,11,29.033,28.844,3,8,4,2,4,1.3,1126.4"],
  ["fileprocessing", "4,4,29.123,20.692,1,4,3,1,0,56.5,563.2"],
  ["wordcount", "3,2,0.819,0.232,1,2,2,1,0,3.9,422.4"],
  ["cycles", "46,52,20.074,5.072,4,42,32,14,0,1064.9,6476.8"],
  ["epigenomics", "45,50,12.192,9.213,2,47,41,4,0,37.4,6336.0"],
  ["genome", "50,74,3.066,3.004,4,46,20,30,0,2.5,7040.0"],
  // Meets the capacity limit, so depends on where tasks start; ours comes out the same all the same.
  ["soykb", "45,77,11.977,11.127,6,55,20,7,18,14.0,6336.0"],
]);

for (const name of BENCHMARKS) {
  test(`${name} is partitioned as the original does`, () => {
    const problem = benchmark(name);
    assert.is(figures(problem, partition(problem)), PUBLISHED.get(name));
  });
}

test("faasflow-plus never lengthens the critical path of a benchmark", () => {
  const longer = BENCHMARKS.filter((name) => {
    const problem = benchmark(name);
    const first = partition(problem).criticalPathAfter_s;
    return partitionPlus(problem).criticalPathAfter_s > first;
  });
  assert.equal(longer, []);
});

test("faasflow-plus never sends more bytes of a benchmark through the remote store", () => {
  const more = BENCHMARKS.filter((name) => {
    const problem = benchmark(name);
    return byReaders(problem) > byTaskTags(problem);
  });
  assert.equal(more, []);
});

test("faasflow-plus keeps all data off the remote store where a worker holds what hangs together", () => {
  // The 45 tasks of epigenomics and of soykb hang together and take 135 units, a worker has 96.
  const leaves = BENCHMARKS.filter((name) => byReaders(benchmark(name)) > 0);
  assert.equal(leaves, ["epigenomics", "soykb"]);
});

test("Algorithm 1 sends genome's sifted data through the remote store, faasflow-plus nothing", () => {
  const problem = benchmark("genome");
  // Two data of 6,248,929 and 6,029,560 B, each put once and read by 14 tasks.
  assert.ok(byTaskTags(problem) >= 15 * (6_248_929 + 6_029_560));
  assert.is(byReaders(problem), 0);
});

function figures(problem: PartitionProblem, result: Partition): string {
  const tags = taskTags(problem, result.groupOf);
  const count = (tag: string) => tags.filter((other) => other === tag).length;
  return [
    problem.tasks.length,
    problem.edges.length,
    result.criticalPathBefore_s.toFixed(3),
    result.criticalPathAfter_s.toFixed(3),
    result.groupCount,
    result.edgesInside,
    count("local"),
    count("remote"),
    count("both"),
    (result.chargedBytes / 2 ** 20).toFixed(1),
    (result.quotaBytes / 2 ** 20).toFixed(1),
  ].join(",");
}

/** Remote bytes of Algorithm 1 under its own tags, a task's data all alike. */
function byTaskTags(problem: PartitionProblem): number {
  const { groupOf, workerOf } = partition(problem);
  const tags = taskTags(problem, groupOf);
  const tagOf = problem.data.map(({ producer }) => tags[producer]!);
  return remoteBytes({ data: problem.data, tagOf, workerOf });
}

function byReaders(problem: PartitionProblem): number {
  const { workerOf } = partitionPlus(problem);
  return problem.data.reduce(
    (sum, datum) => sum + leastRemoteBytes(datum, (task) => workerOf[task]!),
    0,
  );
}

test.run();
