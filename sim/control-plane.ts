/**
 * Control-plane cost: each node's engine is one event loop. Every HTTP request takes a service time
 * of the loop that sends it and of the loop that serves it; answers come with the request they
 * answer. What waits for the loop waits in order.
 *
 *   start = max(arrival, end of the one before); end = start + engine.request
 *
 * So a fan-out leaves its engine one request after another, and MasterSP's master, which asks all
 * workers before each placement, is busy for (workers + 1) requests a task besides its look-ups.
 */

import type { Message } from "../core/protocol.ts";
import { type Item, partOf, ROOT_ITEM } from "../core/workflow/item.ts";

/** Whether the message is a request of its own, or comes with the answer to one. */
export function isRequest(message: Message): boolean {
  switch (message.tag) {
    case "trigger":
    case "invoke":
    case "poll":
    case "recover":
      return true;
    case "assign":
      return isFirstBody(message.item);
    case "load":
    case "completed":
    case "answered":
    case "failed":
    case "release":
      return false;
    default:
      return message satisfies never;
  }
}

/** A foreach is one function to the engine: what costs is its first body. */
export function isFirstBody(item: Item): boolean {
  return item === ROOT_ITEM || partOf(item) === 0;
}
