/**
 * The physical side of one worker: containers that start, functions that compute and sleep, data
 * that move. It decides nothing; it carries out what the worker's engine asked for.
 */

import type { BootRequest, GetRequest, Input, PutRequest, StartRequest } from "../core/env.ts";
import type { InvocationId } from "../core/protocol.ts";
import { type Bytes, type Micros, NO_BYTES } from "../core/units.ts";
import { type Graph, OUTSIDE } from "../core/workflow/graph.ts";
import { ContainerThread } from "./container-thread.ts";
import { Cpu } from "./cpu.ts";
import { bytesOf } from "./draw.ts";
import type { EngineLoop } from "./engine-loop.ts";
import type { EventToken } from "./event-queue.ts";
import type { Faults } from "./faults.ts";
import type { JobHandle } from "./job-table.ts";
import type { Kernel, Step, Watch } from "./kernel.ts";
import { LocalMemory } from "./local-memory.ts";
import type { Population } from "./population.ts";
import type { Profile } from "./profile.ts";
import type { RemoteStore } from "./remote-store.ts";
import type { Stream } from "./streams.ts";

export interface WorkerHostParts {
  readonly kernel: Kernel;
  readonly profile: Profile;
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

interface Abortable {
  abort(): void;
}

/** What one container has under way. */
interface Work {
  readonly thread: ContainerThread;
  readonly pending: Set<Abortable>;
}

export class WorkerHost {
  readonly #parts: WorkerHostParts;
  readonly #loop: EngineLoop;
  readonly #cpu: Cpu<Step>;
  readonly #cpuWatch: Watch;
  #memory: LocalMemory;
  readonly #containers: Map<number, Work>;

  constructor(parts: WorkerHostParts, loop: EngineLoop) {
    const { kernel, profile } = parts;
    this.#parts = parts;
    this.#loop = loop;
    this.#cpu = new Cpu<Step>({ cores: profile.cluster.worker_cores });
    this.#cpuWatch = kernel.watch(this.#cpu);
    this.#memory = new LocalMemory(kernel, profile);
    this.#containers = new Map();
  }

  /** Core-microseconds used so far. */
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
    const work: Work = { thread: new ContainerThread(), pending: new Set() };
    this.#containers.set(container, work);
    const { cold_start, cold_start_sigma } = profile.container;
    const time = (
      cold_start_sigma === 0
        ? cold_start
        : Math.round(chance.coldStart.lognormal(cold_start, cold_start_sigma))
    ) as Micros;
    this.#later(work, time, () => this.#answer({ tag: "ready", container }));
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

  /** Computes on the worker's cores, then sleeps; a failing one fails at its end. */
  start(request: StartRequest): void {
    const { faults, chance, population } = this.#parts;
    const { activation, container, plan, invocation, task, item } = request;
    const demand = population.demand(plan, invocation, task, item);
    const fails = faults.executionErrors > 0 && chance.execution.uniform() < faults.executionErrors;
    const { compute, sleep, outputs } = demand;
    const { invoke } = this.#parts.profile.container;
    const { run_records, key_records } = this.#parts.profile.remote_store;
    const keys = outputs.reduce<number>(
      (sum, it) => sum + (typeof it === "number" ? 1 : it.length),
      0,
    );
    const records = run_records + key_records * keys;
    const end: Input = fails
      ? { tag: "execution-failed", activation, reason: "error" }
      : { tag: "executed", activation, outputs, compute, sleep, facts: [] };
    const work = this.#containers.get(container);
    if (work === undefined) return;
    const written = (): void =>
      this.#record(work, { invocation, records }, () => this.#answer(end));
    const slept = (): void => this.#later(work, sleep, written);
    const invoked = (): void => {
      if (compute === 0) slept();
      else this.#compute(work, demand, slept);
    };
    if (invoke === 0) invoked();
    else this.#later(work, invoke, invoked);
  }

  #compute(
    work: Work,
    demand: { readonly compute: Micros; readonly cores: number },
    done: () => void,
  ): void {
    const { kernel } = this.#parts;
    const computation = new Computation(work, this.#cpu, this.#cpuWatch, kernel, done);
    work.pending.add(computation);
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
    const { faults, chance, store, host, profile } = this.#parts;
    const { invocation } = request;
    const { content, stored } = body.graph.data[request.datum]!.spec;
    const { bytes, kind } = body;
    const { thread, pending } = work;
    if (request.tier === "local") {
      const operation = this.#memory.begin({
        bytes,
        content,
        thread,
        answer: () => {
          pending.delete(operation);
          const records = profile.remote_store.log_records;
          this.#record(work, { invocation, records }, () => this.#answer(ok));
        },
      });
      pending.add(operation);
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
        pending.delete(operation);
        if (fine && kind === "put") population.noteStored(invocation, datum, part);
        this.#answer(fine ? ok : failed);
      },
    });
    pending.add(operation);
  }

  /** Small records that the container writes to the remote store, one after another. */
  #record(
    work: Work,
    what: { readonly invocation: InvocationId; readonly records: number },
    then: () => void,
  ): void {
    if (what.records === 0) {
      then();
      return;
    }
    const { thread, pending } = work;
    const operation = this.#parts.store.begin({
      kind: "records",
      stored: true,
      ...what,
      bytes: NO_BYTES,
      content: "filler",
      host: this.#parts.host,
      thread,
      fails: false,
      answer: () => {
        pending.delete(operation);
        then();
      },
    });
    pending.add(operation);
  }

  #later(work: Work, delay: Micros, then: () => void): void {
    const { kernel } = this.#parts;
    const wait = new Wait(work, kernel, then);
    work.pending.add(wait);
    wait.token = kernel.after(delay, wait);
  }

  /** Called from steps of the kernel only: the engine is never entered from within a request. */
  #answer(input: Input): void {
    this.#loop.receive(input);
  }
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
    this.#work.pending.delete(this);
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
    this.#work.pending.delete(this);
    this.#done();
  }
}
