/**
 * Bytes that go through the remote store in one invocation, by tags and by where tasks run.
 *
 * A datum kept local costs nothing. One kept in both costs a put, and a get for each reader on
 * another worker than its producer; one kept remote a put, and a get for each reader. A datum that
 * nobody reads is a result: where it goes does not depend on the partition, so it is not counted.
 */

import type { PartitionDatum } from "./partition-problem.ts";
import type { Tag } from "./plan.ts";

export function remoteBytes(input: {
  readonly data: readonly PartitionDatum[];
  /** Datum to tag. */
  readonly tagOf: readonly Tag[];
  /** Task to worker. */
  readonly workerOf: readonly number[];
}): number {
  const { data, tagOf, workerOf } = input;
  let sum = 0;
  for (let id = 0; id < data.length; id++) {
    const datum = data[id]!;
    const tag = tagOf[id]!;
    if (tag === "local" || datum.readers.length === 0) continue;
    const gets =
      tag === "both" ? readersAway(datum, (task) => workerOf[task]!) : datum.readers.length;
    sum += datum.bytes * (1 + gets);
  }
  return sum;
}

/** What `remoteBytes` counts for one datum under the best tag for where its readers run. */
export function leastRemoteBytes(
  datum: PartitionDatum,
  workerOf: (task: number) => number,
): number {
  const away = readersAway(datum, workerOf);
  return away === 0 ? 0 : datum.bytes * (1 + away);
}

/** Readers on another worker than the producer. */
export function readersAway(datum: PartitionDatum, workerOf: (task: number) => number): number {
  const home = workerOf(datum.producer);
  let away = 0;
  for (const reader of datum.readers) if (workerOf(reader) !== home) away++;
  return away;
}
