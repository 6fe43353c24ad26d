/**
 * What tasks load workers with, window by window of the time that a workflow takes (load-limit.ts),
 * and whether a worker can take more. Where nothing is limited nothing is counted.
 */

/** What each task computes in each window; whole numbers, so that sums are exact. */
export interface TaskLoads {
  readonly windows: number;
  /** At task * windows + window. */
  readonly values: Float64Array;
}

/** Window to the most that the tasks of a worker may compute in it; undefined: whatever comes. */
export type WindowLimits = Float64Array | undefined;

export class Loads {
  readonly #windows: number;
  readonly #ofTask: Float64Array;
  /** A group has the number of one of its tasks. */
  readonly #ofGroup: Float64Array;
  /** By worker and window: what may still be loaded onto it. */
  readonly #spares: Float64Array;
  #limits: WindowLimits;

  constructor({ windows, values }: TaskLoads, limits: WindowLimits, workers: number) {
    this.#windows = windows;
    this.#ofTask = values;
    this.#ofGroup = values.slice();
    this.#limits = limits;
    this.#spares = new Float64Array(workers * windows);
    for (let worker = 0; worker < workers; worker++) {
      if (limits !== undefined) this.#spares.set(limits, worker * windows);
    }
  }

  get isLimited(): boolean {
    return this.#limits !== undefined;
  }

  /** From now on workers may be loaded as far as this, in windows where it is more than before. */
  raise(limits: WindowLimits): void {
    if (this.#limits === undefined) return;
    if (limits === undefined) {
      this.#limits = undefined;
      return;
    }
    for (let place = 0; place < this.#spares.length; place++) {
      const window = place % this.#windows;
      this.#spares[place]! += Math.max(0, limits[window]! - this.#limits[window]!);
    }
    this.#limits = this.#limits.map((limit, window) => Math.max(limit, limits[window]!));
  }

  /** Raises the limit to what the most loaded worker has. */
  raiseToMost(): void {
    if (this.#limits === undefined) return;
    const most = this.#limits.slice();
    for (let place = 0; place < this.#spares.length; place++) {
      const window = place % this.#windows;
      most[window] = Math.max(most[window]!, this.#limits[window]! - this.#spares[place]!);
    }
    this.raise(most);
  }

  /** Whether one worker may ever take both groups. */
  mayMeet(a: number, b: number): boolean {
    const limits = this.#limits;
    if (limits === undefined) return true;
    const ofGroup = this.#ofGroup;
    let ofA = a * limits.length;
    let ofB = b * limits.length;
    for (let window = 0; window < limits.length; window++) {
      if (ofGroup[ofA++]! + ofGroup[ofB++]! > limits[window]!) return false;
    }
    return true;
  }

  /** Whether the worker can take the task. */
  takes(worker: number, task: number): boolean {
    return this.#limits === undefined || this.takesInPlace(worker, { task, leaving: undefined });
  }

  /** The same once another task has left the worker. */
  takesInPlace(
    worker: number,
    { task, leaving }: { readonly task: number; readonly leaving: number | undefined },
  ): boolean {
    if (this.#limits === undefined) return true;
    const windows = this.#windows;
    const ofTask = this.#ofTask;
    const spares = this.#spares;
    const firstSpare = worker * windows;
    const first = task * windows;
    for (let window = 0; window < windows; window++) {
      const load = ofTask[first + window]!;
      const spare = spares[firstSpare + window]!;
      if (load <= spare) continue;
      if (leaving === undefined || load > spare + ofTask[leaving * windows + window]!) return false;
    }
    return true;
  }

  /** Whether the worker can take such of the groups as are not on it. */
  takesGroups(worker: number, a: number | undefined, b: number | undefined): boolean {
    if (this.#limits === undefined) return true;
    const windows = this.#windows;
    const ofGroup = this.#ofGroup;
    const spares = this.#spares;
    const firstSpare = worker * windows;
    for (let window = 0; window < windows; window++) {
      const ofA = a === undefined ? 0 : ofGroup[a * windows + window]!;
      const ofB = b === undefined ? 0 : ofGroup[b * windows + window]!;
      if (ofA + ofB > spares[firstSpare + window]!) return false;
    }
    return true;
  }

  /** The first place of a task that is a group of its own. */
  place(task: number, worker: number): void {
    if (this.#limits !== undefined)
      this.#shift(this.#ofTask, task, { from: undefined, to: worker });
  }

  /** A group goes to another worker, or stays. */
  moveGroup(group: number, from: number, to: number): void {
    if (this.#limits !== undefined && from !== to) this.#shift(this.#ofGroup, group, { from, to });
  }

  /** All of a group joins another; where they are is told by `moveGroup`. */
  join(group: number, into: number): void {
    if (this.#limits === undefined) return;
    for (let window = 0; window < this.#windows; window++) {
      this.#ofGroup[into * this.#windows + window]! +=
        this.#ofGroup[group * this.#windows + window]!;
      this.#ofGroup[group * this.#windows + window] = 0;
    }
  }

  /** A task leaves its group for another, which stays on its worker. */
  moveTask(
    task: number,
    groups: { readonly from: number; readonly to: number },
    workers: { readonly from: number; readonly to: number },
  ): void {
    if (this.#limits === undefined) return;
    for (let window = 0; window < this.#windows; window++) {
      const load = this.#ofTask[task * this.#windows + window]!;
      this.#ofGroup[groups.from * this.#windows + window]! -= load;
      this.#ofGroup[groups.to * this.#windows + window]! += load;
    }
    if (workers.from !== workers.to) this.#shift(this.#ofTask, task, workers);
  }

  #shift(
    loads: Float64Array,
    index: number,
    { from, to }: { readonly from: number | undefined; readonly to: number },
  ): void {
    for (let window = 0; window < this.#windows; window++) {
      const load = loads[index * this.#windows + window]!;
      if (from !== undefined) this.#spares[from * this.#windows + window]! += load;
      this.#spares[to * this.#windows + window]! -= load;
    }
  }
}
