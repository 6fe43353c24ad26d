/** The lines of a file, one by one: what is in memory is a block of the file, however long it is. */

import { closeSync, openSync, readSync } from "node:fs";
import { LineProblems } from "../core/workflow/line-problems.ts";

const BLOCK = 256 * 1024;

/** The first two bytes of what gzip packs. */
const GZIP = 0x1f8b;

/**
 * Without line ends and byte order mark. Throws as `fs` does if the file cannot be read, and an
 * `UnreadableFile` if it is packed.
 */
export function* fileLines(path: string): Generator<string> {
  const file = openSync(path, "r");
  try {
    const decoder = new TextDecoder();
    const block = Buffer.alloc(BLOCK);
    let rest = "";
    let size = readSync(file, block);
    if (size > 1 && block.readUInt16BE() === GZIP) refusePacked(path);
    for (; size > 0; size = readSync(file, block)) {
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

function refusePacked(path: string): void {
  const problems = new LineProblems(path);
  const next = "Unpack it first, such as by `gunzip --keep`";
  problems.add({
    line: 1,
    path: "",
    found: "what gzip has packed",
    expected: "lines of text",
    next,
  });
  problems.check();
}
