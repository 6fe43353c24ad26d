/**
 * The paper's experiments as data: which cells each is made of, and by which protocol a cell is
 * measured. Whoever runs them passes a driver in (`experiment-rows.ts`). The protocols are those of
 * the v1 artifact's scripts.
 */

import type { PartitionMethod } from "../core/plan/plan.ts";
import { PAPER_WORKFLOWS, type System } from "./published.ts";

export const EXPERIMENT_NAMES = [
  "schedule-overhead",
  "data-overhead",
  "e2e",
  "tail",
  "tail-bandwidth",
  "scalability",
  "component",
] as const;
export type ExperimentName = (typeof EXPERIMENT_NAMES)[number];

/** `solo`: one workflow has the cluster to itself; `corun`: all of them at the same time. */
export type Mode = "solo" | "corun";

/** One of the two systems that the paper compares, and how it divides a workflow. */
export interface Side {
  readonly system: System;
  readonly scheme: "master-sp" | "worker-sp";
  readonly storage: "remote" | "faastore";
  readonly partition: PartitionMethod;
}

/** Requests of each workflow that come first and are not measured. */
export const WARM_UP = 2;

/** A client leaves after `wait_s`; after `inVain` measured requests in vain it sends no more. */
export interface ClientPatience {
  readonly wait_s: number;
  readonly inVain: number;
}

export type Protocol =
  /** One client a workflow, who sends the next request when the one before is over. */
  | {
      readonly tag: "closed";
      readonly duration_s: number;
      /** Warm-up included; none: no limit. */
      readonly requests: number | undefined;
      /** Between the starts of two workflows. */
      readonly stagger_s: number;
      readonly patience: ClientPatience | undefined;
    }
  /** Requests at a fixed rate, once the warm-up, at the same rate, is over. */
  | {
      readonly tag: "open";
      readonly rate_per_min: number;
      readonly duration_s: number;
      readonly patience: ClientPatience;
      /** Requests of a second run, whose true quantiles stand beside the largest of the few; 0: none. */
      readonly longRun: number;
    };

/** What is measured in one go. */
export type Cell =
  | {
      readonly tag: "run";
      readonly experiment: ExperimentName;
      readonly mode: Mode;
      /** Together on one cluster. */
      readonly workflows: readonly string[];
      readonly side: Side;
      readonly protocol: Protocol;
      /** Of the storage node's link; none: as the cluster has it. */
      readonly bandwidth_MBps: number | undefined;
    }
  /** CPU time and memory that partitioning a genome workflow takes. */
  | { readonly tag: "partition"; readonly experiment: "scalability"; readonly tasks: number }
  /** Memory of one worker's engine that has the plans of these workflows. */
  | {
      readonly tag: "engine";
      readonly experiment: "component";
      readonly workflows: readonly string[];
    };

export type RunCell = Extract<Cell, { tag: "run" }>;

/** What the command line leaves to choose. Undefined: as the paper has it. */
export interface Choice {
  readonly mode: Mode | undefined;
  readonly workflows: readonly string[] | undefined;
  readonly bandwidths_MBps: readonly number[] | undefined;
  readonly rates_per_min: readonly number[] | undefined;
  readonly tasks: readonly number[] | undefined;
  /** Of WorkerSP and FaaStore; `faasflow` is the paper's. */
  readonly partition: "faasflow" | "faasflow-plus";
  readonly longRun: number | undefined;
}

export interface Experiment {
  readonly name: ExperimentName;
  readonly title: string;
  /** How it is measured, in a sentence for readers of tables and plots. */
  readonly protocol: string;
  /** What its table and its plot show. */
  readonly metrics: readonly string[];
  /** Of `Choice`, what it reads; the rest would have no effect. */
  readonly reads: readonly (keyof Choice)[];
  cells(choice: Choice): readonly Cell[];
}

const WAIT_S = 60;
const CLOSED_120_S = {
  tag: "closed",
  duration_s: 120,
  requests: undefined,
  stagger_s: 0,
  patience: { wait_s: WAIT_S, inVain: 5 },
} as const;
const OVERHEAD = { ...CLOSED_120_S, requests: 103, patience: undefined } as const;

const ON_CLUSTER = ["workflows", "bandwidths_MBps", "partition"] as const;

