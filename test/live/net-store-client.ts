/**
 * On one host of a test: `node net-store-client.ts URL put|get BYTES NAME` moves a part to or from
 * the storage daemon, when told to by a line on standard input, and says how many seconds it took.
 */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import * as Effect from "effect/Effect";
import { openEmbeddedStore } from "../../live/embedded-store.ts";

const [url, act, bytes, name] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "faasflow-client-"));
const part = { run: "r", workflow: "w", invocation: 0, datum: `${name}.out`, item: "" };

const program = Effect.gen(function* () {
  const store = yield* openEmbeddedStore({ url: url! });
  const file = join(folder, "body");
  writeFileSync(file, Buffer.alloc(Number(bytes)));
  // A get needs a body that is there already: put beforehand, and not timed.
  if (act === "get") yield* store.put(part, file);
  process.stdout.write("ready\n");
  yield* Effect.promise(() => createInterface({ input: process.stdin }).question(""));
  const begin = performance.now();
  yield* act === "get" ? store.get(part, file) : store.put(part, file);
  process.stdout.write(`${(performance.now() - begin) / 1000}\n`);
});

try {
  await Effect.runPromise(Effect.scoped(program));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
