/**
 * The event queue: what happens next, ordered by (time, sequence number).
 *
 * An event is a small integer kind and a target, so that the kernel can switch on integers and
 * nothing is allocated for an event. Where it waits depends on when it comes:
 *
 * - at the current time: a first-in, first-out lane. Whatever the heap still holds for that time was
 *   scheduled before the clock reached it, so the heap's events come first and order is kept;
 * - near: a heap;
 * - far: a ladder of unsorted buckets, poured into the heap one after another. Only while more is
 *   pending than a heap holds well: in small queues nothing is far.
 *
 * Cancelled events keep their place, without their target, until they come to the top of the heap or
 * until more than half are cancelled; then all of them are swept out.
 */

import { invariant } from "../core/invariant.ts";
import { EventHeap } from "./event-heap.ts";
import { EventLadder } from "./event-ladder.ts";
import { EventTable, type EventToken } from "./event-table.ts";

export type { EventToken } from "./event-table.ts";

const FIRST_LANE = 64;
/** Entries of events are not negative; a posted one has only its kind, which is less than this. */
const POSTED = 128;
/** A heap that grows beyond this is cut into near and far. */
const MOST_NEAR = 1024;
/** Below this, cancelled events are not worth a sweep. */
const SWEEP_FROM = 64;

export class EventQueue {
  /** Of the event that `pop` gave last. */
  time = 0;
  kind = 0;
  target: unknown = undefined;

  readonly #events = new EventTable();
  #now = 0;

  // The top of the heap is never a cancelled event; the heap is empty only if the ladder is.
  readonly #heap = new EventHeap(this.#events);
  readonly #ladder = new EventLadder(this.#events);
  #mostNear = MOST_NEAR;
  #cancelled = 0;

  // A ring of entries, its length a power of two. Its head is never a cancelled event.
  #lane = new Int32Array(FIRST_LANE);
  /** Beside the entries: the targets of posted events, whose entries are their kinds, less 128. */
  #laneTargets: unknown[] = new Array(FIRST_LANE).fill(undefined);
  #laneHead = 0;
  #laneSize = 0;

  /** Events pending, without cancelled ones. */
  get size(): number {
    return this.occupied - this.#cancelled;
  }

  /** Places taken in heap, ladder and lane, cancelled events included. */
  get occupied(): number {
    return this.#heap.size + this.#ladder.size + this.#laneSize;
  }

  /**
   * Asks for `pop` to give this event at `time`, not before the current time. `kind` is 0 to 127.
   * Cost: O(log n), amortised; O(1) for the current time and for far ones.
   */
  schedule(time: number, kind: number, target: unknown): EventToken {
    return this.#events.tokenOf(this.#enter(time, kind, target));
  }

  /** As `schedule`, for an event that nobody will cancel: for the current time that costs less. */
  post(time: number, kind: number, target: unknown): void {
    if (time !== this.#now) {
      this.#enter(time, kind, target);
      return;
    }
    // The lane may grow before its list of targets is taken.
    const place = this.#enterLane(kind - POSTED);
    this.#laneTargets[place] = target;
  }

