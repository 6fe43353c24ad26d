/** What a profile says of the functions, put in the place of what their workflow says. */

import type { Graph } from "../core/workflow/graph.ts";
import { fixed, type Quantity } from "../core/workflow/spec.ts";
import type { FunctionTime, Profile } from "./profile.ts";

export function functionTime(
  graph: Graph,
  task: number,
  { functions }: Pick<Profile, "functions">,
): FunctionTime | undefined {
  return functions?.[`${graph.name}.${graph.vertices[task]!.name}`];
}

/**
 * The graph with compute times, sleeps and cores as measured; tasks that were not stay as they are.
 * To be applied to a plan's graph: the plan itself was made from what the workflow says.
 */
export function withFunctionTimes(graph: Graph, profile: Pick<Profile, "functions">): Graph {
  if (profile.functions === undefined) return graph;
  const vertices = graph.vertices.map((vertex, id) => {
    const time = vertex.task && functionTime(graph, id, profile);
    if (vertex.task === undefined || time === undefined) return vertex;
    const { sleep, cores } = time;
    const [only, other] = time.compute;
    const compute: Quantity =
      other === undefined ? fixed(only ?? 0) : { tag: "empirical", values: time.compute };
    return { ...vertex, task: { ...vertex.task, compute, sleep: fixed(sleep), cores } };
  });
  return { ...graph, vertices };
}
