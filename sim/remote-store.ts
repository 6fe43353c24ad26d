/**
 * The remote store: one server on the storage node, with `cores` that all look-ups, records and
 * (de)compressions share (at most one each): what takes `work` alone takes work / share.
 *
 * A get: failed look-ups in local memory, then its requests pass the container's thread, go to the
 * server, wait for a connection, take a share of the cores; the body comes down the storage node's
 * link and is read in the container.
 *
 *   get = lookups_l operation_l + n (request_c + 2 latency)
 *       + (get_requests request + log_records record + bytes / expand) / share + bytes / link share
 *       + bytes / serialise + bytes / transfer_c,   n = get_requests + log_records
 *
 * A put: written in the container, then, on a connection: requests (one reads the document's
 * revision), upload, intake (compression, or the disk that all share), then it waits for the
 * updater, which takes one write after another: checks the revision, and commits. If another write
 * to the document was committed since its revision was read, the upload is thrown away and begins
 * again in the container; so n equal writers at once move about n (n + 1) / 2 bodies. With a
 * document per datum nobody waits for the updater: it commits many at once.
 *
 *   put = bytes / serialise + bytes / transfer_c + n (request_c + 2 latency)
 *       + (put_requests request + log_records record) / share
 *       + bytes / link share + bytes / intake / share + commit,  n = 1 + put_requests + log_records
 *
 * Records, k of them one after another: k (request_c + 2 latency + record / share).
 */

import type { InvocationId } from "../core/protocol.ts";
import type { Bytes, Micros } from "../core/units.ts";
import type { Content } from "../core/workflow/spec.ts";
import { type ContainerThread, serialisation, transferTime } from "./container-thread.ts";
import { Cpu } from "./cpu.ts";
import type { JobHandle } from "./job-table.ts";
import type { Kernel, Step, Watch } from "./kernel.ts";
import type { FlowHandle, Network } from "./network.ts";
import type { Profile } from "./profile.ts";
import { SharedRate } from "./shared-rate.ts";

export interface StoreRequest {
  readonly kind: "get" | "put" | "records";
  /** Whether there is anything under that name; a put always finds its place. */
  readonly stored: boolean;
  readonly invocation: InvocationId;
  readonly bytes: Bytes;
  readonly content: Content;
  /** The worker's host in the network. */
  readonly host: number;
  readonly thread: ContainerThread;
  /** Whether the server answers with an error. */
  readonly fails: boolean;
  /** Records to write, of `records`; the others write `log_records`. */
  readonly records?: number;
  readonly answer: (ok: boolean) => void;
}

export interface RemoteStoreParts {
  readonly kernel: Kernel;
  readonly profile: Profile;
  readonly network: Network<Step>;
  readonly networkWatch: Watch;
  /** The storage node's host in the network. */
  readonly host: number;
}

export class RemoteStore {
  readonly #parts: RemoteStoreParts;
  readonly #disk: SharedRate<Step>;
  readonly #diskWatch: Watch;
  readonly #cpu: Cpu<Step>;
  readonly #cpuWatch: Watch;
  /** Commits so far to the document of an invocation. */
  readonly #revisions: Map<InvocationId, number>;
  readonly #waiting: StoreOperation[];
  #waitingHead: number;
  #connectionsInUse: number;
  /** Uploads that the updater has not looked at. */
  readonly #updates: StoreOperation[];
  #updating: boolean;

  constructor(parts: RemoteStoreParts) {
    this.#parts = parts;
    this.#disk = new SharedRate<Step>({ rate: parts.profile.remote_store.intake_binary });
    this.#diskWatch = parts.kernel.watch(this.#disk);
    this.#cpu = new Cpu<Step>({ cores: parts.profile.remote_store.cores });
    this.#cpuWatch = parts.kernel.watch(this.#cpu);
    this.#revisions = new Map();
    this.#waiting = [];
    this.#waitingHead = 0;
    this.#connectionsInUse = 0;
    this.#updates = [];
    this.#updating = false;
  }

