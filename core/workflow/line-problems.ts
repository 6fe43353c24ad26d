/**
 * Problems of a file that is read line by line: all of them are reported at once, each with its
 * line, what was found, what would be right and what to do next; beyond a limit they are counted.
 */

export interface LineProblem {
  /** From 1. */
  readonly line: number;
  /** Where in the line's record, such as `bytes["split.piece"]`; empty: the whole line. */
  readonly path: string;
  readonly found: string;
  readonly expected: string;
  /** What to do next; empty where `expected` says it already. */
  readonly next: string;
}

const DEFAULT_LIMIT = 20;

export class LineProblems {
  readonly file: string;
  readonly #limit: number;
  readonly #kept: LineProblem[];
  #count: number;

  constructor(file: string, limit: number = DEFAULT_LIMIT) {
    this.file = file;
    this.#limit = limit;
    this.#kept = [];
    this.#count = 0;
  }

  get count(): number {
    return this.#count;
  }

  /** Those within the limit, in the order of the file. */
  get kept(): readonly LineProblem[] {
    return this.#kept;
  }

  add(problem: LineProblem): void {
    this.#count += 1;
    if (this.#kept.length < this.#limit) this.#kept.push(problem);
  }

  /** Throws `UnreadableFile` if there was any problem. */
  check(): void {
    if (this.#count > 0) throw new UnreadableFile(this);
  }
}

/** The file is not what it should be; `message` lists what is wrong, one problem a line. */
export class UnreadableFile extends Error {
  readonly problems: readonly LineProblem[];
  /** All problems, those beyond the limit included. */
  readonly count: number;

  constructor(problems: LineProblems) {
    const lines = problems.kept.map((problem) => problemText(problems.file, problem));
    const more = problems.count - problems.kept.length;
    if (more > 0) lines.push(`and ${more} more`);
    super(lines.join("\n"));
    this.name = "UnreadableFile";
    this.problems = problems.kept;
    this.count = problems.count;
  }
}

function problemText(file: string, { line, path, found, expected, next }: LineProblem): string {
  const where = path === "" ? `${file}:${line}` : `${file}:${line}: ${path}`;
  return `${where}: found ${found}; expected ${expected}${next === "" ? "" : `. ${next}`}`;
}

const LONGEST_SHOWN = 60;

/** A value as a problem shows it: JSON, cut where it is long. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= LONGEST_SHOWN ? text : `${text.slice(0, LONGEST_SHOWN)}...`;
}
