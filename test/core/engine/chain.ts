/** A workflow for machines driven by hand: first, then left and right, then last. */

import type { Plan, Tag } from "../../../core/plan/plan.ts";
import { compile } from "../../../core/workflow/compile.ts";
import { datum, planOf, task } from "../../analysis/builder.ts";

export const [FIRST, LEFT, RIGHT, LAST] = [0, 1, 2, 3] as const;

const graph = compile({
  name: "diamond",
  description: "",
  inputs: [],
  tasks: [
    task("first", { writes: [datum("out", 100)] }),
    task("left", { reads: ["first.out"] }),
    task("right", { reads: ["first.out"] }),
    task("last", { after: ["left", "right"] }),
  ],
  steps: [],
  timeout: undefined,
});

/** Which edge leads from one vertex to another; -1: from outside. */
export function edgeTo(from: number, to: number): number {
  return graph.edges.findIndex((edge) => edge.from === from && edge.to === to);
}

/** The diamond, each task where `workerOf` says; its datum is kept by `tag`. */
export function diamond(workerOf: readonly number[], tag: Tag = "remote"): Plan {
  return planOf(graph, { workerOf, groupOf: workerOf, groupCount: 2, tagOf: [tag] });
}
