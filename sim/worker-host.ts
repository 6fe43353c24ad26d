/**
 * The physical side of one worker: containers that start, functions that compute and sleep, data
 * that move. It decides nothing; it carries out what the worker's engine asked for.
 */

import type {
  BootRequest,
  GetRequest,
  Input,
  Output,
  PutRequest,
  StartRequest,
} from "../core/env.ts";
import type { InvocationId } from "../core/protocol.ts";
import { type Bytes, type Micros, NO_BYTES } from "../core/units.ts";
import { type Graph, OUTSIDE } from "../core/workflow/graph.ts";
import { ContainerThread, writeTime } from "./container-thread.ts";
import type { Cores, Cpu } from "./cpu.ts";
import type { Demand } from "./demand.ts";
import { bytesOf } from "./draw.ts";
import type { EngineLoop } from "./engine-loop.ts";
import type { EventToken } from "./event-queue.ts";
import type { Faults } from "./faults.ts";
import { functionTime } from "./function-times.ts";
import type { JobHandle } from "./job-table.ts";
import type { Kernel, Step, Watch } from "./kernel.ts";
import { LocalMemory } from "./local-memory.ts";
import type { Population } from "./population.ts";
import type { Profile } from "./profile.ts";
import type { RemoteStore } from "./remote-store.ts";
import type { Notes } from "./store-operation.ts";
import type { Stream } from "./streams.ts";

export interface WorkerHostParts {
  readonly kernel: Kernel;
  readonly profile: Profile;
  readonly cores: Cores;
  readonly store: RemoteStore;
  readonly population: Population;
  readonly faults: Faults;
  /** Chance of this worker: cold starts, store errors, failed executions. */
  readonly chance: {
    readonly coldStart: Stream;
    readonly store: Stream;
    readonly execution: Stream;
  };
  /** The worker's host in the network. */
  readonly host: number;
}

/** Whether all workers are on one machine. */
export function sharesCores({ mechanisms }: Profile): boolean {
  return mechanisms.hosts === "shared";
}

interface Abortable {
  abort(): void;
}

/** What one container has under way. */
interface Work {
  readonly thread: ContainerThread;
  readonly pending: Abortable[];
  /** Nothing has run in it yet. */
  isFresh: boolean;
}

export class WorkerHost {
  readonly #parts: WorkerHostParts;
  readonly #loop: EngineLoop;
  readonly #cpu: Cpu<Step>;
  readonly #cpuWatch: Watch;
  readonly #sharesCores: boolean;
  #memory: LocalMemory;
  readonly #containers: Map<number, Work>;

  constructor(parts: WorkerHostParts, loop: EngineLoop) {
    const { kernel, profile } = parts;
    this.#parts = parts;
    this.#loop = loop;
    this.#cpu = parts.cores.cpu;
    this.#cpuWatch = parts.cores.watch;
    this.#sharesCores = sharesCores(profile);
    this.#memory = new LocalMemory(kernel, profile);
    this.#containers = new Map();
  }

  /** Core-microseconds of its cores used so far, by others that share them too. */
  get busy(): number {
    return this.#cpu.busy(this.#parts.kernel.now);
  }

  setSpeed(speed: number): void {
    this.#cpu.setSpeed(this.#parts.kernel.now, speed);
    this.#cpuWatch.touch();
  }

