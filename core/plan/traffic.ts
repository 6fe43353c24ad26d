/**
 * Remote bytes, those that go through the remote store in one invocation, while tasks go from worker
 * to worker: what each change saves.
 *
 * A datum kept local costs nothing. One kept in both costs a put, and a get for each reader on
 * another worker than its producer; one kept remote a put, and a get for each reader. A datum that
 * nobody reads is a result: where it goes does not depend on the partition, so it is not counted.
 */

import { type Lists, listsOf } from "../workflow/lists.ts";
import type { PartitionDatum } from "./partition-problem.ts";

const UNKNOWN = -1;

/**
 * Remote bytes under the best tags while tasks go from worker to worker. A trial says where some
 * tasks would run (`suppose`), asks what that saves (`saved`), and ends in `keep` or `drop`.
 *
 * Cost: a trial costs the data of the tasks it moves, not their readers; only a producer that
 * moves has its readers counted. Keeping one costs the readers of those data to which it matters.
 * What hundreds of tasks save alone is kept in typed arrays and found anew where data have changed.
 */
export class Traffic {
  /** Task to the data that it writes or reads; results, which nobody reads, are left out. */
  readonly dataAt: Lists;
  /** Datum to the tasks that read it. */
  readonly readersOf: Lists;
  /** Datum to the task that writes it. */
  readonly producerOf: Int32Array;
  readonly #bytes: Float64Array;
  /** By datum: readers on another worker than the producer. */
  readonly #away: Int32Array;
  /** By datum: readers on each worker, for those with more readers than there are workers. */
  readonly #spread: (Int32Array | undefined)[];
  /** Task to worker, as it is and as the trial has it. */
  readonly #now: Int32Array;
  readonly #then: Int32Array;
  /** Tasks that the trial moves. */
  readonly #moved: number[];
  /** The data of those tasks, each once, and what the trial makes of `#away`. */
  readonly #touched: number[];
  readonly #awayThen: Int32Array;
  /** By datum: the count of a trial that met it last. */
  readonly #metBy: Int32Array;
  #counts: number;
  #isCounted: boolean;
  /**
   * What a task saves that goes to another worker alone: on each worker that has to do with its
   * data, a list a task in `#places` and `#savedAt`; on any other worker; at most.
   */
  readonly #firstPlace: Int32Array;
  /** One behind the last place; `UNKNOWN` from when its data have changed until `refresh`. */
  readonly #lastPlace: Int32Array;
  readonly #places: Int32Array;
  readonly #savedAt: Float64Array;
  readonly #elsewhere: Float64Array;
  readonly #most: Float64Array;
  /** By task: the worker where it saves most, if its data have to do with any. */
  readonly #bestPlace: Int32Array;
  /** Trials kept so far. */
  #kept: number;
  /** Tasks for which all that is `UNKNOWN`. */
  readonly #stale: number[];
  /** By worker, in `#findAlone`: its place in the task's list and one; readers there. */
  readonly #placeOf: Int32Array;
  readonly #there: Int32Array;
  #looks: number;

  constructor(data: readonly PartitionDatum[], workerOf: Int32Array, workers: number) {
    const tasks = workerOf.length;
    this.producerOf = new Int32Array(data.length);
    this.#bytes = new Float64Array(data.length);
    for (let id = 0; id < data.length; id++) {
      this.producerOf[id] = data[id]!.producer;
      this.#bytes[id] = data[id]!.bytes;
    }
    this.readersOf = readersOfData(data);
    this.dataAt = dataAtTasks(this.producerOf, this.readersOf, tasks);
    this.#now = workerOf;
    this.#then = workerOf.slice();
    this.#away = new Int32Array(data.length);
    this.#spread = [];
    for (let id = 0; id < data.length; id++) {
      const many = data[id]!.readers.length > workers;
      this.#spread.push(many ? new Int32Array(workers) : undefined);
      this.#count(id);
    }
    this.#moved = [];
    this.#touched = [];
    this.#awayThen = new Int32Array(data.length);
    this.#metBy = new Int32Array(data.length);
    this.#counts = 0;
    this.#isCounted = false;
    this.#firstPlace = this.#roomForPlaces(workers);
    this.#lastPlace = new Int32Array(tasks).fill(UNKNOWN);
    this.#places = new Int32Array(this.#firstPlace[tasks]!);
    this.#savedAt = new Float64Array(this.#firstPlace[tasks]!);
    this.#elsewhere = new Float64Array(tasks);
    this.#most = new Float64Array(tasks);
    this.#bestPlace = new Int32Array(tasks);
    this.#stale = Array.from({ length: tasks }, (_, task) => task);
    this.#kept = 0;
    this.#placeOf = new Int32Array(workers);
    this.#there = new Int32Array(workers);
    this.#looks = 0;
  }

  /** Data and readers looked at so far: what trials have cost. */
  get looks(): number {
    return this.#looks;
  }

  /** Trials kept so far. */
  get kept(): number {
    return this.#kept;
  }

