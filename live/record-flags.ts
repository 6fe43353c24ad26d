/** `--record` and `--record-limit`: recordings of what machines are told and do, for `replay`. */

import { accessSync, constants } from "node:fs";
import { resolve } from "node:path";
import * as Flag from "effect/cli/Flag";
import * as Option from "effect/Option";
import { makeFolder, readProblem } from "../workflows/named-files.ts";
import { readQuantity } from "../workflows/quantity.ts";
import type { RecordChoice } from "./recorder.ts";

const USUAL_BYTES = 64_000_000;
/** Below that, a header and one workflow may be all that fits. */
const LEAST_BYTES = 10_000;

export const RECORD_FLAGS = {
  record: Flag.String("record").pipe(
    Flag.optional,
    Flag.withMetavar("DIR"),
    Flag.withDescription(
      "directory for recordings, one a daemon's start, which faasflow replay plays again",
    ),
  ),
  recordLimit: Flag.String("record-limit").pipe(
    Flag.mapTryCatch(size, (cause) => (cause as Error).message),
    Flag.optional,
    Flag.withDescription("largest recording, such as 64MB (default); then it stops and says so"),
  ),
};

export interface RecordInput {
  readonly record: Option.Option<string>;
  /** Bytes. */
  readonly recordLimit: Option.Option<number>;
}

export interface RecordReading {
  /** Undefined: nothing is recorded. */
  readonly choice: RecordChoice | undefined;
  readonly problems: readonly string[];
}

/** Also makes the directory, so that no daemon fails for want of it. */
export function readRecord({ record, recordLimit }: RecordInput): RecordReading {
  if (Option.isNone(record)) {
    const problem =
      "--record-limit: nothing reads it without --record DIR. Add that, or leave it out.";
    return { choice: undefined, problems: Option.isSome(recordLimit) ? [problem] : [] };
  }
  const directory = resolve(record.value);
  const limit_bytes = Option.getOrElse(recordLimit, () => USUAL_BYTES);
  try {
    makeFolder(directory);
    accessSync(directory, constants.W_OK);
  } catch (cause) {
    const place = `--record: ${directory}`;
    const problem = readProblem(place, cause, "Name a directory that can be written.");
    return { choice: undefined, problems: [problem] };
  }
  return { choice: { directory, limit_bytes }, problems: [] };
}

function size(written: string): number {
  const reading = readQuantity(written, "size");
  // After "Give "; the full stop is set there.
  if (!reading.ok || reading.value < LEAST_BYTES) {
    throw new Error("a size of at least 10kB with its unit, such as 64MB");
  }
  return reading.value;
}
