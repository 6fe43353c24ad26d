/**
 * Bytes that go through the remote store in one invocation, by tags and by where tasks run.
 *
 * A datum kept local costs nothing. One kept in both costs a put, and a get for each reader on
 * another worker than its producer; one kept remote a put, and a get for each reader. A datum that
 * nobody reads is a result: where it goes does not depend on the partition, so it is not counted.
 */

import type { PartitionDatum } from "./partition.ts";
import type { Tag } from "./plan.ts";

export function remoteBytes(input: {
  readonly data: readonly PartitionDatum[];
  /** Datum to tag. */
  readonly tagOf: readonly Tag[];
  /** Task to worker. */
  readonly workerOf: readonly number[];
}): number {
  const { data, tagOf, workerOf } = input;
  let sum = 0;
  for (let id = 0; id < data.length; id++) {
    const datum = data[id]!;
    const tag = tagOf[id]!;
    if (tag === "local" || datum.readers.length === 0) continue;
    const gets =
      tag === "both" ? readersAway(datum, (task) => workerOf[task]!) : datum.readers.length;
    sum += datum.bytes * (1 + gets);
  }
  return sum;
}

/** What `remoteBytes` counts for one datum under the best tag for where its readers run. */
export function leastRemoteBytes(
  datum: PartitionDatum,
  workerOf: (task: number) => number,
): number {
  const away = readersAway(datum, workerOf);
  return away === 0 ? 0 : datum.bytes * (1 + away);
}

/** Readers on another worker than the producer. */
export function readersAway(datum: PartitionDatum, workerOf: (task: number) => number): number {
  const home = workerOf(datum.producer);
  let away = 0;
  for (const reader of datum.readers) if (workerOf(reader) !== home) away++;
  return away;
}

/** What a task saves that goes to another worker alone. */
interface Alone {
  /** The most, on whichever worker. */
  readonly most: number;
  /** On a worker that has nothing to do with its data. */
  readonly elsewhere: number;
  /** Worker to what is saved there beyond that. */
  readonly at: ReadonlyMap<number, number>;
}

/**
 * Remote bytes under the best tags while tasks go from worker to worker. A trial says where some
 * tasks would run (`suppose`), asks what that saves (`saved`), and ends in `keep` or `drop`.
 *
 * Cost: a trial costs the data of the tasks it moves, not their readers; only a producer that
 * moves has its readers counted. Keeping one costs the readers of those data.
 */
export class Traffic {
  /** Task to the data that it writes or reads; results, which nobody reads, are left out. */
  readonly dataAt: readonly (readonly number[])[];
  readonly #data: readonly PartitionDatum[];
  readonly #bytes: Float64Array;
  readonly #producers: Int32Array;
  /** By datum: readers, and those on another worker than the producer. */
  readonly #readers: Int32Array;
  readonly #away: Int32Array;
  /** By datum: readers on each worker, for those with more readers than there are workers. */
  readonly #spread: (Int32Array | undefined)[];
  /** Task to worker, as it is and as the trial has it. */
  readonly #now: Int32Array;
  readonly #then: Int32Array;
  /** Tasks that the trial moves. */
  readonly #moved: number[];
  /** By datum, between calls 0: met; how many more readers are where its producer will be. */
  readonly #met: Uint8Array;
  readonly #joining: Int32Array;
  /** By task: what it saves alone, once that was asked for. */
  readonly #alone: (Alone | undefined)[];
  /** In `#findAlone`, by worker: readers there. */
  readonly #there: Int32Array;
  #looks: number;

