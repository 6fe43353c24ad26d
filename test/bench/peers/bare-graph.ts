/**
 * A task graph on the simulator's kernel, network and CPUs alone: no engines, containers or stores.
 * What the other simulators' programs do, for the same makespan.
 */

import type { Micros } from "../../../core/units.ts";
import { Cpu } from "../../../sim/cpu.ts";
import { Kernel, type Step, type Watch } from "../../../sim/kernel.ts";
import { type Flow, Network } from "../../../sim/network.ts";
import type { GraphFile } from "./graphs.ts";

const STORE = 0;

/** Microseconds from the start to the end of the last task, or of its write. */
export function bareMakespan(graph: GraphFile): number {
  return new BareRun(graph).run();
}

class BareRun {
  readonly #graph: GraphFile;
  readonly #kernel: Kernel;
  readonly #network: Network<Step>;
  readonly #networkWatch: Watch;
  readonly #cpus: readonly Cpu<Step>[];
  readonly #cpuWatches: readonly Watch[];
  readonly #after: readonly number[][];
  /** Of each task: those before it that have not ended, then its reads. */
  readonly #left: number[];

  constructor(graph: GraphFile) {
    this.#graph = graph;
    this.#kernel = new Kernel();
    const { hosts, bandwidth, cores, tasks } = graph;
    this.#network = new Network<Step>({
      hosts: Array.from({ length: hosts }, () => ({ up: bandwidth, down: bandwidth })),
    });
    this.#networkWatch = this.#kernel.watch(this.#network);
    this.#cpus = Array.from({ length: hosts }, () => new Cpu<Step>({ cores }));
    this.#cpuWatches = this.#cpus.map((cpu) => this.#kernel.watch(cpu));
    this.#after = tasks.map(() => []);
    for (const [id, { before }] of tasks.entries()) {
      for (const other of before) this.#after[other]!.push(id);
    }
    this.#left = tasks.map(({ before }) => before.length);
  }

  run(): number {
    for (const [id, left] of this.#left.entries()) if (left === 0) this.#compute(id);
    this.#kernel.run(() => false);
    return this.#kernel.now;
  }

  #read(id: number): void {
    const { tasks, hostOf, way } = this.#graph;
    const { before } = tasks[id]!;
    this.#left[id] = before.length;
    const step = { step: () => this.#got(id) };
    for (const other of before) {
      const from = way === "store" ? STORE : hostOf[other]!;
      if (from === hostOf[id]) this.#kernel.after(0 as Micros, step);
      else this.#flow({ from, to: hostOf[id]!, bytes: tasks[other]!.bytes, target: step });
    }
  }

  #got(id: number): void {
    this.#left[id]!--;
    if (this.#left[id] === 0) this.#compute(id);
  }

  #compute(id: number): void {
    const host = this.#graph.hostOf[id]!;
    const step = { step: () => this.#computed(id) };
    const work = this.#graph.tasks[id]!.compute;
    this.#cpus[host]!.start(this.#kernel.now, { work, cap: 1, target: step });
    this.#cpuWatches[host]!.touch();
  }

  #computed(id: number): void {
    const { way, hostOf, tasks } = this.#graph;
    if (way === "straight") {
      this.#ended(id);
      return;
    }
    const target = { step: () => this.#ended(id) };
    this.#flow({ from: hostOf[id]!, to: STORE, bytes: tasks[id]!.bytes, target });
  }

  #ended(id: number): void {
    for (const next of this.#after[id]!) {
      this.#left[next]!--;
      if (this.#left[next] === 0) this.#read(next);
    }
  }

  #flow(flow: Flow<Step>): void {
    this.#network.open(this.#kernel.now, flow);
    this.#networkWatch.touch();
  }
}
