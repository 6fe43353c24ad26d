/**
 * Arrivals as a file has them, in any order, with the function that each one invokes: 12 bytes an
 * arrival while they are read, 8 once they are sorted.
 */

const CHUNK = 1 << 16;
const MOST_ARRIVALS = 50_000_000;

/** A function of the file; of a list of times, what its column `workflow` names. */
export interface Source {
  readonly app: string;
  /** Unique within its app only. */
  readonly name: string;
  /** Whether its arrivals are wanted. */
  readonly chosen: boolean;
  /** Arrivals in the whole file. */
  count: number;
}

/** Which functions are wanted: all, those of an app, or one. */
export interface Choice {
  readonly app?: string | undefined;
  readonly function?: string | undefined;
}

export class ArrivalTable {
  readonly #choice: Choice;
  readonly #most: number;
  readonly #sources: Source[];
  readonly #byApp: Map<string, Map<string, number>>;
  readonly #times: Float64Array[];
  readonly #ids: Uint32Array[];
  #kept: number;
  #wanted: number;
  #first: number;
  #last: number;

  /** `most`: arrivals to keep; those beyond are only counted. */
  constructor(choice: Choice, most = MOST_ARRIVALS) {
    this.#choice = choice;
    this.#most = most;
    this.#sources = [];
    this.#byApp = new Map();
    this.#times = [];
    this.#ids = [];
    this.#kept = 0;
    this.#wanted = 0;
    this.#first = Infinity;
    this.#last = -Infinity;
  }

  get sources(): readonly Source[] {
    return this.#sources;
  }

  /** Arrivals of chosen functions, those beyond `most` included. */
  get wanted(): number {
    return this.#wanted;
  }

  get most(): number {
    return this.#most;
  }

  /** Of all arrivals, chosen or not, in microseconds; Infinity: there was none. */
  get first(): number {
    return this.#first;
  }

  /** As `first`; -Infinity: there was none. */
  get last(): number {
    return this.#last;
  }

  /** The number of a function, from 0 in the order of their first rows. */
  source(app: string, name: string): number {
    let names = this.#byApp.get(app);
    if (names === undefined) {
      names = new Map();
      this.#byApp.set(copied(app), names);
    }
    let id = names.get(name);
    if (id === undefined) {
      id = this.#sources.length;
      names.set(copied(name), id);
      const { app: apps = app, function: functions = name } = this.#choice;
      const chosen = app === apps && name === functions;
      this.#sources.push({ app: copied(app), name: copied(name), chosen, count: 0 });
    }
    return id;
  }

  /** `at`: whole microseconds, since whenever the file counts from. */
  add(id: number, at: number): void {
    const source = this.#sources[id]!;
    source.count += 1;
    if (at < this.#first) this.#first = at;
    if (at > this.#last) this.#last = at;
    if (source.chosen && this.fits(1)) this.keep(id, at);
  }

  /** Whether `count` more can be kept. If not, they are counted as wanted. */
  fits(count: number): boolean {
    if (this.#wanted + count <= this.#most) return true;
    this.#wanted += count;
    return false;
  }

  /** Keeps an arrival that fits, and that is counted elsewhere. */
  keep(id: number, at: number): void {
    const place = this.#kept % CHUNK;
    if (place === 0) {
      this.#times.push(new Float64Array(CHUNK));
      this.#ids.push(new Uint32Array(CHUNK));
    }
    this.#times.at(-1)![place] = at;
    this.#ids.at(-1)![place] = id;
    this.#kept += 1;
    this.#wanted += 1;
  }

  /**
   * A number for each arrival, sorted; arrivals with a negative one are left out. Empties the table
   * as it goes, so that there are never two copies of it.
   */
  takeSorted(numberOf: (at: number, id: number) => number): Float64Array {
    const numbers = new Float64Array(this.#kept);
    let count = 0;
    while (this.#times.length > 0) {
      const before = (this.#times.length - 1) * CHUNK;
      const [times, ids] = [this.#times.pop()!, this.#ids.pop()!];
      for (let k = 0; k < this.#kept - before; k++) {
        const number = numberOf(times[k]!, ids[k]!);
        if (number >= 0) numbers[count++] = number;
      }
      this.#kept = before;
    }
    // A typed array sorts by number.
    return numbers.subarray(0, count).sort();
  }
}

/** V8 keeps a whole block of the file for the sake of one name that was cut out of it. */
function copied(text: string): string {
  return Buffer.from(text).toString();
}
