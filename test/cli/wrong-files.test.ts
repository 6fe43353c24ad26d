/** A file that is not what a flag wants: what it should be is called by its name. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { faasflow } from "../fixtures/command.ts";

const folder = mkdtempSync(join(tmpdir(), "faasflow-wrong-"));
test.after(() => rmSync(folder, { recursive: true, force: true }));

const FORMS: readonly (readonly [string, readonly string[]])[] = [
  ["a workflow", ["check"]],
  ["a study", ["sweep"]],
  ["a profile", ["simulate", "video", "--profile"]],
  ["tolerances", ["compare", "--live", "none.ndjson", "--sim", "ideal", "--tolerances"]],
];

for (const [form, args] of FORMS) {
  test(`${args.join(" ")}: the file should be ${form}`, () => {
    const texts = { empty: "", binary: "a\u0000b", comment: "# nothing\n", list: "- a\n" };
    for (const [name, text] of Object.entries(texts)) {
      const file = join(folder, `${name}.yaml`);
      writeFileSync(file, text);
      const { code, stderr } = faasflow(...args, file);
      assert.is(code, 2, stderr);
      const line = stderr.split("\n").find((each) => each.includes(`${name}.yaml`)) ?? stderr;
      assert.match(line, new RegExp(`(Write|with|where) ${form}\\b`));
      for (const [other] of FORMS) if (other !== form) assert.not.match(line, other);
    }
  });
}

test("one limit of workers, wherever a number of them is given", () => {
  const tellings = [
    faasflow("plan", "video", "--workers", "10001"),
    faasflow("simulate", "video", "--workers", "10001"),
    faasflow("advise", "video", "--goal", "p99 < 1 s", "--over", "workers=1..10001"),
  ];
  for (const { code, stderr } of tellings) {
    assert.is(code, 2);
    assert.match(stderr, /"10001".*Give a whole number from 1 to 10000/);
  }
  assert.match(faasflow("plan", "video", "--workers", "10000").stdout, /of 10000 workers/);
});

test.run();
