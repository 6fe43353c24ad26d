/** Lines as editors of any system write them, read block by block. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { UnreadableFile } from "../../core/workflow/line-problems.ts";
import { fileLines } from "../../traces/file-lines.ts";

const test = suite("lines of a file", { folder: "" });
test.before((context) => {
  context.folder = mkdtempSync(join(tmpdir(), "faasflow-test-"));
});
test.after(({ folder }) => rmSync(folder, { recursive: true }));

function linesOf(folder: string, text: string): readonly string[] {
  const file = join(folder, "file");
  writeFileSync(file, text);
  return [...fileLines(file)];
}

test("a byte order mark, CR before LF and a missing last line end change nothing", ({ folder }) => {
  const lines = ["workflow,at_s", "", "video,1"];
  for (const text of ["workflow,at_s\n\nvideo,1\n", "\uFEFFworkflow,at_s\r\n\r\nvideo,1"]) {
    assert.equal(linesOf(folder, text), lines);
  }
  assert.equal(linesOf(folder, ""), []);
});

test("lines and characters that lie across the blocks that are read are whole", ({ folder }) => {
  const lines = Array.from({ length: 40_000 }, (_, index) => `${index} ${"€𝄞é".repeat(index % 9)}`);
  assert.equal(linesOf(folder, lines.join("\n")), lines);
});

test("what gzip has packed is told by its first bytes, with what to do", ({ folder }) => {
  const file = join(folder, "trace.gz");
  writeFileSync(file, gzipSync("workflow,at_s\nvideo,1\n"));
  assert.throws(
    () => [...fileLines(file)],
    (error: unknown) =>
      error instanceof UnreadableFile &&
      /trace\.gz:1: found what gzip has packed.*Unpack it first/.test(error.message),
  );
});

test.run();
