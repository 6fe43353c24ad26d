/**
 * Cells of experiments measured on a running cluster: the same loops as in the simulator, against
 * the gateway's HTTP API, and metrics from the gateway's event log.
 */

import * as Clock from "effect/Clock";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import { ClientView } from "../analysis/client-view.ts";
import { readEventLog } from "../analysis/event-reader.ts";
import { type Protocol, type RunCell, WARM_UP } from "../analysis/experiment.ts";
import { cellRows, type ExperimentRow } from "../analysis/experiment-rows.ts";
import { metricRows, WHOLE_RUN } from "../analysis/metric-rows.ts";
import { Metrics } from "../analysis/metrics.ts";
import { CheckFailed } from "../workflows/usage-errors.ts";
import type { Client, ClientError, Deployed } from "./client.ts";
import { sourceOf } from "./client-flags.ts";

/** What the releases after the last finish take to be told. */
const SETTLE_MS = 600;
const MINUTE_MS = 60_000;

/** Deploys the cell's workflows, runs its protocol, and reads what came of it. */
export const measureLive = Effect.fn("measureLive")(function* (client: Client, cell: RunCell) {
  const deployed: Deployed[] = [];
  for (const workflow of cell.workflows) {
    const { text, folder } = yield* sourceOf(workflow);
    deployed.push(yield* client.deploy(text, folder));
  }
  const ids = new Set<number>();
  const loops = deployed.map(({ workflow }, index) =>
    clientsOf(cell.protocol, index, { client, workflow, note: (id) => ids.add(id) }),
  );
  yield* Effect.all(loops, { concurrency: "unbounded" });
  yield* Effect.sleep(SETTLE_MS);
  return yield* rowsOf(client, cell, { deployed, ids });
});

/** Whom requests go to; `note` is told the id of each. */
interface Target {
  readonly client: Client;
  readonly workflow: string;
  readonly note: (invocation: number) => void;
}

function clientsOf(
  protocol: Protocol,
  index: number,
  target: Target,
): Effect.Effect<void, ClientError> {
  switch (protocol.tag) {
    case "closed":
      return Effect.andThen(
        Effect.sleep(index * protocol.stagger_s * 1_000),
        closedLoop(protocol, target),
      );
    case "open":
      return openLoop(protocol, target);
    default:
      return protocol satisfies never;
  }
}

/** As `Clients` of the simulator has it: on beyond its time until one measured request was answered. */
const closedLoop = Effect.fnUntraced(function* (
  { duration_s, requests = Infinity, patience }: Extract<Protocol, { tag: "closed" }>,
  target: Target,
) {
  const end = (yield* Clock.currentTimeMillis) + duration_s * 1_000;
  const seen = { answered: 0, inVain: 0 };
  for (let index = 0; index < requests; index++) {
    if (seen.inVain >= (patience?.inVain ?? Infinity)) return;
    const isLate = (yield* Clock.currentTimeMillis) >= end;
    if (isLate && (patience === undefined || seen.answered > 0)) return;
    const answered = yield* request(target, patience?.wait_s);
    if (index < WARM_UP) continue;
    if (answered) seen.answered++;
    else seen.inVain++;
  }
});

const openLoop = Effect.fnUntraced(function* (
  { rate_per_min, duration_s, patience }: Extract<Protocol, { tag: "open" }>,
  target: Target,
) {
  const every_ms = MINUTE_MS / rate_per_min;
  const ask = request(target, patience.wait_s);
  const warming = Array.from({ length: WARM_UP }, (_, index) =>
    Effect.andThen(Effect.sleep(index * every_ms), ask),
  );
  yield* Effect.all(warming, { concurrency: "unbounded" });
  let inVain = 0;
  const count = Math.ceil((duration_s * 1_000) / every_ms);
  const measured = Array.from({ length: count }, (_, index) =>
    Effect.gen(function* () {
      yield* Effect.sleep(index * every_ms);
      if (inVain < patience.inVain && !(yield* ask)) inVain++;
    }),
  );
  yield* Effect.all(measured, { concurrency: "unbounded" });
});

/** Whether it was answered in time. A client that leaves does not cancel the invocation. */
const request = Effect.fnUntraced(function* (
  { client, workflow, note }: Target,
  wait_s: number | undefined,
) {
  const started = yield* Clock.currentTimeMillis;
  const id = yield* client.invoke(workflow, {});
  note(id);
  const end = client.end(id);
  if (wait_s === undefined) return (yield* end).state === "finished";
  const left_ms = started + wait_s * 1_000 - (yield* Clock.currentTimeMillis);
  const ended = yield* Effect.timeoutOption(end, Math.max(0, left_ms));
  return Option.isSome(ended) && ended.value.state === "finished";
});

/** From the log of the cell's own invocations; others may be about. */
const rowsOf = Effect.fnUntraced(function* (
  client: Client,
  cell: RunCell,
  { deployed, ids }: { readonly deployed: readonly Deployed[]; readonly ids: ReadonlySet<number> },
) {
  const range = { from: Math.min(...ids), to: Math.max(...ids) };
  const text = yield* client.log(range);
  const { protocol, side } = cell;
  const view = new ClientView({ wait_s: protocol.patience?.wait_s ?? Infinity, skip: WARM_UP });
  const { metrics, arrived } = yield* Effect.promise(async () => {
    const log = await readEventLog(text.split("\n").slice(0, -1), { file: "the gateway's log" });
    const found = new Metrics({ plans: log.header.workflows, skip: WARM_UP });
    let arrivals = 0;
    for await (const event of log.events) {
      if (!ids.has(event.invocation)) continue;
      if (event.kind === "arrival") arrivals++;
      found.add(event);
      view.add(event);
    }
    return { metrics: found, arrived: arrivals };
  });
  if (arrived < ids.size) {
    const message =
      `the gateway remembers ${arrived} of the ${ids.size} invocations of ${cell.experiment}. ` +
      "Start it with a larger --max-events, or run for a shorter --duration.";
    return yield* new CheckFailed({ message });
  }
  const names = new Set([...deployed.map(({ workflow }) => workflow), WHOLE_RUN]);
  const rows = metricRows(metrics, side).filter(({ workflow }) => names.has(workflow));
  const seen = deployed.map(({ workflow, plan }) => {
    return { workflow, clients: view.of(plan), long: undefined };
  });
  const told: readonly ExperimentRow[] = cellRows(cell, "live", { rows, seen });
  return told;
});
