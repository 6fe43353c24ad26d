/** The README shows what the program prints. `UPDATE_GOLDEN=1` puts the current output into it. */

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";

const README = fileURLToPath(new URL("../../README.md", import.meta.url));
const CLI = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
const BLOCK = /(<!-- start: begin -->\n```\n)[\s\S]*?(```\n<!-- start: end -->)/;

test("the picture in the README is what npm start prints", () => {
  const printed = execFileSync(process.execPath, [CLI, "start"], { encoding: "utf8" });
  const readme = readFileSync(README, "utf8");
  assert.match(readme, BLOCK);
  const updated = readme.replace(BLOCK, (_, before, after) => `${before}${printed}${after}`);
  if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(README, updated);
  else assert.equal(updated, readme, "run this test with UPDATE_GOLDEN=1 to take the output over");
});

test.run();
