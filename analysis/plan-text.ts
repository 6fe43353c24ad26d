/**
 * A plan as text: what `faasflow plan WORKFLOW` prints.
 */

import { workerName } from "../core/node.ts";
import type { Plan } from "../core/plan/plan.ts";
import { counted } from "./count-text.ts";
import { bytesOf, bytesText, tagsText } from "./plan-label.ts";

export function planText(plan: Plan): string {
  const { graph } = plan;
  const workers = new Set(plan.workerOf).size;
  const quota = plan.quotaOf.reduce((sum, bytes) => sum + bytes, 0);
  const written = graph.data.flatMap((datum, id) => (datum.producer < 0 ? [] : [id]));
  const groups = tasksBy(plan.groupOf, { count: plan.groupCount, tasks: graph.taskCount });
  const loads = tasksBy(plan.workerOf, { count: plan.quotaOf.length, tasks: graph.taskCount });
  const lines = [
    `${graph.name}: plan ${plan.id}, version ${plan.version}, partition ${plan.partition}`,
    `  ${counted(graph.taskCount, "task")} in ${counted(plan.groupCount, "group")}` +
      ` on ${workers} of ${counted(plan.quotaOf.length, "worker")}`,
    `  critical path ${seconds(plan.criticalPathBefore_s)} before,` +
      ` ${seconds(plan.criticalPathAfter_s)} after: ${names(plan, plan.criticalPath)}`,
    `  quota ${bytesText(quota)}, of it ${bytesText(plan.chargedBytes)} charged`,
    `  data ${written.length === 0 ? "none" : tagsText(plan, written)}`,
    ...overCommitment(plan),
    ...groups.flatMap((tasks, group) => ["", ...groupLines(plan, group, tasks)]),
    "",
    ...plan.quotaOf.map(
      (bytes, worker) =>
        `${workerName(worker)}: ${counted(loads[worker]!.length, "task")}, quota ${bytesText(bytes)}`,
    ),
  ];
  return `${lines.join("\n")}\n`;
}

function overCommitment(plan: Plan): readonly string[] {
  if (!plan.overCommitted) return [];
  return [
    "  over-committed: the tasks take more capacity units than the workers have free;",
    "  the load is balanced instead. More workers, a greater capacity or a smaller scale would help",
  ];
}

function groupLines(plan: Plan, group: number, tasks: readonly number[]): readonly string[] {
  const worker = plan.workerOf[tasks[0]!]!;
  return [
    `group ${group} on ${workerName(worker)}, ${counted(tasks.length, "task")}`,
    ...tasks.flatMap((task) => taskLines(plan, task)),
  ];
}

function taskLines(plan: Plan, task: number): readonly string[] {
  const vertex = plan.graph.vertices[task]!;
  const data = vertex.writes.map((id) => {
    const { spec, readers } = plan.graph.data[id]!;
    const kept = `${plan.tagOf[id]}, ${bytesText(bytesOf(plan, [id]))}`;
    const read = readers.length === 0 ? "a result" : `read by ${new Set(readers).size}`;
    return `    ${spec.name}: ${kept}, ${read}`;
  });
  return [`  ${vertex.name}`, ...data];
}

/** By group or worker: its tasks, in order. */
function tasksBy(
  placeOf: readonly number[],
  { count, tasks }: { readonly count: number; readonly tasks: number },
): readonly (readonly number[])[] {
  const found = Array.from({ length: count }, (): number[] => []);
  for (let task = 0; task < tasks; task++) found[placeOf[task]!]!.push(task);
  return found;
}

function names(plan: Plan, vertices: readonly number[]): string {
  return vertices.map((vertex) => plan.graph.vertices[vertex]!.name).join(" > ");
}

function seconds(value: number): string {
  return `${value.toFixed(3)} s`;
}
