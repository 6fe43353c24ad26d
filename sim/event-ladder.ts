/**
 * Far events, unsorted, in buckets of time: a ladder queue (Tang, Goh and Thng, ACM TOMACS 15(3),
 * 2005) above the heap of the event queue.
 *
 * A rung cuts a span of time into buckets of one width. If the next bucket of the lowest rung has few
 * events they go to the heap, else they become a rung of their own with narrower buckets. The topmost
 * rung is one bucket without end. So an event is moved once a rung, from list to list, and there is
 * never a heap of a million, in which each step down would be a cache miss.
 *
 * A rung ends after the last event that it was made for. What is scheduled between there and the end
 * of the bucket above goes to that bucket, which is looked at again. So one event in a thousand years
 * does not make the buckets wide for all others.
 *
 * Widths are powers of two and buckets begin at multiples of them: their bounds are exact.
 */

import { EventChunks, NO_CHUNK } from "./event-chunks.ts";
import type { EventHeap } from "./event-heap.ts";
import type { EventTable } from "./event-table.ts";

const MAX_BUCKETS = 1024;
/** Events a bucket that a rung is made for. */
const WANTED = 4;
/** So many of one bucket are left to the heap to order. */
const FEW = 64;
/** Below the last rung a bucket is left to the heap whatever it has. */
const MAX_RUNGS = 8;

export class EventLadder {
  readonly #events: EventTable;
  readonly #chunks = new EventChunks();
  /** From the widest to the narrowest; those below the lowest are kept for their memory. */
  readonly #rungs: Rung[] = [new Rung()];
  #lowest = 0;
  /** Events from this time on belong here. */
  start = Infinity;
  /** Cancelled events included. */
  size = 0;

  constructor(events: EventTable) {
    this.#events = events;
  }

  /** Puts in an event that is not before `start`. Cost: O(1). */
  add(time: number, entry: number): void {
    let depth = this.#lowest;
    while (time >= this.#rungs[depth]!.end) depth--;
    this.#put(this.#rungs[depth]!, time, entry);
    this.size++;
  }

  /** Puts in an event that is before `start`: the next `pour` will see it. */
  putBack(time: number, entry: number): void {
    const { lists, current } = this.#rungs[this.#lowest]!;
    lists[current] = this.#chunks.add(lists[current]!, time, entry);
    this.size++;
  }

  /**
   * Moves the next events to the heap, which is to be ordered then, and `start` beyond them. Releases
   * those that are cancelled and gives how many. Only when there are events. Cost: O(1) an event,
   * amortised.
   */
  pour(heap: EventHeap): number {
    for (;;) {
      const rung = this.#rungs[this.#lowest]!;
      if (!rung.advance()) {
        this.#lowest--;
        continue;
      }
      const list = rung.takeCurrent();
      const survey = this.#survey(list);
      if (this.#isWorthRung(survey)) {
        this.#makeRung(list, survey);
        continue;
      }
      this.start = rung.currentEnd;
      this.size -= survey.count;
      return this.#empty(list, heap);
    }
  }

  /** Releases all that are cancelled. Cost: O(n), and a look at each bucket. */
  sweep(): void {
    for (let depth = 0; depth <= this.#lowest; depth++) {
      const { lists, current, buckets } = this.#rungs[depth]!;
      for (let bucket = current; bucket < buckets; bucket++) {
        lists[bucket] = this.#swept(lists[bucket]!);
      }
    }
  }

  #put(rung: Rung, time: number, entry: number): void {
    const bucket = rung.bucketOf(time);
    rung.lists[bucket] = this.#chunks.add(rung.lists[bucket]!, time, entry);
  }

