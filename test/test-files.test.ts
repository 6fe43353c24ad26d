/** Holds the test runner to its promise: whatever goes wrong in a test file is counted as failed. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";

const root = fileURLToPath(new URL("..", import.meta.url));
const uvu = import.meta.resolve("uvu");

interface Result {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly output: string;
}

interface Runner {
  runTestFiles(options: {
    readonly root: string;
    readonly files: readonly string[];
    readonly lanes: number;
    readonly limit_s: number;
  }): Promise<readonly Result[]>;
}

/** Runs each text as a test file, all in one lane, so that they follow each other. */
async function run(texts: readonly string[], limit_s = 60): Promise<readonly Result[]> {
  const { runTestFiles }: Runner = await import(
    new URL("../.ci/test-files.mjs", import.meta.url).href
  );
  const folder = mkdtempSync(join(tmpdir(), "faasflow-test-files-"));
  try {
    const files = texts.map((text, index) => {
      const file = join(folder, `${index}.test.mjs`);
      writeFileSync(file, `import { test } from ${JSON.stringify(uvu)};\n${text}\n`);
      return file;
    });
    return await runTestFiles({ root, files, lanes: 1, limit_s });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function counts({ passed, failed, skipped }: Result): readonly number[] {
  return [passed, failed, skipped];
}

test("passed, failed and skipped tests are counted, and a failure is shown", async () => {
  const [result] = await run([
    `
    test("right", () => {});
    test("wrong", () => { throw new Error("what went wrong"); });
    test.skip("left out", () => {});
    test.run();`,
  ]);
  assert.equal(counts(result!), [1, 1, 1]);
  assert.match(result!.output, "what went wrong");
});

const RIGHT = `test("right", () => {}); test.run();`;
const BROKEN: Readonly<Record<string, string>> = {
  "cannot be loaded": `import "./nowhere.mjs";`,
  "forgets to run its tests": `test("never run", () => {});`,
  "ends its process": `test("ends", () => process.exit(0)); test.run();`,
  "throws in a hook": `test.before(() => { throw new Error("hook"); }); ${RIGHT}`,
};

for (const [what, text] of Object.entries(BROKEN)) {
  test(`a file that ${what} is one failed test, and the next file runs`, async () => {
    const [broken, next] = await run([text, RIGHT]);
    assert.equal(counts(broken!), [0, 1, 0], broken!.output);
    assert.equal(counts(next!), [1, 0, 0], next!.output);
  });
}

test("a rejection that nobody waits for is one failed test more", async () => {
  const [result] = await run([
    `test("right", () => { Promise.reject(new Error("stray")); }); test.run();`,
  ]);
  assert.equal(counts(result!), [1, 1, 0]);
  assert.match(result!.output, "stray");
});

test("an open handle does not hold the run up", async () => {
  const [result] = await run([`setInterval(() => {}, 1000); ${RIGHT}`]);
  assert.equal(counts(result!), [1, 0, 0]);
});

test("a file that never ends is ended, and the next file runs", async () => {
  const [endless, next] = await run(
    [`test("endless", () => { for (;;) {} }); test.run();`, RIGHT],
    4,
  );
  assert.equal(counts(endless!), [0, 1, 0]);
  assert.match(endless!.output, "did not end within 4 s");
  assert.equal(counts(next!), [1, 0, 0]);
});

test.run();
