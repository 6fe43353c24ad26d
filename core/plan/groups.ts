/**
 * Groups of tasks on workers with limited room: what every partition method moves about.
 *
 * At first each task is a group of its own, spread: dearest scale first (ties by task id), each onto
 * the worker with the most room left (ties by lowest worker id). A group that grows goes to the
 * worker with the least room that suffices (best fit, ties by lowest worker id), once the groups
 * that it is made of have given their room back.
 *
 * Tasks that do not fit at all are spread just the same and `overCommitted` says so; every worker's
 * room is then raised by one amount, to `SLACK` times what the tasks need in all, so that the load
 * stays balanced and groups can still form.
 */

import { invariant } from "../invariant.ts";

export interface GroupsInput {
  /** Task to the capacity units it takes. */
  readonly scales: readonly number[];
  /** Worker to its capacity units that are free. */
  readonly rooms: readonly number[];
  /** Most tasks of a group. */
  readonly groupLimit: number;
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
  readonly #groupOf: Int32Array;
  readonly #members: number[][];
  /** By group: units it takes, and where. */
  readonly #needs: Float64Array;
  readonly #workers: Int32Array;

  constructor(input: GroupsInput) {
    invariant(input.rooms.length > 0, "a plan needs a worker");
    const count = input.scales.length;
    this.#scales = Float64Array.from(input.scales);
    this.#groupLimit = input.groupLimit;
    this.#groupOf = Int32Array.from({ length: count }, (_, task) => task);
    this.#members = Array.from({ length: count }, (_, task) => [task]);
    this.#needs = this.#scales.slice();
    this.#workers = new Int32Array(count);
    this.#rooms = Float64Array.from(input.rooms);
    this.#mostRoom = 0;
    this.#spread();
    this.overCommitted = this.#rooms.some((room) => room < 0);
    if (this.overCommitted) this.#raise(input);
    this.#mostRoom = mostOf(this.#rooms);
  }

  /** The group's number for now; those of `numbered` are the final ones. */
  groupOf(task: number): number {
    return this.#groupOf[task]!;
  }

  workerOf(task: number): number {
    return this.#workers[this.#groupOf[task]!]!;
  }

  workerOfGroup(group: number): number {
    return this.#workers[group]!;
  }

  /** The tasks of the group, in no stated order. */
  members(group: number): readonly number[] {
    return this.#members[group]!;
  }

  /** Whether the two stay within the limit on tasks. Once false it stays so. */
  withinLimit(a: number, b: number): boolean {
    return this.#members[a]!.length + this.#members[b]!.length <= this.#groupLimit;
  }

  /** Whether some worker has room for both. O(1). */
  fits(a: number, b: number): boolean {
    const home = this.#workers[a]!;
    const away = this.#workers[b]!;
    if (home === away && this.#rooms[home]! >= 0) return true;
    const need = this.#needs[a]! + this.#needs[b]!;
    return (
      need <= this.#mostRoom ||
      this.#needs[b]! <= this.#rooms[home]! ||
      this.#needs[a]! <= this.#rooms[away]!
    );
  }

  /** The worker that would take both; -1 if none can. O(workers). */
  bestFit(a: number, b: number): number {
    const rooms = this.#rooms;
    const need = this.#needs[a]! + this.#needs[b]!;
    const homeOfA = this.#workers[a]!;
    const homeOfB = this.#workers[b]!;
    let worker = NO_WORKER;
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < rooms.length; i++) {
      const own = i === homeOfA || i === homeOfB;
      const room = own ? this.#roomWithout(i, a, b) : rooms[i]!;
      if (room >= need && room < least) {
        worker = i;
        least = room;
      }
    }
    return worker;
  }

  /** Puts the two together on `worker`; gives the group that has grown. */
  merge(a: number, b: number, worker: number): number {
    const [into, from] = this.#members[a]!.length >= this.#members[b]!.length ? [a, b] : [b, a];
    this.#addRoom(this.#workers[a]!, this.#needs[a]!);
    this.#addRoom(this.#workers[b]!, this.#needs[b]!);
    const grown = this.#members[into]!;
    const joining = this.#members[from]!;
    for (let i = 0; i < joining.length; i++) {
      const task = joining[i]!;
      this.#groupOf[task] = into;
      grown.push(task);
    }
    this.#members[from] = [];
    this.#needs[into]! += this.#needs[from]!;
    this.#needs[from] = 0;
    this.#workers[into] = worker;
    this.#addRoom(worker, -this.#needs[into]!);
    return into;
  }

  /** Whether the task may leave its group for another, which stays on its worker. */
  canMove(task: number, to: number): boolean {
    const from = this.#groupOf[task]!;
    if (from === to || this.#members[to]!.length >= this.#groupLimit) return false;
    const worker = this.#workers[to]!;
    return worker === this.#workers[from]! || this.#scales[task]! <= this.#rooms[worker]!;
  }

  /** Whether `task` may take the place of `other`, which goes to group `to`, on another worker. */
  canExchange(task: number, other: number, to: number): boolean {
    const from = this.#groupOf[task]!;
    const home = this.#workers[from]!;
    const place = this.#workers[this.#groupOf[other]!]!;
    const away = this.#workers[to]!;
    if (home === place || away === place) return false;
    if (to !== from && this.#members[to]!.length >= this.#groupLimit) return false;
    const given = away === home ? this.#scales[task]! : 0;
    return (
      this.#scales[task]! <= this.#rooms[place]! + this.#scales[other]! &&
      this.#scales[other]! <= this.#rooms[away]! + given
    );
  }

  move(task: number, to: number): void {
    const from = this.#groupOf[task]!;
    const scale = this.#scales[task]!;
    const left = this.#members[from]!;
    left.splice(left.indexOf(task), 1);
    this.#needs[from]! -= scale;
    this.#addRoom(this.#workers[from]!, scale);
    this.#members[to]!.push(task);
    this.#groupOf[task] = to;
    this.#needs[to]! += scale;
    this.#addRoom(this.#workers[to]!, -scale);
  }

  /** Groups numbered by their first task. */
  numbered(): { readonly groupOf: readonly number[]; readonly groupCount: number } {
    const numbers = new Map<number, number>();
    const groupOf = Array.from(this.#groupOf, (group) => {
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
      let worker = 0;
      for (let i = 1; i < this.#rooms.length; i++) {
        if (this.#rooms[i]! > this.#rooms[worker]!) worker = i;
      }
      this.#workers[task] = worker;
      this.#rooms[worker]! -= this.#scales[task]!;
    }
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
