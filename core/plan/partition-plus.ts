/**
 * `faasflow-plus`: goes on where Algorithm 1 ends, to take bytes from the remote store.
 *
 * Algorithm 1 stops when no edge of the longest path fits, with most of a wide graph still apart.
 * From its groups this goes on:
 *
 * 1. Merges. For each datum and reader, dearest datum first (ties by datum, then reader): merge the
 *    groups of producer and reader, under the same limits, if fewer bytes then go through the remote
 *    store. Again, until a whole pass merges nothing.
 * 2. Moves. For each task, by id: to the neighbouring group (one that writes what it reads or reads
 *    what it writes) that saves most bytes, ties to the first found, if the longest path gets no
 *    longer than Algorithm 1 left it. Again, until a whole pass moves nothing.
 * 3. Exchanges, where the worker is full. For each task, by id: to a neighbouring group in place of
 *    a task there, which goes where the first came from or to a neighbouring group of its own; the
 *    first such pair that saves bytes, under the same limits. Step 2 after each pass; again, until a
 *    pass exchanges nothing.
 *
 * All of it ends once `LOOKS` readers and vertices (for the longest path) were looked at, which
 * graphs of some thousand tasks that no worker can hold come to.
 *
 * Every step saves bytes and keeps the limits, so the result is never worse than Algorithm 1's: the
 * critical path is never longer, the bytes that go through the remote store never more. Bytes are
 * reckoned datum by datum, by the workers its readers run on (see `traffic.ts`). The quota is
 * charged for each producer with a reader in its group, once, with all its output bytes.
 *
 * Cost: a trial merge costs the data of both groups with their readers, a trial move those of a
 * task, and a task's exchanges those of all tasks in the groups beside it.
 */

import {
  Grouping,
  type Move,
  type Partition,
  type PartitionDatum,
  type PartitionProblem,
} from "./partition.ts";
import { leastRemoteBytes } from "./traffic.ts";

export function partitionPlus(problem: PartitionProblem): Partition {
  const grouping = new Grouping(problem);
  grouping.followLongestPath();
  const refinement = new Refinement(problem, grouping);
  while (refinement.mergeOnce());
  while (refinement.moveOnce());
  while (refinement.exchangeOnce()) while (refinement.moveOnce());
  return grouping.result();
}

/** Readers and vertices looked at in all: about a second. */
const LOOKS = 20_000_000;

interface Pair {
  readonly datum: number;
  readonly reader: number;
}

class Refinement {
  readonly #problem: PartitionProblem;
  readonly #grouping: Grouping;
  /** Task to the data that it writes or reads. */
  readonly #dataAt: readonly (readonly number[])[];
  readonly #pairs: readonly Pair[];
  /** No move may make the longest path longer than this. */
  readonly #limit_s: number;
  /** By datum: the last trial that looked at it. */
  readonly #seen: Int32Array;
  #trial: number;
  /** Readers looked at so far. */
  #looks: number;

  constructor(problem: PartitionProblem, grouping: Grouping) {
    this.#problem = problem;
    this.#grouping = grouping;
    this.#dataAt = dataAtTasks(problem);
    this.#pairs = pairsByBytes(problem.data);
    this.#limit_s = grouping.criticalPath_s();
    this.#seen = new Int32Array(problem.data.length);
    this.#trial = 0;
    this.#looks = 0;
  }