  /** False, and no effect, if the event was given or cancelled before. Cost: O(1), amortised. */
  cancel(token: EventToken): boolean {
    if (!this.#events.cancel(token)) return false;
    this.#cancelled++;
    if (this.#cancelled > SWEEP_FROM && this.#cancelled * 2 > this.occupied) this.#sweep();
    this.#dropCancelledTop();
    this.#dropCancelledHead();
    return true;
  }

  /** The sequence number for something that waits outside the queue, as if scheduled now. */
  drawNumber(): number {
    return this.#events.drawNumber();
  }

  /**
   * Whether what waits outside, for the time of the next event, comes before it. Only when there is a
   * next event.
   */
  isFirst(number: number): boolean {
    const heap = this.#heap;
    // What is in the lane was scheduled once the time had come.
    const isInLane = this.#laneSize > 0 && (heap.size === 0 || heap.topTime > this.#now);
    return isInLane || this.#events.isScheduledAfter(heap.topEntry, number);
  }

  /** Time of the next event, `Infinity` if there is none. Cost: O(1). */
  peekTime(): number {
    // Nothing in the heap is earlier than the current time, which is the lane's.
    if (this.#laneSize > 0) return this.#now;
    return this.#heap.size > 0 ? this.#heap.topTime : Infinity;
  }

  /**
   * Takes the next event out, into `time`, `kind` and `target`, and moves the current time to it.
   * False if there is none. Cost: O(log n), amortised.
   */
  pop(): boolean {
    const heap = this.#heap;
    if (heap.size > 0 && (this.#laneSize === 0 || heap.topTime === this.#now)) {
      this.#now = heap.topTime;
      this.#give(heap.topEntry);
      heap.removeTop();
      if (heap.size === 0 || this.#cancelled > 0) this.#dropCancelledTop();
      return true;
    }
    if (this.#laneSize > 0) {
      const entry = this.#lane[this.#laneHead]!;
      if (entry < 0) this.#givePosted(entry);
      else this.#give(entry);
      this.#removeHead();
      if (this.#cancelled > 0) this.#dropCancelledHead();
      return true;
    }
    this.target = undefined;
    return false;
  }

  /**
   * Moves the current time without an event, as when something outside the queue happens first.
   * Asserts that no pending event is earlier.
   */
  moveTo(time: number): void {
    invariant(time >= this.#now && time <= this.peekTime(), "time moves forward past no event");
    this.#now = time;
  }

  /** Gives the event's entry. */
  #enter(time: number, kind: number, target: unknown): number {
    invariant(time >= this.#now && time < Infinity, "an event is neither in the past nor never");
    const entry = this.#events.add(kind, target);
    if (time === this.#now) this.#enterLane(entry);
    else if (time < this.#ladder.start) this.#enterHeap(time, entry);
    else {
      this.#ladder.add(time, entry);
      if (this.#heap.size === 0) this.#refill();
    }
    return entry;
  }

  #give(entry: number): void {
    this.time = this.#now;
    this.kind = this.#events.kindOf(entry);
    this.target = this.#events.targetOf(entry);
    this.#events.release(entry);
  }

  #givePosted(entry: number): void {
    this.time = this.#now;
    this.kind = entry + POSTED;
    this.target = this.#laneTargets[this.#laneHead];
    this.#laneTargets[this.#laneHead] = undefined;
  }

  /** Gives its place in the ring. */
  #enterLane(entry: number): number {
    if (this.#laneSize === this.#lane.length) this.#growLane();
    const place = (this.#laneHead + this.#laneSize++) & (this.#lane.length - 1);
    this.#lane[place] = entry;
    return place;
  }

  #enterHeap(time: number, entry: number): void {
    this.#heap.push(time, entry);
    if (this.#heap.size > this.#mostNear) this.#spill();
  }

  /** Lets the ladder say anew what is near. */
  #spill(): void {
    const heap = this.#heap;
    for (let index = 0; index < heap.size; index++) {
      this.#ladder.putBack(heap.timeAt(index), heap.entryAt(index));
    }
    heap.clear();
    this.#refill();
  }

  /** Pours what is next from the ladder into the empty heap. */
  #refill(): void {
    while (this.#heap.size === 0 && this.#ladder.size > 0) {
      this.#cancelled -= this.#ladder.pour(this.#heap);
    }
    this.#heap.order();
    // A heap that the ladder could not cut is not cut again before it has doubled.
    this.#mostNear = Math.max(MOST_NEAR, 2 * this.#heap.size);
  }

  #dropCancelledTop(): void {
    const heap = this.#heap;
    while (heap.size > 0 && this.#events.isCancelled(heap.topEntry)) {
      this.#events.release(heap.topEntry);
      this.#cancelled--;
      heap.removeTop();
    }
    if (heap.size === 0) this.#refill();
  }

  /** Takes every cancelled event out: O(n). */
  #sweep(): void {
    const events = this.#events;
    const heap = this.#heap;
    const places = heap.size;
    heap.clear();
    for (let index = 0; index < places; index++) {
      const entry = heap.entryAt(index);
      if (events.isCancelled(entry)) events.release(entry);
      else heap.append(heap.timeAt(index), entry);
    }
    heap.order();
    this.#ladder.sweep();
    this.#sweepLane();
    this.#cancelled = 0;
  }

  #sweepLane(): void {
    const places = this.#laneSize;
    this.#laneSize = 0;
    for (let index = 0; index < places; index++) {
      const from = (this.#laneHead + index) & (this.#lane.length - 1);
      const entry = this.#lane[from]!;
      if (this.#isCancelled(entry)) this.#events.release(entry);
      else this.#moveInLane(from, this.#enterLane(entry));
    }
  }

  #moveInLane(from: number, to: number): void {
    if (from === to) return;
    this.#laneTargets[to] = this.#laneTargets[from];
    this.#laneTargets[from] = undefined;
  }

  #isCancelled(entry: number): boolean {
    return entry >= 0 && this.#events.isCancelled(entry);
  }

  #removeHead(): void {
    this.#laneHead = (this.#laneHead + 1) & (this.#lane.length - 1);
    this.#laneSize--;
  }

  #dropCancelledHead(): void {
    while (this.#laneSize > 0 && this.#isCancelled(this.#lane[this.#laneHead]!)) {
      this.#events.release(this.#lane[this.#laneHead]!);
      this.#cancelled--;
      this.#removeHead();
    }
  }

  #growLane(): void {
    const lane = new Int32Array(this.#lane.length * 2);
    const targets: unknown[] = new Array(lane.length).fill(undefined);
    for (let index = 0; index < this.#laneSize; index++) {
      const from = (this.#laneHead + index) & (this.#lane.length - 1);
      lane[index] = this.#lane[from]!;
      targets[index] = this.#laneTargets[from];
    }
    this.#lane = lane;
    this.#laneTargets = targets;
    this.#laneHead = 0;
  }
}
