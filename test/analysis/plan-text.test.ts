/**
 * What a plan looks like, as text, as DOT and as SVG.
 */

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { planDot } from "../../analysis/plan-dot.ts";
import { bytesText } from "../../analysis/plan-label.ts";
import { planSvg } from "../../analysis/plan-svg.ts";
import { planText } from "../../analysis/plan-text.ts";
import { PAPER_CLUSTER } from "../../core/plan/contract.ts";
import { makePlan } from "../../core/plan/planner.ts";
import { compile } from "../../core/workflow/compile.ts";
import { datum, task, workflow } from "../fixtures/partition/arbitrary.ts";

const test = suite("plan drawings");
const MIB = 2 ** 20;

const plan = makePlan({
  id: 0,
  version: 1,
  graph: compile(
    workflow([
      task("split", { writes: [datum("clip", 3 * MIB), datum("log", 8)] }),
      task('the "last"', { reads: ["split.clip"], writes: [] }),
    ]),
  ),
  method: "faasflow-plus",
  storage: "faastore",
  cluster: PAPER_CLUSTER,
});

test("the text says groups, workers, tags, critical path, quota and charge", () => {
  assert.is(
    planText(plan),
    [
      "test: plan 0, version 1, partition faasflow-plus",
      "  2 tasks in 1 group on 1 of 7 workers",
      '  critical path 2.480 s before, 2.032 s after: split > the "last"',
      "  quota 281.6 MiB, of it 3.0 MiB charged",
      "  data 3.0 MiB local, 8 B remote",
      "",
      "group 0 on worker-1, 2 tasks",
      "  split",
      "    clip: local, 3.0 MiB, read by 1",
      "    log: remote, 8 B, a result",
      '  the "last"',
      "",
      "worker-1: 2 tasks, quota 281.6 MiB",
      ...[2, 3, 4, 5, 6, 7].map((worker) => `worker-${worker}: 0 tasks, quota 0 B`),
      "",
    ].join("\n"),
  );
});

test("an over-committed plan says so and what would help", () => {
  assert.match(planText({ ...plan, overCommitted: true }), /over-committed: .*\n.*More workers/);
});

test("the drawing has a box a worker and a box a group", () => {
  assert.match(planDot(plan), /subgraph cluster_worker_0 \{\n\s+label="worker-1";/);
  assert.match(planDot(plan), /subgraph cluster_group_0 \{/);
});

test("the drawing's edges on the critical path are bold and say bytes and tag", () => {
  assert.match(planDot(plan), 'v0 -> v1 [label="3.0 MiB local", penwidth=3');
});

test("quotes in names are escaped", () => {
  assert.match(planDot(plan), String.raw`label="the \"last\""`);
});

test("Graphviz accepts the drawing", async () => {
  const svg = await planSvg(plan);
  assert.match(svg, /<svg[\s>]/);
  assert.match(svg, "3.0 MiB local");
});

test("bytes get the unit that leaves one to four digits before the point", () => {
  assert.equal([0, 1023, 1024, 37_761, 3 * 2 ** 30].map(bytesText), [
    "0 B",
    "1023 B",
    "1.0 KiB",
    "36.9 KiB",
    "3.0 GiB",
  ]);
});

test.run();
