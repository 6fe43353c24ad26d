/** The eight benchmarks against the figures of the FaaSFlow v1 artifact (ASPLOS'22, Apache-2.0). */

import { readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { compile } from "../../core/workflow/compile.ts";
import {
  type ContainerSpec,
  type DatumSpec,
  expected,
  type TaskSpec,
  type WorkflowSpec,
} from "../../core/workflow/spec.ts";
import { BENCHMARKS, benchmarkFile, parseWorkflow } from "../../workflows/load.ts";

function load(name: string): WorkflowSpec {
  const result = parseWorkflow(readFileSync(benchmarkFile(name), "utf8"));
  if (!result.ok) throw new Error(`${name}: ${JSON.stringify(result.problems)}`);
  return result.spec;
}

function bytes(datum: DatumSpec): number {
  const { items } = datum;
  if (items === undefined) return expected(datum.size);
  if (items.sizes.length > 0) return items.sizes.reduce((sum, size) => sum + size, 0);
  return expected(datum.size) * expected(items.count);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** Reads that come from another task / from outside, edges between tasks, all bytes written. */
function figures(spec: WorkflowSpec): readonly number[] {
  const reads = spec.tasks.flatMap((task) => task.reads);
  const fromInputs = reads.filter((name) => name.startsWith("input.")).length;
  const edges = compile(spec).edges.filter((edge) => edge.from >= 0).length;
  const written = spec.tasks.flatMap((task) => task.writes);
  return [
    spec.tasks.length,
    edges,
    spec.inputs.length,
    reads.length - fromInputs,
    written.length,
    sum(written.map(bytes)),
    sum(spec.inputs.map(bytes)),
  ];
}

function task(spec: WorkflowSpec, name: string): TaskSpec {
  return spec.tasks.find((one) => one.name === name)!;
}

test("each benchmark has the name of its file and no problem", () => {
  for (const name of BENCHMARKS) assert.is(load(name).name, name);
});

test("tasks, edges, inputs, reads, outputs and bytes of the scientific four", () => {
  assert.equal(figures(load("cycles")), [46, 52, 180, 132, 106, 1208319438, 31413349]);
  assert.equal(figures(load("epigenomics")), [45, 50, 79, 50, 51, 39627314, 3257721]);
  assert.equal(figures(load("genome")), [50, 74, 66, 74, 50, 52461565, 96185456]);
  assert.equal(figures(load("soykb")), [45, 77, 405, 148, 84, 25509258, 55172785]);
});

test("tasks of the scientific four sleep exactly 1 s and use no CPU; inputs are not stored", () => {
  for (const name of ["cycles", "epigenomics", "genome", "soykb"]) {
    const spec = load(name);
    for (const one of spec.tasks) {
      assert.is(expected(one.sleep), 1_000_000);
      assert.is(expected(one.compute), 0);
    }
    assert.ok(spec.inputs.every((input) => !input.stored));
  }
});

test("containers: 256 MiB, a quarter used, scale 3, and the limit of each workflow", () => {
  const limits = { wordcount: 60, video: 30, genome: 1, epigenomics: 1, soykb: 1 };
  for (const name of BENCHMARKS) {
    const limit = new Map(Object.entries(limits)).get(name) ?? 10;
    for (const { name: owner, container } of load(name).tasks) {
      const instances = name === "video" && owner === "transcode" ? 3 : 1;
      const same: ContainerSpec = { ...container, limit, scale: 3, instances };
      assert.equal(container, same, `${name} ${owner}`);
      assert.equal([container.memory, container.used], [268_435_456, 67_108_864]);
    }
  }
});

test("wordcount: eight texts, counted one by one", () => {
  const spec = load("wordcount");
  const file = task(spec, "start").writes[1]!;
  assert.is(bytes(file), 3_301_104);
  assert.is(file.items!.sizes.length, 8);
  assert.is(8 * bytes(task(spec, "count").writes[0]!), 736_992);
  assert.is(bytes(task(spec, "merge").writes[0]!), 325_053);
});

test("fileprocessing: both functions read the whole text", () => {
  const spec = load("fileprocessing");
  assert.equal(
    spec.tasks.map((one) => sum(one.writes.map(bytes))),
    [29_600_094, 29_600_099, 8, 0],
  );
  assert.is(expected(task(spec, "upload").sleep), 1_000_000);
  assert.equal(task(spec, "sentiment").reads, ["start.file"]);
});

test("illegal_recognizer: one mosaic behind two switches, which take the legal way", () => {
  const spec = load("illegal_recognizer");
  const graph = compile(spec);
  const mosaic = graph.vertices[spec.tasks.findIndex((one) => one.name === "mosaic")]!;
  const before = mosaic.inEdges.map((edge) => graph.vertices[graph.edges[edge]!.from]!);
  assert.equal(
    before.map(({ name }) => name),
    ["picture", "text"],
  );
  for (const { cases } of before) assert.is(cases[0]!.probability, 0);
  const image = bytes(task(spec, "upload").writes[2]!);
  assert.equal([image, bytes(task(spec, "mosaic").writes[1]!)], [1_327_839, 1_327_839]);
});

test("video: three pieces of a 4.19 MB clip", () => {
  const spec = load("video");
  const size = (owner: string, name: string): number =>
    bytes(task(spec, owner).writes.find((datum) => datum.name === name)!);
  assert.is(size("upload", "clip"), 4_190_000);
  assert.is(size("upload", "gif"), 4_439_111);
  assert.ok(Math.abs(size("split", "pieces") - 4_190_000) < 3);
  assert.ok(Math.abs(3 * size("transcode", "content") - 22_694_084) < 3);
  assert.is(size("merge", "content"), 22_663_904);
  assert.is(size("simple_process", "content"), 22_663_904);
});

test("compute on the critical path leaves 0.05 to 1.2 s of the published latency to the rest", () => {
  const path = (name: string, owners: readonly string[]): number => {
    const spec = load(name);
    const times = owners.map((owner) => {
      const { compute, sleep, cores } = task(spec, owner);
      const shares = owner === "transcode" ? 3 : 1;
      return (expected(compute) * shares) / cores + expected(sleep);
    });
    return sum(times) / 1e6;
  };
  const rests = [
    3.8868 - path("video", ["upload", "split", "transcode", "merge"]),
    4.7865 - path("illegal_recognizer", ["upload", "adult", "extract", "translate", "word_censor"]),
    8.5224 - path("fileprocessing", ["start", "sentiment", "upload"]),
    0.45 - path("wordcount", ["start", "count", "merge"]),
  ];
  for (const rest of rests) assert.ok(rest > 0.05 && rest < 1.2, `${rest}`);
});

test.run();
