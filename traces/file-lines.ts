/** The lines of a file, one by one: what is in memory is a block of the file, however long it is. */

import { closeSync, openSync, readSync } from "node:fs";

const BLOCK = 256 * 1024;

/** Without line ends and byte order mark. Throws as `fs` does if the file cannot be read. */
export function* fileLines(path: string): Generator<string> {
  const file = openSync(path, "r");
  try {
    const decoder = new TextDecoder();
    const block = Buffer.alloc(BLOCK);
    let rest = "";
    for (let size = readSync(file, block); size > 0; size = readSync(file, block)) {
      const lines = (rest + decoder.decode(block.subarray(0, size), { stream: true })).split("\n");
      rest = lines.pop()!;
      yield* lines.map((line) => line.replace(/\r$/, ""));
    }
    rest += decoder.decode();
    if (rest !== "") yield rest;
  } finally {
    closeSync(file);
  }
}
