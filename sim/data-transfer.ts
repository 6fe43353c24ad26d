/**
 * One get or put of an activation on its way, from or to the local store or the remote one. It is
 * itself the request that the store serves.
 */

import type { GetRequest, Input } from "../core/env.ts";
import type { InvocationId } from "../core/protocol.ts";
import { type Bytes, NO_BYTES } from "../core/units.ts";
import { type Datum, OUTSIDE } from "../core/workflow/graph.ts";
import type { Content } from "../core/workflow/spec.ts";
import type { ContainerThread } from "./container-thread.ts";
import type { Abortable, HostContainer } from "./host-container.ts";
import type { HostParts } from "./host-parts.ts";
import type { LocalMemory, LocalRequest } from "./local-memory.ts";
import { NoteRequest, type StoreClient, type StoreRequest } from "./store-operation.ts";

export interface Body {
  readonly kind: "get" | "put";
  readonly datum: Datum;
  readonly bytes: Bytes;
}

export class DataTransfer implements StoreRequest, LocalRequest, StoreClient, Abortable {
  readonly kind: "get" | "put";
  readonly stored: boolean;
  readonly invocation: InvocationId;
  readonly bytes: Bytes;
  readonly content: Content;
  readonly host: number;
  readonly thread: ContainerThread;
  fails: boolean;
  readonly notes: undefined;
  readonly #parts: HostParts;
  readonly #container: HostContainer;
  readonly #request: GetRequest;
  /** Records to be written once the body is there: of a local get. */
  #records: number;
  /** What is under way. */
  #operation: Abortable | undefined;

  constructor(parts: HostParts, container: HostContainer, request: GetRequest, body: Body) {
    const { spec } = body.datum;
    this.kind = body.kind;
    this.stored = spec.stored;
    this.invocation = request.invocation;
    this.bytes = body.bytes;
    this.content = spec.content;
    this.host = parts.host;
    this.thread = container.thread;
    this.fails = false;
    this.notes = undefined;
    this.#parts = parts;
    this.#container = container;
    this.#request = request;
    this.#records = 0;
    this.#operation = undefined;
  }

  beginLocal(memory: LocalMemory): void {
    if (this.kind === "get") this.#records = this.#parts.store.protocol.getRecords;
    this.#container.began(this);
    this.#operation = memory.begin(this);
  }

  /** `producer` of the datum: what that wrote may be lost with the worker that alone had it. */
  beginRemote(producer: number): void {
    const { faults, chance, store } = this.#parts;
    this.fails =
      this.#isMissing(producer) ||
      (faults.storeErrors > 0 && chance.store.uniform() < faults.storeErrors);
    this.#container.began(this);
    this.#operation = store.begin(this);
  }

  abort(): void {
    this.#operation?.abort();
  }

  /** The body is there, or the record of it. */
  answered(ok: boolean): void {
    if (this.#records > 0) {
      this.#record();
      return;
    }
    const { population, loop } = this.#parts;
    const { datum, part, tier } = this.#request;
    this.#container.ended(this);
    if (ok && this.kind === "put" && tier === "remote") {
      population.noteStored(this.invocation, datum, part);
    }
    loop.receive(this.#answer(ok));
  }

  #isMissing(producer: number): boolean {
    if (this.kind === "put" || producer === OUTSIDE) return false;
    const { datum, part } = this.#request;
    return !this.#parts.population.isStored(this.invocation, datum, part);
  }

  #record(): void {
    const notes = { lookUps: 0, records: this.#records };
    const { invocation, host, thread } = this;
    this.#records = 0;
    const request = new NoteRequest({ invocation, host, thread, notes }, this);
    this.#operation = this.#parts.store.begin(request);
  }

  #answer(ok: boolean): Input {
    const { activation, slot } = this.#request;
    if (this.kind === "put") return { tag: ok ? "stored" : "put-failed", activation, slot };
    if (!ok) return { tag: "get-failed", activation, slot };
    return { tag: "got", activation, slot, bytes: this.stored ? this.bytes : NO_BYTES };
  }
}
