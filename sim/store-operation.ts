/** One request to the remote store on its way; the times are in remote-store.ts. */

import type { InvocationId } from "../core/protocol.ts";
import { type Bytes, type Micros, NO_BYTES } from "../core/units.ts";
import type { Content } from "../core/workflow/spec.ts";
import { readTime, sendTime } from "./container-thread.ts";
import type { Cores } from "./cpu.ts";
import type { JobHandle } from "./job-table.ts";
import type { Kernel, Step, Watch } from "./kernel.ts";
import type { FlowHandle, Network } from "./network.ts";
import type { Profile } from "./profile.ts";
import type { StoreProtocol } from "./protocols.ts";
import type { RequestThread } from "./request-thread.ts";

export interface StoreRequest {
  readonly kind: "get" | "put" | "notes";
  /** Whether there is anything under that name; a put always finds its place. */
  readonly stored: boolean;
  readonly invocation: InvocationId;
  readonly bytes: Bytes;
  readonly content: Content;
  /** The worker's host in the network. */
  readonly host: number;
  readonly thread: RequestThread;
  /** Whether the server answers with an error. */
  readonly fails: boolean;
  /** Of `notes`; those of the others are the protocol's. */
  readonly notes: Notes | undefined;
  /** From a step of the kernel; nothing is heard of the request after that. */
  answered(ok: boolean): void;
}

export type StoreClient = Pick<StoreRequest, "answered">;

/** Look-ups and records that move no body, for somebody who waits for them. */
export class NoteRequest implements StoreRequest {
  readonly invocation: InvocationId;
  readonly host: number;
  readonly thread: RequestThread;
  readonly notes: Notes;
  readonly #client: StoreClient;

  constructor(
    of: Pick<NoteRequest, "invocation" | "host" | "thread" | "notes">,
    client: StoreClient,
  ) {
    this.invocation = of.invocation;
    this.host = of.host;
    this.thread = of.thread;
    this.notes = of.notes;
    this.#client = client;
  }

  get kind(): "notes" {
    return "notes";
  }

  get stored(): boolean {
    return true;
  }

  get bytes(): Bytes {
    return NO_BYTES;
  }

  get content(): Content {
    return "filler";
  }

  get fails(): boolean {
    return false;
  }

  answered(ok: boolean): void {
    this.#client.answered(ok);
  }
}

export interface Notes {
  readonly lookUps: number;
  readonly records: number;
}

export interface RemoteStoreParts {
  readonly kernel: Kernel;
  readonly profile: Profile;
  readonly network: Network<Step>;
  readonly networkWatch: Watch;
  /** The storage node's host in the network. */
  readonly host: number;
  /** Those it shares with the workers; none: it has its own. */
  readonly cores?: Cores | undefined;
}

interface Body {
  readonly bytes: Bytes;
  readonly content: Content;
}

/** What the server does for the requests that have come to it. */
export interface StoreServer {
  readonly protocol: StoreProtocol;
  /** Whether there is a connection now; else the operation is stepped when there is. */
  connect(operation: StoreOperation): boolean;
  disconnect(): void;
  /** Of the document of the invocation. */
  revision(invocation: InvocationId): number;
  /** The operation is stepped once it is committed, or told of a conflict. */
  commit(operation: StoreOperation): void;
  /**
   * The next step comes when the server's cores have done so many core-microseconds: at once, before
   * this returns, if that is none. The same holds for `intake` and `expand`.
   */
  work(work: Micros, next: Step): JobHandle | undefined;
  endWork(handle: JobHandle): void;
  /** Takes the body in: the next step comes when it is on the disk, or compressed. */
  intake(body: Body, next: Step): JobHandle | undefined;
  /** Gives the body out: what was compressed is expanded again for whoever reads it. */
  expand(body: Body, next: Step): JobHandle | undefined;
}

type Phase =
  | "begin"
  | "arrive"
  | "serve"
  | "again"
  | "body"
  | "commit"
  | "return"
  | "read"
  | "done";

/** Each step goes on to the next phase. */
export class StoreOperation implements Step {
  readonly #store: StoreServer;
  readonly #parts: RemoteStoreParts;
  readonly #request: StoreRequest;
  #phase: Phase;
  /** Of the document, when it was read. */
  revision: number;
  #flow: FlowHandle | undefined;
  #job: JobHandle | undefined;
  #connected: boolean;
  /** Of a body on its way: its transfer, and its intake or expansion. */
  #streams: number;
  aborted: boolean;

