/** What does not fit together in an event log's header: analysis follows its numbers blindly. */

import type { EventHeader, PlanHeader } from "./event-header.ts";

export interface Fault {
  /** `workflows.0.edges.3`, `value`. */
  readonly path: string;
  readonly found: string;
  readonly expected: string;
}

/** Cost: linear in the header. */
export function headerFaults({ workflows }: EventHeader): readonly Fault[] {
  return workflows.flatMap((plan, index) => {
    const faults = planFaults(plan);
    if (workflows.findIndex((other) => other.plan === plan.plan) < index) {
      faults.push({ path: "plan", found: `${plan.plan} again`, expected: "each plan once" });
    }
    return faults.map((fault) => ({ ...fault, path: `workflows.${index}.${fault.path}` }));
  });
}

function planFaults(plan: PlanHeader): Fault[] {
  const { tasks, task_count, depths, edges, criticalPath } = plan;
  const faults: Fault[] = [];
  const most = tasks.length;
  const check = (path: string, vertex: number, below: number): void => {
    if (vertex < below) return;
    faults.push({ path, found: `${vertex}`, expected: `one of its ${below} vertices, from 0` });
  };
  if (task_count > most) {
    faults.push({ path: "task_count", found: `${task_count}`, expected: `at most ${most}` });
  }
  if (depths.length !== most) {
    const found = `${depths.length} depths`;
    faults.push({ path: "depths", found, expected: `one for each of ${most} vertices` });
  }
  for (const [index, vertex] of criticalPath.entries()) {
    check(`criticalPath.${index}`, vertex, task_count);
  }
  for (const [index, edge] of edges.entries()) {
    for (const vertex of edge) check(`edges.${index}`, vertex, most);
  }
  if (faults.length === 0 && hasCycle(plan)) {
    faults.push({ path: "edges", found: "a circle", expected: "none" });
  }
  return faults;
}

/** Takes vertices away that nothing leads to: in a circle there are none. */
function hasCycle({ tasks, edges }: PlanHeader): boolean {
  const waiting = tasks.map(() => 0);
  const after: number[][] = tasks.map(() => []);
  for (const [from, to] of edges) {
    waiting[to]! += 1;
    after[from]!.push(to);
  }
  const free = [...waiting.keys()].filter((vertex) => waiting[vertex] === 0);
  for (const vertex of free) {
    for (const next of after[vertex]!) {
      waiting[next]! -= 1;
      if (waiting[next] === 0) free.push(next);
    }
  }
  return free.length < tasks.length;
}
