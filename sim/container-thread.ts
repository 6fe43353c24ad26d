/**
 * The one thread of a container: requests, serialisation and local copies of one activation go
 * through it one after another, however many transfers are under way.
 *
 * end = max(now, end of the one before) + time.
 */

import type { Micros } from "../core/units.ts";
import type { Content } from "../core/workflow/spec.ts";
import type { Profile, Rate } from "./profile.ts";

export class ContainerThread {
  #freeAt: Micros;

  constructor() {
    this.#freeAt = 0 as Micros;
  }

  /** Takes the thread for `time` as soon as it is free; gives when that will be over. */
  take(now: Micros, time: Micros): Micros {
    this.#freeAt = (Math.max(now, this.#freeAt) + time) as Micros;
    return this.#freeAt;
  }
}

/** Time to write or read a body in the container. */
export function serialisation(
  { container }: Profile,
  body: { readonly bytes: number; readonly content: Content },
): Micros {
  return body.content === "binary" ? (0 as Micros) : transferTime(body.bytes, container.serialise);
}

/** Rounded up to whole microseconds. */
export function transferTime(bytes: number, rate: Rate): Micros {
  return (rate === Infinity ? 0 : Math.ceil((bytes / rate) * 1_000_000)) as Micros;
}