  /** The trial has the task run on `worker`; each task once a trial. */
  suppose(task: number, worker: number): void {
    if (this.#then[task] === worker) return;
    this.#then[task] = worker;
    this.#moved.push(task);
    this.#isCounted = false;
  }

  /** Remote bytes that the trial saves. */
  saved(): number {
    this.#countTouched();
    const touched = this.#touched;
    let saved = 0;
    for (let i = 0; i < touched.length; i++) {
      const id = touched[i]!;
      const before = this.#away[id]!;
      const after = this.#awayThen[id]!;
      if (before === after) continue;
      const puts = (before === 0 ? 0 : 1) - (after === 0 ? 0 : 1);
      saved += this.#bytes[id]! * (before - after + puts);
    }
    return saved;
  }

  /** What the trial supposes is so from now on. */
  keep(): void {
    this.#countTouched();
    this.#kept++;
    for (let i = 0; i < this.#touched.length; i++) this.#keepDatum(this.#touched[i]!);
    for (let m = 0; m < this.#moved.length; m++) this.#keepMove(this.#moved[m]!);
    this.#moved.length = 0;
    this.#isCounted = false;
  }

  #keepDatum(id: number): void {
    const producer = this.producerOf[id]!;
    const before = this.#away[id]!;
    const after = this.#awayThen[id]!;
    this.#away[id] = after;
    this.#forget(producer);
    // To a reader it is the same whether two or more are away: the put is paid all the same.
    const same = before === after || (before > 1 && after > 1);
    if (same && this.#now[producer] === this.#then[producer]) return;
    const { start, items: readers } = this.readersOf;
    for (let i = start[id]!; i < start[id + 1]!; i++) this.#forget(readers[i]!);
  }

  #keepMove(task: number): void {
    const { start, items } = this.dataAt;
    const now = this.#now[task]!;
    const then = this.#then[task]!;
    for (let i = start[task]!; i < start[task + 1]!; i++) {
      const spread = this.#spread[items[i]!];
      if (spread === undefined || this.producerOf[items[i]!] === task) continue;
      spread[now]!--;
      spread[then]!++;
    }
    this.#now[task] = then;
    this.#forget(task);
  }

  #forget(task: number): void {
    if (this.#lastPlace[task] === UNKNOWN) return;
    this.#lastPlace[task] = UNKNOWN;
    this.#stale.push(task);
  }

  drop(): void {
    for (let i = 0; i < this.#moved.length; i++) {
      const task = this.#moved[i]!;
      this.#then[task] = this.#now[task]!;
    }
    this.#moved.length = 0;
    this.#isCounted = false;
  }

  /** Finds anew what tasks save alone whose data have changed. */
  refresh(): void {
    for (let i = 0; i < this.#stale.length; i++) this.#findAlone(this.#stale[i]!);
    this.#stale.length = 0;
  }

  /** What is saved if the task alone runs on `worker`, which is not its own. Asks for `refresh` before. */
  savedAlone(task: number, worker: number): number {
    const last = this.#lastPlace[task]!;
    for (let i = this.#firstPlace[task]!; i < last; i++) {
      if (this.#places[i] === worker) return this.#savedAt[i]!;
    }
    return this.#elsewhere[task]!;
  }

  /** No worker that the task goes to alone saves more; below 0 if each costs something. Likewise. */
  mostSaved(task: number): number {
    return this.#most[task]!;
  }

  /** The worker where the task saves most, of those that its data have to do with; else -1. */
  bestPlace(task: number): number {
    return this.#bestPlace[task]!;
  }

  #findAlone(task: number): void {
    const first = this.#firstPlace[task]!;
    const { start, items } = this.dataAt;
    const now = this.#now;
    const home = now[task]!;
    const until = start[task + 1]!;
    this.#lastPlace[task] = first;
    let elsewhere = 0;
    for (let i = start[task]!; i < until; i++) {
      const id = items[i]!;
      const bytes = this.#bytes[id]!;
      const away = this.#away[id]!;
      const producer = this.producerOf[id]!;
      const place = now[producer]!;
      // A get a reader away from the producer, and a put if there is any.
      if (producer === task) elsewhere += this.#savedByProducer(task, id);
      else if (place === home) elsewhere -= away === 0 ? 2 * bytes : bytes;
      else this.#addPlace(task, place, away === 1 ? 2 * bytes : bytes);
    }
    const last = this.#lastPlace[task]!;
    let most = elsewhere;
    let best = -1;
    for (let i = first; i < last; i++) {
      const place = this.#places[i]!;
      const saved = this.#savedAt[i]! + elsewhere;
      this.#savedAt[i] = saved;
      this.#placeOf[place] = 0;
      if (place === home || saved <= most) continue;
      most = saved;
      best = place;
    }
    this.#elsewhere[task] = elsewhere;
    this.#most[task] = most;
    this.#bestPlace[task] = best;
  }

  /** What is saved if the datum's producer goes where nobody reads it; adds what more where they do. */
  #savedByProducer(task: number, id: number): number {
    const { start, items: readers } = this.readersOf;
    const now = this.#now;
    const there = this.#there;
    const bytes = this.#bytes[id]!;
    const away = this.#away[id]!;
    const first = start[id]!;
    const until = start[id + 1]!;
    const count = until - first;
    this.#looks += count;
    for (let i = first; i < until; i++) there[now[readers[i]!]!]!++;
    for (let i = first; i < until; i++) {
      const place = now[readers[i]!]!;
      const joined = there[place]!;
      if (joined === 0) continue;
      there[place] = 0;
      this.#addPlace(task, place, bytes * (joined === count ? 1 + count : joined));
    }
    return (away === 0 ? 0 : bytes * (1 + away)) - bytes * (1 + count);
  }

  #addPlace(task: number, place: number, saved: number): void {
    const known = this.#placeOf[place]!;
    if (known > 0) {
      this.#savedAt[known - 1]! += saved;
      return;
    }
    const at = this.#lastPlace[task]!;
    this.#lastPlace[task] = at + 1;
    this.#placeOf[place] = at + 1;
    this.#places[at] = place;
    this.#savedAt[at] = saved;
  }

  /** Finds the data of the tasks that the trial moves, and counts readers away from producers. */
  #countTouched(): void {
    if (this.#isCounted) return;
    this.#isCounted = true;
    this.#counts++;
    this.#touched.length = 0;
    const { start, items } = this.dataAt;
    const { producerOf } = this;
    const then = this.#then;
    const awayThen = this.#awayThen;
    const metBy = this.#metBy;
    const counts = this.#counts;
    for (let m = 0; m < this.#moved.length; m++) {
      const task = this.#moved[m]!;
      const from = this.#now[task]!;
      const to = then[task]!;
      const until = start[task + 1]!;
      for (let i = start[task]!; i < until; i++) {
        const id = items[i]!;
        const producer = producerOf[id]!;
        const home = then[producer]!;
        if (metBy[id] !== counts) {
          metBy[id] = counts;
          this.#touched.push(id);
          awayThen[id] = this.#awayFrom(home, id);
        }
        if (producer === task) continue;
        if (to === home) awayThen[id]!--;
        else if (from === home) awayThen[id]!++;
      }
    }
    this.#looks += this.#touched.length;
  }

  /** Readers not on `home` as things are. */
  #awayFrom(home: number, id: number): number {
    if (home === this.#now[this.producerOf[id]!]) return this.#away[id]!;
    const spread = this.#spread[id];
    if (spread !== undefined) return this.#readerCount(id) - spread[home]!;
    const { start, items: readers } = this.readersOf;
    const until = start[id + 1]!;
    this.#looks += until - start[id]!;
    let away = 0;
    for (let i = start[id]!; i < until; i++) if (this.#now[readers[i]!] !== home) away++;
    return away;
  }

  /** Counts the datum's readers anew. */
  #count(id: number): void {
    const { start, items: readers } = this.readersOf;
    const home = this.#now[this.producerOf[id]!];
    const spread = this.#spread[id];
    spread?.fill(0);
    let away = 0;
    for (let i = start[id]!; i < start[id + 1]!; i++) {
      const worker = this.#now[readers[i]!]!;
      if (worker !== home) away++;
      if (spread !== undefined) spread[worker]!++;
    }
    this.#away[id] = away;
  }

  #readerCount(id: number): number {
    return this.readersOf.start[id + 1]! - this.readersOf.start[id]!;
  }

