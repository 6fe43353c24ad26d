/** A cluster of round numbers, so that times in transcripts can be added up by hand. */

import { type Settings, STORE_RETRIES } from "../../../core/engine/settings.ts";
import type { Bytes, Micros } from "../../../core/units.ts";
import type { Profile } from "../../../sim/profile.ts";

const MS = 1_000;

/**
 * A message takes 1 ms, a remote get or put 10 ms and 1 ms a kB, a local one no time, a cold start
 * 100 ms. Engines answer at once.
 */
export const ROUND_PROFILE: Profile = {
  name: "round",
  cluster: {
    workers: 2,
    worker_cores: 8,
    worker_memory: 1_000_000 as Bytes,
    worker_capacity: 1_000,
  },
  network: { latency: MS as Micros, worker_link: 1_000_000, storage_link: 1_000_000 },
  remote_store: {
    request: (8 * MS) as Micros,
    get_requests: 1,
    put_requests: 0,
    miss_requests: 1,
    commit: 0 as Micros,
    connections: 1_000,
    document: "per-datum",
    intake_filler: Infinity,
    intake_text: Infinity,
    intake_binary: Infinity,
  },
  local_store: { operation: 0 as Micros, bandwidth: Infinity },
  container: {
    cold_start: (100 * MS) as Micros,
    cold_start_sigma: 0,
    keep_alive: (600_000 * MS) as Micros,
    request: 0 as Micros,
    serialise: Infinity,
  },
  engine: {
    message: 0 as Micros,
    trigger: 0 as Micros,
    assign: 0 as Micros,
    complete: 0 as Micros,
    poll: 0 as Micros,
    gateway: 0 as Micros,
    dispatch_tick: 0 as Micros,
    poll_before_assign: false,
    batch_triggers: true,
  },
};

export const ROUND_SETTINGS: Settings = {
  scheme: "worker-sp",
  workers: 2,
  workerMemory: 1_000_000 as Bytes,
  keepAlive: (600_000 * MS) as Micros,
  dispatchTick: 0 as Micros,
  pollBeforeAssign: false,
  batchTriggers: true,
  ...STORE_RETRIES,
};
