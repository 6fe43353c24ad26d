/** A thread that simulates cells of experiments, one after another, for `CellPool`. */

import { parentPort } from "node:worker_threads";
import type { RunCell } from "../analysis/experiment.ts";
import { type SimulatedCluster, simulateCell } from "./experiment-config.ts";

export interface CellTask {
  readonly cell: RunCell;
  readonly cluster: SimulatedCluster;
}

parentPort?.on("message", ({ cell, cluster }: CellTask) => {
  parentPort?.postMessage(simulateCell(cell, cluster));
});
