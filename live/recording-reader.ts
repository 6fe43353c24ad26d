/**
 * Reads a recording: a file to its turns. Every line is checked; those that are wrong are left out and
 * told together at the end. A last line that was cut off, as when a daemon is killed while it writes,
 * is no mistake: how the recording ends says so.
 */

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import * as Result from "effect/Result";
import * as Schema from "effect/Schema";
import { LineProblems, shown } from "../core/workflow/line-problems.ts";
import { fileLines } from "../traces/file-lines.ts";
import { schemaProblems } from "../traces/schema-problems.ts";
import {
  type Ending,
  EndingSchema,
  HeaderSchema,
  type RecordingHeader,
  TurnSchema,
  type WrittenTurn,
} from "./recording-format.ts";

export interface ReadTurn extends WrittenTurn {
  /** From 1. */
  readonly line: number;
}

/** Of a recording without a last line. */
export interface KilledEnding {
  /** The line that was cut off; undefined: none was. */
  readonly cutLine: number | undefined;
}

const NEXT = "Is this a recording of this version? `--record` of a daemon or of `live` makes one.";
const OPTIONS = { errors: "all", onExcessProperty: "error" } as const;
const decodeHeader = Schema.decodeUnknownResult(HeaderSchema, OPTIONS);
const decodeTurn = Schema.decodeUnknownResult(TurnSchema, OPTIONS);
const decodeEnding = Schema.decodeUnknownResult(EndingSchema, OPTIONS);

export class RecordingReader {
  readonly header: RecordingHeader;
  /** What is wrong with the lines read so far. */
  readonly problems: LineProblems;
  readonly #lines: Iterator<string>;
  readonly #isWhole: boolean;
  #ending: Ending | KilledEnding;

  /** Throws `UnreadableFile` if the header is wrong, and what `fs` throws. */
  constructor(file: string) {
    this.problems = new LineProblems(file);
    this.#isWhole = endsWithNewline(file);
    this.#lines = fileLines(file);
    this.#ending = { cutLine: undefined };
    const first = this.#lines.next();
    const header = this.#header(first.done === true ? undefined : first.value);
    if (header === undefined) {
      this.problems.check();
      throw new Error("unreachable: a header that is wrong has a problem");
    }
    this.header = header;
  }

  /** Once all turns were read. */
  get ending(): Ending | KilledEnding {
    return this.#ending;
  }

  /** To be read once. */
  *turns(): Generator<ReadTurn> {
    let line = 2;
    for (let step = this.#lines.next(); step.done !== true; line++) {
      const text = step.value;
      step = this.#lines.next();
      const turn = this.#turn(text, line, { isCut: step.done === true && !this.#isWhole });
      if (turn !== undefined) yield { ...turn, line };
    }
  }

  #turn(
    text: string,
    line: number,
    { isCut }: { readonly isCut: boolean },
  ): WrittenTurn | undefined {
    const value = parse(text);
    if (value === undefined) {
      if (isCut) this.#ending = { cutLine: line };
      else this.#problem({ line, found: shown(text), expected: "a turn, a JSON object" });
      return undefined;
    }
    if (typeof this.#ending === "string") {
      this.#problem({ line, found: shown(text), expected: "nothing after the recording's end" });
      return undefined;
    }
    if ("end" in value) {
      const ending = this.#checked(decodeEnding(value), value, line);
      if (ending !== undefined) this.#ending = ending.end;
      return undefined;
    }
    return this.#checked(decodeTurn(value), value, line);
  }

  #header(text: string | undefined): RecordingHeader | undefined {
    const value = text === undefined ? undefined : parse(text);
    if (value === undefined) {
      const found = text === undefined ? "an empty file" : shown(text);
      this.#problem({ line: 1, found, expected: "the header, a JSON object", next: NEXT });
      return undefined;
    }
    return this.#checked(decodeHeader(value), value, 1);
  }

  #checked<T>(
    decoded: Result.Result<T, Schema.SchemaError>,
    value: object,
    line: number,
  ): T | undefined {
    if (Result.isSuccess(decoded)) return decoded.success;
    const at = { line, next: line === 1 ? NEXT : "" };
    for (const problem of schemaProblems(decoded.failure, value, at)) this.problems.add(problem);
    return undefined;
  }

  #problem(problem: {
    readonly line: number;
    readonly found: string;
    readonly expected: string;
    readonly next?: string;
  }): void {
    this.problems.add({ path: "", next: "", ...problem });
  }
}

function parse(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function endsWithNewline(path: string): boolean {
  const file = openSync(path, "r");
  try {
    const last = Buffer.alloc(1);
    const { size } = fstatSync(file);
    return size > 0 && readSync(file, last, 0, 1, size - 1) === 1 && last.toString() === "\n";
  } finally {
    closeSync(file);
  }
}