  /** Where each task's list of places begins: no more of them than workers, or than neighbours. */
  #roomForPlaces(workers: number): Int32Array {
    const { start, items } = this.dataAt;
    const tasks = start.length - 1;
    const first = new Int32Array(tasks + 1);
    for (let task = 0; task < tasks; task++) {
      let places = 0;
      for (let i = start[task]!; i < start[task + 1]!; i++) {
        const id = items[i]!;
        places += this.producerOf[id] === task ? this.#readerCount(id) : 1;
      }
      first[task + 1] = first[task]! + Math.min(places, workers);
    }
    return first;
  }
}

function readersOfData(data: readonly PartitionDatum[]): Lists {
  const start = new Int32Array(data.length + 1);
  for (let id = 0; id < data.length; id++) start[id + 1] = start[id]! + data[id]!.readers.length;
  const items = new Int32Array(start[data.length]!);
  for (let id = 0; id < data.length; id++) items.set(data[id]!.readers, start[id]!);
  return { start, items };
}

/** In the order of the data. */
function dataAtTasks(producerOf: Int32Array, readersOf: Lists, tasks: number): Lists {
  const { start, items: readers } = readersOf;
  const count = producerOf.length;
  const taskOf = new Int32Array(readers.length + count);
  const idOf = new Int32Array(readers.length + count);
  let filled = 0;
  for (let id = 0; id < count; id++) {
    if (start[id] === start[id + 1]) continue;
    taskOf[filled] = producerOf[id]!;
    idOf[filled++] = id;
    for (let i = start[id]!; i < start[id + 1]!; i++) {
      taskOf[filled] = readers[i]!;
      idOf[filled++] = id;
    }
  }
  return listsOf(tasks, taskOf, idOf.subarray(0, filled));
}
