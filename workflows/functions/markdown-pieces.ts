/**
 * A Markdown file in pieces that can be read one after another: each begins at a heading, which ends
 * every block before it but a fence. Definitions of links are not known in other pieces.
 */

import * as fs from "node:fs";
import { createInterface } from "node:readline";

/** A piece ends at the first heading after so many characters. */
const PIECE_LENGTH = 64 * 1024;

/** Together they are the text, with `\n` at the end of each line. */
export async function* markdownPieces(path: string): AsyncGenerator<string> {
  const input = fs.createReadStream(path);
  let lines: string[] = [];
  let length = 0;
  let fence: string | undefined;
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (fence === undefined && length >= PIECE_LENGTH && /^#{1,6}\s/.test(line)) {
      yield joined(lines);
      lines = [];
      length = 0;
    }
    fence = fenceAfter(line, fence);
    lines.push(line);
    length += line.length + 1;
  }
  if (lines.length > 0) yield joined(lines);
}

/** The fence that is open after the line. */
function fenceAfter(line: string, open: string | undefined): string | undefined {
  const [, fence, rest] = /^ {0,3}(`{3,}|~{3,})(.*)$/.exec(line) ?? [];
  if (fence === undefined) return open;
  if (open === undefined) return fence;
  const closes = fence.startsWith(open) && rest!.trim() === "";
  return closes ? undefined : open;
}

function joined(lines: readonly string[]): string {
  return `${lines.join("\n")}\n`;
}
