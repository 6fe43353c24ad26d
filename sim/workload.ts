/**
 * What the simulator works out of a plan's graph once, however often the plan runs: what activations
 * ask for and how large data are where nothing was drawn or recorded, and what functions take.
 */

import type { Facts } from "../core/protocol.ts";
import { type Graph, OUTSIDE } from "../core/workflow/graph.ts";
import { type Item, ROOT_ITEM } from "../core/workflow/item.ts";
import { NOTHING_RECORDED, type Recorded } from "../core/workflow/recorded.ts";
import type { Content } from "../core/workflow/spec.ts";
import { type Wiring, wiringOf } from "../core/workflow/wiring.ts";
import { Demands } from "./demand.ts";
import { bytesOf, countOf, isRandom } from "./draw.ts";
import { functionTime } from "./function-times.ts";
import type { FunctionTime, Profile } from "./profile.ts";

export class Workload {
  readonly graph: Graph;
  readonly profile: Profile;
  readonly wiring: Wiring;
  /** By datum. */
  readonly contents: readonly Content[];
  readonly demands: Demands;
  readonly isRandom: boolean;
  /** What the core has to know of an invocation of which nothing was drawn or recorded. */
  readonly plainFacts: Facts;
  /** By task. */
  readonly functionTimes: readonly (FunctionTime | undefined)[];
  /** By datum; of a list whose items differ, none. */
  readonly #plainBytes: readonly (number | undefined)[];

  constructor(graph: Graph, profile: Profile) {
    this.graph = graph;
    this.profile = profile;
    this.wiring = wiringOf(graph);
    this.contents = graph.data.map(({ spec }) => spec.content);
    this.demands = new Demands(graph, profile);
    this.isRandom = isRandom(graph);
    this.plainFacts = factsOf(graph, NOTHING_RECORDED);
    const tasks = graph.vertices.slice(0, graph.taskCount);
    this.functionTimes = tasks.map((_, task) => functionTime(graph, task, profile));
    this.#plainBytes = graph.data.map(({ spec }, datum) =>
      spec.items !== undefined && spec.items.sizes.length > 0
        ? undefined
        : bytesOf(graph, NOTHING_RECORDED, datum, ROOT_ITEM),
    );
  }

  /** What the core has to know of what was drawn. */
  factsOf(recorded: Recorded): Facts {
    return recorded === NOTHING_RECORDED ? this.plainFacts : factsOf(this.graph, recorded);
  }

  bytesOf(recorded: Recorded, datum: number, part: Item): number {
    const plain = recorded === NOTHING_RECORDED ? this.#plainBytes[datum] : undefined;
    return plain ?? bytesOf(this.graph, recorded, datum, part);
  }
}

const known = new WeakMap<Graph, Workload>();

/** The same each time for one graph and profile. */
export function workloadOf(graph: Graph, profile: Profile): Workload {
  const found = known.get(graph);
  if (found?.profile === profile) return found;
  const workload = new Workload(graph, profile);
  known.set(graph, workload);
  return workload;
}

/** Branches, and the lengths of lists among the inputs. */
function factsOf(graph: Graph, recorded: Recorded): Facts {
  const branches = [...recorded.branches].flatMap(([vertex, value]) =>
    typeof value === "number"
      ? [{ tag: "branch", vertex, item: ROOT_ITEM, branch: value } as const]
      : [...value].map(([item, branch]) => ({ tag: "branch", vertex, item, branch }) as const),
  );
  const counts = graph.data.flatMap(({ producer, spec }, datum) => {
    if (producer !== OUTSIDE || spec.items === undefined) return [];
    const count = countOf(graph, recorded, datum, ROOT_ITEM);
    return [{ tag: "count", datum, item: ROOT_ITEM, count } as const];
  });
  return [...branches, ...counts];
}