  /** Begins; gives what aborts it. */
  begin(request: StoreRequest): StoreOperation {
    const operation = new StoreOperation(this, this.#parts, request);
    operation.step();
    return operation;
  }

  /** The invocation is over: its document will be deleted. */
  forget(invocation: InvocationId): void {
    this.#revisions.delete(invocation);
  }

  /** Whether there is a connection now; else the operation is stepped when there is. */
  connect(operation: StoreOperation): boolean {
    if (this.#connectionsInUse < this.#parts.profile.remote_store.connections) {
      this.#connectionsInUse++;
      return true;
    }
    this.#waiting.push(operation);
    return false;
  }

  disconnect(): void {
    this.#connectionsInUse--;
    while (this.#waitingHead < this.#waiting.length) {
      const next = this.#waiting[this.#waitingHead++]!;
      if (this.#waitingHead > 1024 && this.#waitingHead * 2 > this.#waiting.length) {
        this.#waiting.splice(0, this.#waitingHead);
        this.#waitingHead = 0;
      }
      if (next.aborted) continue;
      this.#connectionsInUse++;
      next.connected();
      return;
    }
  }

  revision(invocation: InvocationId): number {
    return this.#revisions.get(invocation) ?? 0;
  }

  /** The operation is stepped once it is committed, or told of a conflict. */
  commit(operation: StoreOperation): void {
    const { kernel, profile } = this.#parts;
    if (profile.remote_store.document === "per-datum") {
      kernel.after(profile.remote_store.commit, operation);
      return;
    }
    this.#updates.push(operation);
    if (!this.#updating) this.#update();
  }

  /** The next upload's turn at the updater; conflicts take it no time. */
  #update(): void {
    const { kernel, profile } = this.#parts;
    this.#updating = false;
    for (let next = this.#updates.shift(); next !== undefined; next = this.#updates.shift()) {
      const { invocation, revision } = next;
      if (next.aborted) continue;
      if (this.revision(invocation) !== revision) {
        next.conflict();
        continue;
      }
      const committing = next;
      this.#updating = true;
      kernel.after(profile.remote_store.commit, {
        step: () => {
          if (!committing.aborted) this.#revisions.set(invocation, revision + 1);
          this.#update();
          committing.step();
        },
      });
      return;
    }
  }

  /** The next step comes when the server's cores have done so many core-microseconds. */
  work(work: Micros, next: Step): JobHandle | undefined {
    const { kernel } = this.#parts;
    if (work === 0) {
      kernel.after(work, next);
      return undefined;
    }
    const handle = this.#cpu.start(kernel.now, { work, cap: 1, target: next });
    this.#cpuWatch.touch();
    return handle;
  }

  endWork(handle: JobHandle): void {
    this.#cpu.stop(this.#parts.kernel.now, handle);
    this.#cpuWatch.touch();
  }

  /** Takes the body in: the next step comes when it is on the disk, or compressed. */
  intake(
    body: { readonly bytes: Bytes; readonly content: Content },
    next: Step,
  ): JobHandle | undefined {
    const { kernel, profile } = this.#parts;
    if (body.content === "binary") {
      this.#disk.start(kernel.now, { bytes: body.bytes, target: next });
      this.#diskWatch.touch();
      return undefined;
    }
    const { intake_filler, intake_text } = profile.remote_store;
    const rate = body.content === "filler" ? intake_filler : intake_text;
    return this.work(transferTime(body.bytes, rate), next);
  }
}

type Phase =
  | "begin"
  | "arrive"
  | "serve"
  | "again"
  | "body"
  | "intake"
  | "commit"
  | "return"
  | "read"
  | "done";

/** One get or put on its way; each step goes on to the next phase. */
export class StoreOperation implements Step {
  readonly #store: RemoteStore;
  readonly #parts: RemoteStoreParts;
  readonly #request: StoreRequest;
  #phase: Phase;
  /** Of the document, when it was read. */
  revision: number;
  #flow: FlowHandle | undefined;
  #job: JobHandle | undefined;
  #connected: boolean;
  aborted: boolean;

  constructor(store: RemoteStore, parts: RemoteStoreParts, request: StoreRequest) {
    this.#store = store;
    this.#parts = parts;
    this.#request = request;
    this.#phase = "begin";
    this.revision = 0;
    this.#flow = undefined;
    this.#job = undefined;
    this.#connected = false;
    this.aborted = false;
  }

