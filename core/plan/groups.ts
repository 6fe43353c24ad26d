/**
 * Groups of tasks on workers with limited room: what every partition method moves about.
 *
 * At first each task is a group of its own, spread: dearest scale first (ties by task id), each onto
 * the worker with the most room left (ties by lowest worker id). A group that grows goes to the
 * worker with the least room that suffices (best fit, ties by lowest worker id), once the groups
 * that it is made of have given their room back.
 *
 * Tasks that do not fit at all are spread just the same and `overCommitted` says so; every worker's
 * room is then raised by one amount, to `SLACK` times what the tasks need in all, so that they stay
 * balanced and groups can still form.
 *
 * What a worker computes may be limited beside its room (see `Loads`): a task is then spread onto a
 * worker that it does not load beyond that, if one has room for it, and a group goes to no other. If
 * the spread comes to more, that is the limit.
 */

import { invariant } from "../invariant.ts";
import { Loads, type TaskLoads, type WindowLimits } from "./loads.ts";

export interface GroupsInput {
  /** Task to the capacity units it takes. */
  readonly scales: readonly number[];
  /** Worker to its capacity units that are free. */
  readonly rooms: readonly number[];
  /** Most tasks of a group. */
  readonly groupLimit: number;
  readonly loads: TaskLoads;
  readonly loadLimits: WindowLimits;
}

const SLACK = 1.25;
const NO_WORKER = -1;

export class Groups {
  readonly overCommitted: boolean;
  readonly #scales: Float64Array;
  readonly #groupLimit: number;
  readonly #rooms: Float64Array;
  /** The most room that any worker has. */
  #mostRoom: number;
  /** Task to its group's number for now; those of `numbered` are the final ones. */
  readonly groupOf: Int32Array;
  readonly #members: number[][];
  /** By group: units it takes, and where. */
  readonly #needs: Float64Array;
  readonly #workers: Int32Array;
  readonly #loads: Loads;

  constructor(input: GroupsInput) {
    invariant(input.rooms.length > 0, "a plan needs a worker");
    const count = input.scales.length;
    this.#scales = Float64Array.from(input.scales);
    this.#groupLimit = input.groupLimit;
    this.groupOf = Int32Array.from({ length: count }, (_, task) => task);
    this.#members = Array.from({ length: count }, (_, task) => [task]);
    this.#needs = this.#scales.slice();
    this.#workers = new Int32Array(count);
    this.#rooms = Float64Array.from(input.rooms);
    this.#mostRoom = 0;
    this.#loads = new Loads(input.loads, input.loadLimits, input.rooms.length);
    this.#spread();
    this.#loads.raiseToMost();
    this.overCommitted = this.#rooms.some((room) => room < 0);
    if (this.overCommitted) this.#raise(input);
    this.#mostRoom = mostOf(this.#rooms);
  }

  workerOf(task: number): number {
    return this.#workers[this.groupOf[task]!]!;
  }

  workerOfGroup(group: number): number {
    return this.#workers[group]!;
  }

  /** The tasks of the group, in no stated order. */
  members(group: number): readonly number[] {
    return this.#members[group]!;
  }

  /** Whether one worker may ever take both. Once false it stays so until the load limit is raised. */
  withinLimits(a: number, b: number): boolean {
    return (
      this.#members[a]!.length + this.#members[b]!.length <= this.#groupLimit &&
      this.#loads.mayMeet(a, b)
    );
  }

  /** From now on workers may be loaded as far as this, where it is more than before. */
  raiseLoadLimits(limits: WindowLimits): void {
    this.#loads.raise(limits);
  }

