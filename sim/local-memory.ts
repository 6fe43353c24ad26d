/**
 * The local store of one worker: its memory.
 *
 *   get or put = operation + bytes / serialise (both in the container's thread) + bytes / bandwidth
 *
 * where all gets and puts of the worker share the memory's bandwidth. The log record that goes to
 * the remote store within the same time is the worker host's (`log_records`, see remote-store.ts).
 */

import type { Bytes, Micros } from "../core/units.ts";
import type { Content } from "../core/workflow/spec.ts";
import { type ContainerThread, serialisation } from "./container-thread.ts";
import type { Kernel, Step, Watch } from "./kernel.ts";
import type { Profile } from "./profile.ts";
import { SharedRate } from "./shared-rate.ts";

export interface LocalRequest {
  readonly bytes: Bytes;
  readonly content: Content;
  readonly thread: ContainerThread;
  readonly answer: () => void;
}

export class LocalMemory {
  readonly #kernel: Kernel;
  readonly #profile: Profile;
  readonly #bus: SharedRate<Step>;
  readonly #watch: Watch;

  constructor(kernel: Kernel, profile: Profile) {
    this.#kernel = kernel;
    this.#profile = profile;
    this.#bus = new SharedRate<Step>({ rate: profile.local_store.bandwidth });
    this.#watch = kernel.watch(this.#bus);
  }

  begin(request: LocalRequest): LocalOperation {
    const time = this.#profile.local_store.operation + serialisation(this.#profile, request);
    const operation = new LocalOperation(this, request);
    const done = request.thread.take(this.#kernel.now, time as Micros);
    this.#kernel.at(done, operation);
    return operation;
  }

  move(bytes: Bytes, next: Step): void {
    this.#bus.start(this.#kernel.now, { bytes, target: next });
    this.#watch.touch();
  }
}

export class LocalOperation implements Step {
  readonly #memory: LocalMemory;
  readonly #request: LocalRequest;
  #moving: boolean;
  #aborted: boolean;

  constructor(memory: LocalMemory, request: LocalRequest) {
    this.#memory = memory;
    this.#request = request;
    this.#moving = false;
    this.#aborted = false;
  }

  abort(): void {
    this.#aborted = true;
  }

  step(): void {
    if (this.#aborted) return;
    if (this.#moving) {
      this.#request.answer();
      return;
    }
    this.#moving = true;
    this.#memory.move(this.#request.bytes, this);
  }
}