  /** One pass over all pairs of datum and reader; whether any merged. */
  mergeOnce(): boolean {
    const groups = this.#grouping.groups;
    let merged = false;
    for (const pair of this.#pairs) {
      const a = groups.groupOf(this.#problem.data[pair.datum]!.producer);
      const b = groups.groupOf(pair.reader);
      if (a === b || !groups.withinLimit(a, b) || !groups.fits(a, b)) continue;
      if (this.#isSpent()) return false;
      const worker = groups.bestFit(a, b);
      const together = [...groups.members(a), ...groups.members(b)];
      const inside = (task: number) => groups.groupOf(task) === a || groups.groupOf(task) === b;
      const data = this.#dataOf(together);
      if (this.#saved(data, { inside, worker }) <= 0) continue;
      const producers = this.#uncharged(data, inside);
      if (!this.#affordable(producers)) continue;
      for (const producer of producers) this.#grouping.charge(producer);
      this.#grouping.merge(a, b, worker);
      merged = true;
    }
    return merged;
  }

  /** One pass over all tasks; whether any moved. */
  moveOnce(): boolean {
    let moved = false;
    for (let task = 0; task < this.#problem.tasks.length; task++) {
      if (this.#isSpent()) return moved;
      if (this.#moveTask(task)) moved = true;
    }
    return moved;
  }

  #moveTask(task: number): boolean {
    const groups = this.#grouping.groups;
    const data = this.#dataAt[task]!;
    const options: { readonly to: number; readonly saved: number }[] = [];
    for (const to of this.#neighbours(task)) {
      if (!groups.canMove(task, to)) continue;
      const worker = groups.workerOfGroup(to);
      if (worker === groups.workerOf(task)) continue;
      const saved = this.#saved(data, { inside: (other) => other === task, worker });
      if (saved > 0) options.push({ to, saved });
    }
    options.sort((a, b) => b.saved - a.saved);
    for (const { to } of options) {
      const inside = (other: number) => other === task || groups.groupOf(other) === to;
      const producers = this.#uncharged(data, inside);
      if (!this.#affordable(producers)) continue;
      if (!this.#grouping.tryMoves([{ task, to }], this.#limit_s)) continue;
      for (const producer of producers) this.#grouping.charge(producer);
      return true;
    }
    return false;
  }

  /** One pass over all tasks; whether any took another's place. */
  exchangeOnce(): boolean {
    let exchanged = false;
    for (let task = 0; task < this.#problem.tasks.length; task++) {
      for (const to of this.#neighbours(task)) {
        if (this.#isSpent()) return exchanged;
        if (!this.#exchangeInto(task, to)) continue;
        exchanged = true;
        break;
      }
    }
    return exchanged;
  }

  #exchangeInto(task: number, to: number): boolean {
    const groups = this.#grouping.groups;
    const worker = groups.workerOfGroup(to);
    if (worker === groups.workerOf(task)) return false;
    const inside = (other: number) => other === task;
    const saved = this.#saved(this.#dataAt[task]!, { inside, worker });
    if (saved <= 0) return false;
    return groups.members(to).some((other) => {
      if (this.#isSpent()) return false;
      const targets = new Set([groups.groupOf(task), ...this.#neighbours(other)]);
      for (const target of targets) {
        if (
          this.#exchange(
            [
              { task, to },
              { task: other, to: target },
            ],
            saved,
          )
        )
          return true;
      }
      return false;
    });
  }

  #isSpent(): boolean {
    return this.#looks + this.#grouping.visits > LOOKS;
  }

  /** `saved`: what the first move saves alone. */
  #exchange(moves: readonly [Move, Move], saved: number): boolean {
    const groups = this.#grouping.groups;
    const [{ task, to }, { task: other, to: target }] = moves;
    if (target === to || !groups.canExchange(task, other, target)) return false;
    const place = groups.workerOfGroup(to);
    const away = groups.workerOfGroup(target);
    const isOther = (candidate: number) => candidate === other;
    // What they share is met in both sums; it decides seldom, so it is looked at last.
    const alone = this.#saved(this.#dataAt[other]!, { inside: isOther, worker: away });
    if (saved + alone <= 0) return false;
    const then = (candidate: number) =>
      candidate === task ? place : isOther(candidate) ? away : groups.workerOf(candidate);
    const data = this.#dataOf([task, other]);
    if (this.#savedBy(data, then) <= 0) return false;
    const groupThen = (candidate: number) =>
      candidate === task ? to : isOther(candidate) ? target : groups.groupOf(candidate);
    const producers = new Set([
      ...this.#uncharged(data, (candidate) => groupThen(candidate) === to),
      ...this.#uncharged(data, (candidate) => groupThen(candidate) === target),
    ]);
    if (!this.#affordable(producers)) return false;
    if (!this.#grouping.tryMoves(moves, this.#limit_s)) return false;
    for (const producer of producers) this.#grouping.charge(producer);
    return true;
  }

  /** The groups that share a datum with the task, in the order of its data. */
  #neighbours(task: number): ReadonlySet<number> {
    const groups = this.#grouping.groups;
    const found = new Set<number>();
    for (const id of this.#dataAt[task]!) {
      const datum = this.#problem.data[id]!;
      if (datum.producer !== task) found.add(groups.groupOf(datum.producer));
      else for (const reader of datum.readers) found.add(groups.groupOf(reader));
    }
    return found;
  }

  /** Remote bytes saved if the tasks `inside` ran on `worker`. */
  #saved(
    data: readonly number[],
    trial: { readonly inside: (task: number) => boolean; readonly worker: number },
  ): number {
    const groups = this.#grouping.groups;
    return this.#savedBy(data, (task) =>
      trial.inside(task) ? trial.worker : groups.workerOf(task),
    );
  }

  #savedBy(data: readonly number[], then: (task: number) => number): number {
    const groups = this.#grouping.groups;
    const now = (task: number) => groups.workerOf(task);
    let saved = 0;
    for (const id of data) {
      const datum = this.#problem.data[id]!;
      this.#looks += datum.readers.length;
      saved += leastRemoteBytes(datum, now) - leastRemoteBytes(datum, then);
    }
    return saved;
  }

  /** The data that any of the tasks writes or reads, each once. */
  #dataOf(tasks: readonly number[]): readonly number[] {
    const trial = ++this.#trial;
    const found: number[] = [];
    for (const task of tasks) {
      for (const id of this.#dataAt[task]!) {
        if (this.#seen[id] === trial) continue;
        this.#seen[id] = trial;
        found.push(id);
      }
    }
    return found;
  }

  /** Producers of `data` with a reader beside them inside, not charged yet. */
  #uncharged(data: readonly number[], inside: (task: number) => boolean): ReadonlySet<number> {
    const producers = new Set<number>();
    for (const id of data) {
      const { producer, readers } = this.#problem.data[id]!;
      if (this.#grouping.isCharged(producer) || !inside(producer)) continue;
      if (readers.some(inside)) producers.add(producer);
    }
    return producers;
  }

  #affordable(producers: ReadonlySet<number>): boolean {
    let bytes = 0;
    for (const producer of producers) bytes += this.#problem.tasks[producer]!.outputBytes;
    return bytes === 0 || bytes <= this.#grouping.quotaLeft;
  }
}

/** Results, which nobody reads, are left out: no step changes where they go. */
function dataAtTasks(problem: PartitionProblem): readonly (readonly number[])[] {
  const dataAt: number[][] = problem.tasks.map(() => []);
  for (let id = 0; id < problem.data.length; id++) {
    const { producer, readers } = problem.data[id]!;
    if (readers.length === 0) continue;
    dataAt[producer]!.push(id);
    for (const reader of readers) if (reader !== producer) dataAt[reader]!.push(id);
  }
  return dataAt;
}

function pairsByBytes(data: readonly PartitionDatum[]): readonly Pair[] {
  const pairs = data.flatMap(({ readers }, datum) => readers.map((reader) => ({ datum, reader })));
  return pairs.sort(
    (a, b) =>
      data[b.datum]!.bytes - data[a.datum]!.bytes || a.datum - b.datum || a.reader - b.reader,
  );
}
