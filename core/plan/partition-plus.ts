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
 *    first such pair that saves bytes, under the same limits, if neither of the two alone would
 *    make the longest path too long. Steps 2 and 1 after each pass, for what has found room; again,
 *    until a pass exchanges nothing.
 *
 * All of it ends once `LOOKS` data, readers, members and vertices (for the longest path) were looked
 * at, which graphs of some thousand tasks that no worker can hold come to.
 *
 * Every step saves bytes and keeps the limits, so the result is never worse than Algorithm 1's: the
 * critical path is never longer, the bytes that go through the remote store never more. Bytes are
 * reckoned datum by datum, by the workers its readers run on (see `traffic.ts`). The quota is
 * charged for each producer with a reader in its group, once, with all its output bytes.
 *
 * Cost: a trial merge costs the data of the tasks that change workers. What a task saves alone is
 * kept until data of its change (see `Traffic`), so that of most exchanges no more is looked at than
 * two such sums, and of most others only the edges of one task. What has failed is not tried again
 * before something has changed.
 */

import {
  Grouping,
  type Move,
  type Partition,
  type PartitionDatum,
  type PartitionProblem,
} from "./partition.ts";
import { Traffic } from "./traffic.ts";

export function partitionPlus(problem: PartitionProblem): Partition {
  const grouping = new Grouping(problem);
  grouping.followLongestPath();
  const refinement = new Refinement(problem, grouping);
  while (refinement.mergeOnce());
  while (refinement.moveOnce());
  while (refinement.exchangeOnce()) {
    while (refinement.moveOnce());
    while (refinement.mergeOnce());
  }
  return grouping.result();
}

/** Data, readers, members and vertices looked at after Algorithm 1: about a second. */
const LOOKS = 5_000_000;

interface Pair {
  readonly datum: number;
  readonly reader: number;
}

class Refinement {
  readonly #problem: PartitionProblem;
  readonly #grouping: Grouping;
  readonly #traffic: Traffic;
  readonly #pairs: readonly Pair[];
  /** No move may make the longest path longer than this. */
  readonly #limit_s: number;
  /** Merges, moves and exchanges so far. What failed fails again until there is another. */
  #steps: number;
  /** By pair of groups and by task: how many steps there were when merge or exchange last failed. */
  readonly #noMerge: Map<number, number>;
  readonly #noMove: Int32Array;
  readonly #noExchange: Int32Array;
  /** Members considered so far, less what Algorithm 1 visited. */
  #looks: number;

  constructor(problem: PartitionProblem, grouping: Grouping) {
    this.#problem = problem;
    this.#grouping = grouping;
    const workerOf = Int32Array.from(problem.tasks, (_, task) => grouping.groups.workerOf(task));
    this.#traffic = new Traffic(problem.data, workerOf, problem.rooms.length);
    this.#pairs = pairsByBytes(problem.data);
    this.#limit_s = grouping.criticalPath_s();
    this.#steps = 0;
    this.#noMerge = new Map();
    this.#noMove = new Int32Array(problem.tasks.length).fill(-1);
    this.#noExchange = this.#noMove.slice();
    this.#looks = -grouping.visits;
  }