  /** The container or its worker is gone: what is under way ends, the connection is free. */
  abort(): void {
    if (this.aborted || this.#phase === "done") return;
    this.aborted = true;
    const { kernel, network, networkWatch } = this.#parts;
    if (this.#flow !== undefined) {
      network.close(kernel.now, this.#flow);
      networkWatch.touch();
    }
    if (this.#job !== undefined) this.#store.endWork(this.#job);
    this.#disconnect();
  }

  connected(): void {
    this.#connected = true;
    this.#serve();
  }

  step(): void {
    if (this.aborted) return;
    this.#job = undefined;
    switch (this.#phase) {
      case "begin":
        this.#begin();
        return;
      case "arrive":
        if (this.#store.connect(this)) this.connected();
        return;
      case "serve":
        this.#served();
        return;
      case "again":
        this.#phase = "serve";
        this.#job = this.#store.work(this.#parts.profile.remote_store.request, this);
        return;
      case "body":
        this.#flow = undefined;
        if (this.#request.kind === "put") {
          this.#phase = "intake";
          this.#job = this.#store.intake(this.#request, this);
        } else this.#return();
        return;
      case "intake":
        this.#phase = "commit";
        this.#store.commit(this);
        return;
      case "commit":
        this.#return();
        return;
      case "return":
        this.#read();
        return;
      case "read":
        this.#phase = "done";
        this.#request.answer(!this.#request.fails);
        return;
      case "done":
        return;
      default:
        this.#phase satisfies never;
    }
  }

  /** Through the container's thread and over the network; the answers' way back comes with it. */
  #begin(): void {
    const { kernel, profile } = this.#parts;
    const { kind, thread } = this.#request;
    const count = this.#requests();
    const { lookups, operation } = profile.local_store;
    const before = { get: lookups * operation, put: this.#bodyTime(), records: 0 }[kind];
    const time = (before + count * profile.container.request) as Micros;
    const sent = thread.take(kernel.now, time);
    this.#phase = "arrive";
    kernel.at((sent + (2 * count - 1) * profile.network.latency) as Micros, this);
  }

  /** What goes to the server, the upload of a put included. */
  #requests(): number {
    return this.#lookups() + this.#records() + (this.#request.kind === "put" ? 1 : 0);
  }

  #lookups(): number {
    const { get_requests, put_requests, miss_requests } = this.#parts.profile.remote_store;
    const { kind, stored } = this.#request;
    if (kind === "records") return 0;
    if (kind === "put") return put_requests;
    return stored ? get_requests : miss_requests;
  }

  #records(): number {
    return this.#request.records ?? this.#parts.profile.remote_store.log_records;
  }

  #serve(): void {
    const { request, record } = this.#parts.profile.remote_store;
    this.#phase = "serve";
    const work = this.#lookups() * request + this.#records() * record + this.#expansion();
    this.#job = this.#store.work(work as Micros, this);
  }

  /** What was compressed is expanded again for whoever reads it. */
  #expansion(): Micros {
    const { kind, stored, content, bytes } = this.#request;
    if (kind !== "get" || !stored || content === "binary") return 0 as Micros;
    return transferTime(bytes, this.#parts.profile.remote_store.expand);
  }

  #served(): void {
    const { kernel, network, networkWatch, host } = this.#parts;
    const { kind, stored, bytes, fails, invocation } = this.#request;
    if (fails || !stored || kind === "records") {
      this.#return();
      return;
    }
    this.#phase = "body";
    this.revision = this.#store.revision(invocation);
    const [from, to] = kind === "put" ? [this.#request.host, host] : [host, this.#request.host];
    this.#flow = network.open(kernel.now, { from, to, bytes, target: this });
    networkWatch.touch();
  }

  /** Thrown away: written again, the new revision read, and uploaded, on the same connection. */
  conflict(): void {
    const { kernel, profile } = this.#parts;
    this.#phase = "again";
    const time = 2 * profile.container.request + this.#bodyTime();
    const sent = this.#request.thread.take(kernel.now, time as Micros);
    kernel.at((sent + 2 * profile.network.latency) as Micros, this);
  }

  /** Container's time for the body: JSON written or read, and sent or received. */
  #bodyTime(): number {
    const { profile } = this.#parts;
    const { bytes } = this.#request;
    return serialisation(profile, this.#request) + transferTime(bytes, profile.container.transfer);
  }

  get invocation(): InvocationId {
    return this.#request.invocation;
  }

  #return(): void {
    this.#phase = "return";
    this.#disconnect();
    this.#parts.kernel.after(this.#parts.profile.network.latency, this);
  }

  #read(): void {
    const { kernel } = this.#parts;
    const { kind, stored, thread } = this.#request;
    this.#phase = "read";
    const time = kind === "get" && stored ? this.#bodyTime() : 0;
    kernel.at(thread.take(kernel.now, time as Micros), this);
  }

  #disconnect(): void {
    if (!this.#connected) return;
    this.#connected = false;
    this.#store.disconnect();
  }
}
