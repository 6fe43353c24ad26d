/** A thread that simulates cells of experiments and studies, one after another, for `CellPool`. */

import { parentPort } from "node:worker_threads";
import type { CsvRow } from "../analysis/csv.ts";
import type { RunCell } from "../analysis/experiment.ts";
import type { ExperimentRow } from "../analysis/experiment-rows.ts";
import { type SimulatedCluster, simulateCell } from "./experiment-config.ts";
import { PreparedScenario, type Scenario, wrongWith } from "./scenario-config.ts";

/** Plain data, as threads get it. */
export type CellTask =
  | { readonly tag: "experiment"; readonly cell: RunCell; readonly cluster: SimulatedCluster }
  | { readonly tag: "scenario"; readonly scenario: Scenario };

export interface CellAnswers {
  readonly experiment: readonly ExperimentRow[];
  readonly scenario: Simulated;
}

export interface Simulated {
  readonly rows: readonly CsvRow[];
  /** Why the rows are not to be trusted; empty: they are. */
  readonly wrong: readonly string[];
}

parentPort?.on("message", (task: CellTask) => parentPort?.postMessage(answer(task)));

function answer(task: CellTask): CellAnswers[CellTask["tag"]] {
  switch (task.tag) {
    case "experiment":
      return simulateCell(task.cell, task.cluster);
    case "scenario": {
      const prepared = new PreparedScenario(task.scenario);
      const outcome = prepared.simulate({ check: false, event: undefined });
      return { rows: outcome.rows, wrong: wrongWith(outcome) };
    }
    default:
      return task satisfies never;
  }
}
