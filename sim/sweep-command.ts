/** `faasflow sweep`: all cells of a study on all cores, tables and a page of what they measured. */

import { writeFileSync } from "node:fs";
import { basename, extname, join } from "node:path";
import * as Console from "effect/Console";
import * as Argument from "effect/cli/Argument";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Result from "effect/Result";
import { counted } from "../analysis/count-text.ts";
import type { CsvRow } from "../analysis/csv.ts";
import { studyHtml } from "../analysis/study-page.ts";
import { estimates, estimatesCsv, type StudyRow, studyCsv } from "../analysis/study-rows.ts";
import { intervalText, studyTable } from "../analysis/study-table.ts";
import { table } from "../analysis/table.ts";
import type { NatsLink } from "../live/nats.ts";
import { command } from "../workflows/command.ts";
import { folderProblems, writing } from "../workflows/named-files.ts";
import { CheckFailed, UsageErrors } from "../workflows/usage-errors.ts";
import { CellPool } from "./cell-pool-command.ts";
import { CellProgress } from "./progress-command.ts";
import { loadStudy, type Study, type StudyCell } from "./study-config.ts";
import { programHash, StudyStore } from "./study-store-command.ts";
import { coordinate, type Told, tooBig } from "./sweep-coordinator-command.ts";
import { type KeyedCell, maxBytes, NATS_FLAGS, openQueue } from "./sweep-queue-command.ts";
import { THREADS_FLAG, threadProblems } from "./sweep-worker-command.ts";

/** Longer tables are for the page. */
const MAX_PRINTED = 60;
const MAX_FAILURES_TOLD = 10;
/** The exit code of a process that Ctrl-C ended. */
const INTERRUPTED = 130;

export const sweepCommand = command(
  "sweep",
  {
    file: Argument.String("study").pipe(Argument.withDescription("a YAML file, see the examples")),
    out: Flag.String("out").pipe(
      Flag.optional,
      Flag.withMetavar("DIR"),
      Flag.withDescription("where results go, and cells that are done: default STUDY-sweep"),
    ),
    threads: THREADS_FLAG,
    ...NATS_FLAGS,
    json: Flag.Boolean("json").pipe(
      Flag.withDefault(false),
      Flag.withDescription("print one JSON object, nothing else"),
    ),
  },
  Effect.fn("sweep")(function* ({ file, out, threads, nats, natsTokenFile, json }) {
    const problems = [...threadProblems(threads)];
    if (Option.isSome(natsTokenFile) && Option.isNone(nats)) {
      problems.push("--nats-token-file: it is for --nats. Give that, too, or leave this out.");
    }
    const folder = Option.getOrElse(out, () => `${basename(file, extname(file))}-sweep`);
    problems.push(...folderProblems({ out: Option.some(folder) }));
    const loaded = yield* Effect.result(loadStudy(file));
    if (Result.isFailure(loaded)) problems.push(...loaded.failure.problems);
    if (Result.isFailure(loaded) || problems.length > 0) {
      return yield* new UsageErrors({ problems });
    }
    const study = loaded.success;
    const program = programHash();
    const link = Option.isNone(nats)
      ? undefined
      : yield* openQueue({ nats: nats.value, natsTokenFile }, program);
    const store = yield* writing("out", folder, () => new StudyStore(folder));
    const keys = study.cells.map(({ scenario }) => store.key(scenario));
    yield* failIfTwice(file, study, keys);
    const found = keys.map((key) => store.get(key));
    const missing = study.cells.flatMap(({ scenario }, index): readonly KeyedCell[] =>
      found[index] === undefined ? [{ key: keys[index]!, scenario }] : [],
    );
    const place =
      link === undefined
        ? onThreads(threads)
        : yield* overNats(link, { cells: missing, program, threads });
    const swept = yield* Effect.raceFirst(
      Effect.promise(() => sweep(study, { keys, found, store, place })),
      place.failure,
    );
    const means = estimates(swept.rows);
    const { all, computed, cached } = swept.cells;
    const failures = swept.failures.map(({ cell, why }) => `${cellText(cell)}: ${why}`);
    const about = `${counted(all, "cell")}: ${computed} simulated, ${cached} from before, ${failures.length} failed.`;
    const { title, show } = study;
    const html = yield* Effect.promise(() =>
      studyHtml({ title, about: `${basename(file)}, ${about}`, show, estimates: means, failures }),
    );
    yield* writing("out", folder, () => {
      writeFileSync(join(folder, "results.csv"), studyCsv(swept.rows));
      writeFileSync(join(folder, "summary.csv"), estimatesCsv(means));
      writeFileSync(join(folder, "index.html"), html);
    });
    if (json) {
      const cells = { ...swept.cells, failed: failures.length };
      yield* Console.log(JSON.stringify({ study: title, cells, estimates: means, failures }));
    } else yield* Console.log(sweptText(study, means, { about, folder }));
    if (failures.length > 0) yield* new CheckFailed({ message: failureText(failures) });
  }, Effect.scoped),
).pipe(
  Command.withDescription(
    "Simulate a whole study: the product of workflows, systems, loads, seeds",
  ),
  Command.withExamples([
    {
      command: "faasflow sweep links.yaml",
      description:
        "with links.yaml: `study: Slow links` and `product: { workflow: video, " +
        "scheme: [worker-sp, master-sp], bandwidth: [25MB/s, 50MB/s], rate: 6/min, seed: [1, 2, 3] }`",
    },
    {
      command: "faasflow sweep links.yaml --out results --threads 1 --json",
      description: "goes on where a sweep into the same folder was interrupted",
    },
    {
      command: "faasflow sweep links.yaml --nats nats://10.0.0.1:4222",
      description:
        "with each machine that runs `faasflow sweep-worker --nats nats://10.0.0.1:4222`",
    },
  ]),
);

