/**
 * fileprocessing, first function: writes one Markdown text of the published size. It is grown, the
 * same each time, from a seed of public-domain prose, section by section: a heading, paragraphs with
 * emphasised words, a quotation, a list.
 *
 * Size: FaaSFlow v1 artifact (ASPLOS'22, Apache-2.0).
 */

import * as fs from "node:fs";
import { join } from "node:path";
import type { FunctionContext } from "../../../live/function-context.ts";
import { type Draw, drawer } from "../drawer.ts";
import { prose } from "../prose.ts";

/** Bytes of the text. */
export const MARKDOWN_SIZE = 29_600_094;
const SEED = 1;
const PARAGRAPHS = 5;
const LIST_ENTRIES = 4;

export async function run(ctx: FunctionContext): Promise<void> {
  const file = join(ctx.scratch, "text.md");
  const handle = fs.openSync(file, "w");
  try {
    let left = MARKDOWN_SIZE;
    for (const section of sections(`${ctx.input["filename"]}`)) {
      left -= fs.writeSync(handle, section.slice(0, left));
      if (left === 0) break;
    }
  } finally {
    fs.closeSync(handle);
  }
  await ctx.putFile("file", file);
}

/** Without end. All of it is ASCII, so a character is a byte. */
function* sections(title: string): Generator<string, never> {
  const draw = drawer(SEED);
  const words = prose(draw);
  const some = (count: number): string =>
    Array.from({ length: count }, () => styled(words.next().value, draw)).join(" ");
  yield `# ${title.replaceAll(/[^ -~]/g, "?")}\n\n`;
  for (let number = 1; ; number++) {
    const paragraphs = Array.from({ length: PARAGRAPHS }, () => some(40 + draw(80)));
    const list = Array.from({ length: LIST_ENTRIES }, () => `- ${some(6 + draw(6))}`);
    const blocks = [`## Chapter ${number}`, ...paragraphs, `> ${some(30)}`, list.join("\n")];
    yield `${blocks.join("\n\n")}\n\n`;
  }
}

/** One word in twenty stands out. */
function styled(word: string, draw: Draw): string {
  const style = draw(40);
  if (style === 0) return `*${word}*`;
  return style === 1 ? `**${word}**` : word;
}
