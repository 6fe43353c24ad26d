/** What functions wrote, by invocation: so much of each, of so many invocations. */

import type { Lines } from "./event-feed.ts";

export interface KeptLines {
  readonly lines: readonly Lines[];
  /** Characters that were written and are not here. */
  readonly cut: number;
}

const MAX_INVOCATIONS = 200;
const MAX_CHARACTERS = 256 * 1024;

interface Kept {
  readonly lines: Lines[];
  characters: number;
  cut: number;
}

export class RecentLines {
  readonly #kept: Map<number, Kept>;

  constructor() {
    this.#kept = new Map();
  }

  add(lines: Lines): void {
    const kept = this.#of(lines.invocation);
    const room = MAX_CHARACTERS - kept.characters;
    const text = lines.text.slice(0, room);
    kept.cut += lines.text.length - text.length;
    if (text === "") return;
    kept.characters += text.length;
    kept.lines.push({ ...lines, text });
  }

  of(invocation: number): KeptLines {
    const { lines, cut } = this.#kept.get(invocation) ?? { lines: [], cut: 0 };
    return { lines: [...lines].sort((a, b) => a.time_us - b.time_us), cut };
  }

  #of(invocation: number): Kept {
    let kept = this.#kept.get(invocation);
    if (kept === undefined) {
      kept = { lines: [], characters: 0, cut: 0 };
      this.#kept.set(invocation, kept);
      const [oldest] = this.#kept.keys();
      if (this.#kept.size > MAX_INVOCATIONS) this.#kept.delete(oldest!);
    }
    return kept;
  }
}
