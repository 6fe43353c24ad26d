/** Any recorded workflow: the graph has its edges and bytes, and what import writes is the same. */

import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { compile } from "../../core/workflow/compile.ts";
import { type Graph, OUTSIDE } from "../../core/workflow/graph.ts";
import { expected } from "../../core/workflow/spec.ts";
import {
  mosaic,
  recording,
  specOf,
  type Told,
  VERSIONS,
  type Version,
  written,
} from "../fixtures/wfformat/recording.ts";

const SECOND = 1_000_000;
const FILES = ["f", "g.txt", "/a/b", "/c/b", "h-1", "h_1"];
const anyTasks = fc
  .array(
    fc.record({
      // What each of the files is to the task; who is a parent, of those before it.
      uses: fc.array(fc.constantFrom("none", "none", "read", "write"), {
        minLength: FILES.length,
        maxLength: FILES.length,
      }),
      parents: fc.array(fc.nat(), { maxLength: 3 }),
      runtime_s: fc.integer({ min: 0, max: 50_000 }).map((tenths) => tenths / 1e4),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .map((drafts) => {
    const written = new Set<string>();
    return drafts.map(({ uses, parents, runtime_s }, id): Told => {
      const filesFor = (use: string): readonly string[] =>
        FILES.filter((_, index) => uses[index] === use);
      // One writer a file, so that what the graph must be is plain.
      const outputs = filesFor("write").filter((file) => !written.has(file));
      for (const file of outputs) written.add(file);
      const before = id === 0 ? [] : [...new Set(parents.map((parent) => parent % id))];
      return {
        name: `t-${id}`,
        parents: before.map((parent) => `t-${parent}`),
        // Only what comes from earlier tasks or from nobody: no circles.
        inputs: filesFor("read").filter((file) => written.has(file) && !outputs.includes(file)),
        outputs,
        runtime_s,
      };
    });
  });
const SIZES = Object.fromEntries(FILES.map((file, index) => [file, index * 1000 + 1]));

/** Edges between tasks, and of each task the bytes that it reads and writes, by position. */
function shapeOf(graph: Graph) {
  const edges = graph.edges.filter(({ from }) => from !== OUTSIDE);
  return {
    edges: edges.map(({ from, to }) => `${from} ${to}`).sort(/* texts */),
    tasks: graph.spec.tasks.map(({ compute, sleep }, id) => ({
      time: expected(compute) + expected(sleep),
      reads: graph.vertices[id]!.reads.map(({ datum }) => {
        const { producer, spec } = graph.data[datum]!;
        return [producer, expected(spec.size)];
      }),
      writes: graph.vertices[id]!.writes.map((datum) => expected(graph.data[datum]!.spec.size)),
    })),
  };
}

function shapeTold(tasks: readonly Told[]): ReturnType<typeof shapeOf> {
  const writer = (file: string): number =>
    tasks.findIndex(({ outputs }) => outputs!.includes(file));
  const edges = tasks.flatMap(({ parents, inputs }, id) => {
    const from = [...parents!.map((name) => Number(name.slice(2))), ...inputs!.map(writer)];
    return [...new Set(from)].map((parent) => `${parent} ${id}`);
  });
  return {
    edges: edges.sort(/* texts */),
    tasks: tasks.map(({ inputs, outputs, runtime_s }) => ({
      time: Math.round(runtime_s! * SECOND),
      reads: inputs!.map((file) => [writer(file), SIZES[file]!]),
      writes: outputs!.map((file) => SIZES[file]!),
    })),
  };
}

test("a graph has the edges and the bytes that were told, in each version", () => {
  const versions = fc.constantFrom<Version>(...VERSIONS);
  fc.assert(
    fc.property(versions, anyTasks, (each, tasks) => {
      const graph = compile(specOf(recording(each, tasks, SIZES)));
      assert.equal(shapeOf(graph), shapeTold(tasks));
    }),
    { numRuns: 300 },
  );
});

test("what import writes is the same workflow", () => {
  const versions = fc.constantFrom<Version>(...VERSIONS);
  fc.assert(
    fc.property(versions, anyTasks, (each, tasks) => {
      const told = recording(each, tasks, SIZES);
      assert.equal(specOf(written(told)), specOf(told));
    }),
    { numRuns: 100 },
  );
  for (const each of VERSIONS) {
    assert.equal(specOf(written(mosaic(each))), specOf(mosaic(each)));
  }
});

test.run();
