/**
 * What a warm activation costs beside its function: from the worker's call to the function's first
 * line, and from its last line to the worker's being told; for containers of each kind that can be
 * had here. Docker is measured where DOCKER_HOST or the usual socket has an engine.
 */

import * as assert from "uvu/assert";
import type { RunSpec } from "../../core/workflow/spec.ts";
import type { ContainerKind } from "../../live/container.ts";
import { dockerReady } from "../../live/docker-container.ts";
import { ProcessContainers } from "../../live/process-container.ts";
import { ContainerBench } from "../fixtures/container-bench.ts";
import { dockerIn } from "../fixtures/docker-bench.ts";

const small = process.argv.includes("--small");
const ROUNDS = small ? 50 : 2_000;
const WARM_UP = small ? 10 : 500;

interface Asked {
  readonly reads: number;
  readonly writes: number;
}

/** Both ends read one clock: that of the machine. */
function functionText({ reads, writes }: Asked): string {
  return `export default async (ctx) => {
    const first = process.hrtime.bigint();
    for (let n = 0; n < ${reads}; n++) await ctx.get("a.read" + n);
    for (let n = 0; n < ${writes}; n++) await ctx.put("w" + n, "some text");
    ctx.log(first + " " + process.hrtime.bigint());
  };`;
}

async function measure(
  name: string,
  kind: (folder: string) => ContainerKind,
  io: Asked,
): Promise<void> {
  const bench = new ContainerBench(kind);
  try {
    const spec: RunSpec = bench.module("measured.mjs", functionText(io));
    const id = await bench.boot(spec);
    const reads = Array.from({ length: io.reads }, (_, n) => bench.data(`a.read${n}`, ["text"]));
    const writes = Array.from({ length: io.writes }, (_, n) => ({ name: `w${n}`, isList: false }));
    const before: number[] = [];
    const after: number[] = [];
    for (let round = 0; round < WARM_UP + ROUNDS; round++) {
      const { called_ns, done, told_ns } = await bench.timed(id, spec, { reads, writes });
      const [first, last] = done.log.trim().split(" ").map(BigInt) as [bigint, bigint];
      assert.ok(called_ns < first && first < last && last < told_ns);
      if (round < WARM_UP) continue;
      before.push(Number(first - called_ns) / 1_000);
      after.push(Number(told_ns - last) / 1_000);
    }
    console.log(`${name}: to its first line ${spread(before)}; from its last ${spread(after)}`);
  } finally {
    await bench.close();
  }
}

function spread(values: readonly number[]): string {
  // Numbers, smallest first.
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): string => sorted[Math.floor((sorted.length - 1) * share)]!.toFixed(0);
  return `p50 ${at(0.5)} us, p95 ${at(0.95)} us, p99 ${at(0.99)} us`;
}

const docker = await dockerReady(undefined).catch((error: Error) => error);
if (docker instanceof Error) console.log(`Docker is left out: ${docker.message}`);
for (const io of [
  { reads: 0, writes: 0 },
  { reads: 8, writes: 2 },
]) {
  const what = `${io.reads} read, ${io.writes} written, ${ROUNDS} runs`;
  await measure(`process, ${what}`, () => new ProcessContainers(), io);
  if (docker instanceof Error) continue;
  await measure(`Docker, ${what}`, (folder) => dockerIn(folder, docker), io);
}
