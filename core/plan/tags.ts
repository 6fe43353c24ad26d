/**
 * Storage tags: where each task's data, or each datum, is kept.
 *
 * | method | tag of a datum |
 * |---|---|
 * | `faasflow` | the tag of its task as a whole, as in the original; but `both` instead of `local` if a reader runs on another worker, where it could not be read |
 * | `faasflow-plus` | local if all its readers run on its producer's worker, both if some do, remote if none does |
 * | `raw` | remote |
 *
 * A datum that nobody reads is a result of the workflow: `faasflow-plus` keeps it remote.
 */

import type { PartitionDatum, PartitionProblem } from "./partition-problem.ts";
import type { Tag } from "./plan.ts";

/**
 * One tag a task. Local if all its successors are in its group, both if some are, remote if none is
 * or it has none; both, if a successor is a control vertex whose own such tag differs.
 * Source: FaaSFlow v1 artifact (ASPLOS'22, Apache-2.0).
 */
export function taskTags(
  problem: Pick<PartitionProblem, "tasks" | "edges">,
  groupOf: readonly number[],
): readonly Tag[] {
  const successors: number[][] = problem.tasks.map(() => []);
  for (const { from, to } of problem.edges) successors[from]!.push(to);
  const byGroup = successors.map((all, task): Tag => {
    const inside = all.filter((next) => groupOf[next] === groupOf[task]).length;
    if (inside === 0) return "remote";
    return inside === all.length ? "local" : "both";
  });
  return byGroup.map((tag, task) => {
    const differs = successors[task]!.some(
      (next) => problem.tasks[next]!.virtual && byGroup[next] !== tag,
    );
    return differs ? "both" : tag;
  });
}

/** `faasflow`: one tag a datum, from those of the tasks. */
export function tagsByTask(
  data: readonly PartitionDatum[],
  tasks: { readonly tagOf: readonly Tag[]; readonly workerOf: readonly number[] },
): readonly Tag[] {
  return data.map((datum) => {
    const tag = tasks.tagOf[datum.producer]!;
    const away = tag === "local" && readersAway(datum, (task) => tasks.workerOf[task]!) > 0;
    return away ? "both" : tag;
  });
}

/** `faasflow-plus`: one tag a datum, by where its readers run. */
export function tagsByReaders(
  data: readonly PartitionDatum[],
  workerOf: readonly number[],
): readonly Tag[] {
  return data.map((datum) => {
    const away = readersAway(datum, (task) => workerOf[task]!);
    if (away === datum.readers.length) return "remote";
    return away === 0 ? "local" : "both";
  });
}

/** Readers on another worker than the producer. */
function readersAway(datum: PartitionDatum, workerOf: (task: number) => number): number {
  const home = workerOf(datum.producer);
  let away = 0;
  for (const reader of datum.readers) if (workerOf(reader) !== home) away++;
  return away;
}
