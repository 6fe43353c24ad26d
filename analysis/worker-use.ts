/**
 * How busy each worker was: which containers execute, from `start` to `execute` (or the end of the
 * attempt, of the container or of the worker). Times in microseconds.
 */

import { type Event, GATEWAY_LOST, NONE } from "../core/events.ts";
import { type NodeId, workerIndex, workerNode } from "../core/node.ts";

export interface WorkerUse {
  /** Time during which at least one activation executed. */
  readonly busy: number;
  /** Σ of all executions: over the makespan, the mean number of activations executing. */
  readonly execution: number;
}

interface Use {
  readonly executing: Set<number>;
  since: number;
  busy: number;
  execution: number;
}

export class WorkerUses {
  readonly #byNode: Map<NodeId, Use>;

  constructor() {
    this.#byNode = new Map();
  }

  add(event: Event): void {
    switch (event.kind) {
      case "start":
        this.#advance(event.node, event.time).executing.add(event.container);
        return;
      case "execute":
      case "fail":
      case "stop":
        if (event.container === NONE) return;
        this.#advance(event.node, event.time).executing.delete(event.container);
        return;
      case "lost": {
        const isAll = event.value === GATEWAY_LOST;
        const nodes = isAll ? [...this.#byNode.keys()] : [workerNode(event.value)];
        for (const node of nodes) this.#advance(node, event.time).executing.clear();
        return;
      }
      default:
    }
  }

  /** Of worker `index`, from 0. */
  of(index: number): WorkerUse {
    const use = this.#byNode.get(workerNode(index));
    return { busy: use?.busy ?? 0, execution: use?.execution ?? 0 };
  }

  /** One more than the greatest worker index seen. */
  get count(): number {
    return Math.max(0, ...[...this.#byNode.keys()].map((node) => workerIndex(node) + 1));
  }

  #advance(node: NodeId, time: number): Use {
    let use = this.#byNode.get(node);
    if (use === undefined) {
      use = { executing: new Set(), since: time, busy: 0, execution: 0 };
      this.#byNode.set(node, use);
    }
    const running = use.executing.size;
    if (running > 0) {
      use.busy += time - use.since;
      use.execution += running * (time - use.since);
    }
    use.since = time;
    return use;
  }
}
