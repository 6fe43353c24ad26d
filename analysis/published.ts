/**
 * The figures measured on the authors' 1+7 cluster, as experiments name them. Source: the FaaSFlow
 * paper (Li et al., ASPLOS'22) and its v1 artifact (Apache-2.0). The storage node's link was not
 * limited, each workflow had the cluster to itself.
 */

import type { Unit } from "./metric-rows.ts";

/** The two systems that the paper compares. */
export type System = "MasterSP+remote" | "WorkerSP+FaaStore";

export interface PublishedFigure {
  readonly workflow: string;
  /** None: a figure of a component, not of a system. */
  readonly system: System | undefined;
  readonly metric: string;
  readonly unit: Unit;
  readonly value: number;
}

/** In the order of the artifact's scripts, which is the order in which co-run starts them. */
export const PAPER_WORKFLOWS = [
  "cycles",
  "epigenomics",
  "genome",
  "soykb",
  "video",
  "illegal_recognizer",
  "fileprocessing",
  "wordcount",
] as const;

type Pair = readonly [masterRemote: number, workerFaastore: number];
type Column = Readonly<Record<(typeof PAPER_WORKFLOWS)[number], Pair>>;

/** Seconds: one workflow at a time, closed loop of 120 s, mean. */
const LATENCY: Column = {
  cycles: [39.9177, 7.4338],
  epigenomics: [10.5651, 9.7783],
  genome: [5.2863, 4.9314],
  soykb: [13.6457, 12.9346],
  video: [6.3391, 3.8868],
  illegal_recognizer: [5.8475, 4.7865],
  fileprocessing: [9.8128, 8.5224],
  wordcount: [1.3311, 0.45],
};

/** Seconds: latency less the critical path's times, mean of up to 103 runs. */
const SCHEDULING: Column = {
  cycles: [0.3521, 0.0984],
  epigenomics: [0.7845, 0.1454],
  genome: [0.9471, 0.1692],
  soykb: [0.7655, 0.1549],
  video: [0.1826, 0.0506],
  illegal_recognizer: [0.2998, 0.0761],
  fileprocessing: [0.1301, 0.0391],
  wordcount: [0.1127, 0.0396],
};

/** Seconds: all gets and puts of a run added up, mean. */
const DATA: Column = {
  cycles: [204.238, 10.2804],
  epigenomics: [2.2248, 0.6964],
  genome: [29.2607, 22.1709],
  soykb: [10.0593, 9.537],
  video: [4.0186, 1.0342],
  illegal_recognizer: [0.1993, 0.1353],
  fileprocessing: [1.2931, 0.4965],
  wordcount: [1.4694, 0.2143],
};

const MIB = 2 ** 20;

/** Tasks, core-seconds and peak MiB of a process that partitions a genome workflow. */
const PARTITIONING = [
  [10, 0.0316, 24.4371],
  [25, 0.0822, 25.2338],
  [50, 0.1645, 26.55],
  [100, 0.4002, 29.2995],
  [200, 0.9605, 34.6892],
] as const;

export const PUBLISHED: readonly PublishedFigure[] = [
  ...column("e2e_mean", LATENCY),
  ...column("schedule_overhead_mean", SCHEDULING),
  ...column("data_overhead_mean", DATA),
  ...PARTITIONING.flatMap(([tasks, core_s, memory_MiB]): readonly PublishedFigure[] => {
    const of = { workflow: `genome:${tasks}`, system: undefined };
    return [
      { ...of, metric: "partition_cpu", unit: "s", value: core_s },
      { ...of, metric: "partition_memory", unit: "B", value: memory_MiB * MIB },
    ];
  }),
  // Of one worker's engine while it serves.
  { workflow: "all", system: undefined, metric: "engine_cores", unit: "1", value: 0.12 },
  { workflow: "all", system: undefined, metric: "engine_memory", unit: "B", value: 47.1 * MIB },
];

export function publishedValue(
  of: Pick<PublishedFigure, "workflow" | "system" | "metric">,
): number | undefined {
  return PUBLISHED.find(
    ({ workflow, system, metric }) =>
      workflow === of.workflow && system === of.system && metric === of.metric,
  )?.value;
}

function column(metric: string, values: Column): readonly PublishedFigure[] {
  return PAPER_WORKFLOWS.flatMap((workflow) => {
    const [masterRemote, workerFaastore] = values[workflow];
    const of = { workflow, metric, unit: "s" } as const;
    return [
      { ...of, system: "MasterSP+remote", value: masterRemote },
      { ...of, system: "WorkerSP+FaaStore", value: workerFaastore },
    ] as const;
  });
}
