/**
 * Experiments on real clusters: one that runs already, measured as it is set up, or clusters of this
 * machine, one after another, for each system and bandwidth.
 */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as Console from "effect/Console";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import { readEventLog } from "../analysis/event-reader.ts";
import type { RunCell } from "../analysis/experiment.ts";
import type { ExperimentRow } from "../analysis/experiment-rows.ts";
import { WHOLE_RUN } from "../analysis/metric-rows.ts";
import { resolveWorkflow } from "../workflows/load.ts";
import { resourceUrl } from "../workflows/resources.ts";
import { UsageErrors } from "../workflows/usage-errors.ts";
import { Client } from "./client.ts";
import { clientOf, told } from "./client-flags.ts";
import { measureLive } from "./live-cells-command.ts";
import { type LocalCluster, startCluster } from "./local-cluster.ts";
import { netHostsProblems } from "./net-hosts.ts";
import { missingPrograms } from "./programs.ts";
import { stoppable } from "./stoppable.ts";

const WORKERS = 7;
const READY_MS = 30_000;
/** About 250 B of the gateway's memory each. */
const MAX_EVENTS = 4_000_000;
const BYTES_PER_MB = 1_000_000;

/** On clusters of this machine: network namespaces with a shaped link where a bandwidth is given. */
export const measuredHere = Effect.fn("measuredHere")(
  function* (cells: readonly RunCell[]) {
    const problems = new Set<string>();
    for (const workflow of new Set(cells.flatMap(({ workflows }) => workflows))) {
      for (const problem of missingPrograms(yield* resolveWorkflow(workflow)))
        problems.add(problem);
    }
    if (cells.some(({ bandwidth_MBps }) => bandwidth_MBps !== undefined)) {
      for (const problem of netHostsProblems()) problems.add(`--bandwidth: ${problem}`);
    }
    if (problems.size > 0) return yield* new UsageErrors({ problems: [...problems] });
    const groups = new Map<string, RunCell[]>();
    for (const cell of cells) {
      const key = `${cell.side.system} ${cell.bandwidth_MBps}`;
      groups.set(key, [...(groups.get(key) ?? []), cell]);
    }
    const rows: ExperimentRow[] = [];
    for (const group of groups.values()) rows.push(...(yield* Effect.scoped(onOwnCluster(group))));
    return rows;
  },
  (rows) => stoppable(told(rows)),
);

/** Of one system at one bandwidth. */
const onOwnCluster = Effect.fnUntraced(function* (cells: readonly RunCell[]) {
  const { side, bandwidth_MBps } = cells[0]!;
  yield* Console.error(`starting a cluster: ${side.system}, ${WORKERS} workers ...`);
  const started = yield* startCluster({
    workers: WORKERS,
    scheme: side.scheme,
    storage: side.storage,
    partition: side.partition,
    durable: false,
    flags: { gateway: ["--max-events", `${MAX_EVENTS}`] },
    netns: bandwidth_MBps === undefined ? undefined : { bandwidth: bandwidth_MBps * BYTES_PER_MB },
    program: fileURLToPath(resourceUrl("dist/cli.js")),
    log: () => undefined,
  });
  const client = new Client(started.url, started.token);
  yield* client.ready(READY_MS);
  const measured = Effect.gen(function* () {
    const rows: ExperimentRow[] = [];
    for (const cell of cells) {
      const before = cell.experiment === "component" ? engines(started) : undefined;
      rows.push(...(yield* measureOne(client, cell)));
      if (before !== undefined) rows.push(...engineRows(cell, before, engines(started)));
    }
    return rows;
  });
  return yield* Effect.raceFirst(measured, started.failure);
});

/** On the cluster at `url`, as far as it is one of the two systems; its link is its own. */
export const measuredThere = Effect.fn("measuredThere")(function* (
  cells: readonly RunCell[],
  url: string,
) {
  const client = yield* clientOf({ url: Option.some(url), tokenFile: Option.none() });
  const { scheme, storage, partition } = yield* settingsOf(client);
  const seen = new Set<string>();
  const rows: ExperimentRow[] = [];
  for (const cell of cells) {
    if (cell.side.scheme !== scheme || cell.side.storage !== storage) continue;
    const one = { ...cell, bandwidth_MBps: undefined, side: { ...cell.side, partition } };
    const key = JSON.stringify(one);
    if (seen.has(key)) continue;
    seen.add(key);
    rows.push(...(yield* measureOne(client, one as RunCell)));
  }
  if (seen.size === 0) {
    const problem =
      `--live: the cluster at ${url} runs ${scheme} with ${storage}, neither of the two systems. ` +
      "Start it with master-sp and remote, or with worker-sp and faastore.";
    return yield* new UsageErrors({ problems: [problem] });
  }
  return rows;
}, told);

const measureOne = Effect.fnUntraced(function* (client: Client, cell: RunCell) {
  const { experiment, workflows, side } = cell;
  const rows = yield* measureLive(client, cell);
  yield* Console.error(`measured ${experiment}: ${workflows.join(", ")}, ${side.system}`);
  return rows;
});

/** What the header of the gateway's log says of the cluster; no invocation has such an id. */
const settingsOf = Effect.fnUntraced(function* (client: Client) {
  const text = yield* client.log({ from: Number.MAX_SAFE_INTEGER });
  const lines = text.split("\n").slice(0, -1);
  const log = yield* Effect.promise(() => readEventLog(lines, { file: "the gateway's log" }));
  const told = (name: string): string => String(log.header.config[name]);
  return { scheme: told("scheme"), storage: told("storage"), partition: told("partition") };
});

/** CPU time and memory of each worker's engine, as Linux counts them. */
interface Engine {
  readonly at_ms: number;
  readonly cpu_s: number;
  readonly memory_B: number;
}

const TICKS_A_SECOND = 100;
const PAGE_B = 4_096;

function engines({ pids }: LocalCluster): readonly Engine[] {
  return [...pids]
    .filter(([name]) => name.startsWith("worker-"))
    .map(([, pid]) => {
      // After the name, which may hold spaces: the state is field 3, so utime is at 11 of the rest.
      const text = readFileSync(`/proc/${pid}/stat`, "utf8");
      const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
      const ticks = Number(fields[11]) + Number(fields[12]);
      const pages = Number(fields[21]);
      return {
        at_ms: performance.now(),
        cpu_s: ticks / TICKS_A_SECOND,
        memory_B: pages * PAGE_B,
      };
    });
}

/** Means of the workers, over the cell's run. */
function engineRows(
  { side: { scheme, storage } }: RunCell,
  before: readonly Engine[],
  after: readonly Engine[],
): readonly ExperimentRow[] {
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const cores = mean(
    after.map(({ at_ms, cpu_s }, i) => {
      return ((cpu_s - before[i]!.cpu_s) * 1_000) / (at_ms - before[i]!.at_ms);
    }),
  );
  const of = { workflow: WHOLE_RUN, scheme, storage, count: after.length };
  const row = { ...of, experiment: "component", driver: "live" } as const;
  const memory = mean(after.map(({ memory_B }) => memory_B));
  return [
    { ...row, metric: "engine_cores", unit: "1", value: cores },
    { ...row, metric: "engine_memory", unit: "B", value: memory },
  ];
}
