/**
 * Which messages have come in, by their ids: `LINE-NUMBER`, where a line is what one process sends to
 * one receiver, numbered from 0 (`messageIds` in bus.ts). A line is one entry however long it gets; it
 * stays when it has ended, so there is one for each start of a node of the cluster.
 */

interface Line {
  first: number;
  last: number;
  /** Between the two, and not come in. */
  readonly missing: Set<number>;
}

export class Received {
  readonly #lines: Map<string, Line>;

  constructor() {
    this.#lines = new Map();
  }

  has(id: string): boolean {
    const { line, number } = read(id);
    const known = this.#lines.get(line);
    if (known === undefined || number < known.first || number > known.last) return false;
    return !known.missing.has(number);
  }

  /** Whether nothing can be on its way that was sent before it. */
  isNext(id: string): boolean {
    const { line, number } = read(id);
    return this.#lines.get(line)?.last === number - 1;
  }

  add(id: string): void {
    const { line, number } = read(id);
    const known = this.#lines.get(line);
    if (known === undefined) {
      this.#lines.set(line, { first: number, last: number, missing: new Set() });
      return;
    }
    known.missing.delete(number);
    for (let each = known.last + 1; each < number; each++) known.missing.add(each);
    for (let each = number + 1; each < known.first; each++) known.missing.add(each);
    known.last = Math.max(known.last, number);
    known.first = Math.min(known.first, number);
  }
}

function read(id: string): { readonly line: string; readonly number: number } {
  const dash = id.lastIndexOf("-");
  return { line: id.slice(0, dash), number: Number(id.slice(dash + 1)) };
}
