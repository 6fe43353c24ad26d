/** Commands that open what must not outlive them (processes, namespaces, files) end with all of it at a signal. */

import { constants } from "node:os";
import * as Effect from "effect/Effect";
import * as Runtime from "effect/Runtime";
import * as Schema from "effect/Schema";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** The exit code is a shell's: 128 and the signal's number. */
export class Stopped extends Schema.TaggedError<Stopped>()("Stopped", {
  signal: Schema.Literals(SIGNALS),
}) {
  override get message(): string {
    return `ended by ${this.signal}`;
  }

  override get [Runtime.errorExitCode](): number {
    return 128 + constants.signals[this.signal];
  }
}

/** Interrupts `work` at the first signal, so that its scopes close; a second one ends the process. */
export function stoppable<A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E | Stopped, R> {
  return Effect.raceFirst(work, signalled);
}

const signalled: Effect.Effect<never, Stopped> = Effect.callback((resume) => {
  const stops = SIGNALS.map((signal) => {
    const stop = (): void => {
      takeBack();
      resume(Effect.fail(new Stopped({ signal })));
    };
    return { signal, stop };
  });
  const takeBack = (): void => {
    for (const { signal, stop } of stops) process.off(signal, stop);
  };
  for (const { signal, stop } of stops) process.on(signal, stop);
  return Effect.sync(takeBack);
});