  /** Everything in the worker's memory is gone. */
  crash(): void {
    for (const container of [...this.#containers.keys()]) this.stop(container);
    this.#memory = new LocalMemory(this.#parts.kernel, this.#parts.profile);
  }

  boot({ container }: BootRequest): void {
    const { profile, chance } = this.#parts;
    const work: Work = { thread: new ContainerThread(profile), pending: [], isFresh: true };
    this.#containers.set(container, work);
    const { cold_start, cold_start_sigma } = profile.container;
    const time = (
      cold_start_sigma === 0
        ? cold_start
        : Math.round(chance.coldStart.lognormal(cold_start, cold_start_sigma))
    ) as Micros;
    const ready = (): void => this.#answer({ tag: "ready", container });
    if (this.#sharesCores && time > 0) this.#compute(work, { compute: time, cores: 1 }, ready);
    else this.#later(work, time, ready);
  }

  /** What the container has under way ends without an answer. */
  stop(container: number): void {
    const work = this.#containers.get(container);
    if (work === undefined) return;
    this.#containers.delete(container);
    for (const pending of work.pending) pending.abort();
  }

  get(request: GetRequest): void {
    const { activation, slot, plan, invocation, datum, part } = request;
    const { graph, recorded } = this.#parts.population.of(invocation, plan);
    const bytes = bytesOf(graph, recorded, datum, part) as Bytes;
    const { stored } = graph.data[datum]!.spec;
    const got: Input = { tag: "got", activation, slot, bytes: stored ? bytes : NO_BYTES };
    this.#transfer(request, { graph, bytes, kind: "get" }, got, {
      tag: "get-failed",
      activation,
      slot,
    });
  }

  put(request: PutRequest): void {
    const { activation, slot, plan, invocation, bytes } = request;
    const { graph } = this.#parts.population.of(invocation, plan);
    const stored: Input = { tag: "stored", activation, slot };
    this.#transfer(request, { graph, bytes, kind: "put" }, stored, {
      tag: "put-failed",
      activation,
      slot,
    });
  }

  /**
   * The engine asks the container to run the function, which is set up, computes on the worker's
   * cores, then sleeps; its outputs are written as JSON and noted. A failing one fails at its end.
   */
  start(request: StartRequest): void {
    const { faults, chance, profile, kernel, store } = this.#parts;
    const { activation, container, plan, invocation, task } = request;
    const work = this.#containers.get(container);
    if (work === undefined) return;
    const demand = this.#demand(work, request);
    const fails = faults.executionErrors > 0 && chance.execution.uniform() < faults.executionErrors;
    const { compute, sleep, outputs } = demand;
    const end: Input = fails
      ? { tag: "execution-failed", activation, reason: "error" }
      : { tag: "executed", activation, outputs, compute, sleep, facts: [] };
    const { setUpLookUps, keyRecords, runRecords } = store.protocol;
    const asked = this.#loop.take(kernel.now, this.#loop.requestTime);
    const setUp = (asked - kernel.now + profile.container.set_up) as Micros;
    const written = this.#outputsOf(plan, task, outputs);
    const records = runRecords + keyRecords * written.keys;
    const noted = (): void => this.#answer(end);
    const slept = (): void => {
      const done = work.thread.take(kernel.now, written.time);
      this.#unlessZero(work, (done - kernel.now) as Micros, () =>
        this.#note(work, { invocation, lookUps: 0, records }, noted),
      );
    };
    const computed = (): void => this.#later(work, sleep, slept);
    const ready = (): void => {
      if (compute === 0) computed();
      else this.#compute(work, demand, computed);
    };
    this.#unlessZero(work, setUp, () =>
      this.#note(work, { invocation, lookUps: setUpLookUps, records: 0 }, ready),
    );
  }

  #demand(work: Work, { plan, invocation, task, item }: StartRequest): Demand {
    const { population, profile } = this.#parts;
    const demand = population.demand(plan, invocation, task, item);
    const { isFresh } = work;
    work.isFresh = false;
    if (!isFresh || profile.functions === undefined) return demand;
    const { warm_up = 0 } = functionTime(population.graph(plan), task, profile) ?? {};
    return { ...demand, compute: (demand.compute + warm_up) as Micros };
  }

  /** How many keys a run's outputs have, and the time to write them as JSON. */
  #outputsOf(
    plan: number,
    task: number,
    outputs: readonly Output[],
  ): { keys: number; time: Micros } {
    const { population, profile } = this.#parts;
    const { vertices, data } = population.graph(plan);
    let keys = 0;
    let time = 0;
    for (const [index, output] of outputs.entries()) {
      const { content } = data[vertices[task]!.writes[index]!]!.spec;
      const parts = typeof output === "number" ? [output] : output;
      keys += parts.length;
      for (const bytes of parts) time += writeTime({ bytes, content }, profile);
    }
    return { keys, time: time as Micros };
  }

  #compute(
    work: Work,
    demand: { readonly compute: Micros; readonly cores: number },
    done: () => void,
  ): void {
    const { kernel } = this.#parts;
    const computation = new Computation(work, this.#cpu, this.#cpuWatch, kernel, done);
    work.pending.push(computation);
    computation.handle = this.#cpu.start(kernel.now, {
      work: demand.compute,
      cap: demand.cores,
      target: computation,
    });
    this.#cpuWatch.touch();
  }

  #transfer(
    request: GetRequest,
    body: { readonly graph: Graph; readonly bytes: Bytes; readonly kind: "get" | "put" },
    ok: Input,
    failed: Input,
  ): void {
    const work = this.#containers.get(request.container);
    if (work === undefined) return;
    const { faults, chance, store, host } = this.#parts;
    const { invocation } = request;
    const { content, stored } = body.graph.data[request.datum]!.spec;
    const { bytes, kind } = body;
    const { thread, pending } = work;
    if (request.tier === "local") {
      const records = kind === "get" ? store.protocol.getRecords : 0;
      const operation = this.#memory.begin({
        kind,
        bytes,
        content,
        thread,
        answer: () => {
          drop(pending, operation);
          this.#note(work, { invocation, lookUps: 0, records }, () => this.#answer(ok));
        },
      });
      pending.push(operation);
      return;
    }
    const { population } = this.#parts;
    const { datum, part } = request;
    const written = body.graph.data[datum]!.producer !== OUTSIDE;
    const missing = kind === "get" && written && !population.isStored(invocation, datum, part);
    const fails =
      missing || (faults.storeErrors > 0 && chance.store.uniform() < faults.storeErrors);
    const operation = store.begin({
      kind,
      stored,
      invocation,
      bytes,
      content,
      host,
      thread,
      fails,
      answer: (fine) => {
        drop(pending, operation);
        if (fine && kind === "put") population.noteStored(invocation, datum, part);
        this.#answer(fine ? ok : failed);
      },
    });
    pending.push(operation);
  }

  /** Small requests that the container makes to the remote store, one after another. */
  #note(work: Work, what: Notes & { readonly invocation: InvocationId }, then: () => void): void {
    const { invocation, lookUps, records } = what;
    if (lookUps + records === 0) {
      then();
      return;
    }
    const notes = { lookUps, records };
    const { thread, pending } = work;
    const { store, host } = this.#parts;
    const operation = store.note({ invocation, notes, host, thread }, () => {
      drop(pending, operation);
      then();
    });
    pending.push(operation);
  }

  #unlessZero(work: Work, delay: Micros, then: () => void): void {
    if (delay === 0) then();
    else this.#later(work, delay, then);
  }

  #later(work: Work, delay: Micros, then: () => void): void {
    const { kernel } = this.#parts;
    const wait = new Wait(work, kernel, then);
    work.pending.push(wait);
    wait.token = kernel.after(delay, wait);
  }

  /** Called from steps of the kernel only: the engine is never entered from within a request. */
  #answer(input: Input): void {
    this.#loop.receive(input);
  }
}