interface Failure {
  readonly cell: StudyCell;
  readonly why: string;
}

interface Swept {
  readonly rows: readonly StudyRow[];
  readonly failures: readonly Failure[];
  readonly cells: Readonly<Record<"all" | "computed" | "cached", number>>;
}

interface Ways {
  /** By cell. */
  readonly keys: readonly string[];
  /** Rows of cells that are done; gets those of the others. */
  readonly found: (readonly CsvRow[] | undefined)[];
  readonly store: StudyStore;
  readonly place: Place;
}

/** Where cells are simulated. */
interface Place {
  /** Ends once the cell was told. */
  readonly measure: (cell: KeyedCell, told: Told) => Promise<void>;
  /** Why it cannot go on; never ends before. */
  readonly failure: Effect.Effect<never, UsageErrors>;
  readonly close: () => Promise<void>;
}

function onThreads(threads: number): Place {
  const pool = new CellPool(threads);
  return {
    measure: async ({ scenario }, told) => told(await pool.measure({ tag: "scenario", scenario })),
    failure: Effect.never,
    close: () => pool.close(),
  };
}

interface Shared {
  readonly cells: readonly KeyedCell[];
  readonly program: string;
  readonly threads: number;
}

const overNats = Effect.fnUntraced(function* (link: NatsLink, shared: Shared) {
  const bytes = tooBig(link, shared.cells);
  if (bytes !== undefined) {
    const problem = `--nats: a cell has ${bytes} bytes, the server at ${link.address} takes \
${maxBytes(link)}. Set a higher max_payload in its configuration, or leave out --nats.`;
    return yield* new UsageErrors({ problems: [problem] });
  }
  const say = (text: string): void => void process.stderr.write(`\n${text}\n`);
  const place: Place = yield* coordinate(link, { ...shared, say });
  return place;
});

/** Rows in the order of the cells, whichever was done first. A failed cell has none. */
async function sweep({ cells }: Study, { keys, found, store, place }: Ways): Promise<Swept> {
  const missing = [...cells.keys()].filter((index) => found[index] === undefined);
  const failures: Failure[] = [];
  const interrupted = (): void => {
    process.stderr.write("\nInterrupted. The same command goes on from the cells that are done.\n");
    void place.close().finally(() => process.exit(INTERRUPTED));
  };
  process.once("SIGINT", interrupted);
  const progress = new CellProgress(missing.length);
  const measure = async (index: number): Promise<void> => {
    const cell = cells[index]!;
    const key = keys[index]!;
    const told: Told = ({ rows, wrong }) => {
      if (wrong.length > 0) failures.push({ cell, why: wrong.join("; ") });
      else {
        store.put(key, rows);
        found[index] = rows;
      }
    };
    try {
      await progress.of(place.measure({ key, scenario: cell.scenario }, told));
    } catch (cause) {
      failures.push({ cell, why: (cause as Error).message });
    }
  };
  try {
    await Promise.all(missing.map(measure));
  } finally {
    await place.close();
    progress.end();
    process.off("SIGINT", interrupted);
  }
  const rows = cells.flatMap((cell, index) => rowsOf(cell, found[index] ?? []));
  const cached = cells.length - missing.length;
  const computed = missing.length - failures.length;
  return { rows, failures, cells: { all: cells.length, computed, cached } };
}

function rowsOf({ settings, scenario }: StudyCell, rows: readonly CsvRow[]): readonly StudyRow[] {
  return rows.map((row) => ({ ...row, settings, seed: scenario.seed }));
}

function cellText({ settings, scenario }: StudyCell): string {
  const parts = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  return [...parts, `seed=${scenario.seed}`].join(" ");
}

/** Two cells that are the same would count as two samples. */
function failIfTwice(file: string, { cells }: Study, keys: readonly string[]) {
  const first = new Map<string, number>();
  const problems: string[] = [];
  for (const [index, key] of keys.entries()) {
    if (!first.has(key)) first.set(key, index);
    else
      problems.push(
        `${file}: this cell is there twice: ${cellText(cells[index]!)}. Once is enough.`,
      );
  }
  return problems.length === 0 ? Effect.void : Effect.fail(new UsageErrors({ problems }));
}

function sweptText(
  { title, show }: Study,
  means: Parameters<typeof studyTable>[0],
  { about, folder }: { readonly about: string; readonly folder: string },
): string {
  const shown = means.filter(({ metric }) => (show as readonly string[]).includes(metric));
  const { groups, rows } = studyTable(shown, show);
  const files = ["index.html", "results.csv", "summary.csv"].map((name) => join(folder, name));
  return [
    title,
    ...(rows.length > 0 && rows.length <= MAX_PRINTED ? [table(groups, rows)] : []),
    ...(rows.length > 0 ? [intervalText(shown)] : []),
    about,
    `Written: ${files.join(", ")}.`,
  ].join("\n");
}

function failureText(failures: readonly string[]): string {
  const rest = failures.length - MAX_FAILURES_TOLD;
  return [
    ...failures.slice(0, MAX_FAILURES_TOLD).map((text) => `failed: ${text}`),
    ...(rest > 0 ? [`and ${rest} more; the page names them all.`] : []),
  ].join("\n");
}
