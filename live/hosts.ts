/** Where the parts of a cluster run: on this machine's loopback, or each on a host of its own. */

import { workerName } from "../core/node.ts";

export interface Host {
  /** Where the others reach what listens there. */
  readonly address: string;
  /** What comes before a command so that it runs there; nothing if it is this machine itself. */
  readonly enter: readonly string[];
}

/** By name: `storage`, `worker-1`, `worker-2` and so on. */
export type Hosts = (name: string) => Host;

/** nats-server, the storage daemon, the gateway and the master run here, as on the paper's testbed. */
export const STORAGE_HOST = "storage";

export const LOOPBACK: Host = { address: "127.0.0.1", enter: [] };

/** The storage node, then the workers. */
export function hostNames(workers: number): readonly string[] {
  return [STORAGE_HOST, ...Array.from({ length: workers }, (_, index) => workerName(index))];
}
