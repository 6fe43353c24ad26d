/**
 * What one activation asks of the cluster, and what it leaves: CPU time, sleep, outputs. As recorded
 * for its invocation, else as the spec says.
 */

import type { Output } from "../core/env.ts";
import type { Bytes, Micros } from "../core/units.ts";
import type { Graph } from "../core/workflow/graph.ts";
import { childItem, type Item } from "../core/workflow/item.ts";
import { NOTHING_RECORDED, type Recorded, recordedAt } from "../core/workflow/recorded.ts";
import { expected } from "../core/workflow/spec.ts";
import { writeTime } from "./container-thread.ts";
import { bytesOf, countOf } from "./draw.ts";
import type { Profile } from "./profile.ts";

export interface Demand {
  /** Core-microseconds. */
  readonly compute: Micros;
  readonly sleep: Micros;
  /** Most cores at once. */
  readonly cores: number;
  readonly outputs: readonly Output[];
  /** How many parts the outputs have in all, and the time to write them as JSON. */
  readonly keys: number;
  readonly writing: Micros;
}

/** Demands of one workflow; those that nothing recorded changes are worked out once. */
export class Demands {
  readonly #graph: Graph;
  readonly #profile: Pick<Profile, "container">;
  readonly #fixed: (Demand | undefined)[];

  constructor(graph: Graph, profile: Pick<Profile, "container">) {
    this.#graph = graph;
    this.#profile = profile;
    this.#fixed = [];
  }

  of(recorded: Recorded, task: number, item: Item): Demand {
    if (recorded !== NOTHING_RECORDED) return this.#demand(recorded, task, item);
    let demand = this.#fixed[task];
    if (demand === undefined) {
      demand = this.#demand(recorded, task, item);
      this.#fixed[task] = demand;
    }
    return demand;
  }

  #demand(recorded: Recorded, id: number, item: Item): Demand {
    const { task, writes } = this.#graph.vertices[id]!;
    const { compute, sleep, cores } = task!;
    const outputs: Output[] = [];
    let keys = 0;
    let writing = 0;
    for (const datum of writes) {
      const output = this.#output(recorded, datum, item);
      const { content } = this.#graph.data[datum]!.spec;
      outputs.push(output);
      for (const bytes of typeof output === "number" ? [output] : output) {
        keys++;
        writing += writeTime({ bytes, content }, this.#profile);
      }
    }
    return {
      compute: Math.round(recordedAt(recorded.compute, id, item) ?? expected(compute)) as Micros,
      sleep: Math.round(recordedAt(recorded.sleep, id, item) ?? expected(sleep)) as Micros,
      cores,
      outputs,
      keys,
      writing: writing as Micros,
    };
  }

  #output(recorded: Recorded, datum: number, item: Item): Output {
    if (this.#graph.data[datum]!.spec.items === undefined) {
      return bytesOf(this.#graph, recorded, datum, item) as Bytes;
    }
    const count = countOf(this.#graph, recorded, datum, item);
    return Array.from(
      { length: count },
      (_, part) => bytesOf(this.#graph, recorded, datum, childItem(item, part)) as Bytes,
    );
  }
}
