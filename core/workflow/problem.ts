/**
 * What is wrong with a workflow: where, what was found, and what to do about it.
 */

/** `["tasks", "merge", "reads", 2]`: names and positions from the top of the spec down. */
export type ProblemPath = readonly (string | number)[];

export interface Problem {
  readonly path: ProblemPath;
  /** What is there, as the start of a sentence. */
  readonly found: string;
  /** What would be right and what to do next, as sentences. */
  readonly remedy: string;
  /** Characters into the text at `path`, where the problem is inside it. */
  readonly offset?: number;
}

/** `tasks.merge.reads[2]`. */
export function pathText(path: ProblemPath): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else text += text === "" ? part : `.${part}`;
  }
  return text;
}

/** A text as people see it in a message: quoted, and cut where it is long. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}...` : text);
}

const MAX_QUOTED = 60;
/** Beyond so many look-ups a file is so wrong that more guesses help nobody. */
const MAX_GUESSES = 200;

/** Names that exist, and the one somebody probably meant. */
export class Names {
  readonly #what: string;
  readonly #names: ReadonlySet<string>;
  #guesses: number;

  /** `what`: one of them, in words: `task`, `datum`. */
  constructor(what: string, names: Iterable<string>) {
    this.#what = what;
    this.#names = new Set(names);
    this.#guesses = 0;
  }

  has(name: string): boolean {
    return this.#names.has(name);
  }

  /** `Did you mean "split.pieces"?`, or what there is to choose from. */
  remedy(wrong: string): string {
    const near = this.#guesses++ < MAX_GUESSES ? nearest(wrong, this.#names) : undefined;
    if (near !== undefined) return `Did you mean ${quoted(near)}?`;
    if (this.#names.size === 0) return `There is no ${this.#what} here at all; write one first.`;
    const some = [...this.#names].slice(0, 8);
    const more =
      this.#names.size > some.length ? `, and ${this.#names.size - some.length} more` : "";
    return `What there is: ${some.join(", ")}${more}.`;
  }
}

/**
 * The name with the least edit distance (Levenshtein, and a swap of neighbours as one), if that is
 * at most a third of the word's length, or 1; the first of equals. Cost: word length x candidate
 * length for each.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bound = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) >= bound) continue;
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bound) {
      best = candidate;
      bound = distance;
    }
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let before: readonly number[] = [];
  let row: readonly number[] = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const other = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = swapped ? before[j - 2]! + 1 : other;
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, other, swap));
    }
    before = row;
    row = next;
  }
  return row[b.length]!;
}
