/**
 * Max-min fair rates of flow classes that each cross two links, kept up to date as flows come and go.
 *
 * Progressive filling (Bertsekas and Gallager, Data Networks, section 6.5.2): of all links take the
 * one whose capacity left, divided by its flows not yet fixed, is least; fix its flows at that rate,
 * take what they use off the other links they cross; repeat. A change can only reach links that are
 * connected to it through classes with flows, so only that component is solved again.
 * Cost: O(classes + links log links) of the component. A component in which one link limits every
 * flow and no other link has two classes (all get from one store) takes one pass over its classes.
 */

import { invariant } from "../core/invariant.ts";
import { LinkHeap } from "./link-heap.ts";

const FIRST_CAPACITY = 64;

export class MaxMin {
  // By link.
  readonly #capacity: Float64Array;
  /** Flows across the link. */
  readonly #flows: Float64Array;
  /** Links with flows. */
  #busyCount = 0;
  /** Of classes with flows across the link: which of their two ends that is. */
  readonly #ends: number[][];
  readonly #isChanged: Uint8Array;
  readonly #changedLinks: Int32Array;
  #changedLinkCount = 0;
  /** Which solve has met the link. */
  readonly #met: Float64Array;
  /** While solving: capacity and flows that are not fixed. */
  readonly #left: Float64Array;
  readonly #open: Float64Array;
  readonly #component: Int32Array;
  readonly #heap: LinkHeap;

  // By class; by end (2 * class, 2 * class + 1) the link there and its place in that link's list.
  #linkAt = new Int32Array(2 * FIRST_CAPACITY);
  #placeAt = new Int32Array(2 * FIRST_CAPACITY);
  #count = new Float64Array(FIRST_CAPACITY);
  #rate = new Float64Array(FIRST_CAPACITY);
  /** Which solve has fixed the rate. */
  #fixed = new Float64Array(FIRST_CAPACITY);
  #changed = new Int32Array(FIRST_CAPACITY);
  #changedCount = 0;
  #classCount = 0;
  #solve = 0;

  /** Capacities of the links, work a microsecond; 0 and `Infinity` are allowed. */
  constructor(capacities: readonly number[]) {
    const links = capacities.length;
    this.#capacity = Float64Array.from(capacities);
    this.#flows = new Float64Array(links);
    this.#ends = Array.from({ length: links }, () => []);
    this.#isChanged = new Uint8Array(links);
    this.#changedLinks = new Int32Array(links);
    this.#met = new Float64Array(links);
    this.#left = new Float64Array(links);
    this.#open = new Float64Array(links);
    this.#component = new Int32Array(links);
    this.#heap = new LinkHeap(links);
  }