  constructor(store: StoreServer, parts: RemoteStoreParts, request: StoreRequest) {
    this.#store = store;
    this.#parts = parts;
    this.#request = request;
    this.#phase = "begin";
    this.revision = 0;
    this.#flow = undefined;
    this.#job = undefined;
    this.#connected = false;
    this.#streams = 0;
    this.aborted = false;
  }

  /**
   * The container or its worker is gone: what is under way ends, the connection is free. To end what
   * has ended before has no effect.
   */
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
        this.#work(this.#parts.profile.remote_store.look_up);
        return;
      case "body":
        // Moving and intake or expansion go on together; the later one ends it.
        this.#streams--;
        if (this.#streams > 0) return;
        if (this.#request.kind === "put") {
          this.#phase = "commit";
          this.#store.commit(this);
        } else this.#return();
        return;
      case "commit":
        this.#return();
        return;
      case "return":
        this.#read();
        return;
      case "read":
        this.#answer();
        return;
      case "done":
        return;
      default:
        this.#phase satisfies never;
    }
  }

  /** Through the thread and over the network; the answers' way back comes with it. */
  #begin(): void {
    const { kernel, profile } = this.#parts;
    const { kind, thread, bytes, content } = this.#request;
    const count = this.#lookUps() + this.#records() + (kind === "put" ? 1 : 0);
    let before = 0;
    if (kind === "put") before = sendTime(bytes, profile);
    if (kind === "get") {
      before = this.#store.protocol.localLookUps[content] * profile.local_store.operation;
    }
    const sent = thread.take(kernel.now, (before + count * thread.requestTime) as Micros);
    this.#phase = "arrive";
    // Of a look-up that nobody makes there is no way there and back.
    const ways = Math.max(0, 2 * count - 1);
    kernel.at((sent + ways * profile.network.latency) as Micros, this);
  }

  #lookUps(): number {
    const { getLookUps, putLookUps, missLookUps } = this.#store.protocol;
    const { kind, stored, content, notes } = this.#request;
    if (kind === "notes") return notes?.lookUps ?? 0;
    if (kind === "put") return putLookUps;
    return stored ? getLookUps[content] : missLookUps;
  }

  #records(): number {
    const { kind, stored, notes } = this.#request;
    if (kind === "notes") return notes?.records ?? 0;
    return kind === "get" && stored ? this.#store.protocol.getRecords : 0;
  }

  #serve(): void {
    const { look_up, record } = this.#parts.profile.remote_store;
    this.#work((this.#lookUps() * look_up + this.#records() * record) as Micros);
  }

  #work(work: Micros): void {
    this.#phase = "serve";
    if (work === 0) this.#parts.kernel.after(work, this);
    else this.#job = this.#store.work(work, this);
  }

  #served(): void {
    const { kernel, network, networkWatch, host } = this.#parts;
    const { kind, stored, bytes, fails, invocation } = this.#request;
    this.#job = undefined;
    if (fails || !stored || kind === "notes") {
      this.#return();
      return;
    }
    this.#phase = "body";
    this.revision = this.#store.revision(invocation);
    const from = kind === "put" ? this.#request.host : host;
    const to = kind === "put" ? host : this.#request.host;
    this.#streams = 2;
    this.#flow = network.open(kernel.now, { from, to, bytes, target: this });
    networkWatch.touch();
    this.#job =
      kind === "put"
        ? this.#store.intake(this.#request, this)
        : this.#store.expand(this.#request, this);
  }

  /** Thrown away: the new revision is read, and it is uploaded again, on the same connection. */
  conflict(): void {
    const { kernel, profile } = this.#parts;
    const { thread, bytes } = this.#request;
    this.#phase = "again";
    const time = 2 * thread.requestTime + sendTime(bytes, profile);
    const sent = thread.take(kernel.now, time as Micros);
    kernel.at((sent + 2 * profile.network.latency) as Micros, this);
  }

  /** The job of its commit, where that takes core time. */
  committing(job: JobHandle | undefined): void {
    this.#job = job;
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
    const { kernel, profile } = this.#parts;
    const { kind, stored, thread } = this.#request;
    this.#phase = "read";
    const time = kind === "get" && stored ? readTime(this.#request, profile) : (0 as Micros);
    kernel.at(thread.take(kernel.now, time), this);
  }

  #answer(): void {
    this.#phase = "done";
    this.#request.answered(!this.#request.fails);
  }

  #disconnect(): void {
    if (!this.#connected) return;
    this.#connected = false;
    this.#store.disconnect();
  }
}
