/** What a run fixes for all its machines. One record, handed to each; every field is read. */

import { invariant } from "../invariant.ts";
import { nodeName, workerNode } from "../node.ts";
import type { Bytes, Micros } from "../units.ts";

export type Scheme = "worker-sp" | "master-sp";

export interface Settings {
  readonly scheme: Scheme;
  readonly workers: number;
  /** Memory of one worker that containers may take. */
  readonly workerMemory: Bytes;
  /**
   * What becomes of a function that wants one more container than its limit. `wait`: its activations
   * wait for one that is free. `stall`: it may have one more than its limit, as in the original; when
   * all are busy and yet another is wanted, it never starts anything again (a lock is not released
   * there), and its invocations time out.
   */
  readonly atLimit: "wait" | "stall";
  /** How long an idle container is kept. */
  readonly keepAlive: Micros;
  /** Queued activations start on a tick of this length, one a task a tick; 0: at once. */
  readonly dispatchTick: Micros;
  /** MasterSP asks every worker for its load before it places a task, as the original does. */
  readonly pollBeforeAssign: boolean;
  /** MasterSP sends each task to the plan's worker; else to the one with the least to do. */
  readonly followPlan: boolean;
  /** Answers for one machine that come up together go in one message. */
  readonly batchTriggers: boolean;
  /** Tries of one store request before its attempt fails, and the first delay between them. */
  readonly storeTries: number;
  readonly storeRetryDelay: Micros;
}

/** Asserts that who goes is one of the run's workers: any other would count as one that is missed. */
export function expectWorker(worker: number, { workers }: Settings): void {
  const name = nodeName(workerNode(worker));
  invariant(worker >= 0 && worker < workers, `${name} is one of the run's ${workers} workers`);
}

/** Where nobody says otherwise: 4 tries, 100 ms before the second, twice as long before each next. */
export const STORE_RETRIES = {
  storeTries: 4,
  storeRetryDelay: 100_000 as Micros,
} as const;

/** What every live worker has, and so a profile that was measured on one: 8 GiB, 600 s. */
export const LIVE_WORKER = {
  workerMemory: (8 * 2 ** 30) as Bytes,
  keepAlive: 600_000_000 as Micros,
} as const;
