/**
 * Rows of all experiments as they might be: made up from the cells, with timeouts among them. For
 * what is shown of rows, not for what they say.
 */

import { EXPERIMENTS, type Mode, type RunCell } from "../../analysis/experiment.ts";
import { cellRows, climbed, type ExperimentRow } from "../../analysis/experiment-rows.ts";
import { publishedValue } from "../../analysis/published.ts";

/** `mode` of e2e; `lists`: tails at more than one rate and bandwidth. */
export function madeUpRows(options: {
  readonly mode: Mode;
  readonly lists: boolean;
}): readonly ExperimentRow[] {
  const rows = EXPERIMENTS.flatMap((experiment) => {
    const isTail = options.lists && experiment.name === "tail";
    const cells = experiment.cells({
      mode: options.mode,
      workflows: undefined,
      bandwidths_MBps: isTail ? [25, 100] : undefined,
      rates_per_min: isTail ? [6, 12] : undefined,
      tasks: undefined,
      partition: "faasflow",
      longRun: undefined,
    });
    return cells.flatMap((cell, index): readonly ExperimentRow[] => {
      if (cell.tag === "run") return runRows(cell, index, experiment.metrics[0]!);
      const of = { driver: "sim", scheme: "worker-sp", storage: "faastore", count: 3 } as const;
      if (cell.tag === "engine") {
        const memory = { metric: "engine_memory", unit: "B", value: 57e6 } as const;
        return [{ ...of, ...memory, experiment: "component", workflow: "all" }];
      }
      const size = { ...of, experiment: "scalability", workflow: `genome:${cell.tasks}` } as const;
      return [
        { ...size, metric: "partition_cpu", unit: "s", value: cell.tasks / 7_000 },
        { ...size, metric: "partition_memory", unit: "B", value: 47e6 + cell.tasks * 1e4 },
      ];
    });
  });
  return climbed(rows);
}

function runRows(cell: RunCell, index: number, metric: string): readonly ExperimentRow[] {
  const { scheme, storage, system } = cell.side;
  const isCpu = cell.experiment === "component";
  const workflows = isCpu ? ["all"] : cell.workflows;
  return workflows.flatMap((workflow, at) => {
    const published = publishedValue({ workflow, system, metric }) ?? 10;
    const value = published * (0.7 + ((index + at) % 7) / 10);
    const inVain = (index + at) % 9 === 8 || value > 60 ? 3 : 0;
    const clients = { latencies_s: [value / 2, value], inVain };
    const row = { workflow, scheme, storage, metric, count: 2 };
    const unit = isCpu ? "1" : "s";
    // Where clients have a time limit, latencies are made of what they saw.
    const told = { ...row, unit, value: isCpu ? 0.04 : value } as const;
    const rows = metric === "tail_paper" ? [] : [told];
    return cellRows(cell, "sim", { rows, seen: [{ workflow, clients, long: clients }] });
  });
}
