/**
 * One run of a function in its container: the engine asks for it, the container is set up, the
 * function computes on the worker's cores, then sleeps; its outputs are written as JSON and noted. A
 * failing one fails at its end. A phase that takes no time takes no step either.
 */

import type { Input, StartRequest } from "../core/env.ts";
import type { Facts } from "../core/protocol.ts";
import { type Micros, NO_TIME } from "../core/units.ts";
import type { Demand } from "./demand.ts";
import type { EventToken } from "./event-queue.ts";
import type { Abortable, HostContainer } from "./host-container.ts";
import type { HostParts } from "./host-parts.ts";
import type { JobHandle } from "./job-table.ts";
import type { Step } from "./kernel.ts";
import { sharesCores } from "./profile.ts";
import {
  NoteRequest,
  type Notes,
  type StoreClient,
  type StoreOperation,
} from "./store-operation.ts";

/** What it is about to end. */
type Phase = "set-up" | "look-up" | "compute" | "sleep" | "write" | "record";

const NO_FACTS: Facts = [];

export interface Run {
  readonly request: StartRequest;
  readonly demand: Demand;
  /** Core time; the demand's, and in a fresh container what that takes on top. */
  readonly compute: Micros;
  /** What it needs besides requests before it begins: core time where all share one machine's. */
  readonly setUp: Micros;
  readonly fails: boolean;
}

export class Execution implements Step, StoreClient, Abortable {
  older: Abortable | undefined;
  newer: Abortable | undefined;
  readonly #parts: HostParts;
  readonly #container: HostContainer;
  readonly #run: Run;
  #phase: Phase;
  #token: EventToken | undefined;
  #job: JobHandle | undefined;
  #notes: StoreOperation | undefined;

  constructor(parts: HostParts, container: HostContainer, run: Run) {
    this.older = undefined;
    this.newer = undefined;
    this.#parts = parts;
    this.#container = container;
    this.#run = run;
    this.#phase = "set-up";
    this.#token = undefined;
    this.#job = undefined;
    this.#notes = undefined;
  }

  begin(): void {
    const { kernel, loop } = this.#parts;
    this.#container.began(this);
    const asked = loop.take(kernel.now, loop.requestTime);
    this.#wait((asked - kernel.now + this.#run.setUp - this.#setUpInCores) as Micros);
  }

  /** What ended before is not there any more. */
  abort(): void {
    const { kernel, cores } = this.#parts;
    if (this.#token !== undefined) kernel.cancel(this.#token);
    if (this.#job !== undefined) cores.stop(this.#job);
    this.#notes?.abort();
  }

  /** The phase is over. */
  step(): void {
    switch (this.#phase) {
      case "set-up":
        this.#lookUp();
        return;
      case "look-up":
        this.#compute();
        return;
      case "compute":
        this.#sleep();
        return;
      case "sleep":
        this.#write();
        return;
      case "write":
        this.#record();
        return;
      case "record":
        this.#end();
        return;
      default:
        this.#phase satisfies never;
    }
  }

  answered(): void {
    this.step();
  }

  #lookUp(): void {
    this.#phase = "look-up";
    this.#note({ lookUps: this.#parts.store.protocol.setUpLookUps, records: 0 });
  }

  #compute(): void {
    const { demand, compute } = this.#run;
    const work = compute + this.#setUpInCores;
    this.#phase = "compute";
    if (work === 0) this.#sleep();
    else this.#job = this.#parts.cores.start({ work, cap: demand.cores, target: this });
  }

  #sleep(): void {
    const { demand } = this.#run;
    this.#phase = "sleep";
    // A step even if that is none: the engine is not to be entered from within its own request.
    this.#token = this.#parts.kernel.timer(demand.sleep, this);
  }

  #write(): void {
    const { now } = this.#parts.kernel;
    this.#phase = "write";
    const done = this.#container.thread.take(now, this.#run.demand.writing);
    this.#wait((done - now) as Micros);
  }

  #record(): void {
    const { runRecords, keyRecords } = this.#parts.store.protocol;
    this.#phase = "record";
    this.#note({ lookUps: 0, records: runRecords + keyRecords * this.#run.demand.keys });
  }

  #end(): void {
    this.#container.ended(this);
    this.#leaveWork();
    this.#parts.loop.receive(this.#answer());
  }

  #answer(): Input {
    const { request, demand, compute, fails } = this.#run;
    const { activation } = request;
    if (fails) return { tag: "execution-failed", activation, reason: "error" };
    const { sleep, outputs } = demand;
    return { tag: "executed", activation, outputs, compute, sleep, facts: NO_FACTS };
  }

  /** What the daemons have to do with it, and nobody waits for. */
  #leaveWork(): void {
    const { profile, cores } = this.#parts;
    const work = profile.daemon?.activation ?? NO_TIME;
    if (work > 0 && sharesCores(profile)) cores.startUnseen(work);
  }

  get #setUpInCores(): number {
    return sharesCores(this.#parts.profile) ? this.#run.setUp : 0;
  }

  #wait(time: Micros): void {
    if (time === 0) this.step();
    else this.#token = this.#parts.kernel.timer(time, this);
  }

  /** Small requests that the container makes to the remote store, one after another. */
  #note(notes: Notes): void {
    if (notes.lookUps + notes.records === 0) {
      this.step();
      return;
    }
    const { store, host } = this.#parts;
    const { invocation } = this.#run.request;
    const { thread } = this.#container;
    this.#notes = store.begin(new NoteRequest({ invocation, host, thread, notes }, this));
  }
}
