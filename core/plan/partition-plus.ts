/**
 * `faasflow-plus`: goes on where Algorithm 1 ends, to take bytes from the remote store, and at no time
 * loads a worker with more than its cores can do.
 *
 * Algorithm 1 does not know cores, and stops when no edge of the longest path fits, with most of a
 * wide graph still apart. This starts from the groups that Algorithm 1 finds if no worker may be
 * loaded beyond a limit (see `LoadLimit`; Algorithm 1's own groups where one worker may compute
 * all), and goes on from there:
 *
 * 1. Merges. For each datum and reader, dearest datum first (ties by datum, then reader): merge the
 *    groups of producer and reader, under the same limits, if fewer bytes then go through the remote
 *    store. Again, until a whole pass merges nothing.
 * 2. Moves. For each task, by id: to the neighbouring group (one that writes what it reads or reads
 *    what it writes) that saves most bytes, ties to the first found, if the longest path gets no
 *    longer than it was at the start. Again, until a whole pass moves nothing.
 * 3. Exchanges, where the worker is full. For each task, by id: to a neighbouring group in place of
 *    a task there, which goes where the first came from or, of its own neighbours, to the group
 *    where it would save most; the first such pair that saves bytes, under the same limits, if
 *    neither of the two alone would make the longest path too long. Step 2 after each pass, for what
 *    has found room; again, until a pass exchanges nothing.
 * 4. Merges once more; if there were any, all of it again from step 2.
 *
 * All of it ends once `LOOKS` data, readers, members and vertices (for the longest path) were looked
 * at, which graphs of some thousand tasks that no worker can hold come to.
 *
 * Every step saves bytes and keeps the limits. So, beside the groups it starts from, the critical
 * path is never longer and the bytes that go through the remote store are never more; beside
 * Algorithm 1's own that holds wherever the load limit does not bind. Both are what a plan reckons
 * with: transfers that meet on a link, or tasks on cores, take longer. No worker is loaded beyond the
 * limit, unless the first spread had to. Bytes are reckoned datum by datum, by the workers its
 * readers run on (see `traffic.ts`); inputs of the invocation are not. The quota is charged for
 * each producer with a reader in its group, once, with all its output bytes.
 *
 * Cost: a trial merge costs the data of the tasks that change workers. Most tasks are ruled out by a
 * bound on what they save alone, which is found anew only if the bound does not do (see `Traffic`);
 * most exchanges by two such sums or by room, and of most others no more is looked at than the two
 * edges of a path that was too long before. What has failed is not tried again before something has
 * changed. In a cold process most of the time goes to compiling this code, so a kind of step more
 * costs more than many more steps of a kind.
 */

import { LoadLimit } from "./load-limit.ts";
import { Grouping, type Move, type Partition } from "./partition.ts";
import type { PartitionDatum, PartitionProblem } from "./partition-problem.ts";
import { Traffic } from "./traffic.ts";

export function partitionPlus(problem: PartitionProblem): Partition {
  const loadLimit = new LoadLimit(problem);
  const grouping = new Grouping(problem, { loads: loadLimit.loads, limits: loadLimit.atLeast });
  grouping.followLongestPath();
  grouping.groups.raiseLoadLimits(loadLimit.with(grouping.criticalPath_s()));
  const refinement = new Refinement(problem, grouping);
  while (refinement.mergeOnce());
  do {
    while (refinement.moveOnce());
    while (refinement.exchangeOnce()) while (refinement.moveOnce());
  } while (refinement.mergeOnce());
  refinement.chargeRest();
  return grouping.result();
}

const NOBODY: ReadonlySet<number> = new Set();
/** Data, readers, members and vertices looked at after Algorithm 1: about a second. */
const LOOKS = 5_000_000;

