/** A process that opens hosts, says so, and waits: for a test that kills it. */

import * as Effect from "effect/Effect";
import { openNetHosts } from "../../live/net-hosts.ts";

const owner = Effect.gen(function* () {
  const hosts = yield* openNetHosts({ hosts: ["storage", "worker-1"], bandwidth: 1_000_000 });
  process.stdout.write(`${hosts("storage").address}\n`);
  // The end of a test that forgot it.
  yield* Effect.sleep("2 minutes");
});

await Effect.runPromise(Effect.scoped(owner));
