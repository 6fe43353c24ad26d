/**
 * A generated workflow while it grows: tasks by kind, sizes drawn from those the benchmark has.
 *
 * A task of a kind takes one row of the kind's table, all its sizes together, so that a task with
 * large outputs in the benchmark stays one. One random stream a kind: more tasks of one kind
 * change no size of another.
 */

import seedrandom from "seedrandom";
import type { Bytes, Micros } from "../../core/units.ts";
import {
  type ContainerSpec,
  type DatumName,
  type DatumSpec,
  fixed,
  SYNTHETIC,
  type TaskSpec,
  type WorkflowSpec,
} from "../../core/workflow/spec.ts";

/** What the tasks of one kind write and read from outside: rows of bytes, one a benchmark task. */
export interface Kind {
  /** Bytes of `out0`, `out1`, ... */
  readonly writes: readonly (readonly number[])[];
  /** Bytes of the inputs; they are never stored. */
  readonly inputs: readonly (readonly number[])[];
}

export type Kinds = Readonly<Record<string, Kind>>;

export interface DraftOptions {
  /** The benchmark that the shape is taken from. */
  readonly name: string;
  readonly tasks: number;
  readonly seed: string;
  readonly kinds: Kinds;
  /** Most containers of a task on one worker. */
  readonly limit: number;
}

const MEMORY = (256 * 1024 * 1024) as Bytes;
const USED_FRACTION = 0.25;
const SCALE = 3;
/** Each task sleeps exactly this long and computes nothing. */
const SLEEP = 1_000_000;

export class Draft {
  readonly #options: DraftOptions;
  readonly #tasks: TaskSpec[];
  readonly #inputs: DatumSpec[];
  readonly #counts: Map<string, number>;
  readonly #streams: Map<string, () => number>;
  readonly #container: ContainerSpec;

  constructor(options: DraftOptions) {
    this.#options = options;
    this.#tasks = [];
    this.#inputs = [];
    this.#counts = new Map();
    this.#streams = new Map();
    this.#container = {
      memory: MEMORY,
      used: (MEMORY * USED_FRACTION) as Bytes,
      limit: options.limit,
      instances: 1,
      scale: SCALE,
    };
  }

  /**
   * Adds the next task of a kind; gives the names of what it writes. `outputs`: how many, where
   * the shape decides that; their sizes are then drawn one by one.
   */
  add(
    kind: string,
    { reads, outputs }: { reads: readonly DatumName[]; outputs?: number },
  ): readonly DatumName[] {
    const table = this.#options.kinds[kind]!;
    const number = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, number);
    const name = `${kind}_${number}`;
    const row = (): readonly number[] => this.#draw(kind, table.writes);
    const sizes =
      outputs === undefined
        ? row()
        : Array.from({ length: outputs }, (_, index) => {
            const sizesOfOne = row();
            return sizesOfOne[index % sizesOfOne.length]!;
          });
    const inputs = this.#draw(kind, table.inputs).map((bytes, index) =>
      datum(`${name}_in${index}`, bytes, false),
    );
    const writes = sizes.map((bytes, index) => datum(`out${index}`, bytes, true));
    this.#inputs.push(...inputs);
    this.#tasks.push({
      name,
      run: SYNTHETIC,
      compute: fixed(0),
      sleep: fixed(SLEEP),
      cores: 1,
      reads: [...reads, ...inputs.map((input) => `input.${input.name}`)],
      writes,
      after: [],
      container: this.#container,
      retries: { limit: 2, delay: 100_000 as Micros, backoff: 2 },
      timeout: undefined,
    });
    return writes.map((output) => `${name}.${output.name}`);
  }

  finish(): WorkflowSpec {
    const { name, seed } = this.#options;
    return {
      name: `${name}_${this.#tasks.length}`,
      description: `The shape of ${name} with ${this.#tasks.length} tasks, seed ${seed}`,
      inputs: this.#inputs,
      tasks: this.#tasks,
      steps: [],
      timeout: undefined,
    };
  }

  #draw(kind: string, rows: readonly (readonly number[])[]): readonly number[] {
    if (rows.length === 0) return [];
    let stream = this.#streams.get(kind);
    if (stream === undefined) {
      stream = seedrandom.alea(`${this.#options.seed}/${this.#options.name}/${kind}`);
      this.#streams.set(kind, stream);
    }
    return rows[Math.floor(stream() * rows.length)]!;
  }
}

function datum(name: string, bytes: number, stored: boolean): DatumSpec {
  return { name, size: fixed(bytes), items: undefined, content: "filler", stored };
}

/** `total` split into `parts` that differ by at most 1, the larger ones first. */
export function spread(total: number, parts: number): readonly number[] {
  const least = Math.floor(total / parts);
  return Array.from({ length: parts }, (_, index) => least + (index < total % parts ? 1 : 0));
}
