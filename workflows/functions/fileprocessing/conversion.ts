/**
 * fileprocessing: Markdown to HTML with markdown-it, a piece at a time: what a text becomes in the
 * library's hands is many times its size.
 */

import * as fs from "node:fs";
import { join } from "node:path";
import markdownIt from "markdown-it";
import type { FunctionContext } from "../../../live/function-context.ts";
import { markdownPieces } from "../markdown-pieces.ts";

export async function run(ctx: FunctionContext): Promise<void> {
  const markdown = markdownIt();
  const file = join(ctx.scratch, "text.html");
  const handle = fs.openSync(file, "w");
  try {
    for await (const piece of markdownPieces(ctx.path("start.file"))) {
      fs.writeSync(handle, markdown.render(piece));
    }
  } finally {
    fs.closeSync(handle);
  }
  await ctx.putFile("html", file);
}
