/**
 * One get or put of an activation on its way, from or to the local store or the remote one. It is
 * itself the request that the store serves.
 */

import type { GetRequest, Input } from "../core/env.ts";
import type { InvocationId } from "../core/protocol.ts";
import { type Bytes, NO_BYTES } from "../core/units.ts";
import type { Content } from "../core/workflow/spec.ts";
import type { ContainerThread } from "./container-thread.ts";
import type { Abortable, HostContainer } from "./host-container.ts";
import type { HostParts } from "./host-parts.ts";
import type { LocalMemory, LocalRequest } from "./local-memory.ts";
import { NoteRequest, type StoreClient, type StoreRequest } from "./store-operation.ts";

export interface Body {
  readonly kind: "get" | "put";
  readonly stored: boolean;
  readonly content: Content;
  readonly bytes: Bytes;
}

export class DataTransfer implements StoreRequest, LocalRequest, StoreClient, Abortable {
  readonly kind: "get" | "put";
  readonly stored: boolean;
  readonly content: Content;
  readonly bytes: Bytes;
  fails: boolean;
  older: Abortable | undefined;
  newer: Abortable | undefined;
  readonly #parts: HostParts;
  readonly #container: HostContainer;
  readonly #request: GetRequest;
  /** Records to be written once the body is there: of a local get. */
  #records: number;
  /** What is under way. */
  #operation: Pick<Abortable, "abort"> | undefined;

  constructor(parts: HostParts, container: HostContainer, request: GetRequest, body: Body) {
    this.kind = body.kind;
    this.stored = body.stored;
    this.content = body.content;
    this.bytes = body.bytes;
    this.fails = false;
    this.older = undefined;
    this.newer = undefined;
    this.#parts = parts;
    this.#container = container;
    this.#request = request;
    this.#records = 0;
    this.#operation = undefined;
  }

  get invocation(): InvocationId {
    return this.#request.invocation;
  }

  get host(): number {
    return this.#parts.host;
  }

  get thread(): ContainerThread {
    return this.#container.thread;
  }

  get notes(): undefined {
    return undefined;
  }

  beginLocal(memory: LocalMemory): void {
    if (this.kind === "get") this.#records = this.#parts.store.protocol.getRecords;
    this.#container.began(this);
    this.#operation = memory.begin(this);
  }

  /** What a task wrote may be lost with the worker that alone had it. */
  beginRemote(from: { readonly outside: boolean }): void {
    const { faults, chance, store } = this.#parts;
    this.fails =
      (!from.outside && this.#isMissing()) ||
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

  #isMissing(): boolean {
    if (this.kind === "put") return false;
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