class Refinement {
  readonly #problem: PartitionProblem;
  readonly #grouping: Grouping;
  readonly #traffic: Traffic;
  /** Data, dearest first. */
  readonly #dearest: readonly number[];
  /** No move may make the longest path longer than this. */
  readonly #limit_s: number;
  /** Whether the quota might not do for all producers; else they are charged at the end. */
  readonly #isQuotaShort: boolean;
  /** By pair of groups and by task: the trials kept when it last failed. It fails till there is one more. */
  readonly #noMerge: Map<number, number>;
  readonly #noMove: Int32Array;
  readonly #noExchange: Int32Array;
  /** By group: the search for neighbours that met it last; how many searches there were. */
  readonly #metBy: Int32Array;
  #searches: number;
  /** Members considered so far, less what Algorithm 1 visited. */
  #looks: number;

  constructor(problem: PartitionProblem, grouping: Grouping) {
    const count = problem.tasks.length;
    this.#problem = problem;
    this.#grouping = grouping;
    const workerOf = new Int32Array(count);
    for (let task = 0; task < count; task++) workerOf[task] = grouping.groups.workerOf(task);
    this.#traffic = new Traffic(problem.data, workerOf, problem.rooms.length);
    this.#dearest = byBytes(problem.data);
    this.#limit_s = grouping.criticalPath_s();
    this.#isQuotaShort = uncharged(problem, grouping) > grouping.quotaLeft;
    this.#noMerge = new Map();
    this.#noMove = new Int32Array(count).fill(-1);
    this.#noExchange = new Int32Array(count).fill(-1);
    this.#metBy = new Int32Array(count);
    this.#searches = 0;
    this.#looks = -grouping.visits;
  }

  /** One pass over all data and their readers; whether any merged. */
  mergeOnce(): boolean {
    const groups = this.#grouping.groups;
    const traffic = this.#traffic;
    const noMerge = this.#noMerge;
    const { groupOf } = groups;
    const { start, items: readers } = traffic.readersOf;
    let { kept } = traffic;
    let merged = false;
    for (let i = 0; i < this.#dearest.length; i++) {
      const id = this.#dearest[i]!;
      const producer = traffic.producerOf[id]!;
      const until = start[id + 1]!;
      for (let k = start[id]!; k < until; k++) {
        const a = groupOf[producer]!;
        const b = groupOf[readers[k]!]!;
        if (a === b) continue;
        const pairOfGroups = a * groupOf.length + b;
        if (noMerge.get(pairOfGroups) === kept) continue;
        const worker = groups.bestFit(a, b);
        if (worker < 0) continue;
        if (this.#isSpent()) return false;
        if (this.#merge(a, b, worker)) {
          merged = true;
          kept = traffic.kept;
        } else {
          noMerge.set(pairOfGroups, kept);
        }
      }
    }
    return merged;
  }

  #merge(a: number, b: number, worker: number): boolean {
    const groups = this.#grouping.groups;
    for (const group of [a, b]) {
      if (groups.workerOfGroup(group) !== worker)
        this.#traffic.suppose(groups.members(group), worker);
    }
    if (this.#traffic.saved() > 0) {
      const inside = (task: number) => groups.groupOf[task] === a || groups.groupOf[task] === b;
      const producers = this.#isQuotaShort
        ? this.#uncharged([...groups.members(a), ...groups.members(b)], inside)
        : NOBODY;
      if (this.#affordable(producers)) {
        for (const producer of producers) this.#grouping.charge(producer);
        this.#grouping.merge(a, b, worker);
        this.#traffic.keep();
        return true;
      }
    }
    this.#traffic.drop();
    return false;
  }

  /** One pass over all tasks; whether any moved. */
  moveOnce(): boolean {
    return this.#passOnce(this.#noMove, (task) => this.#moveTask(task));
  }

  /** One pass over all tasks; whether any took another's place. */
  exchangeOnce(): boolean {
    return this.#passOnce(this.#noExchange, (task) => this.#exchangeTask(task));
  }

