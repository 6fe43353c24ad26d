/**
 * wordcount, first function: writes the eight texts. They have the sizes of the published ones and
 * are grown, the same each time, from a seed of public-domain prose (`seed-text.ts`): each word is
 * followed by one of those that follow it in the seed.
 *
 * Sizes: FaaSFlow v1 artifact (ASPLOS'22, Apache-2.0).
 */

import type { FunctionContext } from "../../../live/function-context.ts";
import { SEED_TEXT } from "./seed-text.ts";

/** Bytes of each text. */
export const TEXT_SIZES: readonly number[] = [
  138_885, 453_168, 441_033, 540_174, 594_262, 139_054, 581_863, 412_665,
];
/** The published `filename` has 8 bytes. */
const FILENAME = "text.txt";
const LINE_LENGTH = 100;

export async function run(ctx: FunctionContext): Promise<void> {
  await ctx.put("filename", FILENAME);
  await ctx.putItems(
    "file",
    TEXT_SIZES.map((bytes, index) => grownText({ bytes, seed: index + 1 })),
  );
}

/** Exactly so many bytes of ASCII; its last word may be cut. `seed`: from 1. */
export function grownText({
  bytes,
  seed,
}: {
  readonly bytes: number;
  readonly seed: number;
}): string {
  const words = SEED_TEXT.trim().split(/\s+/);
  const successors = new Map<string, string[]>();
  for (const [index, word] of words.entries()) {
    const next = words[(index + 1) % words.length]!;
    const known = successors.get(word);
    if (known === undefined) successors.set(word, [next]);
    else known.push(next);
  }
  const draw = drawer(seed);
  const lines: string[] = [];
  let word = words[draw(words.length)]!;
  let line = "";
  for (let length = 0; length < bytes; ) {
    line = line === "" ? word : `${line} ${word}`;
    if (line.length >= LINE_LENGTH) {
      lines.push(line);
      length += line.length + 1;
      line = "";
    }
    const next = successors.get(word)!;
    word = next[draw(next.length)]!;
  }
  return `${lines.join("\n")}\n`.slice(0, bytes);
}

/** A whole number from 0 to below `limit`: xorshift with 32 bits. */
function drawer(seed: number): (limit: number) => number {
  let state = Math.imul(seed, 0x9e3779b1) | 1;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}
