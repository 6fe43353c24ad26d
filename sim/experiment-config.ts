/**
 * How a cell of an experiment is measured by the simulator: a scenario, a run, what its clients saw.
 */

import * as Effect from "effect/Effect";
import { ClientView } from "../analysis/client-view.ts";
import { type Protocol, type RunCell, WARM_UP } from "../analysis/experiment.ts";
import { cellRows, type ExperimentRow, type Seen } from "../analysis/experiment-rows.ts";
import { fromSeconds } from "../core/units.ts";
import { resolveWorkflow } from "../workflows/load.ts";
import type { Patience } from "./clients.ts";
import { NO_FAULTS } from "./faults.ts";
import type { Profile } from "./profile.ts";
import { type Outcome, PreparedScenario, type ScenarioLoad } from "./scenario-config.ts";

/** What all cells of an experiment have in common. Plain data: it goes to other threads. */
export interface SimulatedCluster {
  readonly profile: Profile;
  readonly seed: string;
}

/** The same cell and cluster give the same rows, in any thread. */
export function simulateCell(cell: RunCell, cluster: SimulatedCluster): readonly ExperimentRow[] {
  const { protocol } = cell;
  const view = viewOf(cell);
  const outcome = prepared(cell, cluster, loadOf(protocol)).simulate({
    check: false,
    event: (event) => view.add(event),
  });
  const long = protocol.tag === "open" && protocol.longRun > 0 ? viewOf(cell) : undefined;
  if (protocol.tag === "open" && long !== undefined) {
    prepared(cell, cluster, longLoadOf(protocol)).play((event) => long.add(event));
  }
  const seen = outcome.metrics.workflows.map(({ workflow }, plan): Seen => {
    return { workflow, clients: view.of(plan), long: long?.of(plan) };
  });
  const engine = cell.experiment === "component" ? [engineRow(cell, outcome)] : [];
  return cellRows(cell, "sim", { rows: [...outcome.rows, ...engine], seen });
}

const BYTES_PER_MB = 1_000_000;
const SECONDS_PER_MINUTE = 60;

function viewOf({ protocol }: RunCell): ClientView {
  return new ClientView({ wait_s: protocol.patience?.wait_s ?? Infinity, skip: WARM_UP });
}

function prepared(
  { workflows, side, bandwidth_MBps }: RunCell,
  { profile, seed }: SimulatedCluster,
  load: ScenarioLoad,
): PreparedScenario {
  const link = bandwidth_MBps === undefined ? {} : { storage_link: bandwidth_MBps * BYTES_PER_MB };
  return new PreparedScenario({
    references: workflows,
    specs: workflows.map((reference) => Effect.runSync(resolveWorkflow(reference))),
    scheme: side.scheme,
    storage: side.storage,
    partition: side.partition,
    workers: profile.cluster.workers,
    profile: { ...profile, network: { ...profile.network, ...link } },
    load,
    seed,
    faults: NO_FAULTS,
    warmUp: WARM_UP,
  });
}

function loadOf(protocol: Protocol): ScenarioLoad {
  const duration = fromSeconds(protocol.duration_s);
  switch (protocol.tag) {
    case "closed": {
      const { requests, stagger_s, patience } = protocol;
      return {
        tag: "closed",
        clients: 1,
        duration,
        invocations: requests,
        stagger: fromSeconds(stagger_s),
        ...(patience && { patience: patienceOf(patience, WARM_UP) }),
      };
    }
    case "open":
      return openLoad(protocol, { tag: "duration", duration }, protocol.patience.inVain);
    default:
      return protocol satisfies never;
  }
}

type OpenProtocol = Extract<Protocol, { tag: "open" }>;
type OpenLoad = Extract<ScenarioLoad, { tag: "open" }>;

/**
 * At random, for at fixed intervals a cluster without chance gives every request the same latency.
 * Ends early once the 95th percentile is known to be a timeout: a rate too high never gets better.
 */
function longLoadOf(protocol: OpenProtocol): ScenarioLoad {
  const count = protocol.longRun;
  const load = openLoad(protocol, { tag: "count", count }, Math.ceil(count / 20));
  return { ...load, arrivals: "poisson" };
}

function openLoad(
  { rate_per_min, patience }: OpenProtocol,
  extent: OpenLoad["extent"],
  inVain: number,
): OpenLoad {
  return {
    tag: "open",
    arrivals: "fixed",
    rate: rate_per_min / SECONDS_PER_MINUTE,
    extent,
    warmFirst: true,
    patience: patienceOf({ ...patience, inVain }, 0),
  };
}

function patienceOf(
  { wait_s, inVain }: { readonly wait_s: number; readonly inVain: number },
  skip: number,
): Patience {
  return { wait: fromSeconds(wait_s), skip, inVain };
}

/** Mean of the workers over the whole run. */
function engineRow({ side }: RunCell, { result }: Outcome): Outcome["rows"][number] {
  const busy = result.engineBusy.reduce((sum, each) => sum + each, 0) / result.engineBusy.length;
  const value = result.end === 0 ? 0 : busy / result.end;
  const { scheme, storage } = side;
  const count = result.finished;
  return { workflow: "all", scheme, storage, metric: "engine_cores", unit: "1", value, count };
}
