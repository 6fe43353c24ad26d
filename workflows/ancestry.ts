/**
 * Who comes before whom by parents. Levels answer most of it: a task is above all its parents, and
 * so is no earlier than any task of its level or below. Else the graph is searched, down to the level of
 * what is looked for.
 */

export class Ancestry {
  /** By task, ascending. */
  readonly #parents: readonly (readonly number[])[];
  /** By task: the longest chain of parents before it; `Infinity`: it is in a circle, or behind one. */
  readonly #levels: Float64Array;
  /** The last search that met the task. */
  readonly #metBy: Int32Array;
  #searches: number;

  /** Cost: O(tasks + parents). */
  constructor(parents: readonly (readonly number[])[]) {
    this.#parents = parents;
    this.#levels = levelsOf(parents);
    this.#metBy = new Int32Array(parents.length);
    this.#searches = 0;
  }

  levelOf(task: number): number {
    return this.#levels[task]!;
  }

  comesBefore(task: number, other: number): boolean {
    const least = this.#levels[task]!;
    if (this.#levels[other]! <= least && this.#levels[other] !== Infinity) return false;
    if (has(this.#parents[other]!, task)) return true;
    return this.nearest(other, { least, isWanted: (met) => met === task }).length > 0;
  }

  /**
   * Of the wanted tasks that come before `task` those that are met first on some way back from it.
   * `least`: none of them has a lower level.
   */
  nearest(
    task: number,
    wanted: { readonly least: number; readonly isWanted: (met: number) => boolean },
  ): readonly number[] {
    const { least, isWanted } = wanted;
    const found: number[] = [];
    const search = ++this.#searches;
    const open = [task];
    for (let met = open.pop(); met !== undefined; met = open.pop()) {
      for (const parent of this.#parents[met]!) {
        if (this.#metBy[parent] === search) continue;
        this.#metBy[parent] = search;
        const level = this.#levels[parent]!;
        if (isWanted(parent)) found.push(parent);
        else if (level > least || level === Infinity) open.push(parent);
      }
    }
    return found;
  }
}

function levelsOf(parents: readonly (readonly number[])[]): Float64Array {
  const children = parents.map((): number[] => []);
  const waiting = new Int32Array(parents.length);
  for (const [task, before] of parents.entries()) {
    waiting[task] = before.length;
    for (const parent of before) children[parent]!.push(task);
  }
  const levels = new Float64Array(parents.length).fill(Infinity);
  let wave = [...parents.keys()].filter((task) => waiting[task] === 0);
  for (let level = 0; wave.length > 0; level++) {
    const next: number[] = [];
    for (const task of wave) {
      levels[task] = level;
      for (const child of children[task]!) if (--waiting[child]! === 0) next.push(child);
    }
    wave = next;
  }
  return levels;
}

/** Of a sorted list. */
function has(list: readonly number[], wanted: number): boolean {
  let from = 0;
  let to = list.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (list[middle]! < wanted) from = middle + 1;
    else to = middle;
  }
  return list[from] === wanted;
}
