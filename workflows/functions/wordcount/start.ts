/**
 * wordcount, first function: writes the eight texts. They have the sizes of the published ones and
 * are grown, the same each time, from a seed of public-domain prose (`seed-text.ts`): each word is
 * followed by one of those that follow it in the seed.
 *
 * Sizes: FaaSFlow v1 artifact (ASPLOS'22, Apache-2.0).
 */

import type { FunctionContext } from "../../../live/function-context.ts";
import { drawer } from "../drawer.ts";
import { prose } from "../prose.ts";

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
function grownText({ bytes, seed }: { readonly bytes: number; readonly seed: number }): string {
  const lines: string[] = [];
  let line = "";
  let length = 0;
  for (const word of prose(drawer(seed))) {
    line = line === "" ? word : `${line} ${word}`;
    if (line.length < LINE_LENGTH) continue;
    lines.push(line);
    length += line.length + 1;
    line = "";
    if (length >= bytes) break;
  }
  return `${lines.join("\n")}\n`.slice(0, bytes);
}
