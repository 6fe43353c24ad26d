/**
 * Control-plane cost: each node's engine is one event loop. An input waits until the loop is free
 * and then takes a service time that depends on what it is; its effects come at the end of it.
 *
 * start = max(arrival of the input, end of the one before); end = start + service time.
 */

import type { Input } from "../core/env.ts";
import type { Message } from "../core/protocol.ts";
import { type Micros, NO_TIME } from "../core/units.ts";
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
      return input.timer.tag === "run" ? engine.trigger : NO_TIME;
    default:
      // Containers and stores are served beside the loop.
      return NO_TIME;
  }
}

function messageTime(message: Message, engine: EngineProfile): Micros {
  switch (message.tag) {
    case "trigger":
    case "invoke":
      return (engine.message * message.answers.length) as Micros;
    case "recover":
      return (engine.message * (message.told.length + message.heard.length)) as Micros;
    case "assign":
      return engine.assign;
    case "completed":
      return engine.complete;
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
