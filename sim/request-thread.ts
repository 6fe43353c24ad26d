/** Whatever makes requests one after another: a container's one thread, an engine's loop. */

import type { Micros } from "../core/units.ts";

export interface RequestThread {
  /** What one request takes of it. */
  readonly requestTime: Micros;
  /** Takes it for `time` as soon as it is free; gives when that will be over. */
  take(now: Micros, time: Micros): Micros;
}
