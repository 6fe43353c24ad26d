/**
 * A cluster of round numbers, so that times in transcripts can be added up by hand: the profile
 * without costs, and few costs on top.
 */

import * as Effect from "effect/Effect";
import { type Settings, STORE_RETRIES } from "../../../core/engine/settings.ts";
import type { Bytes, Micros } from "../../../core/units.ts";
import type { Profile } from "../../../sim/profile.ts";
import { loadProfile } from "../../../sim/profile-config.ts";

const MS = 1_000;
const IDEAL = Effect.runSync(loadProfile("ideal"));

/**
 * A message takes 1 ms, a remote get 10 ms and 1 ms a kB, a remote put 2 ms and 1 ms a kB, a local
 * one no time, a cold start 100 ms. Engines answer at once.
 */
export const ROUND_PROFILE: Profile = {
  ...IDEAL,
  name: "round",
  cluster: { ...IDEAL.cluster, worker_memory: 1_000_000 as Bytes },
  network: { latency: MS as Micros, worker_link: 1_000_000, storage_link: 1_000_000 },
  remote_store: { ...IDEAL.remote_store, look_up: (8 * MS) as Micros },
  container: { ...IDEAL.container, cold_start: (100 * MS) as Micros },
};

export const ROUND_SETTINGS: Settings = {
  scheme: "worker-sp",
  workers: 2,
  workerMemory: ROUND_PROFILE.cluster.worker_memory,
  atLimit: "wait",
  keepAlive: ROUND_PROFILE.container.keep_alive,
  dispatchTick: 0 as Micros,
  pollBeforeAssign: false,
  followPlan: false,
  batchTriggers: true,
  ...STORE_RETRIES,
};
