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
 * What a task saves alone is kept, and found anew when somebody asks and its data have changed; until
 * then a bound on it grows with each change, and mostly answers the question.
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
  /** Of the data of those tasks those to which that matters, each once; what it makes of `#away`. */
  readonly #touched: number[];
  readonly #awayThen: Int32Array;
  /** By datum: the count of a trial that met it last. */
  readonly #metBy: Int32Array;
  #counts: number;
  #isCounted: boolean;
  /**
   * By task: no worker that it goes to alone saves more; below 0 if each costs something. An upper
   * bound from when its data have changed until `findAlone`.
   */
  readonly mostSaved: Float64Array;
  /**
   * What a task saves that goes to another worker alone: on each worker that has to do with its
   * data, a list a task in `places` and `savedAt`; on any other worker.
   */
  readonly firstPlace: Int32Array;
  /** One behind the last place; `UNKNOWN` from when its data have changed until `findAlone`. */
  readonly lastPlace: Int32Array;
  readonly places: Int32Array;
  readonly savedAt: Float64Array;
  readonly #elsewhere: Float64Array;
  /** By task: the worker where it saves most, of those places; else -1. */
  readonly bestPlace: Int32Array;
  /** Trials kept so far. */
  #kept: number;
  /** By worker, in `#findAnew`: its place in the task's list and one; readers there. */
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
    this.firstPlace = this.#roomForPlaces(workers);
    this.lastPlace = new Int32Array(tasks).fill(UNKNOWN);
    this.places = new Int32Array(this.firstPlace[tasks]!);
    this.savedAt = new Float64Array(this.firstPlace[tasks]!);
    this.#elsewhere = new Float64Array(tasks);
    this.mostSaved = new Float64Array(tasks).fill(Number.POSITIVE_INFINITY);
    this.bestPlace = new Int32Array(tasks);
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

  /** The trial has the tasks run on `worker`; each task once a trial. */
  suppose(tasks: readonly number[], worker: number): void {
    const moved = this.#moved;
    const then = this.#then;
    for (let i = 0; i < tasks.length; i++) {
      const task = tasks[i]!;
      if (then[task] === worker) continue;
      then[task] = worker;
      moved.push(task);
    }
    this.#isCounted = false;
  }

  /** Remote bytes that the trial saves: finds the data to which it matters, and counts readers away. */
  saved(): number {
    this.#isCounted = true;
    this.#counts++;
    const touched = this.#touched;
    touched.length = 0;
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
        // A reader that was away from the producer and still is changes nothing.
        if (to !== home && from !== home && producer !== task) continue;
        if (metBy[id] !== counts) {
          metBy[id] = counts;
          touched.push(id);
          awayThen[id] = home === this.#now[producer] ? this.#away[id]! : this.#awayFrom(home, id);
        }
        if (producer === task) continue;
        if (to === home) awayThen[id]!--;
        else awayThen[id]!++;
      }
    }
    this.#looks += touched.length;
    let saved = 0;
    for (let i = 0; i < touched.length; i++) {
      const id = touched[i]!;
      const before = this.#away[id]!;
      const after = awayThen[id]!;
      if (before === after) continue;
      const puts = (before === 0 ? 0 : 1) - (after === 0 ? 0 : 1);
      saved += this.#bytes[id]! * (before - after + puts);
    }
    return saved;
  }

  /** What the trial supposes is so from now on. */
  keep(): void {
    if (!this.#isCounted) this.saved();
    this.#kept++;
    for (let i = 0; i < this.#touched.length; i++) this.#keepDatum(this.#touched[i]!);
    for (let m = 0; m < this.#moved.length; m++) this.#keepMove(this.#moved[m]!);
    this.#moved.length = 0;
    this.#isCounted = false;
  }

  #keepDatum(id: number): void {
    const producer = this.producerOf[id]!;
    const bytes = this.#bytes[id]!;
    const before = this.#away[id]!;
    const after = this.#awayThen[id]!;
    const hasMoved = this.#now[producer] !== this.#then[producer];
    const { lastPlace, mostSaved } = this;
    this.#away[id] = after;
    // To a reader it is the same whether two or more are away: the put is paid all the same.
    const same = before === after || (before > 1 && after > 1);
    if (same && !hasMoved) return;
    // It saves or costs a reader no more than put and get.
    const more = hasMoved ? 4 * bytes : bytes;
    const { start, items: readers } = this.readersOf;
    const until = start[id + 1]!;
    for (let i = start[id]!; i < until; i++) {
      const reader = readers[i]!;
      lastPlace[reader] = UNKNOWN;
      mostSaved[reader]! += more;
    }
  }

  #keepMove(task: number): void {
    const { start, items } = this.dataAt;
    const { producerOf, lastPlace, mostSaved } = this;
    const now = this.#now[task]!;
    const then = this.#then[task]!;
    const until = start[task + 1]!;
    for (let i = start[task]!; i < until; i++) {
      const id = items[i]!;
      const producer = producerOf[id]!;
      if (producer === task) continue;
      // What the datum costs, or would cost elsewhere, changes by a get, and by a put at most.
      lastPlace[producer] = UNKNOWN;
      mostSaved[producer]! += 4 * this.#bytes[id]!;
      const spread = this.#spread[id];
      if (spread === undefined) continue;
      spread[now]!--;
      spread[then]!++;
    }
    this.#now[task] = then;
    lastPlace[task] = UNKNOWN;
    mostSaved[task] = Number.POSITIVE_INFINITY;
  }

  drop(): void {
    const moved = this.#moved;
    const now = this.#now;
    const then = this.#then;
    for (let i = 0; i < moved.length; i++) then[moved[i]!] = now[moved[i]!]!;
    moved.length = 0;
    this.#isCounted = false;
  }

  /** What is saved if the task alone runs on `worker`, which is not its own. */
  savedAlone(task: number, worker: number): number {
    this.findAlone(task);
    const { places } = this;
    const last = this.lastPlace[task]!;
    for (let i = this.firstPlace[task]!; i < last; i++) {
      if (places[i] === worker) return this.savedAt[i]!;
    }
    return this.#elsewhere[task]!;
  }

  /** Brings up to date what the task saves alone. */
  findAlone(task: number): void {
    if (this.lastPlace[task] === UNKNOWN) this.#findAnew(task);
  }

  #findAnew(task: number): void {
    const { savedAt, producerOf } = this;
    const { start, items } = this.dataAt;
    const { start: firstReader, items: readers } = this.readersOf;
    const now = this.#now;
    const there = this.#there;
    const home = now[task]!;
    const until = start[task + 1]!;
    this.lastPlace[task] = this.firstPlace[task]!;
    let elsewhere = 0;
    for (let i = start[task]!; i < until; i++) {
      const id = items[i]!;
      const bytes = this.#bytes[id]!;
      const away = this.#away[id]!;
      const producer = producerOf[id]!;
      // A get a reader away from the producer, and a put if there is any.
      if (producer !== task) {
        const place = now[producer]!;
        if (place === home) elsewhere -= away === 0 ? 2 * bytes : bytes;
        else this.#addPlace(task, place, away === 1 ? 2 * bytes : bytes);
        continue;
      }
      const first = firstReader[id]!;
      const last = firstReader[id + 1]!;
      const count = last - first;
      this.#looks += count;
      for (let k = first; k < last; k++) there[now[readers[k]!]!]!++;
      for (let k = first; k < last; k++) {
        const place = now[readers[k]!]!;
        const joined = there[place]!;
        if (joined === 0) continue;
        there[place] = 0;
        this.#addPlace(task, place, bytes * (joined === count ? 1 + count : joined));
      }
      // If it goes where nobody reads it.
      elsewhere += (away === 0 ? 0 : bytes * (1 + away)) - bytes * (1 + count);
    }
    let most = elsewhere;
    let best = -1;
    const last = this.lastPlace[task]!;
    for (let i = this.firstPlace[task]!; i < last; i++) {
      const place = this.places[i]!;
      const saved = savedAt[i]! + elsewhere;
      savedAt[i] = saved;
      this.#placeOf[place] = 0;
      if (place === home || saved <= most) continue;
      most = saved;
      best = place;
    }
    this.#elsewhere[task] = elsewhere;
    this.mostSaved[task] = most;
    this.bestPlace[task] = best;
  }

  #addPlace(task: number, place: number, saved: number): void {
    const known = this.#placeOf[place]!;
    if (known > 0) {
      this.savedAt[known - 1]! += saved;
      return;
    }
    const at = this.lastPlace[task]!;
    this.lastPlace[task] = at + 1;
    this.#placeOf[place] = at + 1;
    this.places[at] = place;
    this.savedAt[at] = saved;
  }

  /** Readers not on `home`, where the producer is not, as things are. */
  #awayFrom(home: number, id: number): number {
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
