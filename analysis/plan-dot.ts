/**
 * A plan drawn as a DOT graph: a box a worker, in it a box a group, tasks coloured by group, control
 * vertices as diamonds, the critical path bold. An edge between producer and reader says how many
 * bytes go there and where they are kept; dashed where data flows without an edge of control.
 */

import { workerName } from "../core/node.ts";
import type { Plan } from "../core/plan/plan.ts";
import { OUTSIDE } from "../core/workflow/graph.ts";
import { tagsText } from "./plan-label.ts";

export function planDot(plan: Plan): string {
  const lines = [
    `digraph ${quoted(plan.graph.name)} {`,
    "  rankdir=TB;",
    '  node [shape=box, style="rounded,filled", fontname="Helvetica", fontsize=10];',
    '  edge [fontname="Helvetica", fontsize=8, color="#555555"];',
    '  graph [fontname="Helvetica", fontsize=11, color="#999999"];',
    ...workerLines(plan),
    ...edgeLines(plan),
    "}",
  ];
  return `${lines.join("\n")}\n`;
}

function workerLines(plan: Plan): readonly string[] {
  const lines: string[] = [];
  const critical = new Set(plan.criticalPath);
  for (let worker = 0; worker < plan.quotaOf.length; worker++) {
    const groups = groupsAt(plan, worker);
    if (groups.size === 0) continue;
    lines.push(`  subgraph cluster_worker_${worker} {`, `    label=${quoted(workerName(worker))};`);
    for (const [group, members] of groups) {
      const nodes = members.map((id) => nodeLine(plan, id, critical));
      for (const line of groupLines(group, nodes)) lines.push(line);
    }
    lines.push("  }");
  }
  return lines;
}

/** Group to its vertices on that worker, in the order of the first of each. */
function groupsAt(plan: Plan, worker: number): ReadonlyMap<number, readonly number[]> {
  const groups = new Map<number, number[]>();
  for (const id of plan.graph.vertices.keys()) {
    if (plan.workerOf[id] !== worker) continue;
    const group = plan.groupOf[id]!;
    const members = groups.get(group);
    if (members === undefined) groups.set(group, [id]);
    else members.push(id);
  }
  return groups;
}

function groupLines(group: number, nodes: readonly string[]): readonly string[] {
  // A box around a single task says nothing.
  if (nodes.length === 1) return nodes.map((line) => `    ${line}`);
  return [
    `    subgraph cluster_group_${group} {`,
    `      label="group ${group}"; style="dashed";`,
    ...nodes.map((line) => `      ${line}`),
    "    }",
  ];
}

function nodeLine(plan: Plan, id: number, critical: ReadonlySet<number>): string {
  const vertex = plan.graph.vertices[id]!;
  const attributes = [`label=${quoted(vertex.name)}`, `fillcolor="${colour(plan.groupOf[id]!)}"`];
  if (vertex.kind !== "task") attributes.push("shape=diamond", 'style="filled"');
  if (critical.has(id)) attributes.push("penwidth=3");
  return `v${id} [${attributes.join(", ")}];`;
}

/** Hues a golden ratio apart, so that neighbouring groups differ. */
function colour(group: number): string {
  const hue = (group * 0.618034) % 1;
  return `${hue.toFixed(3)} 0.250 0.960`;
}

function edgeLines(plan: Plan): readonly string[] {
  const { graph } = plan;
  const flows = dataBetween(plan);
  const bold = boldEdges(plan);
  const lines: string[] = [];
  for (const [id, edge] of graph.edges.entries()) {
    if (edge.from === OUTSIDE || edge.kind === "width") continue;
    const key = pairKey(edge.from, edge.to);
    const attributes: string[] = [];
    const data = flows.get(key);
    if (data !== undefined) attributes.push(`label=${quoted(tagsText(plan, data))}`);
    if (bold.has(id)) attributes.push("penwidth=3", 'color="#000000"');
    flows.delete(key);
    lines.push(`  v${edge.from} -> v${edge.to}${attributeText(attributes)};`);
  }
  for (const [key, data] of flows) {
    const label = `label=${quoted(tagsText(plan, data))}`;
    lines.push(`  ${key}${attributeText([label, 'style="dashed"', "constraint=false"])};`);
  }
  return lines;
}

function attributeText(attributes: readonly string[]): string {
  return attributes.length === 0 ? "" : ` [${attributes.join(", ")}]`;
}

function pairKey(from: number, to: number): string {
  return `v${from} -> v${to}`;
}

/** Pair of producer and reader to the data that go between them. */
function dataBetween(plan: Plan): Map<string, number[]> {
  const between = new Map<string, number[]>();
  for (const [id, datum] of plan.graph.data.entries()) {
    if (datum.producer === OUTSIDE) continue;
    for (const reader of new Set(datum.readers)) {
      const key = pairKey(datum.producer, reader);
      const data = between.get(key);
      if (data === undefined) between.set(key, [id]);
      else data.push(id);
    }
  }
  return between;
}

/** Edges on the critical path, those through control vertices between its tasks included. */
function boldEdges(plan: Plan): ReadonlySet<number> {
  const bold = new Set<number>();
  for (let i = 0; i + 1 < plan.criticalPath.length; i++) {
    for (const edge of edgesFromTo(plan, plan.criticalPath[i]!, plan.criticalPath[i + 1]!)) {
      bold.add(edge);
    }
  }
  return bold;
}

/** The first way from one task to another that meets no third, breadth first. */
function edgesFromTo(plan: Plan, from: number, to: number): readonly number[] {
  const { vertices, edges, taskCount } = plan.graph;
  const cameBy = new Map<number, number>([[from, -1]]);
  // A map is walked in the order of insertion, also over what is added on the way.
  for (const vertex of cameBy.keys()) {
    if (vertex === to) break;
    if (vertex !== from && vertex < taskCount) continue;
    for (const id of vertices[vertex]!.outEdges) {
      const edge = edges[id]!;
      if (edge.kind !== "width" && !cameBy.has(edge.to)) cameBy.set(edge.to, id);
    }
  }
  const way: number[] = [];
  for (let id = cameBy.get(to) ?? -1; id >= 0; id = cameBy.get(edges[id]!.from) ?? -1) way.push(id);
  return way;
}

function quoted(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
