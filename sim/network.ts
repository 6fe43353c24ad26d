/**
 * The network: a star. Each host has an up link and a down link to a switch that is never the
 * limit; a flow from a to b crosses up(a) and down(b), and all flows share links max-min fairly
 * (see max-min.ts). Fluid: no packets, no round trips. Latency is the caller's to add.
 *
 * A flow from a host to itself is a local copy and crosses no link: it is done at once.
 *
 * All flows of one (from, to) pair have one rate, so a pair is one class with one clock.
 */

import { invariant } from "../core/invariant.ts";
import { Fluid } from "./fluid.ts";
import type { JobHandle } from "./job-table.ts";
import { MaxMin } from "./max-min.ts";
import { PairTable } from "./pair-table.ts";

export type FlowHandle = JobHandle;

/** Capacities in bytes a second; 0 (nothing moves) and `Infinity` (never the limit) are allowed. */
export interface HostLinks {
  readonly up: number;
  readonly down: number;
}

export interface NetworkOptions {
  readonly hosts: readonly HostLinks[];
}

export interface Flow<T> {
  /** Hosts, by their index in `NetworkOptions.hosts`. */
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
  /** What `takeDone` gives when the flow is done. */
  readonly target: T;
}

const MICROS_PER_SECOND = 1_000_000;

export class Network<T> {
  readonly #hostCount: number;
  readonly #fluid: Fluid<T>;
  readonly #maxMin: MaxMin;
  readonly #classOfPair: PairTable;
  readonly #localClass: number;

  constructor(options: NetworkOptions) {
    this.#hostCount = options.hosts.length;
    for (const host of options.hosts) checkLinks(host);
    this.#classOfPair = new PairTable(this.#hostCount);
    this.#fluid = new Fluid<T>(() => this.#settle());
    // Links: up of each host, down of each host, and two without limit for local copies.
    this.#maxMin = new MaxMin([
      ...options.hosts.map((host) => host.up / MICROS_PER_SECOND),
      ...options.hosts.map((host) => host.down / MICROS_PER_SECOND),
      Infinity,
      Infinity,
    ]);
    const local = 2 * this.#hostCount;
    this.#localClass = this.#addClass({ first: local, second: local + 1 });
  }

  /** Flows under way, and done ones that nobody has taken. */
  get size(): number {
    return this.#fluid.size;
  }

  /** Begins a flow. No bytes are done at once, even across a dead link. */
  open(now: number, flow: Flow<T>): FlowHandle {
    this.#fluid.moveTo(now);
    return this.#fluid.open(this.#classOf(flow.from, flow.to), flow.bytes, flow.target);
  }

  /** Aborts a flow; false if it was taken or closed before. One that is done is not given then. */
  close(now: number, flow: FlowHandle): boolean {
    this.#fluid.moveTo(now);
    return this.#fluid.close(flow);
  }

  /** When the next flow is done, at the rates of now: whole microseconds; `Infinity` if never. */
  nextTime(): number {
    return this.#fluid.nextTime();
  }

  /** The target of the next flow that is done by `now`: by due time, then by order of opening. */
  takeDone(now: number): T | undefined {
    return this.#fluid.takeDone(now);
  }

  setCapacity(now: number, host: number, links: HostLinks): void {
    this.#checkHost(host);
    checkLinks(links);
    this.#fluid.moveTo(now);
    this.#maxMin.setCapacity(host, links.up / MICROS_PER_SECOND);
    this.#maxMin.setCapacity(this.#hostCount + host, links.down / MICROS_PER_SECOND);
    this.#fluid.touchAll();
  }

  /** Bytes a second that a flow of the pair gets now; undefined if the pair has no flow. */
  rateOf(pair: { readonly from: number; readonly to: number }): number | undefined {
    const index = this.#classOf(pair.from, pair.to);
    this.#fluid.settle();
    if (this.#fluid.countOf(index) === 0) return undefined;
    return this.#fluid.rateOf(index) * MICROS_PER_SECOND;
  }

  #settle(): void {
    const fluid = this.#fluid;
    const maxMin = this.#maxMin;
    for (let place = 0; place < fluid.touchedCount; place++) {
      const index = fluid.touchedAt(place);
      maxMin.setCount(index, fluid.countOf(index));
    }
    maxMin.solve();
    for (let place = 0; place < maxMin.changedCount; place++) {
      const index = maxMin.changedAt(place);
      fluid.setRate(index, maxMin.rateOf(index));
    }
  }

  #classOf(from: number, to: number): number {
    this.#checkHost(from);
    this.#checkHost(to);
    if (from === to) return this.#localClass;
    const found = this.#classOfPair.get(from, to);
    if (found >= 0) return found;
    const index = this.#addClass({ first: from, second: this.#hostCount + to });
    this.#classOfPair.add(from, to, index);
    return index;
  }

  /** A class has the same index in the fluid and in the solver. */
  #addClass(ends: { readonly first: number; readonly second: number }): number {
    this.#maxMin.addClass(ends);
    return this.#fluid.addClass();
  }

  #checkHost(host: number): void {
    invariant(host >= 0 && host < this.#hostCount, "a flow goes between hosts of the network");
  }
}

function checkLinks(links: HostLinks): void {
  invariant(links.up >= 0 && links.down >= 0, "a link has a capacity of 0 or more");
}
