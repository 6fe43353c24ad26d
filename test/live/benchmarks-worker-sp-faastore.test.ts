/** Each benchmark, live, under WorkerSP with FaaStore: real daemons, real functions, no inputs given. */

import { test } from "uvu";
import * as assert from "uvu/assert";
import { BENCHMARKS } from "../../workflows/load.ts";
import { runBenchmarks, runnable } from "./benchmark-runs.ts";

test("worker-sp with faastore: every benchmark finishes, the log keeps the invariants, and each recording comes out the same", async () => {
  const configuration = { scheme: "worker-sp", storage: "faastore", durable: true } as const;
  const { ends, violations, differences } = await runBenchmarks(configuration);
  assert.equal(
    ends,
    runnable().map((name) => `${name} finished`),
  );
  assert.equal(violations, []);
  assert.equal(differences, []);
});

const withAll = runnable().length === BENCHMARKS.length ? test : test.skip;

withAll("none was left out, here and in the files beside this one: ffmpeg is installed", () => {
  assert.equal(runnable(), BENCHMARKS);
});

test.run();
