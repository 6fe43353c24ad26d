/** `--worker-memory` and `--keep-alive` of the gateway: what containers may take of a worker, and how long. */

import * as Flag from "effect/cli/Flag";
import { LIVE_WORKER, type Settings } from "../core/engine/settings.ts";
import type { Bytes, Micros } from "../core/units.ts";
import { readQuantity } from "../workflows/quantity.ts";
import { duration } from "./daemon-flags.ts";

export const WORKER_SIZE_FLAGS = {
  workerMemory: Flag.String("worker-memory").pipe(
    Flag.withDefault(`${LIVE_WORKER.workerMemory / 2 ** 30}GiB`),
    Flag.mapTryCatch(size, (cause) => (cause as Error).message),
    Flag.withDescription(
      "memory that the containers of one worker may take together; default 8GiB",
    ),
  ),
  keepAlive: duration("keep-alive", `${LIVE_WORKER.keepAlive / 1e6}s`).pipe(
    Flag.withDescription("how long an idle container is kept; default 600s"),
  ),
};

export interface WorkerSizeInput {
  /** Bytes. */
  readonly workerMemory: number;
  /** Milliseconds. */
  readonly keepAlive: number;
}

export type WorkerSize = Pick<Settings, "workerMemory" | "keepAlive">;

export function readWorkerSize({ workerMemory, keepAlive }: WorkerSizeInput): WorkerSize {
  return { workerMemory: workerMemory as Bytes, keepAlive: Math.round(keepAlive * 1e3) as Micros };
}

/** What the header of an event log says of it. */
export function writtenWorkerSize({ workerMemory, keepAlive }: WorkerSize) {
  return { worker_memory: workerMemory, keep_alive_us: keepAlive };
}

function size(written: string): number {
  const reading = readQuantity(written, "size");
  // After "Give "; the full stop is set there.
  if (!reading.ok || reading.value === 0) {
    throw new Error("a size above 0 with its unit, such as 8GiB");
  }
  return reading.value;
}
