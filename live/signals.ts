/** How whoever started a daemon asks it to end: by a signal, or by ending itself. */

import * as Deferred from "effect/Deferred";
import * as Effect from "effect/Effect";

/** Ends when standard input does; never otherwise. */
const parentGone: Effect.Effect<void> = Effect.callback((resume) => {
  const gone = (): void => resume(Effect.void);
  process.stdin.on("end", gone).on("close", gone).on("error", gone).resume();
});

export interface Signals {
  /** Ends at the first SIGTERM or SIGINT: what is under way may be finished. */
  readonly asked: Effect.Effect<void>;
  /** Ends at the second, or with the parent if that is wanted: no more time. */
  readonly atOnce: Effect.Effect<void>;
}

export function signals(withParent: boolean): Signals {
  const first = Deferred.makeUnsafe<void>();
  const second = Deferred.makeUnsafe<void>();
  const note = (): void => {
    if (!Deferred.doneUnsafe(first, Effect.void)) Deferred.doneUnsafe(second, Effect.void);
  };
  process.on("SIGTERM", note).on("SIGINT", note);
  const again = Deferred.await(second);
  const atOnce = withParent ? Effect.raceFirst(again, parentGone) : again;
  return { asked: Deferred.await(first), atOnce };
}

/** Ends at SIGTERM or SIGINT, or with the parent if that is wanted. */
export function asked(withParent: boolean): Effect.Effect<void> {
  const signalled = Effect.callback<void>((resume) => {
    const stop = (): void => resume(Effect.void);
    process.once("SIGTERM", stop).once("SIGINT", stop);
  });
  return withParent ? Effect.raceFirst(signalled, parentGone) : signalled;
}