  #passOnce(failedAt: Int32Array, change: (task: number) => boolean): boolean {
    const traffic = this.#traffic;
    const { mostSaved } = traffic;
    let kept = traffic.kept;
    let changed = false;
    this.#grouping.refresh();
    for (let task = 0; task < failedAt.length; task++) {
      if (mostSaved[task]! <= 0 || failedAt[task] === kept) continue;
      traffic.findAlone(task);
      if (mostSaved[task]! <= 0) continue;
      if (this.#isSpent()) return changed;
      if (change(task)) {
        changed = true;
        kept = traffic.kept;
      } else {
        failedAt[task] = kept;
      }
    }
    return changed;
  }

  #moveTask(task: number): boolean {
    if (!this.#hasRoomWhereItSaves(task)) return false;
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
    for (const { to } of options) {
      const move = { task, to };
      if (this.#grouping.allows(move, this.#limit_s) && this.#make([move])) return true;
    }
    return false;
  }

  /** Whether it saves bytes on some worker that can take it; else neighbours need not be looked for. */
  #hasRoomWhereItSaves(task: number): boolean {
    const { groups } = this.#grouping;
    const { firstPlace, lastPlace, places, savedAt } = this.#traffic;
    for (let i = firstPlace[task]!; i < lastPlace[task]!; i++) {
      if (savedAt[i]! > 0 && groups.canTake(places[i]!, task)) return true;
    }
    return false;
  }

  #exchangeTask(task: number): boolean {
    for (const to of this.#neighbours(task)) if (this.#exchangeInto({ task, to })) return true;
    return false;
  }

  /**
   * Makes the move in place of a member of the group, which goes where the task comes from or where
   * it would save most itself.
   */
  #exchangeInto(move: Move): boolean {
    const { task } = move;
    const { groups } = this.#grouping;
    const home = groups.groupOf[task]!;
    const homeWorker = groups.workerOfGroup(home);
    const worker = groups.workerOfGroup(move.to);
    if (worker === homeWorker) return false;
    const traffic = this.#traffic;
    const { mostSaved, bestPlace } = traffic;
    const saved = traffic.savedAlone(task, worker);
    if (saved <= 0 || !this.#grouping.allows(move, this.#limit_s)) return false;
    const members = groups.members(move.to);
    this.#looks += members.length;
    for (let i = 0; i < members.length; i++) {
      const other = members[i]!;
      if (saved + mostSaved[other]! <= 0) continue;
      const maySwap = saved + traffic.savedAlone(other, homeWorker) > 0;
      const place = bestPlace[other]!;
      const mayGoOn =
        place >= 0 &&
        saved + mostSaved[other]! > 0 &&
        (place === homeWorker || groups.canTake(place, other));
      if (!(maySwap || mayGoOn) || !groups.canReplace(task, other)) continue;
      const canSwap = maySwap && groups.canReplace(other, task);
      if (canSwap && this.#exchange(move, other, home)) return true;
      if (!mayGoOn || (place === homeWorker && !canSwap)) continue;
      const best = this.#groupOn(place, other);
      if (best !== home && !groups.isFull(best) && this.#exchange(move, other, best)) return true;
    }
    return false;
  }

  /** The first neighbouring group of the task on a worker that its data have to do with. */
  #groupOn(place: number, task: number): number {
    const { groups } = this.#grouping;
    const { dataAt, producerOf, readersOf } = this.#traffic;
    for (let i = dataAt.start[task]!; i < dataAt.start[task + 1]!; i++) {
      const id = dataAt.items[i]!;
      const producer = producerOf[id]!;
      if (producer !== task) {
        if (groups.workerOf(producer) === place) return groups.groupOf[producer]!;
        continue;
      }
      const until = readersOf.start[id + 1]!;
      for (let k = readersOf.start[id]!; k < until; k++) {
        const reader = readersOf.items[k]!;
        if (groups.workerOf(reader) === place) return groups.groupOf[reader]!;
      }
    }
    return -1;
  }

  /** Makes the move and the other task's; the two have room, and save bytes as far as each goes alone. */
  #exchange(move: Move, other: number, target: number): boolean {
    const back = { task: other, to: target };
    if (!this.#grouping.allows(back, this.#limit_s)) return false;
    return this.#make([move, back]);
  }

  /** Charges what was left to the end. */
  chargeRest(): void {
    if (this.#isQuotaShort) return;
    const { groups } = this.#grouping;
    for (const { producer, readers } of this.#problem.data) {
      const group = groups.groupOf[producer]!;
      if (readers.some((reader) => groups.groupOf[reader]! === group))
        this.#grouping.charge(producer);
    }
  }

  #isSpent(): boolean {
    return this.#looks + this.#traffic.looks + this.#grouping.visits > LOOKS;
  }

  /** Makes the moves if they save bytes, and quota and longest path allow it; else nothing changes. */
  #make(moves: readonly Move[]): boolean {
    const groups = this.#grouping.groups;
    for (const { task, to } of moves) this.#traffic.suppose([task], groups.workerOfGroup(to));
    // Of two moves this is not the sum of what each saves alone: both may have to do with a datum.
    if (this.#traffic.saved() > 0) {
      const producers = this.#isQuotaShort ? this.#unchargedBy(moves) : NOBODY;
      if (this.#affordable(producers) && this.#grouping.tryMoves(moves, this.#limit_s)) {
        for (const producer of producers) this.#grouping.charge(producer);
        this.#traffic.keep();
        return true;
      }
    }
    this.#traffic.drop();
    return false;
  }

