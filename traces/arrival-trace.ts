/**
 * The arrivals of a foreign file as a trace: each function as one of our workflows, a window of time
 * cut out and moved to 0, time run faster or slower.
 */

import type { Window } from "./arrival-rows.ts";
import type { ArrivalTable, Source } from "./arrival-table.ts";
import { TRACE_HEADER, type TraceRecord } from "./record.ts";

const MICROS_PER_MINUTE = 60_000_000;

/** A workflow of the trace, and who is it in the file. */
export interface Cast {
  readonly workflow: string;
  /** Most frequent first. */
  readonly sources: readonly Source[];
}

/**
 * Who is which workflow. The functions that were chosen are ranked by their arrivals in the whole
 * file, most first, equals by app and name; they take the workflows in turn. So neither the order of
 * rows nor the window changes it. Without workflows each has its own, by its name.
 */
export function castOf(sources: readonly Source[], workflows: readonly string[]): readonly Cast[] {
  const ranked = sources
    .filter(({ chosen, count }) => chosen && count > 0)
    .toSorted((a, b) => b.count - a.count || compare(a.app, b.app) || compare(a.name, b.name));
  if (workflows.length === 0) {
    return ranked.map((source) => ({ workflow: source.name, sources: [source] }));
  }
  return workflows.map((workflow, turn) => {
    return { workflow, sources: ranked.filter((_, rank) => rank % workflows.length === turn) };
  });
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

export interface TraceChoice {
  readonly cast: readonly Cast[];
  /** On the clock of the table, in microseconds: [from, to). */
  readonly window: Window;
  /** How many times faster than it was. */
  readonly speed: number;
}

/** The most arrivals that begin within one minute of the trace. */
export interface Peak {
  readonly count: number;
  readonly minute: number;
}

/** Arrivals in order of time, those at the same time in the order of their workflows. */
export class ArrivalTrace {
  readonly #workflows: readonly string[];
  /** Time x number of workflows + workflow, so that sorting numbers sorts arrivals. */
  readonly #packed: Float64Array;

  /** Empties the table. */
  constructor(table: ArrivalTable, { cast, window, speed }: TraceChoice) {
    this.#workflows = cast.map(({ workflow }) => workflow);
    const turns = new Map<Source, number>();
    for (const [turn, { sources }] of cast.entries()) {
      for (const source of sources) turns.set(source, turn);
    }
    const turnOf = table.sources.map((source) => turns.get(source) ?? 0);
    this.#packed = table.takeSorted((at, id) => {
      if (at < window.from || at >= window.to) return -1;
      return Math.floor((at - window.from) / speed) * cast.length + turnOf[id]!;
    });
  }

  get arrivals(): number {
    return this.#packed.length;
  }

  /** Whether every arrival is a number of its own; if not, the trace is too long to be written. */
  get exact(): boolean {
    return (this.#packed.at(-1) ?? 0) <= Number.MAX_SAFE_INTEGER;
  }

  /** Of each workflow, in the order of the cast. */
  counts(): readonly number[] {
    const counts = this.#workflows.map(() => 0);
    for (const packed of this.#packed) counts[packed % counts.length]! += 1;
    return counts;
  }

  /** The first such minute. */
  peak(): Peak {
    let peak: Peak = { count: 0, minute: 0 };
    let count = 0;
    let minute = 0;
    for (const packed of this.#packed) {
      const now = Math.floor(this.#at(packed) / MICROS_PER_MINUTE);
      count = now === minute ? count + 1 : 1;
      minute = now;
      if (count > peak.count) peak = { count, minute };
    }
    return peak;
  }

  /** Without line ends. */
  *lines(): Generator<string> {
    yield TRACE_HEADER;
    for (const packed of this.#packed) {
      const workflow = this.#workflows[packed % this.#workflows.length]!;
      yield JSON.stringify({ at_us: this.#at(packed), workflow } satisfies TraceRecord);
    }
  }

  #at(packed: number): number {
    return Math.floor(packed / this.#workflows.length);
  }
}
