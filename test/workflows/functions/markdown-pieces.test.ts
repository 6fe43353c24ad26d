/** A Markdown file read in pieces. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import markdownIt from "markdown-it";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { markdownPieces } from "../../../workflows/functions/markdown-pieces.ts";

const LONG = `${"word ".repeat(15_000)}\n`;
/** Headings that a piece may begin at, and two that it may not: they are in fences. */
const TEXT = [
  "# One",
  LONG,
  "## Two\n\n- a\n\n- b\n\n  > c\n",
  LONG,
  "```\n# no heading\n~~~\n",
  LONG,
  "# none either\n```",
  "### Three\nnot four\n",
  "    # code, as it is indented",
  LONG,
  "#no heading: a word",
].join("\n");

async function pieces(text: string): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), "faasflow-markdown-"));
  try {
    const file = join(folder, "text.md");
    writeFileSync(file, text);
    const found: string[] = [];
    for await (const piece of markdownPieces(file)) found.push(piece);
    return found;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("the pieces are the text, and each but the first begins at a heading", async () => {
  const found = await pieces(TEXT);
  assert.is(found.join(""), `${TEXT}\n`);
  assert.equal(
    found.map((piece) => piece.split("\n")[0]),
    ["# One", "## Two", "### Three"],
  );
});

test("the pieces give the HTML that the whole text gives", async () => {
  const markdown = markdownIt();
  const found = await pieces(TEXT);
  const together = found.map((piece) => markdown.render(piece)).join("");
  assert.is(together, markdown.render(TEXT));
});

test("an empty file has no piece", async () => {
  assert.equal(await pieces(""), []);
});

test.run();
