/**
 * The remote store: one server on the storage node, whose cores all look-ups, records and
 * (de)compressions share (at most one each): what takes `work` alone takes work / share. How many
 * requests an operation takes is the store protocol's (protocols.ts); they pass the thread of
 * whoever asks (a container's, an engine's loop) one after another.
 *
 * A get: failed look-ups in local memory; its requests go to the server, wait for a connection, take
 * a share of the cores; then the body is expanded while it comes down the storage node's link, and
 * is read in the container.
 *
 *   get = local look-ups operation + n (request + 2 latency)
 *       + (look-ups look_up + records record) / share
 *       + max(bytes / link share, bytes / expand / share) + bytes read,   n = look-ups + records
 *
 * A put: sent by the container, on a connection: requests (one reads the document's revision), then
 * the body is compressed, or goes to the disk that all share, while it comes up the link; then it
 * waits for the updater, which takes `commit` for one write after another: it checks the revision,
 * and stores or refuses. If another write to the document was stored since its revision was read, the
 * upload is thrown away and begins again in the container; so n equal writers at once move about
 * n (n + 1) / 2 bodies. With a document per datum nobody waits for the updater: it takes many at once.
 *
 *   put = bytes sent + n (request + 2 latency) + look-ups look_up / share
 *       + max(bytes / link share, bytes / intake share) + commit,   n = 1 + look-ups
 *
 * Notes, look-ups and records one after another and no body: as a get without one.
 */

import type { InvocationId } from "../core/protocol.ts";
import { type Bytes, type Micros, NO_TIME } from "../core/units.ts";
import type { Content } from "../core/workflow/spec.ts";
import { transferTime } from "./container-thread.ts";
import { Cores } from "./cpu.ts";
import type { JobHandle } from "./job-table.ts";
import type { Step, Watch } from "./kernel.ts";
import { STORE_PROTOCOLS, type StoreProtocol } from "./protocols.ts";
import { SharedRate } from "./shared-rate.ts";
import {
  type RemoteStoreParts,
  StoreOperation,
  type StoreRequest,
  type StoreServer,
} from "./store-operation.ts";

export class RemoteStore implements StoreServer {
  readonly protocol: StoreProtocol;
  readonly #parts: RemoteStoreParts;
  readonly #disk: SharedRate<Step>;
  readonly #diskWatch: Watch;
  readonly #cores: Cores;
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
    this.protocol = STORE_PROTOCOLS[parts.profile.mechanisms.store_protocol];
    this.#disk = new SharedRate<Step>({ rate: parts.profile.remote_store.disk });
    this.#diskWatch = parts.kernel.watch(this.#disk);
    const { kernel, profile } = parts;
    this.#cores = parts.cores ?? new Cores(kernel, profile.cluster.storage_cores);
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

  commit(operation: StoreOperation): void {
    const { kernel, profile } = this.#parts;
    const { commit } = profile.remote_store;
    if (profile.mechanisms.document === "per-datum") {
      if (this.#parts.cores === undefined) kernel.after(commit, operation);
      else operation.committing(this.work(commit, operation));
      return;
    }
    this.#updates.push(operation);
    if (!this.#updating) this.#update();
  }

  /** The next upload's turn at the updater: its revision is checked, and it is written or refused. */
  #update(): void {
    const { kernel, profile } = this.#parts;
    let next = this.#updates.shift();
    while (next?.aborted) next = this.#updates.shift();
    this.#updating = next !== undefined;
    if (next === undefined) return;
    const { invocation, revision } = next;
    const isCurrent = this.revision(invocation) === revision;
    const turn = next;
    kernel.after(profile.remote_store.commit, {
      step: () => {
        if (isCurrent && !turn.aborted) this.#revisions.set(invocation, revision + 1);
        this.#update();
        if (isCurrent) turn.step();
        else if (!turn.aborted) turn.conflict();
      },
    });
  }

  work(work: Micros, next: Step): JobHandle | undefined {
    if (work > 0) return this.#cores.start({ work, cap: 1, target: next, by: "daemon" });
    next.step();
    return undefined;
  }

  endWork(handle: JobHandle): void {
    this.#cores.stop(handle);
  }

  intake(
    body: { readonly bytes: Bytes; readonly content: Content },
    next: Step,
  ): JobHandle | undefined {
    const { kernel, profile } = this.#parts;
    const { compress_filler, compress_text, disk } = profile.remote_store;
    if (body.content === "binary" && this.protocol.compresses) {
      if (disk === Infinity) return this.work(NO_TIME, next);
      this.#disk.start(kernel.now, { bytes: body.bytes, target: next });
      this.#diskWatch.touch();
      return undefined;
    }
    const isText = body.content === "text" && this.protocol.compresses;
    const rate = isText ? compress_text : compress_filler;
    return this.work(transferTime(body.bytes, rate), next);
  }

  expand(
    { bytes, content }: { readonly bytes: Bytes; readonly content: Content },
    next: Step,
  ): JobHandle | undefined {
    const isPlain = content === "binary" && this.protocol.compresses;
    const rate = isPlain ? Infinity : this.#parts.profile.remote_store.expand;
    return this.work(transferTime(bytes, rate), next);
  }
}
