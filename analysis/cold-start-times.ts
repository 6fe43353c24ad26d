/** How much of an activation's wait for its container was that container's own cold start. */

import type { Event } from "../core/events.ts";
import type { NodeId } from "../core/node.ts";
import type { Span } from "./span.ts";

export class ColdStartTimes {
  /** When the cold start under way or last ended in each container began, by node. */
  readonly #began: Map<NodeId, Map<number, number>>;

  constructor() {
    this.#began = new Map();
  }

  /** To be told every `cold-start` and `stop`. */
  add({ kind, node, container, time }: Event): void {
    if (kind === "stop") this.#began.get(node)?.delete(container);
    if (kind !== "cold-start") return;
    let ofNode = this.#began.get(node);
    if (ofNode === undefined) {
      ofNode = new Map();
      this.#began.set(node, ofNode);
    }
    ofNode.set(container, time);
  }

  /** Of a cold `dispatch`: from the container's cold start, or its `queue` if that is later. */
  of({ node, container, time }: Event, { queue }: Span): number {
    const began = this.#began.get(node)?.get(container);
    return began === undefined ? 0 : time - Math.max(began, queue);
  }
}
