/** Cells of experiments on a real cluster: the loops run, and rows come from the gateway's log. */

import { fileURLToPath } from "node:url";
import * as Effect from "effect/Effect";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { PARTS, type Part } from "../../analysis/attribution.ts";
import { type Protocol, type RunCell, sidesOf } from "../../analysis/experiment.ts";
import type { ExperimentRow } from "../../analysis/experiment-rows.ts";
import { Client } from "../../live/client.ts";
import { measureLive } from "../../live/live-cells-command.ts";
import { startCluster } from "../../live/local-cluster.ts";

const PROGRAM = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
const PATIENCE_MS = 60_000;
const ROUNDING_S = 1e-9;
const SIDE = sidesOf({ partition: "faasflow" })[1]!;

const CLOSED: Protocol = {
  tag: "closed",
  duration_s: 300,
  requests: 5,
  stagger_s: 0,
  patience: undefined,
};
const OPEN: Protocol = {
  tag: "open",
  rate_per_min: 240,
  duration_s: 1,
  patience: { wait_s: 60, inVain: 3 },
  longRun: 0,
};
/** Clients leave before anything can be answered. */
const HASTY: Protocol = { ...CLOSED, requests: 6, patience: { wait_s: 0.001, inVain: 2 } };

function measured(protocols: readonly Protocol[]): Promise<readonly (readonly ExperimentRow[])[]> {
  const program = Effect.gen(function* () {
    const cluster = yield* startCluster({
      ...{ workers: 2, scheme: SIDE.scheme, storage: SIDE.storage, partition: SIDE.partition },
      durable: false,
      program: PROGRAM,
      log: () => undefined,
    });
    const client = new Client(cluster.url, cluster.token);
    yield* client.ready(PATIENCE_MS);
    const rows: (readonly ExperimentRow[])[] = [];
    for (const protocol of protocols) {
      const cell: RunCell = {
        tag: "run",
        experiment: protocol.tag === "open" ? "tail" : "e2e",
        mode: "solo",
        workflows: ["wordcount"],
        side: SIDE,
        protocol,
        bandwidth_MBps: undefined,
      };
      rows.push(yield* Effect.raceFirst(measureLive(client, cell), cluster.failure));
    }
    return rows;
  });
  return Effect.runPromise(Effect.scoped(program));
}

function row(rows: readonly ExperimentRow[] | undefined, metric: string): ExperimentRow {
  const found = rows?.find((each) => each.metric === metric && each.workflow === "wordcount");
  assert.ok(found, metric);
  return found;
}

/**
 * Parts add up to the latency. The scheduling overhead is what the longest chain of activations leaves of
 * it, so no more than what lies between those of the chain that decided; and messages take time.
 */
function checkOverhead(rows: readonly ExperimentRow[] | undefined): void {
  const mean = (metric: string): number => row(rows, metric).value as number;
  const partsOf = (parts: readonly Part[]): number =>
    parts.reduce((sum, part) => sum + mean(`part_${part}_mean`), 0);
  assert.ok(Math.abs(partsOf(PARTS) - mean("e2e_mean")) < ROUNDING_S);
  const between = partsOf(["trigger", "assign", "tail"]);
  const overhead = mean("schedule_overhead_mean");
  assert.ok(overhead > 0 && overhead < between + ROUNDING_S, `${overhead} s of ${between} s`);
}

test("loops run live by the protocol, each on its own requests, and clients that leave are counted", async () => {
  const [closed, open, hasty] = await measured([CLOSED, OPEN, HASTY]);
  const mean = row(closed, "e2e_mean");
  assert.is(mean.driver, "live");
  assert.is(mean.count, 5 - 2);
  assert.ok((mean.value as number) > 0);
  checkOverhead(closed);
  assert.is(row(open, "tail_paper").count, 4);
  assert.type(row(open, "tail_paper").value, "number");
  assert.is(row(hasty, "timeouts").value, 2);
  assert.is(row(hasty, "e2e_mean").value, "timeout");
});

test.run();
