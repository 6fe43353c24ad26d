/**
 * Golden transcripts: each file of this folder says what a small workflow does, event by event.
 * `UPDATE_GOLDEN=1 node --import tsx test/golden/golden.test.ts` writes them anew; read the diff.
 */

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { play, readGolden, writeGolden } from "./scenario.ts";

const test = suite("golden transcripts");
const folder = fileURLToPath(new URL(".", import.meta.url));
const update = process.env["UPDATE_GOLDEN"] === "1";
const files = readdirSync(folder).filter((name) => name.endsWith(".txt"));

test("there are transcripts", () => {
  assert.ok(files.length > 0);
});

for (const name of files.sort()) {
  test(name.slice(0, -".txt".length).replaceAll("-", " "), () => {
    const golden = readGolden(readFileSync(`${folder}/${name}`, "utf8"));
    const { lines, wrong } = play(golden);
    assert.equal(wrong, []);
    if (update) {
      writeFileSync(`${folder}/${name}`, writeGolden({ ...golden, transcript: lines }));
    } else assert.is(lines, golden.transcript);
  });
}

test.run();
