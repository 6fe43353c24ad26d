/**
 * The local store of one worker: its memory.
 *
 *   get = (look-ups + 1) operation + bytes read, in the container's thread, + bytes / bandwidth
 *   put = operation + bytes sent, in that thread, + bytes / bandwidth
 *
 * where all gets and puts of the worker share the memory's bandwidth; what is read is received and,
 * if it is JSON, parsed. The record that goes to the remote store within the time of a get is the
 * worker host's (`getRecords`, protocols.ts).
 */

import { type Bytes, type Micros, NO_TIME } from "../core/units.ts";
import type { Content } from "../core/workflow/spec.ts";
import { type ContainerThread, readTime, sendTime } from "./container-thread.ts";
import type { Kernel, Step, Watch } from "./kernel.ts";
import type { Profile, Rate } from "./profile.ts";
import { STORE_PROTOCOLS, type StoreProtocol } from "./protocols.ts";
import { SharedRate } from "./shared-rate.ts";

export interface LocalRequest {
  readonly kind: "get" | "put";
  readonly bytes: Bytes;
  readonly content: Content;
  readonly thread: ContainerThread;
  /** From a step of the kernel; nothing is heard of the request after that. */
  answered(ok: boolean): void;
}

export class LocalMemory {
  readonly #kernel: Kernel;
  readonly #profile: Profile;
  readonly #protocol: StoreProtocol;
  /** None where bytes take no time. */
  readonly #bus: Bus | undefined;

  constructor(kernel: Kernel, profile: Profile) {
    this.#kernel = kernel;
    this.#profile = profile;
    this.#protocol = STORE_PROTOCOLS[profile.mechanisms.store_protocol];
    const { bandwidth } = profile.local_store;
    this.#bus = bandwidth === Infinity ? undefined : busOf(kernel, bandwidth);
  }

  begin(request: LocalRequest): LocalOperation {
    const operation = new LocalOperation(this, request);
    const done = request.thread.take(this.#kernel.now, this.#threadTime(request));
    this.#kernel.at(done, operation);
    return operation;
  }

  #threadTime(request: LocalRequest): Micros {
    const { local_store } = this.#profile;
    if (request.kind === "put") {
      return (local_store.operation + sendTime(request.bytes, this.#profile)) as Micros;
    }
    const operations = this.#protocol.localLookUps[request.content] + 1;
    return (operations * local_store.operation + readTime(request, this.#profile)) as Micros;
  }

  /** The next step comes when the bytes have moved. */
  move(bytes: Bytes, next: Step): void {
    if (this.#bus === undefined) {
      this.#kernel.after(NO_TIME, next);
      return;
    }
    this.#bus.rate.start(this.#kernel.now, { bytes, target: next });
    this.#bus.watch.touch();
  }
}

interface Bus {
  readonly rate: SharedRate<Step>;
  readonly watch: Watch;
}

function busOf(kernel: Kernel, bandwidth: Rate): Bus {
  const rate = new SharedRate<Step>({ rate: bandwidth });
  return { rate, watch: kernel.watch(rate) };
}

class LocalOperation implements Step {
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
      this.#request.answered(true);
      return;
    }
    this.#moving = true;
    this.#memory.move(this.#request.bytes, this);
  }
}
