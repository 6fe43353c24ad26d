/**
 * Task graphs for comparing simulators: the same shapes, times and sizes for every one of them.
 *
 * | shape | n tasks |
 * |---|---|
 * | `fork-join` | 1 splits, n - 2 work, 1 joins |
 * | `montage` | as Montage: projections, differences of neighbours, a fit and a model of all, a correction of each projection, then five in a row |
 * | `seismology` | n - 1 deconvolutions, and one that reads them all |
 *
 * Shapes: WfCommons' descriptions of Montage and Seismology. Times and sizes are drawn from a seed.
 */

import type { Bytes, Micros } from "../../../core/units.ts";
import { fixed, SYNTHETIC, type TaskSpec, type WorkflowSpec } from "../../../core/workflow/spec.ts";
import { Streams } from "../../../sim/streams.ts";

export type Shape = "fork-join" | "montage" | "seismology";

export const SHAPES: readonly Shape[] = ["fork-join", "montage", "seismology"];

/** A task writes one datum, which each of those after it reads. */
export interface PeerTask {
  readonly before: readonly number[];
  /** Microseconds of one core. */
  readonly compute: number;
  readonly bytes: number;
}

const MAX_COMPUTE_US = 2_000_000;
const MAX_BYTES = 2_000_000;
const MIB = 1024 * 1024;
/** Neighbours of a projection that it is compared with. */
const NEIGHBOURS = 3;
/** Of montage: the fit, the model, the table, the sum, the shrinking and the picture. */
const SINGLES = 6;

export function peerGraph(shape: Shape, count: number): readonly PeerTask[] {
  const stream = new Streams("peers").stream(shape);
  return SHAPE[shape](count).map((before) => ({
    before,
    compute: 1 + Math.floor(stream.uniform() * MAX_COMPUTE_US),
    bytes: 1 + Math.floor(stream.uniform() * MAX_BYTES),
  }));
}

const SHAPE: Readonly<Record<Shape, (count: number) => readonly (readonly number[])[]>> = {
  "fork-join": (count) => [
    [],
    ...Array.from({ length: count - 2 }, () => [0]),
    range(1, count - 1),
  ],
  montage: (count) => {
    const projections = Math.floor((count - SINGLES) / (NEIGHBOURS + 2));
    const differences = count - SINGLES - 2 * projections;
    const fit = projections + differences;
    const model = fit + 1;
    const corrected = model + 1;
    const table = corrected + projections;
    return [
      ...range(0, projections).map(() => []),
      ...range(0, differences).map((index) => {
        const one = index % projections;
        return [one, (one + 1 + Math.floor(index / projections)) % projections];
      }),
      range(projections, fit),
      [fit],
      ...range(0, projections).map((index) => [index, model]),
      range(corrected, table),
      [table, ...range(corrected, table)],
      [table + 1],
      [table + 2],
    ];
  },
  seismology: (count) => [...range(0, count - 1).map(() => []), range(0, count - 1)],
};

export function specOfGraph(name: string, tasks: readonly PeerTask[]): WorkflowSpec {
  const spec = ({ before, compute, bytes }: PeerTask, id: number): TaskSpec => ({
    name: `task_${id}`,
    run: SYNTHETIC,
    compute: fixed(compute),
    sleep: fixed(0),
    cores: 1,
    reads: before.map((other) => `task_${other}.out`),
    writes: [
      { name: "out", size: fixed(bytes), items: undefined, content: "binary", stored: true },
    ],
    after: [],
    container: {
      memory: (8 * MIB) as Bytes,
      used: MIB as Bytes,
      limit: tasks.length,
      instances: 1,
      scale: 1,
    },
    retries: { limit: 0, delay: 0 as Micros, backoff: 1 },
    timeout: undefined,
  });
  return {
    name,
    description: "for comparing simulators",
    inputs: [],
    tasks: tasks.map(spec),
    steps: [],
    timeout: undefined,
  };
}

export interface GraphFile {
  readonly way: "store" | "straight";
  readonly hosts: number;
  readonly cores: number;
  /** Bytes a second. */
  readonly bandwidth: number;
  readonly tasks: readonly PeerTask[];
  /** By task. */
  readonly hostOf: readonly number[];
}

/** As the other simulators' programs read it: a line a task, times in seconds. */
export function formatGraph({ way, hosts, cores, bandwidth, tasks, hostOf }: GraphFile): string {
  const lines = tasks.map(({ compute, bytes, before }, id) =>
    [hostOf[id], compute / 1e6, bytes, before.length, ...before].join(" "),
  );
  return `${[way, hosts, cores, bandwidth, tasks.length].join(" ")}\n${lines.join("\n")}\n`;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}
