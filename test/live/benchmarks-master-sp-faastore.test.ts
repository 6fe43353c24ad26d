/** Each benchmark, live, under MasterSP with FaaStore: real daemons, real functions, no inputs given. */

import { test } from "uvu";
import * as assert from "uvu/assert";
import { runBenchmarks, runnable } from "./benchmark-runs.ts";

test("master-sp with faastore: every benchmark finishes, the log keeps the invariants, and each recording comes out the same", async () => {
  const configuration = { scheme: "master-sp", storage: "faastore", durable: true } as const;
  const { ends, violations, differences } = await runBenchmarks(configuration);
  assert.equal(
    ends,
    runnable().map((name) => `${name} finished`),
  );
  assert.equal(violations, []);
  assert.equal(differences, []);
});

test.run();
