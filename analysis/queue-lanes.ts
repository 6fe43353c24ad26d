/**
 * Gives each waiting activation of a node a lane of its own while it waits, so that slices of one
 * lane never overlap. Lanes are used again as soon as they are free.
 */

import type { Event } from "../core/events.ts";
import type { NodeId } from "../core/node.ts";

export interface Waiting {
  /** From 0. */
  readonly lane: number;
  /** Microseconds. */
  readonly since: number;
}

interface NodeQueue {
  readonly waiting: Map<string, Waiting>;
  /** Lanes that are free again. */
  readonly free: number[];
  lanes: number;
}

export class QueueLanes {
  readonly #byNode: Map<NodeId, NodeQueue>;

  constructor() {
    this.#byNode = new Map();
  }

  /** A `queue` event. */
  enter(event: Event): void {
    let queue = this.#byNode.get(event.node);
    if (queue === undefined) {
      queue = { waiting: new Map(), free: [], lanes: 0 };
      this.#byNode.set(event.node, queue);
    }
    const lane = queue.free.pop() ?? queue.lanes++;
    queue.waiting.set(keyOf(event), { lane, since: event.time });
  }

  /** The activation waits no longer; undefined: it did not wait here. */
  leave(event: Event): Waiting | undefined {
    const queue = this.#byNode.get(event.node);
    const key = keyOf(event);
    const waiting = queue?.waiting.get(key);
    if (queue === undefined || waiting === undefined) return undefined;
    queue.waiting.delete(key);
    queue.free.push(waiting.lane);
    return waiting;
  }

  /** The node's queue is gone; its lanes are used again. */
  clear(node: NodeId): void {
    const queue = this.#byNode.get(node);
    if (queue === undefined) return;
    for (const { lane } of queue.waiting.values()) queue.free.push(lane);
    queue.waiting.clear();
  }
}

function keyOf({ invocation, task, item }: Event): string {
  return `${invocation}/${task}/${item}`;
}
