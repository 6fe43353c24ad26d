/** What an imported workflow looks like as a file, and what is said of it. */

import { yamlText } from "./document.ts";
import type { Foreign } from "./foreign.ts";
import { OUTSIDE } from "./instance-graph.ts";

/** The workflow as YAML. `source`: the file's name. */
export function importedText(foreign: Foreign, source: string): string {
  const { instance, file } = foreign;
  const run = instance.system === undefined ? "a run" : `a run by ${instance.system}`;
  const lines = [
    `${file.name}: ${run}, imported from ${source} (WfFormat ${instance.version}).`,
    "",
    ...importSummary(foreign),
    "",
    "compute is runtime x average load of the CPU, sleep what is left of the runtime; nothing is",
    "scaled by the speed of the machine that it ran on. Inputs are files that no task writes.",
    "Left out: commands, machines, priorities, energy, bytes counted by the system.",
  ];
  return yamlText(file, {
    comment: lines.join("\n"),
    flow: ["container", "reads", "after"],
    apart: ["inputs", "tasks"],
  });
}

/** A line a fact; what there was none of is left out. */
export function importSummary({ instance, file, graph, taken }: Foreign): readonly string[] {
  const inputs = Object.values(file.inputs ?? {});
  const written = Object.values(file.tasks).flatMap((task) => Object.values(task?.writes ?? {}));
  const sum = (sizes: readonly unknown[]): string =>
    `${sizes.reduce((bytes: number, size) => bytes + Number(size), 0)} B`;
  const { edges, byFile, byParent } = edgeCounts(graph);
  const notes: readonly (readonly [number, string])[] = [
    [byFile, "edges to the reader of a file from a writer that is not called its parent"],
    [byParent, "edges from a parent without a file between (`after`)"],
    [taken.runtimes, "tasks without a runtime in the recording (--runtime)"],
    [taken.sizes, "files without a size in the recording (--size)"],
    [instance.unusedFiles, "files left out that no task reads or writes"],
    [instance.unknownRuns, "measurements left out, of tasks that are not there"],
  ];
  const { makespan_s } = instance;
  return [
    `tasks: ${instance.tasks.length}, edges: ${edges}`,
    `data written: ${written.length}, ${sum(written)}; inputs: ${inputs.length}, ${sum(inputs)}`,
    ...(makespan_s === undefined ? [] : [`makespan as recorded: ${makespan_s} s`]),
    ...notes.flatMap(([count, what]) => (count === 0 ? [] : [`${what}: ${count}`])),
  ];
}

function edgeCounts({ parents, reads }: Foreign["graph"]) {
  const counts = { edges: 0, byFile: 0, byParent: 0 };
  for (const [task, before] of parents.entries()) {
    const writers = new Set([...reads[task]!.values()].filter((source) => source !== OUTSIDE));
    const shared = before.filter((parent) => writers.has(parent)).length;
    counts.edges += writers.size + before.length - shared;
    counts.byFile += writers.size - shared;
    counts.byParent += before.length - shared;
  }
  return counts;
}