  /** One pass over all pairs of datum and reader; whether any merged. */
  mergeOnce(): boolean {
    const groups = this.#grouping.groups;
    let merged = false;
    for (const pair of this.#pairs) {
      const a = groups.groupOf(this.#problem.data[pair.datum]!.producer);
      const b = groups.groupOf(pair.reader);
      if (a === b || !groups.withinLimit(a, b) || !groups.fits(a, b)) continue;
      const pairOfGroups = a * this.#problem.tasks.length + b;
      if (this.#noMerge.get(pairOfGroups) === this.#steps) continue;
      if (this.#isSpent()) return false;
      if (this.#merge(a, b)) merged = true;
      else this.#noMerge.set(pairOfGroups, this.#steps);
    }
    return merged;
  }

  #merge(a: number, b: number): boolean {
    const groups = this.#grouping.groups;
    const worker = groups.bestFit(a, b);
    const together = [...groups.members(a), ...groups.members(b)];
    for (const task of together) this.#traffic.suppose(task, worker);
    if (this.#traffic.saved() > 0) {
      const inside = (task: number) => groups.groupOf(task) === a || groups.groupOf(task) === b;
      const producers = this.#uncharged(together, inside);
      if (this.#affordable(producers)) {
        for (const producer of producers) this.#grouping.charge(producer);
        this.#grouping.merge(a, b, worker);
        this.#traffic.keep();
        this.#steps++;
        return true;
      }
    }
    this.#traffic.drop();
    return false;
  }

  /** One pass over all tasks; whether any moved. */
  moveOnce(): boolean {
    let moved = false;
    for (let task = 0; task < this.#problem.tasks.length; task++) {
      if (this.#noMove[task] === this.#steps) continue;
      if (this.#isSpent()) return moved;
      if (this.#moveTask(task)) moved = true;
      else this.#noMove[task] = this.#steps;
    }
    return moved;
  }

  #moveTask(task: number): boolean {
    if (this.#traffic.mostSaved(task) <= 0) return false;
    const groups = this.#grouping.groups;
    const options: { readonly to: number; readonly saved: number }[] = [];
    for (const to of this.#neighbours(task)) {
      if (!groups.canMove(task, to)) continue;
      const worker = groups.workerOfGroup(to);
      if (worker === groups.workerOf(task)) continue;
      const saved = this.#traffic.savedAlone(task, worker);
      if (saved > 0) options.push({ to, saved });
    }
    options.sort((a, b) => b.saved - a.saved);
    return options.some(
      ({ to }) => this.#grouping.allows({ task, to }, this.#limit_s) && this.#make([{ task, to }]),
    );
  }

  /** One pass over all tasks; whether any took another's place. */
  exchangeOnce(): boolean {
    let exchanged = false;
    for (let task = 0; task < this.#problem.tasks.length; task++) {
      if (this.#noExchange[task] === this.#steps) continue;
      if (this.#isSpent()) return exchanged;
      if (this.#exchangeTask(task)) exchanged = true;
      else this.#noExchange[task] = this.#steps;
    }
    return exchanged;
  }

  #exchangeTask(task: number): boolean {
    if (this.#traffic.mostSaved(task) <= 0) return false;
    for (const to of this.#neighbours(task)) if (this.#exchangeInto(task, to)) return true;
    return false;
  }

  #exchangeInto(task: number, to: number): boolean {
    const groups = this.#grouping.groups;
    const worker = groups.workerOfGroup(to);
    if (worker === groups.workerOf(task)) return false;
    const saved = this.#traffic.savedAlone(task, worker);
    if (saved <= 0 || !this.#grouping.allows({ task, to }, this.#limit_s)) return false;
    const members = groups.members(to);
    this.#looks += members.length;
    return members.some((other) => {
      if (saved + this.#traffic.mostSaved(other) <= 0 || this.#isSpent()) return false;
      const targets = new Set([groups.groupOf(task), ...this.#neighbours(other)]);
      for (const target of targets) {
        if (target === to || !groups.canExchange(task, other, target)) continue;
        // What the two share is met in both sums; it decides seldom, so it is looked at last.
        if (saved + this.#traffic.savedAlone(other, groups.workerOfGroup(target)) <= 0) continue;
        if (!this.#grouping.allows({ task: other, to: target }, this.#limit_s)) continue;
        const moves = [
          { task, to },
          { task: other, to: target },
        ];
        if (this.#savedBy(moves) > 0 && this.#make(moves)) return true;
      }
      return false;
    });
  }

  #isSpent(): boolean {
    return this.#looks + this.#traffic.looks + this.#grouping.visits > LOOKS;
  }

  /** Makes the moves if quota and longest path allow it; else nothing changes. */
  #make(moves: readonly Move[]): boolean {
    const groups = this.#grouping.groups;
    const then = (task: number) =>
      moves.find((move) => move.task === task)?.to ?? groups.groupOf(task);
    const tasks = moves.map(({ task }) => task);
    const producers = new Set(
      moves.flatMap(({ to }) => [...this.#uncharged(tasks, (task) => then(task) === to)]),
    );
    if (!this.#affordable(producers)) return false;
    if (!this.#grouping.tryMoves(moves, this.#limit_s)) return false;
    for (const producer of producers) this.#grouping.charge(producer);
    for (const { task } of moves) this.#traffic.suppose(task, groups.workerOf(task));
    this.#traffic.keep();
    this.#steps++;
    return true;
  }

  /** The groups that share a datum with the task, in the order of its data. */
  #neighbours(task: number): ReadonlySet<number> {
    const groups = this.#grouping.groups;
    const found = new Set<number>();
    for (const id of this.#traffic.dataAt[task]!) {
      const datum = this.#problem.data[id]!;
      if (datum.producer !== task) found.add(groups.groupOf(datum.producer));
      else for (const reader of datum.readers) found.add(groups.groupOf(reader));
    }
    return found;
  }

  /** Remote bytes that the moves would save. */
  #savedBy(moves: readonly Move[]): number {
    const groups = this.#grouping.groups;
    for (const { task, to } of moves) this.#traffic.suppose(task, groups.workerOfGroup(to));
    const saved = this.#traffic.saved();
    this.#traffic.drop();
    return saved;
  }

  /** Of the data of `tasks`: producers inside with a reader beside them, not charged yet. */
  #uncharged(tasks: readonly number[], inside: (task: number) => boolean): ReadonlySet<number> {
    const producers = new Set<number>();
    for (const task of tasks) {
      for (const id of this.#traffic.dataAt[task]!) {
        const { producer, readers } = this.#problem.data[id]!;
        if (this.#grouping.isCharged(producer) || producers.has(producer)) continue;
        if (inside(producer) && readers.some(inside)) producers.add(producer);
      }
    }
    return producers;
  }

  #affordable(producers: ReadonlySet<number>): boolean {
    let bytes = 0;
    for (const producer of producers) bytes += this.#problem.tasks[producer]!.outputBytes;
    return bytes === 0 || bytes <= this.#grouping.quotaLeft;
  }
}

function pairsByBytes(data: readonly PartitionDatum[]): readonly Pair[] {
  const pairs = data.flatMap(({ readers }, datum) => readers.map((reader) => ({ datum, reader })));
  return pairs.sort(
    (a, b) =>
      data[b.datum]!.bytes - data[a.datum]!.bytes || a.datum - b.datum || a.reader - b.reader,
  );
}