  /** A new class, without flows, across two different links. Dense from 0. */
  addClass(links: { readonly first: number; readonly second: number }): number {
    invariant(links.first !== links.second, "a class crosses two different links");
    if (this.#classCount === this.#count.length) this.#grow();
    const index = this.#classCount++;
    this.#linkAt[2 * index] = links.first;
    this.#linkAt[2 * index + 1] = links.second;
    return index;
  }

  /** Flows of the class. `solve` takes notice. */
  setCount(index: number, count: number): void {
    const before = this.#count[index]!;
    if (count === before) return;
    this.#count[index] = count;
    for (let end = 2 * index; end < 2 * index + 2; end++) {
      const link = this.#linkAt[end]!;
      const flows = this.#flows[link]!;
      this.#flows[link] = flows + count - before;
      if (flows === 0) this.#busyCount++;
      if (this.#flows[link] === 0) this.#busyCount--;
      this.#markChanged(link);
      if (before === 0) this.#placeAt[end] = this.#ends[link]!.push(end) - 1;
      else if (count === 0) this.#leave(link, end);
    }
  }

  setCapacity(link: number, capacity: number): void {
    this.#capacity[link] = capacity;
    this.#markChanged(link);
  }

  /** Of each flow in the class. Means nothing for a class without flows. */
  rateOf(index: number): number {
    return this.#rate[index]!;
  }

  /** Classes whose rate the last `solve` has changed. */
  get changedCount(): number {
    return this.#changedCount;
  }

  /** One of them, from 0; each comes once. */
  changedAt(place: number): number {
    return this.#changed[place]!;
  }

  /** Works out the rates that may have changed. */
  solve(): void {
    this.#changedCount = 0;
    this.#solve++;
    for (let place = 0; place < this.#changedLinkCount; place++) {
      const link = this.#changedLinks[place]!;
      this.#isChanged[link] = 0;
      if (this.#met[link] === this.#solve || this.#flows[link] === 0) continue;
      if (!this.#solveStar(link)) this.#solveComponent(link);
    }
    this.#changedLinkCount = 0;
  }

  #markChanged(link: number): void {
    if (this.#isChanged[link] === 1) return;
    this.#isChanged[link] = 1;
    this.#changedLinks[this.#changedLinkCount++] = link;
  }

  #leave(link: number, end: number): void {
    const list = this.#ends[link]!;
    const place = this.#placeAt[end]!;
    const last = list.pop()!;
    if (last === end) return;
    list[place] = last;
    this.#placeAt[last] = place;
  }

  /** Solves the component of `start` if one link limits all of it; false, and no change, if not. */
  #solveStar(start: number): boolean {
    const only = this.#ends[start]!;
    const hub = only.length === 1 ? this.#linkAt[only[0]! ^ 1]! : start;
    const level = this.#capacity[hub]! / this.#flows[hub]!;
    const list = this.#ends[hub]!;
    for (let place = 0; place < list.length; place++) {
      const other = this.#linkAt[list[place]! ^ 1]!;
      if (this.#ends[other]!.length > 1) return false;
      if (this.#capacity[other]! < level * this.#flows[other]!) return false;
    }
    this.#met[hub] = this.#solve;
    for (let place = 0; place < list.length; place++) {
      const end = list[place]!;
      this.#met[this.#linkAt[end ^ 1]!] = this.#solve;
      this.#setRate(end >> 1, level);
    }
    return true;
  }

  #solveComponent(start: number): void {
    this.#findComponent(start);
    const heap = this.#heap;
    let level = 0;
    while (heap.size > 0) {
      const link = heap.top;
      const open = this.#open[link]!;
      if (open === 0) {
        heap.pop();
        continue;
      }
      const share = this.#left[link]! / open;
      // Shares only rise as flows are fixed, so a share that has risen is looked at again.
      if (share > heap.topShare) {
        heap.raiseTop(share);
        continue;
      }
      heap.pop();
      level = Math.max(level, share);
      this.#fixFlowsOf(link, level);
    }
  }

  /** All links that `start` is connected to through flows, into the heap. */
  #findComponent(start: number): void {
    const component = this.#component;
    let count = 0;
    component[count++] = start;
    this.#met[start] = this.#solve;
    for (let index = 0; index < count; index++) {
      const link = component[index]!;
      this.#left[link] = this.#capacity[link]!;
      this.#open[link] = this.#flows[link]!;
      this.#heap.add(link, this.#capacity[link]! / this.#flows[link]!);
      // Mostly the first few lead to all there are.
      if (count === this.#busyCount) continue;
      const list = this.#ends[link]!;
      for (let place = 0; place < list.length; place++) {
        const other = this.#linkAt[list[place]! ^ 1]!;
        if (this.#met[other] === this.#solve) continue;
        this.#met[other] = this.#solve;
        component[count++] = other;
      }
    }
    this.#heap.order();
  }

  #fixFlowsOf(link: number, level: number): void {
    const list = this.#ends[link]!;
    const linkAt = this.#linkAt;
    const fixed = this.#fixed;
    const counts = this.#count;
    const open = this.#open;
    const left = this.#left;
    const solve = this.#solve;
    for (let place = 0; place < list.length; place++) {
      const end = list[place]!;
      const index = end >> 1;
      if (fixed[index] === solve) continue;
      fixed[index] = solve;
      this.#setRate(index, level);
      const other = linkAt[end ^ 1]!;
      const count = counts[index]!;
      open[other]! -= count;
      // An infinite share is the last one: whatever is left is infinite too.
      if (level < Infinity) left[other] = Math.max(0, left[other]! - level * count);
    }
    open[link] = 0;
  }

  #setRate(index: number, rate: number): void {
    if (this.#rate[index] === rate) return;
    this.#rate[index] = rate;
    this.#changed[this.#changedCount++] = index;
  }

  #grow(): void {
    const capacity = this.#count.length * 2;
    this.#linkAt = grownIntegers(this.#linkAt, 2 * capacity);
    this.#placeAt = grownIntegers(this.#placeAt, 2 * capacity);
    this.#changed = grownIntegers(this.#changed, capacity);
    this.#count = grownFloats(this.#count, capacity);
    this.#rate = grownFloats(this.#rate, capacity);
    this.#fixed = grownFloats(this.#fixed, capacity);
  }
}

function grownIntegers(from: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  const into = new Int32Array(length);
  into.set(from);
  return into;
}

function grownFloats(from: Float64Array<ArrayBuffer>, length: number): Float64Array<ArrayBuffer> {
  const into = new Float64Array(length);
  into.set(from);
  return into;
}