  /** Whether some worker can take both. O(1), or O(workers) if their load is limited. */
  fits(a: number, b: number): boolean {
    if (!this.#isRoomFor(a, b)) return false;
    return !this.#loads.isLimited || this.bestFit(a, b) !== NO_WORKER;
  }

  /** Whether a worker has room for both, whatever they load it with. */
  #isRoomFor(a: number, b: number): boolean {
    const home = this.#workers[a]!;
    const away = this.#workers[b]!;
    return (
      (home === away && this.#rooms[home]! >= 0) ||
      this.#needs[a]! + this.#needs[b]! <= this.#mostRoom ||
      this.#needs[b]! <= this.#rooms[home]! ||
      this.#needs[a]! <= this.#rooms[away]!
    );
  }

  /** The worker that would take both; -1 if none can. O(workers), or O(1) if there is no room. */
  bestFit(a: number, b: number): number {
    if (!this.withinLimits(a, b) || !this.#isRoomFor(a, b)) return NO_WORKER;
    const rooms = this.#rooms;
    const { isLimited } = this.#loads;
    const need = this.#needs[a]! + this.#needs[b]!;
    const homeOfA = this.#workers[a]!;
    const homeOfB = this.#workers[b]!;
    let worker = NO_WORKER;
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < rooms.length; i++) {
      const own = i === homeOfA || i === homeOfB;
      const room = own ? this.#roomWithout(i, a, b) : rooms[i]!;
      if (room < need || room >= least) continue;
      const comingA = i === homeOfA ? undefined : a;
      const comingB = i === homeOfB ? undefined : b;
      if (isLimited && !this.#loads.takesGroups(i, comingA, comingB)) continue;
      worker = i;
      least = room;
    }
    return worker;
  }

  /** Puts the two together on `worker`; gives the group that has grown. */
  merge(a: number, b: number, worker: number): number {
    const [into, from] = this.#members[a]!.length >= this.#members[b]!.length ? [a, b] : [b, a];
    this.#addRoom(this.#workers[a]!, this.#needs[a]!);
    this.#addRoom(this.#workers[b]!, this.#needs[b]!);
    this.#loads.moveGroup(a, this.#workers[a]!, worker);
    this.#loads.moveGroup(b, this.#workers[b]!, worker);
    const grown = this.#members[into]!;
    const joining = this.#members[from]!;
    for (let i = 0; i < joining.length; i++) {
      const task = joining[i]!;
      this.groupOf[task] = into;
      grown.push(task);
    }
    this.#members[from] = [];
    this.#needs[into]! += this.#needs[from]!;
    this.#needs[from] = 0;
    this.#loads.join(from, into);
    this.#workers[into] = worker;
    this.#addRoom(worker, -this.#needs[into]!);
    return into;
  }

  /** Whether the task may leave its group for another, which stays on its worker. */
  canMove(task: number, to: number): boolean {
    const from = this.groupOf[task]!;
    if (from === to || this.isFull(to)) return false;
    const worker = this.#workers[to]!;
    return worker === this.#workers[from]! || this.canTake(worker, task);
  }

  /** Whether the worker, which is not its own, has room for the task and load to spare. */
  canTake(worker: number, task: number): boolean {
    return this.#scales[task]! <= this.#rooms[worker]! && this.#loads.takes(worker, task);
  }

  /** Whether the worker of `other` could take the task once rid of `other`. */
  canReplace(task: number, other: number): boolean {
    const worker = this.#workers[this.groupOf[other]!]!;
    return (
      this.#scales[task]! <= this.#rooms[worker]! + this.#scales[other]! &&
      this.#loads.takesInPlace(worker, { task, leaving: other })
    );
  }

  /** Whether one more task would be too many. */
  isFull(group: number): boolean {
    return this.#members[group]!.length >= this.#groupLimit;
  }

  move(task: number, to: number): void {
    const from = this.groupOf[task]!;
    const scale = this.#scales[task]!;
    const left = this.#members[from]!;
    left.splice(left.indexOf(task), 1);
    this.#needs[from]! -= scale;
    this.#addRoom(this.#workers[from]!, scale);
    this.#members[to]!.push(task);
    this.groupOf[task] = to;
    this.#needs[to]! += scale;
    this.#addRoom(this.#workers[to]!, -scale);
    const workers = { from: this.#workers[from]!, to: this.#workers[to]! };
    this.#loads.moveTask(task, { from, to }, workers);
  }

  /** Groups numbered by their first task. */
  numbered(): { readonly groupOf: readonly number[]; readonly groupCount: number } {
    const numbers = new Map<number, number>();
    const groupOf = Array.from(this.groupOf, (group) => {
      const number = numbers.get(group) ?? numbers.size;
      numbers.set(group, number);
      return number;
    });
    return { groupOf, groupCount: numbers.size };
  }

  #spread(): void {
    const byScale = Array.from(this.#scales.keys()).sort(
      (a, b) => this.#scales[b]! - this.#scales[a]! || a - b,
    );
    for (const task of byScale) {
      const worker = this.#startOf(task);
      this.#workers[task] = worker;
      this.#rooms[worker]! -= this.#scales[task]!;
      this.#loads.place(task, worker);
    }
  }

  /** The worker with most room, of those with load to spare if one of them has room enough or nobody has. */
  #startOf(task: number): number {
    const rooms = this.#rooms;
    let widest = 0;
    for (let i = 1; i < rooms.length; i++) if (rooms[i]! > rooms[widest]!) widest = i;
    if (this.#loads.takes(widest, task)) return widest;
    let lighter = NO_WORKER;
    for (let i = 0; i < rooms.length; i++) {
      const isWider = lighter === NO_WORKER || rooms[i]! > rooms[lighter]!;
      if (isWider && this.#loads.takes(i, task)) lighter = i;
    }
    if (lighter === NO_WORKER) return widest;
    const scale = this.#scales[task]!;
    return rooms[lighter]! >= scale || rooms[widest]! < scale ? lighter : widest;
  }

  #raise(input: GroupsInput): void {
    const need = input.scales.reduce((sum, scale) => sum + scale, 0);
    const room = input.rooms.reduce((sum, free) => sum + free, 0);
    const more = Math.max(0, SLACK * need - room) / input.rooms.length;
    for (let worker = 0; worker < this.#rooms.length; worker++) this.#rooms[worker]! += more;
  }

  #addRoom(worker: number, more: number): void {
    const before = this.#rooms[worker]!;
    const room = before + more;
    this.#rooms[worker] = room;
    if (room >= this.#mostRoom) this.#mostRoom = room;
    else if (before === this.#mostRoom) this.#mostRoom = mostOf(this.#rooms);
  }

  #roomWithout(worker: number, a: number, b: number): number {
    let room = this.#rooms[worker]!;
    if (this.#workers[a] === worker) room += this.#needs[a]!;
    if (this.#workers[b] === worker) room += this.#needs[b]!;
    return room;
  }
}

function mostOf(rooms: Float64Array): number {
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < rooms.length; i++) if (rooms[i]! > most) most = rooms[i]!;
  return most;
}
