/**
 * The body of a synthetic function: it uses so much CPU time on one core, sleeps so long, and writes
 * so many bytes. What a task says of `cores` has no effect: a container has one thread.
 */

import * as fs from "node:fs";
import { join } from "node:path";
import { setImmediate, setTimeout } from "node:timers/promises";
import type { DataFile, OutputData, RunRequest } from "./container-protocol.ts";

/** In between, the container hears whether its worker is still there. */
const SLICE_US = 50_000;
const FILLER = Buffer.alloc(1024 * 1024, "faasflow filler ");

export async function runSynthetic(request: RunRequest): Promise<readonly OutputData[]> {
  await burn(request.compute_us);
  if (request.sleep_us > 0) await setTimeout(request.sleep_us / 1_000);
  return request.writes.map(({ name, isList, contentBytes }, index) => {
    const sizes = isList ? list(contentBytes) : [single(contentBytes)];
    return {
      name,
      files: sizes.map((bytes, part) =>
        writeFiller(join(request.scratch, `out-${index}-${part}`), bytes),
      ),
    };
  });
}

async function burn(compute_us: number): Promise<void> {
  const start = process.cpuUsage();
  const used = (): number => {
    const { user, system } = process.cpuUsage(start);
    return user + system;
  };
  for (let now = used(); now < compute_us; await setImmediate(), now = used()) {
    const until = Math.min(now + SLICE_US, compute_us);
    while (used() < until) spin();
  }
}

/** Some microseconds of work that is not the kernel's. */
function spin(): number {
  let sum = 0;
  for (let index = 0; index < 2_000; index++) sum += Math.sqrt(index);
  return sum;
}

function writeFiller(file: string, bytes: number): DataFile {
  const handle = fs.openSync(file, "w");
  try {
    for (let left = bytes; left > 0; ) {
      left -= fs.writeSync(handle, FILLER, 0, Math.min(left, FILLER.length));
    }
  } finally {
    fs.closeSync(handle);
  }
  return { file, bytes };
}

function list(sizes: number | readonly number[] | undefined): readonly number[] {
  return typeof sizes === "object" ? sizes : [];
}

function single(size: number | readonly number[] | undefined): number {
  return typeof size === "number" ? size : 0;
}