/** Mostly there is one, or the first of many ends: a Set would be built anew each time it is empty. */
function drop(pending: Abortable[], ended: Abortable): void {
  if (pending.at(-1) === ended) {
    pending.pop();
    return;
  }
  const index = pending.indexOf(ended);
  if (index >= 0) pending.splice(index, 1);
}

class Wait implements Step {
  readonly #work: Work;
  readonly #kernel: Kernel;
  readonly #then: () => void;
  token: EventToken;

  constructor(work: Work, kernel: Kernel, then: () => void) {
    this.#work = work;
    this.#kernel = kernel;
    this.#then = then;
    this.token = -1;
  }

  abort(): void {
    this.#kernel.cancel(this.token);
  }

  step(): void {
    drop(this.#work.pending, this);
    this.#then();
  }
}

class Computation implements Step {
  readonly #work: Work;
  readonly #cpu: Cpu<Step>;
  readonly #watch: Watch;
  readonly #kernel: Kernel;
  readonly #done: () => void;
  handle: JobHandle | undefined;

  constructor(work: Work, cpu: Cpu<Step>, watch: Watch, kernel: Kernel, done: () => void) {
    this.#work = work;
    this.#cpu = cpu;
    this.#watch = watch;
    this.#kernel = kernel;
    this.#done = done;
    this.handle = undefined;
  }

  abort(): void {
    if (this.handle !== undefined) this.#cpu.stop(this.#kernel.now, this.handle);
    this.#watch.touch();
  }

  step(): void {
    drop(this.#work.pending, this);
    this.#done();
  }
}
