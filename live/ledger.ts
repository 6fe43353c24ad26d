/**
 * What a gateway's successor has to know: what was deployed, which invocations were accepted, and how
 * those that ended last ended. On the durable bus it outlives the gateway (`durable-ledger.ts`).
 *
 * Noting is off the hot path: an invocation is under way while its record is being written, and only
 * the answer to the client waits for it. So what a client was told is true for every later gateway.
 */

import * as Effect from "effect/Effect";
import type { Facts } from "../core/protocol.ts";
import type { Micros } from "../core/units.ts";
import type { BusError } from "./bus.ts";
import type { Deployment } from "./deployment.ts";

export interface InvocationStatus {
  readonly id: number;
  readonly workflow: string;
  readonly state: "running" | "finished" | "failed";
  readonly arrived_us: number;
  readonly latency_s: number | undefined;
  /** Why it failed, and at which task. */
  readonly reason: string | undefined;
}

/** An invocation and all that is needed to begin it anew; its inputs are in the remote store. */
export interface Accepted {
  readonly status: InvocationStatus;
  readonly plan: number;
  readonly storing: Micros;
  readonly facts: Facts;
}

/** What the gateways before this one have left. */
export interface Legacy {
  readonly deployments: readonly Deployment[];
  /** By id. */
  readonly invocations: readonly Accepted[];
}

export interface Ledger {
  /** Id of the first gateway that wrote in it: names of data begin with it. */
  readonly run: string;
  /** undefined: this gateway is the first. */
  readonly legacy: Legacy | undefined;
  deployed(deployment: Deployment): void;
  /** As it stands now: in place of what was noted of it before. */
  invocation(accepted: Accepted): void;
  forget(invocation: number): void;
  /** Once all that was noted before outlives this gateway. */
  safe(): Promise<void>;
  /** Fails when nothing more can be noted; never ends before. */
  readonly failure: Effect.Effect<never, BusError>;
}

/** Of a gateway whose memory ends with it. */
export function volatileLedger(run: string): Ledger {
  const nothing = (): void => undefined;
  return {
    run,
    legacy: undefined,
    deployed: nothing,
    invocation: nothing,
    forget: nothing,
    safe: () => Promise.resolve(),
    failure: Effect.never,
  };
}
