/**
 * One measurement of a benchmark: what was done, how fast, in how much memory, and a hash of what
 * came out (equal hashes: equal work). A benchmark prints a line of JSON a figure when `main.ts` asks
 * for it with `--lines`, else the same as text.
 */

export interface Figure {
  /** With its parameters: figures of one name compare. */
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly better: "more" | "less";
  /** Peak memory of the process so far, MiB. */
  readonly memory_MiB: number;
  readonly hash: string;
}

/** Prints it. */
export function tell(figure: Omit<Figure, "memory_MiB">): void {
  const memory_MiB = Math.round(process.resourceUsage().maxRSS / 1024);
  const whole: Figure = { ...figure, memory_MiB };
  console.log(process.argv.includes("--lines") ? JSON.stringify(whole) : textOf(whole));
}

export function textOf({ name, value, unit, memory_MiB, hash }: Figure): string {
  return `${name}: ${value.toPrecision(4)} ${unit}, peak ${memory_MiB} MiB, hash ${hash}`;
}

/** What a line of a benchmark says; undefined: it is for people. */
export function figureIn(line: string): Figure | undefined {
  return line.startsWith("{") ? (JSON.parse(line) as Figure) : undefined;
}

/** How many times as good as `before`. */
export function gain(figure: Figure, before: Figure): number {
  return figure.better === "more" ? figure.value / before.value : before.value / figure.value;
}

/** Of whole numbers, in order; not for secrets. */
export class Checksum {
  #state: number;

  constructor() {
    this.#state = 0x811c9dc5;
  }

  add(value: number): void {
    const mixed = Math.imul(this.#state ^ (value | 0), 0x01000193);
    this.#state = Math.imul(mixed ^ Math.floor(value / 2 ** 32), 0x01000193);
  }

  /** 8 hexadecimal digits. */
  get text(): string {
    return (this.#state >>> 0).toString(16).padStart(8, "0");
  }
}

/** CPU seconds that `work` takes. */
export function cpuSeconds(work: () => void): number {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
}
