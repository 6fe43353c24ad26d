/** `faasflow experiment`: the paper's experiments, simulated, with the published figures beside ours. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import * as Console from "effect/Console";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import { engineCost, partitionCost } from "../analysis/cost-command.ts";
import type { Cell, RunCell } from "../analysis/experiment.ts";
import { experimentPlots } from "../analysis/experiment-plot.ts";
import { climbed, type ExperimentRow, experimentCsv } from "../analysis/experiment-rows.ts";
import { experimentText } from "../analysis/experiment-summary.ts";
import { type About, reportHtml } from "../analysis/report.ts";
import { measuredHere, measuredThere } from "../live/live-experiment-command.ts";
import { command } from "../workflows/command.ts";
import { resolveWorkflow } from "../workflows/load.ts";
import {
  folderProblems,
  makeFolder,
  pathsAmong,
  targetProblems,
  writeNamed,
  writing,
} from "../workflows/named-files.ts";
import { CellPool } from "./cell-pool-command.ts";
import {
  type Asked,
  EXPERIMENT_ARGUMENT,
  EXPERIMENT_FLAGS,
  readExperiment,
} from "./experiment-flags.ts";
import { CellProgress } from "./progress-command.ts";

const file = (name: string, metavar: string, description: string) =>
  Flag.String(name).pipe(
    Flag.optional,
    Flag.withMetavar(metavar),
    Flag.withDescription(description),
  );

const OUTPUT_FLAGS = {
  json: Flag.Boolean("json").pipe(
    Flag.withDefault(false),
    Flag.withDescription("print one JSON object, nothing else; `faasflow report` reads it"),
  ),
  csv: file("csv", "FILE", "write the rows as CSV, with the published figures"),
  svg: file("svg", "DIR", "write a plot for each experiment"),
  html: file("html", "FILE", "write the report, one page"),
};

export const experimentCommand = command(
  "experiment",
  { name: EXPERIMENT_ARGUMENT, ...EXPERIMENT_FLAGS, ...OUTPUT_FLAGS },
  Effect.fn("experiment")(function* ({ name, json, csv, svg, html, ...input }) {
    const lists = Option.toArray(input.workflows).flatMap((list) => list.split(/\s*,\s*/));
    const named = pathsAmong([...lists, ...Option.toArray(input.profile)]);
    const refused = [...targetProblems({ csv, html }, named), ...folderProblems({ svg })];
    const asked = yield* readExperiment(name, input, refused);
    // First what may not be there.
    const measured = yield* live(asked);
    const rows = [...(yield* simulated(asked)), ...measured];
    const about = aboutOf(asked);
    yield* Console.log(json ? JSON.stringify({ about, rows }) : experimentText(rows));
    if (Option.isSome(csv)) yield* writeNamed("csv", csv.value, experimentCsv(rows));
    if (Option.isSome(svg)) {
      const plots = yield* Effect.promise(() => experimentPlots(rows));
      yield* writing("svg", svg.value, () => writePlots(svg.value, plots));
    }
    if (Option.isSome(html)) {
      yield* writeNamed("html", html.value, yield* Effect.promise(() => reportHtml(rows, about)));
    }
  }),
).pipe(
  Command.withDescription(
    "Repeat the paper's experiments in the simulator, with the published figures beside ours",
  ),
  Command.withExamples([
    { command: "faasflow experiment e2e", description: "latencies, ours and published" },
    {
      command: "faasflow experiment tail --workflows genome,video --bandwidth 25MB/s --rate 4/min",
      description: "what a client waits at worst over a slow link",
    },
    {
      command: "faasflow experiment e2e --workflows wordcount --live local --duration 20s",
      description: "on real clusters of this machine too",
    },
    { command: "faasflow experiment all --html report.html", description: "all seven, one page" },
  ]),
);

export function aboutOf({ profile, seed }: Asked): About {
  return { profile: profile.name, seed };
}

/** Rows of all cells, in the order of the experiments. */
export function simulated(asked: Asked): Effect.Effect<readonly ExperimentRow[]> {
  return Effect.promise(async () => {
    const pool = new CellPool();
    try {
      return await measureAll(asked, pool);
    } finally {
      await pool.close();
    }
  });
}

/** The same cells on a cluster, if one was asked for. */
const live = Effect.fnUntraced(function* (asked: Asked) {
  const { live: where, duration_s } = asked;
  if (where === undefined) return [];
  const cells = cellsOf(asked)
    .filter(isRun)
    .filter(({ experiment }) => where === "local" || !ONLY_LOCAL.has(experiment))
    .map((cell): RunCell => {
      if (duration_s === undefined) return cell;
      return { ...cell, protocol: { ...cell.protocol, duration_s } };
    });
  return yield* where === "local" ? measuredHere(cells) : measuredThere(cells, where);
});

/** What a cluster that runs already cannot tell: its processes, another bandwidth. */
const ONLY_LOCAL: ReadonlySet<string> = new Set(["component", "tail-bandwidth"]);

function isRun(cell: Cell): cell is RunCell {
  return cell.tag === "run";
}

/** Runs go to all cores; what takes the measure of this machine comes after, one at a time. */
async function measureAll(asked: Asked, pool: CellPool): Promise<readonly ExperimentRow[]> {
  const cells = cellsOf(asked);
  const cluster = { profile: asked.profile, seed: asked.seed };
  const progress = new CellProgress(cells.length);
  const measured = (cell: RunCell) => pool.measure({ tag: "experiment", cell, cluster });
  const runs = new Map(
    cells.filter(isRun).map((cell) => [cell, progress.of(measured(cell))] as const),
  );
  await Promise.all(runs.values());
  const rows: ExperimentRow[] = [];
  for (const cell of cells) {
    rows.push(...(await (cell.tag === "run" ? runs.get(cell)! : progress.of(costOf(cell)))));
  }
  progress.end();
  return climbed(rows);
}

function cellsOf({ experiments, modes, choice }: Asked): readonly Cell[] {
  return experiments.flatMap((experiment) => {
    const runs = experiment.reads.includes("mode") ? modes : [undefined];
    return runs.flatMap((mode) => experiment.cells({ ...choice, mode }));
  });
}

function costOf(cell: Exclude<Cell, RunCell>): Promise<readonly ExperimentRow[]> {
  switch (cell.tag) {
    case "partition":
      return partitionCost(cell.tasks);
    case "engine":
      return engineCost(cell.workflows.map((name) => Effect.runSync(resolveWorkflow(name))));
    default:
      return cell satisfies never;
  }
}

function writePlots(
  folder: string,
  plots: readonly { readonly name: string; readonly svg: string }[],
): void {
  makeFolder(folder);
  for (const { name, svg } of plots) writeFileSync(join(folder, `${name}.svg`), svg);
}
