/**
 * Control-plane cost: each node's engine is one event loop. An input waits until the loop is free
 * and then takes a service time that depends on what it is; its effects come at the end of it.
 *
 * A client's request costs `start` for each start task (its plan entry is read, then all are sent);
 * a task costs the worker `trigger` or `assign`, and the master `complete`; the further bodies of a
 * foreach cost `body` each, for a foreach is one function to the engine.
 *
 * start = max(arrival of the input, end of the one before); end = start + service time.
 */

import type { Input } from "../core/env.ts";
import type { Message } from "../core/protocol.ts";
import { type Micros, NO_TIME } from "../core/units.ts";
import { type Item, partOf, ROOT_ITEM } from "../core/workflow/item.ts";
import type { EngineProfile } from "./profile.ts";

export function serviceTime(
  input: Input,
  engine: EngineProfile,
  /** Start tasks of a plan. */
  startsOf: (plan: number) => number,
): Micros {
  switch (input.tag) {
    case "message":
      return messageTime(input.message, engine);
    case "arrival":
      return (engine.start * startsOf(input.plan)) as Micros;
    case "timer":
      if (input.timer.tag !== "run") return NO_TIME;
      return isFurtherBody(input.timer.item) ? engine.body : engine.trigger;
    default:
      // Containers and stores are served beside the loop.
      return NO_TIME;
  }
}

/** A foreach is one function to the engine: what costs is its first body. */
function isFurtherBody(item: Item): boolean {
  return item !== ROOT_ITEM && partOf(item) > 0;
}

function messageTime(message: Message, engine: EngineProfile): Micros {
  switch (message.tag) {
    case "trigger":
    case "invoke":
      return (engine.message * message.answers.length) as Micros;
    case "recover":
      return (engine.message * (message.told.length + message.heard.length)) as Micros;
    case "assign":
      return isFurtherBody(message.item) ? engine.body : engine.assign;
    case "completed":
      return isFurtherBody(message.item) ? engine.body : engine.complete;
    case "poll":
    case "load":
      return engine.poll;
    case "answered":
    case "failed":
      return engine.gateway;
    case "release":
      return NO_TIME;
    default:
      return message satisfies never;
  }
}
