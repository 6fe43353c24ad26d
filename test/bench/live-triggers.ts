/**
 * From the end of a task to the first line of the next one's function, on warm containers: on the
 * same worker, and on another one. Seven workers on this machine, volatile and durable messages.
 *
 * A chain by `after`: no task reads what another wrote, so what is measured is the trigger alone.
 * The function writes the time of its first line (the machine's monotonic clock); the end of the
 * task before is its `complete` event, by the worker's clock, which is set against the same one.
 */

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import type { Event } from "../../core/events.ts";
import type { Plan } from "../../core/plan/plan.ts";
import { systemClock } from "../../live/clock.ts";
import { type BenchResult, benchCluster, benchFolder, spread } from "./live-cluster.ts";

const INVOCATIONS = process.argv.includes("--small") ? 4 : 150;
const WARM_UP = process.argv.includes("--small") ? 2 : 30;
const LINKS = 8;

const FUNCTION = `export default async (ctx) => {
  await ctx.put("at", String(process.hrtime.bigint()));
};
`;

function chain(): string {
  const task = (index: number): string =>
    [
      `  t${index}:`,
      "    run: ./now.mjs",
      ...(index === 0 ? [] : [`    after: [t${index - 1}]`]),
      "    writes: { at: 20 }",
    ].join("\n");
  const tasks = Array.from({ length: LINKS }, (_, index) => task(index));
  return `faasflow: 1\nname: chain\ntasks:\n${tasks.join("\n")}\n`;
}

interface Triggers {
  readonly local: readonly number[];
  readonly remote: readonly number[];
}

async function triggersOf({ plans, events, invocations, client }: BenchResult): Promise<Triggers> {
  const [plan] = plans as readonly [Plan];
  const ends = new Map<string, Event>();
  for (const event of events) {
    if (event.kind === "complete") ends.set(`${event.invocation} ${event.task}`, event);
  }
  const offset_us = clockOffset();
  const vertex = new Map(plan.graph.vertices.map(({ name }, id) => [name, id]));
  const local: number[] = [];
  const remote: number[] = [];
  for (const invocation of invocations[0]!.slice(WARM_UP)) {
    for (let link = 1; link < LINKS; link++) {
      const bytes = await Effect.runPromise(client.data(invocation, `t${link}.at`));
      const first_us = Number(BigInt(bytes.toString("utf8")) / 1_000n) + offset_us;
      const [before, after] = [vertex.get(`t${link - 1}`)!, vertex.get(`t${link}`)!];
      const end = ends.get(`${invocation} ${before}`)!;
      const isLocal = plan.workerOf[before] === plan.workerOf[after];
      (isLocal ? local : remote).push(first_us - end.time);
    }
  }
  return { local, remote };
}

/** Microseconds from the machine's monotonic clock to the daemons': the least of many looks. */
function clockOffset(): number {
  const clock = systemClock();
  const looks = Array.from(
    { length: 1_000 },
    () => clock.now() - Number(process.hrtime.bigint() / 1_000n),
  );
  return Math.max(...looks);
}

const folder = benchFolder();
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, "now.mjs"), FUNCTION);
for (const durable of [false, true]) {
  for (const storage of ["faastore", "remote"] as const) {
    const runs = [{ text: chain(), folder, invocations: WARM_UP + INVOCATIONS }];
    const { local, remote } = await benchCluster(
      { workers: 7, durable, storage, runs },
      triggersOf,
    );
    const bus = durable ? "durable" : "volatile";
    // The plan of faastore keeps the chain on one worker, `raw` scatters it by hash.
    if (storage === "faastore") console.log(`${bus}, same worker: ${spread(local)}`);
    else console.log(`${bus}, other worker: ${spread(remote)}`);
  }
}
rmSync(folder, { recursive: true, force: true });
