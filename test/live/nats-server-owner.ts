/** A process that starts a nats-server, prints where, and waits: for a test that kills it. */

import * as Effect from "effect/Effect";
import { startNatsServer } from "../../live/nats-server.ts";

const owner = Effect.gen(function* () {
  const { pid, directory } = yield* startNatsServer();
  process.stdout.write(`${JSON.stringify({ pid, directory })}\n`);
  // The end of a test that forgot it.
  yield* Effect.sleep("2 minutes");
});

await Effect.runPromise(Effect.scoped(owner));