  #isWorthRung({ count, earliest, latest }: Survey): boolean {
    return count > FEW && latest - earliest >= 1 && this.#lowest + 1 < MAX_RUNGS;
  }

  #survey(list: number): Survey {
    const chunks = this.#chunks;
    let count = 0;
    let earliest = Infinity;
    let latest = -Infinity;
    for (let chunk = list; chunk !== NO_CHUNK; chunk = chunks.nextOf(chunk)) {
      const end = chunks.endOf(chunk);
      for (let place = chunks.firstOf(chunk); place < end; place++) {
        const time = chunks.times[place]!;
        if (time < earliest) earliest = time;
        if (time > latest) latest = time;
        count++;
      }
    }
    return { count, earliest, latest };
  }

  #makeRung(list: number, survey: Survey): void {
    const above = this.#rungs[this.#lowest]!;
    this.#lowest++;
    if (this.#lowest === this.#rungs.length) this.#rungs.push(new Rung());
    const rung = this.#rungs[this.#lowest]!;
    rung.span(survey, above.currentEnd);
    const chunks = this.#chunks;
    for (let chunk = list; chunk !== NO_CHUNK; chunk = chunks.free(chunk)) {
      const end = chunks.endOf(chunk);
      for (let place = chunks.firstOf(chunk); place < end; place++) {
        this.#put(rung, chunks.times[place]!, chunks.entries[place]!);
      }
    }
  }

  /** Into the heap; gives how many were cancelled. */
  #empty(list: number, heap: EventHeap): number {
    const chunks = this.#chunks;
    let cancelled = 0;
    for (let chunk = list; chunk !== NO_CHUNK; chunk = chunks.free(chunk)) {
      const end = chunks.endOf(chunk);
      for (let place = chunks.firstOf(chunk); place < end; place++) {
        const entry = chunks.entries[place]!;
        if (this.#events.isCancelled(entry)) {
          this.#events.release(entry);
          cancelled++;
        } else heap.append(chunks.times[place]!, entry);
      }
    }
    return cancelled;
  }

  #swept(list: number): number {
    const chunks = this.#chunks;
    let kept = NO_CHUNK;
    for (let chunk = list; chunk !== NO_CHUNK; chunk = chunks.free(chunk)) {
      const end = chunks.endOf(chunk);
      for (let place = chunks.firstOf(chunk); place < end; place++) {
        const entry = chunks.entries[place]!;
        if (this.#events.isCancelled(entry)) {
          this.#events.release(entry);
          this.size--;
        } else kept = chunks.add(kept, chunks.times[place]!, entry);
      }
    }
    return kept;
  }
}

interface Survey {
  readonly count: number;
  readonly earliest: number;
  readonly latest: number;
}

/** Without events and one bucket for all time, until it is told what to span. */
class Rung {
  /** By bucket. */
  readonly lists = new Int32Array(MAX_BUCKETS).fill(NO_CHUNK);
  buckets = 1;
  /** What is before the end of this bucket belongs further down. */
  current = 0;
  /** Where the last bucket ends, or the bucket above if that is earlier. */
  end = Infinity;
  /** One over the width of a bucket. */
  #perBucket = 0;
  /** The first bucket begins at so many widths. */
  #first = 0;

  /** For a rung without events. `limit`: where the bucket above ends. */
  span({ count, earliest, latest }: Survey, limit: number): void {
    const wanted = Math.min(MAX_BUCKETS, Math.ceil(count / WANTED));
    let width = 1;
    while (latest - earliest >= width * (wanted - 1)) width *= 2;
    this.#perBucket = 1 / width;
    this.#first = Math.floor(earliest / width);
    this.buckets = Math.floor(latest / width) - this.#first + 1;
    this.current = 0;
    this.end = Math.min(limit, (this.#first + this.buckets) * width);
  }

  /** Never one that is through: what comes too late for its bucket is in the current one. */
  bucketOf(time: number): number {
    return Math.max(this.current, Math.floor(time * this.#perBucket) - this.#first);
  }

  get currentEnd(): number {
    return Math.min(this.end, (this.#first + this.current + 1) / this.#perBucket);
  }

  /** Goes on to the next bucket that has events; false if there is none. */
  advance(): boolean {
    while (this.current < this.buckets && this.lists[this.current] === NO_CHUNK) this.current++;
    return this.current < this.buckets;
  }

  takeCurrent(): number {
    const list = this.lists[this.current]!;
    this.lists[this.current] = NO_CHUNK;
    return list;
  }
}