  constructor(data: readonly PartitionDatum[], workerOf: Int32Array, workers: number) {
    this.#data = data;
    this.dataAt = dataAtTasks(data, workerOf.length);
    this.#bytes = Float64Array.from(data, (datum) => datum.bytes);
    this.#producers = Int32Array.from(data, (datum) => datum.producer);
    this.#readers = Int32Array.from(data, (datum) => datum.readers.length);
    this.#now = workerOf;
    this.#then = workerOf.slice();
    this.#away = Int32Array.from(data, (datum) => readersAway(datum, (task) => workerOf[task]!));
    this.#spread = data.map(({ readers }) =>
      readers.length > workers ? this.#count(readers, new Int32Array(workers)) : undefined,
    );
    this.#moved = [];
    this.#met = new Uint8Array(data.length);
    this.#joining = new Int32Array(data.length);
    this.#alone = new Array<undefined>(workerOf.length).fill(undefined);
    this.#there = new Int32Array(workers);
    this.#looks = 0;
  }

  /** Data and readers looked at so far: what trials have cost. */
  get looks(): number {
    return this.#looks;
  }

  /** The trial has the task run on `worker`; each task once a trial. */
  suppose(task: number, worker: number): void {
    if (this.#then[task] === worker) return;
    this.#then[task] = worker;
    this.#moved.push(task);
  }

  /** Remote bytes that the trial saves. */
  saved(): number {
    const now = this.#now;
    const then = this.#then;
    for (const task of this.#moved) {
      for (const id of this.dataAt[task]!) {
        const producer = this.#producers[id]!;
        if (producer === task) continue;
        const home = then[producer]!;
        if (then[task] === home) this.#joining[id]!++;
        if (now[task] === home) this.#joining[id]!--;
      }
    }
    let saved = 0;
    for (const id of this.#touched()) {
      const home = then[this.#producers[id]!]!;
      const away = this.#awayFrom(home, id);
      saved += this.#cost(id, this.#away[id]!) - this.#cost(id, away - this.#joining[id]!);
      this.#joining[id] = 0;
    }
    return saved;
  }

  /** What the trial supposes is so from now on. */
  keep(): void {
    for (const task of this.#moved) this.#now[task] = this.#then[task]!;
    for (const id of this.#touched()) {
      const { producer, readers } = this.#data[id]!;
      const home = this.#now[producer];
      let away = 0;
      for (const reader of readers) {
        if (this.#now[reader] !== home) away++;
        this.#alone[reader] = undefined;
      }
      this.#alone[producer] = undefined;
      this.#away[id] = away;
      const spread = this.#spread[id];
      if (spread !== undefined) this.#count(readers, spread);
    }
    this.#moved.length = 0;
  }

  drop(): void {
    for (const task of this.#moved) this.#then[task] = this.#now[task]!;
    this.#moved.length = 0;
  }

  /** What is saved if the task alone runs on `worker`, which is not its own. */
  savedAlone(task: number, worker: number): number {
    const { elsewhere, at } = this.#aloneOf(task);
    return elsewhere + (at.get(worker) ?? 0);
  }

  /** No worker that the task goes to alone saves more; below 0 if each costs something. */
  mostSaved(task: number): number {
    return this.#aloneOf(task).most;
  }

  #aloneOf(task: number): Alone {
    const found = this.#alone[task] ?? this.#findAlone(task);
    this.#alone[task] = found;
    return found;
  }

  #findAlone(task: number): Alone {
    const home = this.#now[task]!;
    const at = new Map<number, number>();
    let elsewhere = 0;
    for (const id of this.dataAt[task]!) {
      const away = this.#away[id]!;
      const cost = this.#cost(id, away);
      const place = this.#now[this.#producers[id]!]!;
      if (this.#producers[id] === task) {
        elsewhere += cost - this.#cost(id, this.#readers[id]!);
        this.#addReaders(id, at);
      } else if (place === home) {
        elsewhere += cost - this.#cost(id, away + 1);
      } else {
        at.set(place, (at.get(place) ?? 0) + cost - this.#cost(id, away - 1));
      }
    }
    let most = elsewhere;
    for (const [place, more] of at) if (place !== home) most = Math.max(most, elsewhere + more);
    return { most, elsewhere, at };
  }

  /** What is saved where readers of the datum are, if its producer went there. */
  #addReaders(id: number, at: Map<number, number>): void {
    const { readers } = this.#data[id]!;
    this.#looks += readers.length;
    for (const reader of readers) this.#there[this.#now[reader]!]!++;
    const none = this.#cost(id, readers.length);
    for (const reader of readers) {
      const place = this.#now[reader]!;
      const there = this.#there[place]!;
      if (there === 0) continue;
      this.#there[place] = 0;
      at.set(place, (at.get(place) ?? 0) + none - this.#cost(id, readers.length - there));
    }
  }

  /** The data of the tasks that the trial moves, each once. */
  #touched(): readonly number[] {
    const touched: number[] = [];
    for (const task of this.#moved) {
      for (const id of this.dataAt[task]!) {
        if (this.#met[id] === 0) touched.push(id);
        this.#met[id] = 1;
      }
    }
    for (const id of touched) this.#met[id] = 0;
    this.#looks += touched.length;
    return touched;
  }

  /** Readers not on `home` as things are. */
  #awayFrom(home: number, id: number): number {
    const datum = this.#data[id]!;
    if (home === this.#now[datum.producer]) return this.#away[id]!;
    const spread = this.#spread[id];
    if (spread !== undefined) return datum.readers.length - spread[home]!;
    this.#looks += datum.readers.length;
    let away = 0;
    for (const reader of datum.readers) if (this.#now[reader] !== home) away++;
    return away;
  }

  #count(readers: readonly number[], spread: Int32Array): Int32Array {
    spread.fill(0);
    for (const reader of readers) spread[this.#now[reader]!]!++;
    return spread;
  }

  #cost(id: number, away: number): number {
    return away === 0 ? 0 : this.#bytes[id]! * (1 + away);
  }
}

function dataAtTasks(
  data: readonly PartitionDatum[],
  tasks: number,
): readonly (readonly number[])[] {
  const dataAt = Array.from({ length: tasks }, (): number[] => []);
  for (const [id, { producer, readers }] of data.entries()) {
    if (readers.length === 0) continue;
    dataAt[producer]!.push(id);
    for (const reader of readers) dataAt[reader]!.push(id);
  }
  return dataAt;
}
