/**
 * How a worker or master comes to its end. A worker that is asked to end says so; the gateway gives
 * it no new invocation, and says farewell once nothing under way needs it. So nothing it has done is
 * done again. If that takes too long it goes, and the others take over as when it is lost.
 */

import * as Deferred from "effect/Deferred";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import { MASTER, type NodeId } from "../core/node.ts";
import type { Log } from "./daemon-log.ts";
import type { Phase } from "./membership.ts";

/** How a daemon is asked to end; whoever started it ends it at once if that is wanted. */
export interface Stopping {
  /** Ends when it is to finish what it has a part in, and no more. */
  readonly asked: Effect.Effect<void>;
  /** Longest that this may take. */
  readonly limit_ms: number;
}

export interface MemberEndParts {
  readonly node: NodeId;
  readonly stop: Stopping;
  readonly log: Log;
}

/** `new-gateway`: it is to begin anew, with nothing of the old in its memory. */
export type MemberEndReason = "asked" | "new-gateway";

export class MemberEnd {
  readonly #parts: MemberEndParts;
  readonly #farewell: Deferred.Deferred<void>;
  readonly #otherGateway: Deferred.Deferred<void>;
  #phase: Phase;

  constructor(parts: MemberEndParts) {
    this.#parts = parts;
    this.#farewell = Deferred.makeUnsafe();
    this.#otherGateway = Deferred.makeUnsafe();
    this.#phase = "serving";
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** It says so as its last word. */
  gone(): void {
    this.#phase = "gone";
  }

  /** Nothing needs it any more. */
  letGo(): void {
    Deferred.doneUnsafe(this.#farewell, Effect.void);
  }

  /** Its plans have the same ids as those of the one before, so nothing can be kept. */
  anotherGateway(): void {
    Deferred.doneUnsafe(this.#otherGateway, Effect.void);
  }

  /** `takesPart`: a gateway knows it. `announce`: tells the gateway the phase. */
  reached(member: {
    readonly takesPart: () => boolean;
    readonly announce: () => void;
  }): Effect.Effect<MemberEndReason> {
    const { log, stop } = this.#parts;
    const renewed = Effect.map(Deferred.await(this.#otherGateway), (): MemberEndReason => {
      log({ level: "warn" }, "there is a new gateway: begins anew");
      return "new-gateway";
    });
    const left = Effect.map(
      Effect.andThen(
        stop.asked,
        Effect.suspend(() => this.#leave(member)),
      ),
      (): MemberEndReason => "asked",
    );
    return Effect.raceFirst(left, renewed);
  }

  #leave(member: { takesPart: () => boolean; announce: () => void }): Effect.Effect<void> {
    const { node, log, stop } = this.#parts;
    // The joins of a master are of no use to another, nor is a worker that no gateway knows.
    if (node === MASTER || !member.takesPart()) return Effect.void;
    this.#phase = "leaving";
    member.announce();
    log({}, "asked to end: takes part in nothing new, finishes what it has begun");
    return Effect.map(
      Effect.timeoutOption(Deferred.await(this.#farewell), stop.limit_ms),
      (farewell) => {
        if (Option.isSome(farewell)) return;
        log({ level: "warn" }, `not through after ${stop.limit_ms / 1_000} s: others take over`);
      },
    );
  }
}
