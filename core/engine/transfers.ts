/**
 * The data of activations: which parts one reads and writes, from which tier and to which, and the
 * requests under way. Reads go out together, writes one after another; a request that fails is
 * tried again a few times.
 */

import type { Env, Input, Output, Tier } from "../env.ts";
import type { Part } from "../storage/faastore.ts";
import { type Bytes, elapsed, type Micros, NO_BYTES, NO_TIME } from "../units.ts";
import { childItem, type Item } from "../workflow/item.ts";
import { onePartOf, partsOf } from "../workflow/parts.ts";
import type { Activation, Transfer } from "./activation.ts";
import type { Journal } from "./journal.ts";
import type { LocalStore } from "./local-store.ts";
import type { Settings } from "./settings.ts";

export class Transfers {
  readonly #env: Env;
  readonly #journal: Journal;
  readonly #store: LocalStore;
  readonly #settings: Settings;

  constructor(env: Env, journal: Journal, store: LocalStore, settings: Settings) {
    this.#env = env;
    this.#journal = journal;
    this.#store = store;
    this.#settings = settings;
  }

  /** Asks for all that the activation reads; false if that is nothing. */
  read(activation: Activation): boolean {
    activation.reads = this.#readsOf(activation);
    activation.readsLeft = activation.reads.length;
    for (let slot = 0; slot < activation.reads.length; slot++) this.#get(activation, slot);
    return activation.readsLeft > 0;
  }

  /** One read has ended, unless it had before; whether it was the last. */
  got(activation: Activation, { slot, bytes }: Extract<Input, { tag: "got" }>): boolean {
    const read = activation.reads[slot]!;
    if (read.ended) return false;
    read.ended = true;
    this.#store.endRead(activation, read);
    const isStored = activation.of.wiring.isStored[read.datum] === 1;
    const wait_us = this.#since(read.since);
    if (isStored) this.#journal.data("get", activation, read, bytes, wait_us, read.tier);
    else this.#journal.data("get", activation, read, NO_BYTES, wait_us, "absent");
    activation.readsLeft--;
    return activation.readsLeft === 0;
  }

  /** Begins to write what the function put out; false if that is nothing. */
  write(activation: Activation, outputs: readonly Output[]): boolean {
    const written = activation.of.plan.graph.vertices[activation.task]!.writes;
    const writes: Transfer[] = [];
    for (let index = 0; index < written.length; index++) {
      const datum = written[index]!;
      const output = outputs[index] ?? NO_BYTES;
      if (typeof output === "number") {
        this.#place(writes, activation, { datum, part: activation.item, bytes: output });
        continue;
      }
      for (let part = 0; part < output.length; part++) {
        const bytes = output[part]!;
        const at = { datum, part: childItem(activation.item, part), bytes };
        this.#place(writes, activation, at);
      }
    }
    activation.writes = writes;
    return this.#writeNext(activation);
  }

  /** One write has ended; whether there is another, which is begun. */
  stored(activation: Activation): boolean {
    const write = activation.writes[activation.written]!;
    const wait_us = this.#since(write.since);
    this.#journal.data("put", activation, write, write.bytes, wait_us, write.tier);
    if (write.tier === "remote") this.#store.backed(activation, write);
    activation.written++;
    return this.#writeNext(activation);
  }

  /** A request failed; false if it was tried often enough. */
  failed(activation: Activation, slot: number): boolean {
    const transfer = this.#underWay(activation, slot);
    if (transfer === undefined || transfer.tries >= this.#settings.storeTries) return false;
    const delay = this.#settings.storeRetryDelay * 2 ** (transfer.tries - 1);
    const timer = { tag: "store-retry", activation: activation.id, slot } as const;
    this.#env.timer(delay as Micros, timer);
    return true;
  }

  again(activation: Activation, slot: number): void {
    if (activation.state === "reading") this.#get(activation, slot);
    if (activation.state === "writing") this.#put(activation, slot);
  }

  #underWay(activation: Activation, slot: number): Transfer | undefined {
    return activation.state === "reading" ? activation.reads[slot] : activation.writes[slot];
  }

  #readsOf(activation: Activation): readonly Transfer[] {
    const { of, task, item } = activation;
    const { graph } = of.plan;
    const reader = { vertex: task, item };
    const reads: Transfer[] = [];
    for (const read of graph.vertices[task]!.reads) {
      if (read.how === "all") {
        const parts = partsOf(graph, read, reader, of.knowledge.countOf);
        for (const part of parts) this.#addRead(reads, activation, read.datum, part);
      } else this.#addRead(reads, activation, read.datum, onePartOf(graph, read, reader));
    }
    return reads;
  }

  #addRead(reads: Transfer[], activation: Activation, datum: number, part: Item): void {
    const { knowledge, wiring } = activation.of;
    const read = newTransfer(datum, part, "remote", NO_BYTES);
    if (knowledge.absent(datum, part)) {
      this.#journal.data("get", activation, read, NO_BYTES, NO_TIME, "absent");
      return;
    }
    if (wiring.comesFromOutside[datum] === 0) read.tier = this.#store.beginRead(activation, read);
    reads.push(read);
  }

  #place(
    writes: Transfer[],
    activation: Activation,
    written: Part & { readonly bytes: Bytes },
  ): void {
    const { datum, part, bytes } = written;
    for (const tier of this.#store.place(activation, written)) {
      writes.push(newTransfer(datum, part, tier, bytes));
    }
  }

  #writeNext(activation: Activation): boolean {
    if (activation.written === activation.writes.length) return false;
    this.#put(activation, activation.written);
    return true;
  }

  #get(activation: Activation, slot: number): void {
    const read = activation.reads[slot]!;
    this.#begin(read);
    this.#env.get({
      activation: activation.id,
      slot,
      container: activation.container,
      plan: activation.plan,
      invocation: activation.invocation,
      datum: read.datum,
      part: read.part,
      tier: read.tier,
    });
  }

  #put(activation: Activation, slot: number): void {
    const write = activation.writes[slot]!;
    this.#begin(write);
    this.#env.put({
      activation: activation.id,
      slot,
      container: activation.container,
      plan: activation.plan,
      invocation: activation.invocation,
      datum: write.datum,
      part: write.part,
      tier: write.tier,
      bytes: write.bytes,
    });
  }

  #begin(transfer: Transfer): void {
    if (transfer.tries === 0) transfer.since = this.#env.now();
    transfer.tries++;
  }

  #since(start: Micros): Micros {
    return elapsed({ start, end: this.#env.now() });
  }
}

function newTransfer(datum: number, part: Item, tier: Tier, bytes: Bytes): Transfer {
  return { datum, part, tier, bytes, tries: 0, since: NO_TIME, ended: false };
}
