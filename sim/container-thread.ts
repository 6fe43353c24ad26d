/**
 * The one thread of a container: requests and bodies of one activation go through it one after
 * another, however many transfers are under way.
 *
 * end = max(now, end of the one before) + time.
 */

import { type Micros, NO_TIME } from "../core/units.ts";
import type { Content } from "../core/workflow/spec.ts";
import type { Profile, Rate } from "./profile.ts";
import type { RequestThread } from "./request-thread.ts";

export class ContainerThread implements RequestThread {
  readonly requestTime: Micros;
  #freeAt: Micros;

  constructor({ container }: Pick<Profile, "container">) {
    this.requestTime = container.request;
    this.#freeAt = NO_TIME;
  }

  take(now: Micros, time: Micros): Micros {
    this.#freeAt = (Math.max(now, this.#freeAt) + time) as Micros;
    return this.#freeAt;
  }
}

/** To send a body. */
export function sendTime(bytes: number, { container }: Pick<Profile, "container">): Micros {
  return transferTime(bytes, container.body);
}

/** To write a body as JSON, which binary ones are not. */
export function writeTime(
  { bytes, content }: { readonly bytes: number; readonly content: Content },
  { container }: Pick<Profile, "container">,
): Micros {
  return content === "binary" ? NO_TIME : transferTime(bytes, container.body);
}

/** To receive a body and, if it is JSON, to parse it. */
export function readTime(
  body: { readonly bytes: number; readonly content: Content },
  profile: Pick<Profile, "container">,
): Micros {
  return (sendTime(body.bytes, profile) + writeTime(body, profile)) as Micros;
}

/** Rounded up to whole microseconds. */
export function transferTime(bytes: number, rate: Rate): Micros {
  return (rate === Infinity ? 0 : Math.ceil((bytes / rate) * 1_000_000)) as Micros;
}