export const EXPERIMENTS: readonly Experiment[] = [
  {
    name: "schedule-overhead",
    title: "Scheduling overhead",
    protocol:
      "One client in a closed loop, up to 103 runs or 180 s, the first 2 left out. Mean of the " +
      "end-to-end latency less the times of the tasks on the critical path.",
    metrics: ["schedule_overhead_mean"],
    reads: ON_CLUSTER,
    cells: (choice) => alone("schedule-overhead", choice, { ...OVERHEAD, duration_s: 180 }),
  },
  {
    name: "data-overhead",
    title: "Data overhead",
    protocol:
      "One client in a closed loop, up to 103 runs or 120 s, the first 2 left out. Mean of the " +
      "time that all tasks of a run spend in gets and puts, parallel ones added up.",
    metrics: ["data_overhead_mean"],
    reads: ON_CLUSTER,
    cells: (choice) => alone("data-overhead", choice, OVERHEAD),
  },
  {
    name: "e2e",
    title: "End-to-end latency",
    protocol:
      "One client a workflow in a closed loop of 120 s, the first 2 left out; a client waits 60 s, " +
      "five waits in vain count as a timeout. Solo: one workflow at a time. Co-run: all of them " +
      "at the same time, started 5 s apart.",
    metrics: ["e2e_mean"],
    reads: [...ON_CLUSTER, "mode"],
    cells: (choice) =>
      choice.mode === "corun" ? together("e2e", choice) : alone("e2e", choice, CLOSED_120_S),
  },
  {
    name: "tail",
    title: "Tail latency",
    protocol:
      "Requests at a fixed rate for 120 s, after two for warm-up; a client waits 60 s. The tail is " +
      "the largest of these few latencies, as in the paper, or a timeout if any client left in " +
      "vain. The quantiles are those of a long run, in which requests come at random (Poisson), as " +
      "many a minute.",
    metrics: ["tail_paper"],
    reads: [...ON_CLUSTER, "rates_per_min", "longRun"],
    cells: (choice) =>
      open("tail", choice, { bandwidths: [50], rates: () => [6], workflows: PAPER_WORKFLOWS }),
  },
  {
    name: "tail-bandwidth",
    title: "Tail latency over rate and bandwidth",
    protocol:
      "As for the tail latency, at growing rates. At the first rate with a timeout the climb ends: " +
      "higher rates count as timed out too.",
    metrics: ["tail_paper"],
    reads: [...ON_CLUSTER, "rates_per_min", "longRun"],
    cells: (choice) => open("tail-bandwidth", { ...choice, longRun: choice.longRun ?? 0 }, CLIMB),
  },
  {
    name: "scalability",
    title: "What partitioning costs",
    protocol:
      "Algorithm 1 on genome workflows, each size in a process of its own: CPU time of reading the " +
      "graph and dividing it, and the most memory that the process held, the language's own included.",
    metrics: ["partition_cpu", "partition_memory"],
    reads: ["tasks"],
    cells: ({ tasks = PARTITIONED }) =>
      tasks.map((count) => ({ tag: "partition", experiment: "scalability", tasks: count })),
  },
  {
    name: "component",
    title: "What a worker's engine takes",
    protocol:
      "All eight workflows at the same time, WorkerSP. CPU: the share of time that a worker's engine " +
      "is busy, mean of the workers. Memory: of a process with one worker's machine of the core, its " +
      "plans and a hundred invocations under way.",
    metrics: ["engine_cores", "engine_memory"],
    reads: ON_CLUSTER,
    cells: (choice) => [
      ...together("component", choice).filter(({ side }) => side.scheme === "worker-sp"),
      {
        tag: "engine",
        experiment: "component",
        workflows: choice.workflows ?? PAPER_WORKFLOWS,
      },
    ],
  },
];

export function experimentOf(name: ExperimentName): Experiment {
  return EXPERIMENTS.find((each) => each.name === name)!;
}

/** MasterSP with the remote store, WorkerSP with FaaStore. */
export function sidesOf({ partition }: Pick<Choice, "partition">): readonly Side[] {
  return [
    { system: "MasterSP+remote", scheme: "master-sp", storage: "remote", partition: "raw" },
    { system: "WorkerSP+FaaStore", scheme: "worker-sp", storage: "faastore", partition },
  ];
}

const PARTITIONED: readonly number[] = [10, 25, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000];
const LONG_RUN = 1_000;
const STAGGER_S = 5;

function alone(experiment: ExperimentName, choice: Choice, protocol: Protocol): readonly RunCell[] {
  return (choice.workflows ?? PAPER_WORKFLOWS).flatMap((workflow) =>
    onCluster(choice, [undefined]).map(
      (place) =>
        ({
          tag: "run",
          experiment,
          mode: "solo",
          workflows: [workflow],
          protocol,
          ...place,
        }) as const,
    ),
  );
}

function together(experiment: ExperimentName, choice: Choice): readonly RunCell[] {
  const workflows = choice.workflows ?? PAPER_WORKFLOWS;
  const protocol: Protocol = { ...CLOSED_120_S, stagger_s: STAGGER_S };
  return onCluster(choice, [undefined]).map(
    (place) => ({ tag: "run", experiment, mode: "corun", workflows, protocol, ...place }) as const,
  );
}

interface OpenDefaults {
  readonly workflows: readonly string[];
  readonly bandwidths: readonly number[];
  readonly rates: (workflow: string) => readonly number[];
}

const CLIMB: OpenDefaults = {
  workflows: ["genome", "video"],
  bandwidths: [25, 50, 75, 100],
  rates: (workflow) => (workflow === "video" ? evens(4, 40) : evens(2, 10)),
};

function open(
  experiment: ExperimentName,
  choice: Choice,
  defaults: OpenDefaults,
): readonly RunCell[] {
  const patience = { wait_s: WAIT_S, inVain: 3 };
  const longRun = choice.longRun ?? LONG_RUN;
  return (choice.workflows ?? defaults.workflows).flatMap((workflow) =>
    onCluster(choice, defaults.bandwidths).flatMap((place) =>
      (choice.rates_per_min ?? defaults.rates(workflow)).map((rate_per_min) => {
        const protocol = { tag: "open", rate_per_min, duration_s: 120, patience, longRun } as const;
        const workflows = [workflow];
        return { tag: "run", experiment, mode: "solo", workflows, protocol, ...place } as const;
      }),
    ),
  );
}

/** Both sides at each bandwidth. */
function onCluster(
  choice: Choice,
  bandwidths: readonly (number | undefined)[],
): readonly Pick<RunCell, "side" | "bandwidth_MBps">[] {
  return (choice.bandwidths_MBps ?? bandwidths).flatMap((bandwidth_MBps) =>
    sidesOf(choice).map((side) => ({ side, bandwidth_MBps })),
  );
}

function evens(from: number, to: number): readonly number[] {
  return Array.from({ length: (to - from) / 2 + 1 }, (_, index) => from + 2 * index);
}
