/** What gets and puts of the remote store cost. */

import type { Transfer } from "./estimate-jobs.ts";
import { type Estimated, estimated, median, quantileOf } from "./estimate-robust.ts";
import { ALONE, type Run, waitsForLink } from "./estimate-run.ts";

export interface TransferCost {
  readonly fixed: Estimated;
  /** Infinity: size did not matter. */
  readonly rate: number;
  /** Transfers that were looked at. */
  readonly count: number;
}

const TURNS = 10;

/**
 * What a request takes is told by the smallest transfers, what a byte takes by the largest: those with
 * half of all bytes; each less what the other explains, by turns. (A slope through all of them would
 * go by those that are most, and if these are alike in size, it is noise.)
 */
export function transferCost(
  runs: readonly Run[],
  kind: Transfer["kind"],
  cores: number,
): TransferCost | undefined {
  const samples = runs.flatMap(({ jobs, load, bandwidth }) =>
    jobs.transfers
      .filter((transfer) => transfer.kind === kind && !waitsForLink(transfer, bandwidth))
      .map((transfer) => ({
        bytes: transfer.bytes,
        time: load.coreTime(transfer, { cores, by: "daemon" }),
      })),
  );
  if (samples.length === 0) return undefined;
  const sizes = samples.map(({ bytes }) => bytes).sort((a, b) => a - b);
  const least = quantileOf(sizes, 0.1);
  const most = halfway(sizes);
  const smallest = samples.filter(({ bytes }) => bytes <= least);
  const largest = samples.filter(({ bytes }) => bytes >= most && bytes > least);
  // What is left of shaped runs tells nothing of bytes.
  const isShaped = runs.some(({ bandwidth }) => bandwidth < Infinity);
  let perByte = 0;
  let fixed = 0;
  for (let round = 0; round < TURNS; round++) {
    fixed = median(smallest.map(({ bytes, time }) => Math.max(0, time - bytes * perByte)));
    if (isShaped || largest.length === 0) break;
    perByte = median(largest.map(({ bytes, time }) => Math.max(0, time - fixed) / bytes));
  }
  const requests = smallest.map(({ bytes, time }) => Math.max(0, time - bytes * perByte));
  const rate = perByte > 0 ? 1e6 / perByte : Infinity;
  return { fixed: estimated(requests)!, rate, count: samples.length };
}

/**
 * A worker has one thread for bodies, and waits for the store's: it does not move as much as the cores
 * could. The upper quarter of its largest hauls that were alone, since one transfer may be slower yet.
 */
export function workerLinkOf(runs: readonly Run[]): Estimated | undefined {
  const alone = runs.flatMap(({ jobs, load }) =>
    jobs.hauls.filter((haul) => haul.to > haul.from && load.mean(haul) - haul.width <= ALONE - 1),
  );
  const most = halfway(alone.map(({ bytes }) => bytes).sort((a, b) => a - b));
  const rates = alone
    .filter(({ bytes }) => bytes >= most && bytes > 0)
    .map(({ from, to, bytes }) => (1e6 * bytes) / (to - from));
  const found = estimated(rates);
  return found && { ...found, value: quantileOf(rates, 0.75) };
}

/** Of ascending sizes: those from it on have half of all bytes. */
function halfway(sizes: readonly number[]): number {
  let left = sizes.reduce((sum, size) => sum + size, 0) / 2;
  for (const size of sizes) {
    left -= size;
    if (left <= 0) return size;
  }
  return 0;
}
