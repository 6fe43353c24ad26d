/** Keep-alive policies: facts about an idle container in, how long to keep it out. */

import type { Micros } from "../units.ts";

/** What a policy may go by. */
export interface IdleFacts {
  /** Pool of the container: one a task. */
  readonly pool: number;
  readonly now: Micros;
  /** When its pool was last asked for a container; undefined: only once. */
  readonly lastAsked: Micros | undefined;
}

export type KeepAlivePolicy = (facts: IdleFacts) => Micros;

/** The same window for every container, as in the original (600 s there). */
export function fixedWindow(window: Micros): KeepAlivePolicy {
  return () => window;
}
