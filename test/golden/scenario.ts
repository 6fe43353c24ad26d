/**
 * One golden file: a sentence, `--- workflow` (a workflow file), `--- run` (the cluster, what goes
 * wrong, the load) and `--- transcript`. The cluster is that of round-profile.ts.
 */

import { parse } from "yaml";
import { InvariantChecker } from "../../analysis/invariants.ts";
import type { Settings } from "../../core/engine/settings.ts";
import type { Event } from "../../core/events.ts";
import type { Plan, Tag, StorageMethod } from "../../core/plan/plan.ts";
import type { Bytes, Micros } from "../../core/units.ts";
import { compile } from "../../core/workflow/compile.ts";
import { type Graph, OUTSIDE } from "../../core/workflow/graph.ts";
import { NOTHING_RECORDED } from "../../core/workflow/recorded.ts";
import type { Arrival } from "../../sim/clients.ts";
import { readFaults } from "../../sim/fault-flags.ts";
import { run } from "../../sim/run.ts";
import { parseWorkflow } from "../../workflows/load.ts";
import { readQuantity } from "../../workflows/quantity.ts";
import { ROUND_PROFILE, ROUND_SETTINGS } from "../core/engine/round-profile.ts";
import { transcript } from "./transcript.ts";

export interface Golden {
  readonly about: string;
  readonly workflow: string;
  readonly run: string;
  readonly transcript: string;
}

const PARTS = /^--- (workflow|run|transcript)\n/m;

export function readGolden(text: string): Golden {
  const [about = "", , workflow = "", , settings = "", , lines = ""] = text.split(PARTS);
  return { about, workflow, run: settings, transcript: lines };
}

export function writeGolden(golden: Golden): string {
  const { about, workflow, run: settings, transcript: lines } = golden;
  return `${about}--- workflow\n${workflow}--- run\n${settings}--- transcript\n${lines}`;
}

/** What a `run` part may say; all of it may be left out. */
interface RunFile {
  readonly scheme?: Settings["scheme"];
  readonly storage?: StorageMethod;
  readonly workers?: number;
  /** Task or step to its worker, from 1; others go where the vertex before them is. */
  readonly place?: Readonly<Record<string, number>>;
  /** FaaStore quota of each worker. */
  readonly quota?: string;
  /** Memory of each worker. */
  readonly memory?: string;
  readonly keep_alive?: string;
  readonly store_tries?: number;
  readonly batch_triggers?: boolean;
  readonly poll_before_assign?: boolean;
  readonly follow_plan?: boolean;
  readonly faults?: readonly string[];
  readonly seed?: number;
  /** When invocations arrive. */
  readonly arrivals?: readonly string[];
  /** Kinds of events to leave out, where they are not what the file is about. */
  readonly without?: readonly string[];
}

/** The transcript, and what the invariant checker says of it. */
export function play(golden: Golden): { readonly lines: string; readonly wrong: readonly string[] } {
  const parsed = parseWorkflow(golden.workflow);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems, null, 2));
  const options: RunFile = parse(golden.run) ?? {};
  const graph = compile(parsed.spec);
  const settings = settingsOf(options);
  const plan = planOf(graph, options, settings.workers);
  const problems: string[] = [];
  const faults = readFaults(options.faults ?? [], settings.workers, problems);
  if (problems.length > 0) throw new Error(problems.join("\n"));
  const events: Event[] = [];
  const checker = new InvariantChecker({ plans: [plan] });
  const { workers, workerMemory: worker_memory } = settings;
  const { unfinished } = run({
    profile: {
      ...ROUND_PROFILE,
      cluster: { ...ROUND_PROFILE.cluster, workers, worker_memory },
    },
    settings,
    plans: [plan],
    loads: [{ tag: "open", arrivals: arrivalsOf(options) }],
    seed: options.seed ?? 1,
    faults,
    record: (event) => {
      events.push(event);
      checker.add(event);
    },
  });
  const shown = events.filter(({ kind }) => !(options.without ?? []).includes(kind));
  const wrong = checker.finish().map(({ text }) => text);
  return {
    lines: transcript(shown, graph).map((line) => `${line}\n`).join(""),
    wrong: unfinished.length === 0 ? wrong : [...wrong, `unfinished: ${unfinished.join(", ")}`],
  };
}

function settingsOf(options: RunFile): Settings {
  return {
    ...ROUND_SETTINGS,
    scheme: options.scheme ?? "worker-sp",
    workers: options.workers ?? 2,
    workerMemory: quantity(options.memory ?? "1 MB", "size") as Bytes,
    keepAlive: quantity(options.keep_alive ?? "600 s", "time") as Micros,
    batchTriggers: options.batch_triggers ?? true,
    pollBeforeAssign: options.poll_before_assign ?? false,
    followPlan: options.follow_plan ?? false,
    storeTries: options.store_tries ?? ROUND_SETTINGS.storeTries,
  };
}

/** Each worker's vertices are one group; a datum is kept where its readers are. */
function planOf(graph: Graph, options: RunFile, workers: number): Plan {
  const workerOf: number[] = graph.vertices.map(() => 0);
  for (const vertex of graph.order) {
    const { name, inEdges } = graph.vertices[vertex]!;
    const before = graph.edges[inEdges[0]!]!.from;
    const named = options.place?.[name];
    workerOf[vertex] = named === undefined ? (workerOf[before] ?? 0) : named - 1;
  }
  const tagOf = graph.data.map(({ producer, readers }): Tag => {
    if (options.storage === "remote" || producer === OUTSIDE) return "remote";
    const away = readers.filter((reader) => workerOf[reader] !== workerOf[producer]).length;
    if (away === readers.length) return "remote";
    return away === 0 ? "local" : "both";
  });
  const quota = quantity(options.quota ?? "1 MB", "size") as Bytes;
  return {
    id: 0,
    version: 1,
    graph,
    partition: "raw",
    workerOf,
    groupOf: workerOf,
    groupCount: workers,
    tagOf,
    quotaOf: Array.from({ length: workers }, () => quota),
    criticalPath: [],
    criticalPathBefore_s: 0,
    criticalPathAfter_s: 0,
    chargedBytes: 0 as Bytes,
    overCommitted: false,
  };
}

function* arrivalsOf(options: RunFile): Generator<Arrival> {
  for (const at of options.arrivals ?? ["0"]) {
    yield { at: quantity(at, "time") as Micros, plan: 0, recorded: NOTHING_RECORDED };
  }
}

function quantity(text: string, dimension: "time" | "size"): number {
  const reading = readQuantity(text, dimension);
  if (!reading.ok) throw new Error(`${reading.found}. ${reading.remedy}`);
  return reading.value;
}