  /** The groups that share a datum with the task, in the order of its data. */
  #neighbours(task: number): readonly number[] {
    const groups = this.#grouping.groups;
    const { dataAt, producerOf, readersOf } = this.#traffic;
    const found: number[] = [];
    this.#searches++;
    for (let i = dataAt.start[task]!; i < dataAt.start[task + 1]!; i++) {
      const id = dataAt.items[i]!;
      if (producerOf[id] !== task) {
        this.#meet(groups.groupOf[producerOf[id]!]!, found);
        continue;
      }
      const until = readersOf.start[id + 1]!;
      for (let k = readersOf.start[id]!; k < until; k++) {
        this.#meet(groups.groupOf[readersOf.items[k]!]!, found);
      }
    }
    return found;
  }

  #meet(group: number, found: number[]): void {
    if (this.#metBy[group] === this.#searches) return;
    this.#metBy[group] = this.#searches;
    found.push(group);
  }

  /** Producers that the moves put beside a reader, not charged yet. */
  #unchargedBy(moves: readonly Move[]): ReadonlySet<number> {
    const { groups } = this.#grouping;
    const then = (task: number) =>
      moves.find((move) => move.task === task)?.to ?? groups.groupOf[task]!;
    const tasks = moves.map(({ task }) => task);
    return new Set(
      moves.flatMap(({ to }) => [...this.#uncharged(tasks, (task) => then(task) === to)]),
    );
  }

  /** Of the data of `tasks`: producers inside with a reader beside them, not charged yet. */
  #uncharged(tasks: readonly number[], inside: (task: number) => boolean): ReadonlySet<number> {
    const { start, items } = this.#traffic.dataAt;
    const producers = new Set<number>();
    for (const task of tasks) {
      for (const id of items.subarray(start[task], start[task + 1])) {
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

/** Output bytes of all producers that the quota has not been charged for. */
function uncharged({ tasks }: PartitionProblem, grouping: Grouping): number {
  return tasks.reduce((sum, task, id) => sum + (grouping.isCharged(id) ? 0 : task.outputBytes), 0);
}

/** Ties by id. */
function byBytes(data: readonly PartitionDatum[]): readonly number[] {
  const ids = Array.from(data.keys());
  return ids.sort((a, b) => data[b]!.bytes - data[a]!.bytes || a - b);
}
