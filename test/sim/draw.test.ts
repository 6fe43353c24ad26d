/** What chance decides at an arrival: which values, within which bounds, how often. */

import { test } from "uvu";
import * as assert from "uvu/assert";
import { compile } from "../../core/workflow/compile.ts";
import { OTHERWISE } from "../../core/workflow/graph.ts";
import { itemPath, ROOT_ITEM } from "../../core/workflow/item.ts";
import { NOTHING_RECORDED, type Recorded, recordedAt } from "../../core/workflow/recorded.ts";
import { bytesOf, countOf, drawRecorded, isRandom } from "../../sim/draw.ts";
import { Streams } from "../../sim/streams.ts";
import { BENCHMARKS } from "../../workflows/load.ts";
import { specFile, specOf } from "../fixtures/scenario.ts";

const graph = compile(specFile("by-chance"));
const vertex = (name: string): number => graph.vertices.findIndex((each) => each.name === name);
const datum = (name: string): number => graph.data.findIndex((each) => each.name === name);

function draws(count: number): readonly Recorded[] {
  const streams = new Streams("draws");
  return Array.from({ length: count }, () => drawRecorded(graph, NOTHING_RECORDED, streams));
}

test("workflows of fixed quantities are not random, and draw nothing", () => {
  assert.ok(isRandom(graph));
  for (const name of BENCHMARKS) {
    const fixed = compile(specOf(name));
    const drawn = drawRecorded(fixed, NOTHING_RECORDED, new Streams("1"));
    assert.is(
      drawn.compute.size + drawn.sleep.size + drawn.bytes.size + drawn.counts.size,
      0,
      name,
    );
  }
});

test("uniform values keep within their bounds, empirical ones are of their list", () => {
  for (const drawn of draws(200)) {
    const text = recordedAt(drawn.bytes, datum("input.text"), ROOT_ITEM)!;
    assert.ok(text >= 1e6 && text <= 4e6, `${text}`);
    const merge = recordedAt(drawn.compute, vertex("merge"), ROOT_ITEM)!;
    assert.ok([40_000, 60_000, 90_000].includes(merge), `${merge}`);
  }
});

test("as many parts are drawn as the list has items, in the foreach over it too", () => {
  for (const drawn of draws(100)) {
    const count = recordedAt(drawn.counts, datum("cut.pieces"), ROOT_ITEM)!;
    assert.ok(count >= 1 && count <= 9, `${count}`);
    const paths = Array.from({ length: count }, (_, part) => `${part}`);
    for (const values of [
      drawn.bytes.get(datum("cut.pieces")),
      drawn.compute.get(vertex("work")),
      drawn.bytes.get(datum("work.part")),
    ]) {
      assert.ok(typeof values === "object");
      assert.equal([...values.keys()].map(itemPath), paths);
    }
  }
});

test("branches come about as often as their probabilities say", () => {
  const found = new Map<number, number>();
  for (const drawn of draws(2000)) {
    const branch = recordedAt(drawn.branches, vertex("way"), ROOT_ITEM)!;
    found.set(branch, (found.get(branch) ?? 0) + 1);
  }
  const near = (branch: number, share: number): void => {
    assert.ok(Math.abs((found.get(branch) ?? 0) / 2000 - share) < 0.05, `branch ${branch}`);
  };
  near(0, 0.4);
  near(1, 0.4);
  near(OTHERWISE, 0.2);
});

test("the same seed draws the same, invocation after invocation; another differs", () => {
  assert.equal(draws(5), draws(5));
  const other = drawRecorded(graph, NOTHING_RECORDED, new Streams("other"));
  assert.not.equal(other, draws(1)[0]);
  const [first, second] = draws(2);
  assert.not.equal(first, second);
});

test("what is known is kept, in part or whole, and the rest is drawn", () => {
  const known: Recorded = {
    ...NOTHING_RECORDED,
    counts: new Map([[datum("cut.pieces"), 3]]),
    bytes: new Map([[datum("merge.whole"), 5]]),
    branches: new Map([[vertex("way"), 1]]),
  };
  const drawn = drawRecorded(graph, known, new Streams("1"));
  assert.is(countOf(graph, drawn, datum("cut.pieces"), ROOT_ITEM), 3);
  assert.is(bytesOf(graph, drawn, datum("merge.whole"), ROOT_ITEM), 5);
  assert.is(recordedAt(drawn.branches, vertex("way"), ROOT_ITEM), 1);
  const parts = drawn.bytes.get(datum("cut.pieces"));
  assert.is(typeof parts === "object" ? parts.size : 0, 3);
});

test.run();
